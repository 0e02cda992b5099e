"""From (X, y) to scores: purged splits, models, and the walk-forward that joins them.

Every train/test gap comes from one rule in ``splits``; every fit is in the fit ledger;
libraries that fit are imported by the functions that need them.
"""

from alpha_kedro.learning.examples import Examples, join_examples
from alpha_kedro.learning.explain import explain, importance
from alpha_kedro.learning.fan_out import ExecutionSpec, fan_out
from alpha_kedro.learning.fit_ledger import check_fit_ledger
from alpha_kedro.learning.fold_outcome import WalkForwardResult
from alpha_kedro.learning.folds import Fold, WalkForward, WalkForwardSpec, plan_folds
from alpha_kedro.learning.manifest import ModelManifest, TrainingRecord
from alpha_kedro.learning.models import ModelSpec, make_model
from alpha_kedro.learning.production import fit_production
from alpha_kedro.learning.selection import Selection, SelectionSpec
from alpha_kedro.learning.splits import PurgedKFold, Spans, assert_no_overlap
from alpha_kedro.learning.store import load_model, save_model
from alpha_kedro.learning.training import FittedModel, Model, TrainingData
from alpha_kedro.learning.walk_forward import (
    fit_fold,
    run_walk_forward,
    score_cross_section,
)

__all__ = [
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
    "fan_out",
    "fit_fold",
    "fit_production",
    "importance",
    "join_examples",
    "load_model",
    "make_model",
    "plan_folds",
    "run_walk_forward",
    "save_model",
    "score_cross_section",
]
