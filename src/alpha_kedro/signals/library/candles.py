"""Candles: what the bodies, shadows and gaps of days say, most of it averaged.

One candle is mostly noise, and Alpha158 has those of the day; here are the habits of a
name. A day without a range has no shape and is passed over.
"""

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    close,
    corr,
    delay,
    high,
    larger,
    log_of,
    low,
    mean,
    open_,
    smaller,
    streak,
)
from alpha_kedro.signals.library.bar import before, day_range

_NISON = "Nison (1991)"
_DOJI = 0.1
"""Share of its range up to which a body counts as none."""

_overnight, _intraday = log_of(open_ / before), log_of(close / open_)


@feature(
    "candle_body_{k}",
    at=(5, 14),
    family="candles",
    unit="-1 to 1",
    source="Livshin (2001): balance of power",
)
def candle_body(k: int) -> Formula:
    """Return the mean of bodies over ranges; above 0 where closes lie over opens."""
    return mean((close - open_) / day_range, k)


@feature(
    "upper_shadow_{k}",
    at=(5, 20),
    family="candles",
    unit="0 to 1",
    source=_NISON,
)
def upper_shadow(k: int) -> Formula:
    """Return the mean of upper shadows over ranges: rises that did not last."""
    return mean((high - larger(open_, close)) / day_range, k)


@feature(
    "lower_shadow_{k}",
    at=(5, 20),
    family="candles",
    unit="0 to 1",
    source=_NISON,
)
def lower_shadow(k: int) -> Formula:
    """Return the mean of lower shadows over ranges: falls that did not last."""
    return mean((smaller(open_, close) - low) / day_range, k)


@feature(
    "mean_close_location_{k}",
    at=(5, 20),
    family="candles",
    unit="0 at the lows, 1 at the highs",
    source="definition",
)
def mean_close_location(k: int) -> Formula:
    """Return the mean of where in their ranges the closes lie."""
    return mean((close - low) / day_range, k)


@feature(
    "doji_share_{k}",
    at=(20,),
    family="candles",
    unit="0 to 1",
    source=_NISON,
)
def doji_share(k: int) -> Formula:
    """Return the share of days whose body is below a tenth of their range."""
    return mean(abs(close - open_) < _DOJI * day_range, k)


@feature(
    "inside_days_{k}",
    at=(20,),
    family="candles",
    unit="0 to 1",
    source="Crabel (1990)",
)
def inside_days(k: int) -> Formula:
    """Return the share of days whose range lies within that of the day before."""
    return mean((high < delay(high, 1)) * (low > delay(low, 1)), k)


@feature(
    "outside_days_{k}",
    at=(20,),
    family="candles",
    unit="0 to 1",
    source="Crabel (1990)",
)
def outside_days(k: int) -> Formula:
    """Return the share of days whose range goes beyond that of the day before."""
    return mean((high > delay(high, 1)) * (low < delay(low, 1)), k)


@feature(
    "engulfing_{k}",
    at=(20,),
    family="candles",
    unit="-1 to 1",
    source=_NISON,
)
def engulfing(k: int) -> Formula:
    """Return the share of days that swallow a falling body, less a rising one."""
    rises = (close > open_) * (before < delay(open_, 1))
    falls = (close < open_) * (before > delay(open_, 1))
    bullish = rises * (open_ < before) * (close > delay(open_, 1))
    bearish = falls * (open_ > before) * (close < delay(open_, 1))
    return mean(bullish - bearish, k)


@feature(
    "mean_gap_{k}",
    at=(20,),
    family="candles",
    unit="log return",
    source="definition",
)
def mean_gap(k: int) -> Formula:
    """Return the mean size of the moves between close and next open."""
    return mean(abs(_overnight), k)


@feature(
    "overnight_share_{k}",
    at=(20, 60),
    family="candles",
    unit="0 to 1",
    source="Lou, Polk and Skouras (2019)",
)
def overnight_share(k: int) -> Formula:
    """Return the size of overnight moves over that of overnight and intraday ones."""
    overnight = mean(abs(_overnight), k)
    return overnight / (overnight + mean(abs(_intraday), k))


@feature(
    "gap_reversal_{k}",
    at=(60,),
    family="reversal",
    unit="-1 to 1, below 0 where gaps are undone",
    source="Lou, Polk and Skouras (2019): tug of war",
)
def gap_reversal(k: int) -> Formula:
    """Return the correlation of overnight moves with those of the day after."""
    return corr(_intraday, _overnight, k)


@feature(
    "streak_{k}",
    at=(10,),
    family="candles",
    unit="sessions, above 0 up and below 0 down",
    source="Connors and Alvarez (2012)",
)
def run_of_days(k: int) -> Formula:
    """Return how many sessions in a row the close has moved one way, k at most."""
    return streak(close > before, k) - streak(before > close, k)
