"""Features for funds of many asset classes: log returns, and volume as it is."""

from alpha_kedro.signals.features import also_known_as, feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    close,
    delay,
    log_of,
    log_ret,
    std,
    volume,
    z_score,
)
from alpha_kedro.signals.library import risk, trend  # noqa: F401  have other names here

also_known_as(
    {
        "mom_5": "momentum_5",
        "mom_20": "momentum_20",
        "gap_pc": "gap",
        "hl_range_pc": "high_low_range",
        "price_sma20_dev": "sma_deviation_20",
    }
)


@feature(
    "ln_ret_{k}",
    at=(1,),
    family="momentum",
    unit="log return",
    source="definition",
)
def log_return(k: int) -> Formula:
    """Return the log return over ``k`` sessions."""
    return log_of(close / delay(close, k))


@feature(
    "vol_{k}",
    at=(5, 20),
    family="volatility",
    unit="decimal per session, not annualised",
    source="definition",
)
def log_volatility(k: int) -> Formula:
    """Return the standard deviation of daily log returns."""
    return std(log_ret, k)


@feature(
    "vol_z_{k}",
    at=(20,),
    family="volume",
    unit="standard deviations",
    source="definition",
)
def raw_volume_z_score(k: int) -> Formula:
    """Return how unusual today's volume is; NaN where volume never changes."""
    return z_score(volume, k)
