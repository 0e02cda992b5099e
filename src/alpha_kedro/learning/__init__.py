"""From (X, y) to scores: purged splits, models, and the walk-forward that joins them.

Every train/test gap comes from one rule in ``splits``; every fit is in the fit ledger;
libraries that fit are imported by the functions that need them.
"""

from alpha_kedro.learning.context import Background, Context
from alpha_kedro.learning.examples import Examples, join_examples, labels_of
from alpha_kedro.learning.explaining.explain import explain, importance
from alpha_kedro.learning.explaining.explanation_stability import explanation_stability
from alpha_kedro.learning.explaining.why import why
from alpha_kedro.learning.fan_out import ExecutionSpec, fan_out
from alpha_kedro.learning.fit_ledger import check_fit_ledger
from alpha_kedro.learning.fold_outcome import WalkForwardResult
from alpha_kedro.learning.models import ModelSpec, make_model
from alpha_kedro.learning.production import fit_production
from alpha_kedro.learning.splitters.combinatorial import (
    CombinatorialPurgedKFold,
    stitch_paths,
)
from alpha_kedro.learning.splitters.folds import (
    Fold,
    WalkForward,
    WalkForwardSpec,
    plan_folds,
)
from alpha_kedro.learning.splitters.splits import PurgedKFold, Spans, assert_no_overlap
from alpha_kedro.learning.storage.manifest import ModelManifest, TrainingRecord
from alpha_kedro.learning.storage.model_history import (
    find_model,
    keep_model,
    list_models,
)
from alpha_kedro.learning.storage.store import load_model, save_model
from alpha_kedro.learning.training import FittedModel, Model, TrainingData
from alpha_kedro.learning.walk_forward import (
    fit_fold,
    run_walk_forward,
    score_cross_section,
)
from alpha_kedro.learning.wrappers.selection import Selection, SelectionSpec

__all__ = [
    "Background",
    "CombinatorialPurgedKFold",
    "Context",
    "Examples",
    "ExecutionSpec",
    "FittedModel",
    "Fold",
    "Model",
    "ModelManifest",
    "ModelSpec",
    "PurgedKFold",
    "Selection",
    "SelectionSpec",
    "Spans",
    "TrainingData",
    "TrainingRecord",
    "WalkForward",
    "WalkForwardResult",
    "WalkForwardSpec",
    "assert_no_overlap",
    "check_fit_ledger",
    "explain",
    "explanation_stability",
    "fan_out",
    "find_model",
    "fit_fold",
    "fit_production",
    "importance",
    "join_examples",
    "keep_model",
    "labels_of",
    "list_models",
    "load_model",
    "make_model",
    "plan_folds",
    "run_walk_forward",
    "save_model",
    "score_cross_section",
    "stitch_paths",
    "why",
]
