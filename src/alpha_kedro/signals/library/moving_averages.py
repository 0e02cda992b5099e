"""Moving averages: how far the price stands from each, and how they cross and climb.

Exponential averages have a finite memory; see `ewm_mean`. What is averaged twice looks
back twice as far, 13.8 times its span, and three times 20.7 times.
"""

from math import isqrt

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    close,
    decay_linear,
    ewm_mean,
    growth,
    mean,
)

_DECIMAL = "decimal"


# Where the price stands.


@feature(
    "ema_deviation_{k}",
    at=(10, 20, 50),
    family="trend",
    unit=_DECIMAL,
    source="Murphy (1999)",
)
def exponential_deviation(k: int) -> Formula:
    """Return the distance of the close to its exponential average."""
    return close / ewm_mean(close, k) - 1


@feature(
    "wma_deviation_{k}",
    at=(20,),
    family="trend",
    unit=_DECIMAL,
    source="Murphy (1999)",
)
def linearly_weighted_deviation(k: int) -> Formula:
    """Return the distance of the close to its linearly weighted average."""
    return close / decay_linear(close, k) - 1


@feature(
    "hull_deviation_{k}",
    at=(16, 49),
    family="trend",
    unit=_DECIMAL,
    source="Hull (2005)",
)
def hull_deviation(k: int) -> Formula:
    """Return the distance of the close to Hull's average.

    Which is linearly weighted over half the window, twice, less once over the whole of
    it, and that smoothed over the window's root: it lags by little.
    """
    raced = 2 * decay_linear(close, max(k // 2, 1)) - decay_linear(close, k)
    return close / decay_linear(raced, isqrt(k)) - 1


@feature(
    "dema_deviation_{k}",
    at=(20,),
    family="trend",
    unit=_DECIMAL,
    source="Mulloy (1994)",
)
def double_exponential_deviation(k: int) -> Formula:
    """Return the distance of the close to its double exponential average."""
    once = ewm_mean(close, k)
    return close / (2 * once - ewm_mean(once, k)) - 1


@feature(
    "tema_deviation_{k}",
    at=(20,),
    family="trend",
    unit=_DECIMAL,
    source="Mulloy (1994)",
)
def triple_exponential_deviation(k: int) -> Formula:
    """Return the distance of the close to its triple exponential average."""
    once = ewm_mean(close, k)
    twice = ewm_mean(once, k)
    return close / (3 * once - 3 * twice + ewm_mean(twice, k)) - 1


# How averages cross and climb.


@feature(
    "sma_cross_{fast}_{slow}",
    at=((5, 20), (20, 50), (50, 200)),
    family="trend",
    unit=_DECIMAL,
    source="Brock, Lakonishok and LeBaron (1992)",
)
def simple_cross(fast: int, slow: int) -> Formula:
    """Return how far the fast simple average stands above the slow one."""
    return mean(close, fast) / mean(close, slow) - 1


@feature(
    "sma_slope_{k}_{n}",
    at=((20, 5), (50, 10), (200, 20)),
    family="trend",
    unit=_DECIMAL,
    source="Murphy (1999)",
)
def simple_slope(k: int, n: int) -> Formula:
    """Return the growth of the simple average of k sessions over the last n."""
    return growth(mean(close, k), n)
