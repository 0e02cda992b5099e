"""How much is traded, against what is usual, and how little moves the price."""

import numpy as np

from alpha_kedro.core.panel import Float
from alpha_kedro.signals.features import Inputs, feature, most_of
from alpha_kedro.signals.operators import (
    logarithm,
    ratio,
    rolling_mean,
    rolling_z_score,
)

_DOLLARS_PER_UNIT = 1e6


@feature(
    "volume_z_{k}",
    windows=(20,),
    lookback=0,
    needs=("volume",),
    unit="standard deviations",
    formula="(x - mean(x, {k})) / std(x, {k}) with x = log(1 + volume)",
    source="Gervais, Kaniel and Mingelgrin (2001), standardised",
)
def volume_z_score(inputs: Inputs, k: int) -> Float:
    """Return how unusual today's volume is; NaN where volume never changes."""
    return rolling_z_score(np.log1p(inputs.volume), k, most_of(k))


@feature(
    "volume_ratio_{k}_60",
    windows=(5,),
    lookback=60 - 5,
    needs=("volume",),
    unit="ratio",
    formula="mean(volume, {k}) / mean(volume, 60)",
    source="definition",
)
def volume_ratio(inputs: Inputs, k: int) -> Float:
    """Return recent over usual volume; NaN where nothing was traded."""
    recent = rolling_mean(inputs.volume, k, most_of(k))
    return ratio(recent, rolling_mean(inputs.volume, 60, most_of(60)))


@feature(
    "log_dollar_volume_{k}",
    windows=(20,),
    lookback=0,
    needs=("dollar_volume",),
    unit="log of dollars per session",
    formula="log(mean(close * volume, {k}))",
    source="Brennan, Chordia and Subrahmanyam (1998)",
    scale_free=False,
)
def log_dollar_volume(inputs: Inputs, k: int) -> Float:
    """Return the usual traded value; NaN where nothing was traded."""
    return logarithm(rolling_mean(inputs.dollar_volume, k, most_of(k)))


@feature(
    "amihud_{k}",
    windows=(20,),
    lookback=1,
    needs=("close", "dollar_volume"),
    unit="decimal return per million dollars",
    formula="mean(|ret_1| / (close * volume) * 1e6, {k})",
    source="Amihud (2002)",
    scale_free=False,
)
def illiquidity(inputs: Inputs, k: int) -> Float:
    """Return the move that a million dollars goes with; a day without volume is NaN."""
    impact = ratio(np.abs(inputs.ret), inputs.dollar_volume) * _DOLLARS_PER_UNIT
    return rolling_mean(impact, k, most_of(k))
