"""Who may train, who is tested: one gap rule, and every way to split by it."""

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

__all__ = [
    "CombinatorialPurgedKFold",
    "Fold",
    "PurgedKFold",
    "Spans",
    "WalkForward",
    "WalkForwardSpec",
    "assert_no_overlap",
    "plan_folds",
    "stitch_paths",
]
