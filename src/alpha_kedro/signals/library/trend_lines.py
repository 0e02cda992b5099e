"""How straight a trend is, and how steep: lines through the log price, and detours."""

from math import log

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    close,
    delta,
    high,
    log_of,
    low,
    max_of,
    min_of,
    r_squared,
    residual,
    slope,
    sum_of,
)
from alpha_kedro.signals.library.bar import true_range

_LEAST_SQUARES = "least squares on the log price"
_log_price = log_of(close)


@feature(
    "efficiency_ratio_{k}",
    at=(10, 60),
    family="trend",
    unit="0 to 1",
    source="Kaufman (1995)",
)
def efficiency_ratio(k: int) -> Formula:
    """Return how far the price has come over the way it took; NaN at rest."""
    return abs(delta(close, k)) / sum_of(abs(delta(close, 1)), k)


@feature(
    "choppiness_{k}",
    at=(14,),
    family="trend",
    unit="0 a straight line, 100 no way made",
    source="Dreiss (1993)",
)
def choppiness(k: int) -> Formula:
    """Return the log of true ranges over the range of all, against the log of k.

    A gap into the window counts as a true range, so it may be a little above 100.
    """
    span = max_of(high, k) - min_of(low, k)
    return 100 * log_of(sum_of(true_range, k) / span) / log(k)


@feature(
    "trend_slope_{k}",
    at=(20, 60, 120, 252),
    family="trend",
    unit="log return per session",
    source=_LEAST_SQUARES,
)
def trend_slope(k: int) -> Formula:
    """Return the slope of the line through the log price."""
    return slope(_log_price, k)


@feature(
    "trend_fit_{k}",
    at=(20, 60, 120),
    family="trend",
    unit="0 to 1",
    source=_LEAST_SQUARES,
)
def trend_fit(k: int) -> Formula:
    """Return how much of the log price's variance the line explains; NaN at rest."""
    return r_squared(_log_price, k)


@feature(
    "trend_residual_{k}",
    at=(20, 60, 120),
    family="reversal",
    unit="log return",
    source=_LEAST_SQUARES,
)
def trend_residual(k: int) -> Formula:
    """Return how far the log price stands above the line through it."""
    return residual(_log_price, k)


@feature(
    "adjusted_slope_{k}",
    at=(90,),
    family="momentum",
    unit="log return per session",
    source="Clenow (2015), not annualised",
)
def adjusted_slope(k: int) -> Formula:
    """Return the slope of the log price times its fit: a straight rise ranks first."""
    return trend_slope(k) * trend_fit(k)
