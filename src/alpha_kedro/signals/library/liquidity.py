"""How much is traded, against what is usual, and how little moves the price."""

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    dollar_volume,
    log_of,
    mean,
    ret,
    volume,
    z_score,
)

_DOLLARS_PER_UNIT = 1e6


@feature(
    "volume_z_{k}",
    at=(20,),
    family="volume",
    unit="standard deviations",
    source="Gervais, Kaniel and Mingelgrin (2001), standardised",
)
def volume_z_score(k: int) -> Formula:
    """Return how unusual today's volume is; NaN where volume never changes."""
    return z_score(log_of(1 + volume), k)


@feature(
    "volume_ratio_{short}_{long}",
    at=((5, 60),),
    family="volume",
    unit="ratio",
    source="definition",
)
def volume_ratio(short: int, long: int) -> Formula:
    """Return recent over usual volume; NaN where nothing was traded."""
    return mean(volume, short) / mean(volume, long)


@feature(
    "log_dollar_volume_{k}",
    at=(20,),
    family="liquidity",
    unit="log of dollars per session",
    source="Brennan, Chordia and Subrahmanyam (1998)",
    scale_free=False,
)
def log_dollar_volume(k: int) -> Formula:
    """Return the usual traded value; NaN where nothing was traded."""
    return log_of(mean(dollar_volume, k))


@feature(
    "amihud_{k}",
    at=(20,),
    family="liquidity",
    unit="decimal return per million dollars",
    source="Amihud (2002)",
    scale_free=False,
)
def illiquidity(k: int) -> Formula:
    """Return the move that a million dollars goes with; a day without volume is NaN."""
    return mean(abs(ret) / dollar_volume * _DOLLARS_PER_UNIT, k)
