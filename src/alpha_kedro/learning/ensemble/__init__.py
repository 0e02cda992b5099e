"""Models made of models: the members' out-of-sample scores, weighed by their past."""

from alpha_kedro.learning.ensemble.model import (
    ENSEMBLE_FILE,
    EnsembleModel,
    restore_ensemble,
)
from alpha_kedro.learning.ensemble.spec import EnsembleSpec
from alpha_kedro.learning.ensemble.walk import (
    EnsembleFold,
    run_ensemble,
    weights_today,
)
from alpha_kedro.learning.ensemble.weights import MemberWeights

__all__ = [
    "ENSEMBLE_FILE",
    "EnsembleFold",
    "EnsembleModel",
    "EnsembleSpec",
    "MemberWeights",
    "restore_ensemble",
    "run_ensemble",
    "weights_today",
]
