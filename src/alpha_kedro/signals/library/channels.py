"""Channels: bands about the price, how wide they are and where in them it stands.

Ichimoku's lines are those of today. Charts draw two of them 26 sessions ahead and one
as far behind, which changes where they are looked at, not what is known of them.
"""

from math import sqrt

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    close,
    delay,
    ewm_mean,
    high,
    larger,
    low,
    max_of,
    mean,
    min_of,
    smaller,
    std,
    wilder,
)
from alpha_kedro.signals.library.bar import true_range

_POSITION = "0 at the lower band, 1 at the upper"
_SHARE = "share of the close"
_ICHIMOKU = "Hosoda (1969), after Linton (2010)"


def _position(lower: Formula, upper: Formula) -> Formula:
    return (close - lower) / (upper - lower)


# Bollinger, Keltner, Donchian.


def _half_width(k: int) -> Formula:
    """Return two deviations about the mean, the population's: ddof 0."""
    return 2 * sqrt((k - 1) / k) * std(close, k)


@feature(
    "bollinger_position_{k}",
    at=(20,),
    family="reversal",
    unit=_POSITION,
    source="Bollinger (2001): %b",
)
def bollinger_position(k: int) -> Formula:
    """Return where the close stands in two deviations about its mean; NaN at rest."""
    middle, half = mean(close, k), _half_width(k)
    return _position(middle - half, middle + half)


@feature(
    "bollinger_width_{k}",
    at=(20,),
    family="volatility",
    unit="decimal",
    source="Bollinger (2001): bandwidth",
)
def bollinger_width(k: int) -> Formula:
    """Return four deviations of the close over its mean."""
    return 2 * _half_width(k) / mean(close, k)


@feature(
    "keltner_position_{k}_{n}",
    at=((20, 10),),
    family="reversal",
    unit=_POSITION,
    source="Keltner (1960), with the bands of Raschke",
)
def keltner_position(k: int, n: int) -> Formula:
    """Return where the close stands in two average true ranges about its mean.

    The mean is exponential over k sessions and the range Wilder's over n; both with a
    finite memory, see `ewm_mean`.
    """
    middle, half = ewm_mean(close, k), 2 * wilder(true_range, n)
    return _position(middle - half, middle + half)


@feature(
    "donchian_position_{k}",
    at=(20, 55),
    family="trend",
    unit=f"{_POSITION}, beyond them a breakout",
    source="Donchian (1960); spans: Faith (2007)",
)
def donchian_position(k: int) -> Formula:
    """Return where the close stands between the extremes of the k sessions before."""
    return _position(delay(min_of(low, k), 1), delay(max_of(high, k), 1))


@feature(
    "donchian_width_{k}",
    at=(20, 55),
    family="volatility",
    unit=_SHARE,
    source="Donchian (1960)",
)
def donchian_width(k: int) -> Formula:
    """Return the range of k sessions."""
    return (max_of(high, k) - min_of(low, k)) / close


# Ichimoku.


def _middle(k: int) -> Formula:
    """Return the middle between the highest high and the lowest low."""
    return (max_of(high, k) + min_of(low, k)) / 2


def _leading(short: int, long: int) -> Formula:
    """Return the middle between two lines: senkou span A."""
    return (_middle(short) + _middle(long)) / 2


@feature(
    "ichimoku_tenkan_{k}",
    at=(9,),
    family="trend",
    unit="decimal",
    source=_ICHIMOKU,
)
def ichimoku_turning_line(k: int) -> Formula:
    """Return the distance of the turning line, a middle of ranges, to the close."""
    return _middle(k) / close - 1


@feature(
    "ichimoku_kijun_{k}",
    at=(26,),
    family="trend",
    unit="decimal",
    source=_ICHIMOKU,
)
def ichimoku_standard_line(k: int) -> Formula:
    """Return the distance of the standard line, a middle of ranges, to the close."""
    return _middle(k) / close - 1


@feature(
    "ichimoku_cross_{short}_{long}",
    at=((9, 26),),
    family="trend",
    unit=_SHARE,
    source=_ICHIMOKU,
)
def ichimoku_cross(short: int, long: int) -> Formula:
    """Return how far the turning line stands above the standard line."""
    return (_middle(short) - _middle(long)) / close


@feature(
    "ichimoku_senkou_a_{short}_{long}",
    at=((9, 26),),
    family="trend",
    unit="decimal",
    source=_ICHIMOKU,
)
def ichimoku_first_span(short: int, long: int) -> Formula:
    """Return the distance of leading span A, the mean of both lines, to the close."""
    return _leading(short, long) / close - 1


@feature(
    "ichimoku_senkou_b_{k}",
    at=(52,),
    family="trend",
    unit="decimal",
    source=_ICHIMOKU,
)
def ichimoku_second_span(k: int) -> Formula:
    """Return the distance of leading span B, a middle of ranges, to the close."""
    return _middle(k) / close - 1


@feature(
    "ichimoku_cloud_{short}_{middle}_{long}",
    at=((9, 26, 52),),
    family="trend",
    unit=f"{_SHARE}, above 0 over the cloud, below 0 under it, 0 in it",
    source=_ICHIMOKU,
)
def ichimoku_cloud(short: int, middle: int, long: int) -> Formula:
    """Return how far outside the cloud, which lies between the spans, the close is."""
    first, second = _leading(short, middle), _middle(long)
    over = larger(close - larger(first, second), 0)
    under = larger(smaller(first, second) - close, 0)
    return (over - under) / close
