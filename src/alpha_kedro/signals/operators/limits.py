"""What an operator may be asked for."""

import operator
from math import ceil, log
from typing import SupportsIndex

from alpha_kedro.core.errors import ConfigError

_FORGOTTEN = 1e-6
"""Share of an exponential mean that lies before the rows it is made of."""

_LONGEST = 1_000_000
"""Sessions of a window: the trading days of four thousand years."""


def at_least_one(word: str, k: SupportsIndex) -> int:
    """Return a number of sessions to look back.

    Raises
    ------
    ConfigError
        ``AK-C110`` for less than one, for more than there ever were, and for what is no
        whole number.
    """
    try:
        length = operator.index(k)
    except TypeError:
        length = 0
    if 1 <= length <= _LONGEST:
        return length
    raise ConfigError(
        "AK-C110",
        f"{word} cannot look back over {k} sessions",
        got=f"{k!r}",
        wanted=f"a whole number from 1 to {_LONGEST}",
        fix="features see the past only: give a window of 1 session or more",
    )


def share(q: float) -> float:
    """Return the share of values that lie below a quantile.

    Raises
    ------
    ConfigError
        ``AK-C111`` outside 0 to 1.
    """
    if 0 <= q <= 1:
        return float(q)
    raise ConfigError(
        "AK-C111",
        "a quantile lies between 0 and 1",
        got=f"{q}",
        fix="use 0.5 for the median",
    )


def values_needed(min_periods: int | None, window: int) -> int:
    """Return how many values of a window have to be known; all by default.

    Raises
    ------
    ConfigError
        ``AK-C114`` for fewer than one, and for more than the window has.
    """
    if min_periods is None:
        return window
    if 1 <= min_periods <= window:
        return min_periods
    raise ConfigError(
        "AK-C114",
        "no window can have so many known values",
        got=f"min_periods {min_periods}",
        wanted=f"min_periods from 1 to {window}, the window",
        fix="correct min_periods",
    )


def fading(word: str, k: float) -> float:
    """Return what the value of a session ago counts relative to today's."""
    return 1 - (1 / k if word == "wilder" else 2 / (k + 1))


def memory(fade: float) -> int:
    """Return the rows of an exponential mean; a millionth of all weights is older."""
    return ceil(log(_FORGOTTEN) / log(fade)) if fade > 0 else 1
