"""Oscillators: where a price stands between what is high and what is low for it.

Wilder's smoothing never forgets; `wilder` does, where the weights left out are a
millionth of all. Past that warm-up a value is the textbook's to about 1e-5 of its size,
whatever the textbook's recursion began with.
"""

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    close,
    high,
    low,
    max_of,
    mean,
    mean_deviation,
    min_of,
    smaller,
    wilder,
)
from alpha_kedro.signals.library.bar import before, fall, rise, true_range, typical

_PERCENT = "0 to 100"


@feature(
    "rsi_wilder_{k}",
    at=(2, 14),
    family="oscillators",
    unit=_PERCENT,
    source="Wilder (1978); two sessions: Connors and Alvarez (2009)",
)
def wilder_relative_strength(k: int) -> Formula:
    """Return rises over rises and falls, smoothed as Wilder does; NaN at rest.

    With a finite memory: 13.8 times k sessions.
    """
    rises, falls = wilder(rise, k), wilder(fall, k)
    return 100 * rises / (rises + falls)


@feature(
    "stochastic_rsi_{k}",
    at=(14,),
    family="oscillators",
    unit="0 to 1",
    source="Chande and Kroll (1994)",
)
def stochastic_relative_strength(k: int) -> Formula:
    """Return where Wilder's index stands between its own extremes of k sessions."""
    index = wilder_relative_strength(k)
    least = min_of(index, k)
    return (index - least) / (max_of(index, k) - least)


@feature(
    "stochastic_k_{k}",
    at=(5, 14),
    family="oscillators",
    unit=_PERCENT,
    source="Lane (1984): fast %K",
)
def stochastic(k: int) -> Formula:
    """Return where the close stands between the lowest low and the highest high."""
    lowest = min_of(low, k)
    return 100 * (close - lowest) / (max_of(high, k) - lowest)


@feature(
    "stochastic_d_{k}",
    at=(14,),
    family="oscillators",
    unit=_PERCENT,
    source="Lane (1984): fast %D, which is slow %K",
)
def smoothed_stochastic(k: int) -> Formula:
    """Return the mean of the stochastic over three sessions."""
    return mean(stochastic(k), 3)


@feature(
    "stochastic_slow_d_{k}",
    at=(14,),
    family="oscillators",
    unit=_PERCENT,
    source="Lane (1984): slow %D",
)
def twice_smoothed_stochastic(k: int) -> Formula:
    """Return the mean of the smoothed stochastic over three sessions."""
    return mean(smoothed_stochastic(k), 3)


@feature(
    "williams_r_{k}",
    at=(10,),
    family="oscillators",
    unit="-100 to 0",
    source="Williams (1979)",
)
def williams(k: int) -> Formula:
    """Return how far below the highest high the close is, in percent of the range."""
    highest = max_of(high, k)
    return -100 * (highest - close) / (highest - min_of(low, k))


@feature(
    "cci_{k}",
    at=(20,),
    family="oscillators",
    unit="about -100 to 100 three times in four",
    source="Lambert (1980)",
)
def commodity_channel(k: int) -> Formula:
    """Return the typical price's distance to its mean over 0.015 mean deviations."""
    return (typical - mean(typical, k)) / (0.015 * mean_deviation(typical, k))


@feature(
    "ultimate_oscillator_{short}_{middle}_{long}",
    at=((7, 14, 28),),
    family="oscillators",
    unit=_PERCENT,
    source="Williams (1985)",
)
def ultimate_oscillator(short: int, middle: int, long: int) -> Formula:
    """Return buying pressure over true range, the shorter of three spans weighing more.

    Means stand for sums: their quotient is the same, and survives a missing day.
    """
    pressure = close - smaller(low, before)

    def bought(k: int) -> Formula:
        return mean(pressure, k) / mean(true_range, k)

    return 100 * (4 * bought(short) + 2 * bought(middle) + bought(long)) / 7
