"""Fitted models on disk: sealed, verified before use, found by name and date."""

from alpha_kedro.learning.storage.manifest import ModelManifest, TrainingRecord
from alpha_kedro.learning.storage.model_history import (
    find_model,
    keep_model,
    list_models,
)
from alpha_kedro.learning.storage.store import load_model, save_model

__all__ = [
    "ModelManifest",
    "TrainingRecord",
    "find_model",
    "keep_model",
    "list_models",
    "load_model",
    "save_model",
]
