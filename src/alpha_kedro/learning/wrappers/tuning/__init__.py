"""Parameters chosen by trial inside each training window, and what the trials bought.

Every trial is fitted and judged on purged parts of one window; no tested row takes part
in it. What the best of many trials gained there it need not gain afterwards:
``tuning_gain`` sets the two side by side.
"""

from alpha_kedro.learning.wrappers.tuning.record import TrialRecord, TuningRecord
from alpha_kedro.learning.wrappers.tuning.space import Range, with_settings
from alpha_kedro.learning.wrappers.tuning.spec import TuningSpec
from alpha_kedro.learning.wrappers.tuning.spending import (
    best_parameters,
    tuning_gain,
    untuned_twin,
)
from alpha_kedro.learning.wrappers.tuning.tuned_model import (
    TUNING_FILE,
    TunedModel,
    TuningModel,
    restore_tuned,
)

__all__ = [
    "TUNING_FILE",
    "Range",
    "TrialRecord",
    "TunedModel",
    "TuningModel",
    "TuningRecord",
    "TuningSpec",
    "best_parameters",
    "restore_tuned",
    "tuning_gain",
    "untuned_twin",
    "with_settings",
]
