"""Ranges: how far the price goes within a day, against the price and against itself.

Wilder's and exponential averages have a finite memory; see `wilder` and `ewm_mean`.
"""

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    close,
    delay,
    ewm_mean,
    growth,
    mean,
    rank,
    sum_of,
    wilder,
)
from alpha_kedro.signals.library.bar import before, day_range, true_range


@feature(
    "atr_{k}",
    at=(14,),
    family="volatility",
    unit="share of the close",
    source="Wilder (1978)",
)
def average_true_range(k: int) -> Formula:
    """Return the true range, smoothed as Wilder does."""
    return wilder(true_range, k) / close


@feature(
    "mean_range_{k}",
    at=(5, 20),
    family="volatility",
    unit="share of the close before",
    source="Crabel (1990)",
)
def mean_range(k: int) -> Formula:
    """Return the mean of true ranges, each over the close before it."""
    return mean(true_range / before, k)


@feature(
    "range_expansion_{k}",
    at=(20,),
    family="volatility",
    unit="ratio, 1 a usual day",
    source="Crabel (1990)",
)
def range_expansion(k: int) -> Formula:
    """Return today's true range over the mean of the k sessions before."""
    return true_range / delay(mean(true_range, k), 1)


@feature(
    "range_rank_{k}",
    at=(7,),
    family="volatility",
    unit="1 the widest, 1 / k the narrowest",
    source="Crabel (1990): NR7",
)
def range_rank(k: int) -> Formula:
    """Return the rank of today's range among those of k sessions."""
    return rank(day_range, k)


@feature(
    "chaikin_volatility_{k}",
    at=(10,),
    family="volatility",
    unit="decimal",
    source="Achelis (2000)",
)
def chaikin_volatility(k: int) -> Formula:
    """Return the growth of the exponential average of the range over k sessions."""
    return growth(ewm_mean(day_range, k), k)


@feature(
    "mass_index_{k}_{span}",
    at=((25, 9),),
    family="volatility",
    unit="sum of k ratios, each 1 for ranges at rest",
    source="Dorsey (1993)",
)
def mass_index(k: int, span: int) -> Formula:
    """Return the sum of the range's exponential average over that average's own.

    Above 27 and back below 26.5 is what Dorsey calls the bulge: ranges that widened.
    """
    once = ewm_mean(day_range, span)
    return sum_of(once / ewm_mean(once, span), k)
