"""Features for funds of many asset classes: log returns, and volume as it is."""

from dataclasses import replace

from alpha_kedro.core.panel import Float
from alpha_kedro.signals import risk, trend  # noqa: F401  registers what is renamed here
from alpha_kedro.signals.features import FEATURES, Inputs, feature, most_of
from alpha_kedro.signals.operators import (
    delay,
    logarithm,
    ratio,
    rolling_std,
    rolling_z_score,
)

_RENAMED = {
    "mom_5": "momentum_5",
    "mom_20": "momentum_20",
    "gap_pc": "gap",
    "hl_range_pc": "high_low_range",
    "price_sma20_dev": "sma_deviation_20",
}

for _name, _known_as in _RENAMED.items():
    FEATURES.add(_name, replace(FEATURES[_known_as], name=_name))


@feature(
    "ln_ret_{k}",
    windows=(1,),
    lookback=1,
    needs=("close",),
    unit="log return",
    formula="log(close[t] / close[t-{k}])",
    source="definition",
)
def log_return(inputs: Inputs, k: int) -> Float:
    """Return the log return over ``k`` sessions."""
    return logarithm(ratio(inputs.close, delay(inputs.close, k)))


@feature(
    "vol_{k}",
    windows=(5, 20),
    lookback=1,
    needs=("close",),
    unit="decimal per session, not annualised",
    formula="std(ln_ret_1, {k}), ddof 1",
    source="definition",
)
def log_volatility(inputs: Inputs, k: int) -> Float:
    """Return the standard deviation of daily log returns."""
    return rolling_std(log_return(inputs, 1), k, most_of(k))


@feature(
    "vol_z_{k}",
    windows=(20,),
    lookback=0,
    needs=("volume",),
    unit="standard deviations",
    formula="(volume - mean(volume, {k})) / std(volume, {k})",
    source="definition",
)
def raw_volume_z_score(inputs: Inputs, k: int) -> Float:
    """Return how unusual today's volume is; NaN where volume never changes."""
    return rolling_z_score(inputs.volume, k, most_of(k))
