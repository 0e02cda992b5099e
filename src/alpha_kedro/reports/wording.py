"""Numbers as a reader sees them: rounded, with unit and sign, or ``n/a``."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, TypeGuard

import pandas as pd

ABSENT = "n/a"
Z_95 = 1.959964
"""Standard errors on either side of an estimate in a 95 % interval."""


def is_known(value: float | None) -> TypeGuard[float]:
    """Tell whether there is a number: neither null nor NaN."""
    return value is not None and math.isfinite(value)


def fixed(value: float | None, places: int = 2) -> str:
    """Return ``0.31``; a number that rounds to zero has no sign."""
    return f"{value:z,.{places}f}" if is_known(value) else ABSENT


def percent(value: float | None, places: int = 1) -> str:
    """Return a decimal as ``12.3 %``."""
    return f"{100 * value:z,.{places}f} %" if is_known(value) else ABSENT


def count(value: float | None) -> str:
    """Return ``1,234``."""
    return f"{value:,.0f}" if is_known(value) else ABSENT


def interval(bounds: Sequence[float] | float | None, places: int = 2) -> str:
    """Return ``[-0.15, 0.80]``; ``n/a`` without two known ends."""
    if not isinstance(bounds, Sequence) or not all(map(is_known, bounds)):
        return ABSENT
    low, high = bounds
    return f"[{fixed(low, places)}, {fixed(high, places)}]"


def interval_around(
    estimate: float | None, standard_error: float | None
) -> tuple[float, float] | None:
    """Return the normal 95 % interval of an estimate, None without an error."""
    if not is_known(estimate) or not is_known(standard_error):
        return None
    reach = Z_95 * standard_error
    return estimate - reach, estimate + reach


def day(date: Any) -> str:
    """Return ``2020-01-31`` of a timestamp or of a date in text; ``n/a`` of NaT."""
    return ABSENT if pd.isna(date) else str(date)[:10]


def recovered(date: Any) -> str:
    """Return the day a drawdown was made good, or ``not yet``."""
    return "not yet" if pd.isna(date) else day(date)


def span(start: Any, end: Any) -> str:
    """Return ``2017-01-04 to 2023-12-29``."""
    return f"{day(start)} to {day(end)}"


def plain_words(key: str) -> str:
    """Return a key of a report, such as ``n_missing_sessions``, as words."""
    return key.removeprefix("n_").replace("_", " ")


def numbered(amount: int, thing: str) -> str:
    """Return ``1 trial`` or ``8 trials``."""
    return f"{amount:,} {thing}" + ("" if amount == 1 else "s")


def spread_labels(values: Sequence[float], gap: float) -> list[float]:
    """Move values apart until neighbours differ by ``gap``, their order unchanged.

    Labels at the ends of lines would otherwise be printed over one another.
    """
    order = sorted(range(len(values)), key=lambda place: (values[place], place))
    moved = list(values)
    for below, above in pairwise(order):
        moved[above] = max(moved[above], moved[below] + gap)
    excess = sum(moved) - sum(values)
    return [place - excess / len(values) for place in moved]
