"""What the calendar and the group say: numbers that name a kind, not a size."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Float
from alpha_kedro.signals.features import Inputs, feature


@feature(
    "day_of_week",
    lookback=1,
    needs=("dates",),
    unit="0 Monday to 4 Friday",
    formula="day of the week of t",
    source="French (1980)",
)
def day_of_week(inputs: Inputs) -> Float:
    """Return the day of the week of the session."""
    return _column(pd.DatetimeIndex(inputs.dates).dayofweek)


@feature(
    "month",
    lookback=1,
    needs=("dates",),
    unit="1 January to 12 December",
    formula="month of t",
    source="Rozeff and Kinney (1976)",
)
def month(inputs: Inputs) -> Float:
    """Return the month of the session."""
    return _column(pd.DatetimeIndex(inputs.dates).month)


@feature(
    "sector_id",
    lookback=1,
    needs=("sector",),
    unit="integer code, the groups in alphabetical order",
    formula="code of the group",
    source="definition",
)
def sector_id(inputs: Inputs) -> Float:
    """Return the code of the group; NaN where it is unknown."""
    return inputs.sector


def _column(numbers: "pd.Index[int]") -> Float:
    return numbers.to_numpy(dtype=np.float64)[:, None]
