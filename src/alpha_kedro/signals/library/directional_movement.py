"""Which way the price goes: highs and lows moving on, and how long ago they were.

Wilder's smoothing has a finite memory; see `wilder`. His averages of averages look back
27.6 times their window.
"""

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    argmax,
    argmin,
    close,
    delay,
    high,
    larger,
    low,
    mean,
    where,
    wilder,
)
from alpha_kedro.signals.library.bar import true_range

_PERCENT = "0 to 100"


# Directional movement.


_up, _down = high - delay(high, 1), delay(low, 1) - low
_upward = where(_up > _down, larger(_up, 0), 0)
_downward = where(_down > _up, larger(_down, 0), 0)


@feature(
    "plus_di_{k}",
    at=(14,),
    family="trend",
    unit=_PERCENT,
    source="Wilder (1978): +DI",
)
def upward_indicator(k: int) -> Formula:
    """Return how much of the true range was movement to higher highs."""
    return 100 * wilder(_upward, k) / wilder(true_range, k)


@feature(
    "minus_di_{k}",
    at=(14,),
    family="trend",
    unit=_PERCENT,
    source="Wilder (1978): -DI",
)
def downward_indicator(k: int) -> Formula:
    """Return how much of the true range was movement to lower lows."""
    return 100 * wilder(_downward, k) / wilder(true_range, k)


@feature(
    "adx_{k}",
    at=(14,),
    family="trend",
    unit=_PERCENT,
    source="Wilder (1978)",
)
def directional_index(k: int) -> Formula:
    """Return the smoothed distance of the two indicators over their sum.

    A day on which neither is above 0 has no direction and is passed over.
    """
    plus, minus = upward_indicator(k), downward_indicator(k)
    return wilder(100 * abs(plus - minus) / (plus + minus), k)


@feature(
    "vortex_plus_{k}",
    at=(14,),
    family="trend",
    unit="ratio",
    source="Botes and Siepman (2010): VI+",
)
def upward_vortex(k: int) -> Formula:
    """Return the way from low to the next high, over the true range."""
    return mean(abs(high - delay(low, 1)), k) / mean(true_range, k)


@feature(
    "vortex_minus_{k}",
    at=(14,),
    family="trend",
    unit="ratio",
    source="Botes and Siepman (2010): VI-",
)
def downward_vortex(k: int) -> Formula:
    """Return the way from high to the next low, over the true range."""
    return mean(abs(low - delay(high, 1)), k) / mean(true_range, k)


# How long since the extremes.


@feature(
    "aroon_up_{k}",
    at=(25,),
    family="trend",
    unit=_PERCENT,
    source="Chande (1995)",
)
def aroon_up(k: int) -> Formula:
    """Return how recent the highest high of k sessions and today is; 100 is today.

    Of equal highs the oldest counts.
    """
    return 100 * (1 - argmax(high, k + 1) / k)


@feature(
    "aroon_down_{k}",
    at=(25,),
    family="trend",
    unit=_PERCENT,
    source="Chande (1995)",
)
def aroon_down(k: int) -> Formula:
    """Return how recent the lowest low of k sessions and today is; 100 is today."""
    return 100 * (1 - argmin(low, k + 1) / k)


@feature(
    "aroon_{k}",
    at=(25,),
    family="trend",
    unit="-100 to 100",
    source="Chande (1995)",
)
def aroon_oscillator(k: int) -> Formula:
    """Return how much more recent the highest high is than the lowest low."""
    return aroon_up(k) - aroon_down(k)


@feature(
    "days_since_high_{k}",
    at=(60,),
    family="trend",
    unit="share of the window, 0 today",
    source="Bhootra and Hur (2013)",
)
def days_since_high(k: int) -> Formula:
    """Return how long ago the highest close was; of equals the oldest counts."""
    return argmax(close, k) / k


@feature(
    "days_since_low_{k}",
    at=(60, 252),
    family="trend",
    unit="share of the window, 0 today",
    source="Bhootra and Hur (2013), of the low",
)
def days_since_low(k: int) -> Formula:
    """Return how long ago the lowest close was; of equals the oldest counts."""
    return argmin(close, k) / k
