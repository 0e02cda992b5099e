"""When a number cannot be given, and how it says why."""

import math
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import wraps
from typing import Concatenate, ParamSpec

import numpy as np
import numpy.typing as npt

from alpha_kedro.core.panel import Float

P = ParamSpec("P")
Measure = Callable[Concatenate[Float, P], float]
Guarded = Callable[Concatenate[npt.ArrayLike, P], float]

ROUNDING = 1e-14
"""Returns (decimals) that differ by less are equal up to float64 rounding."""


class NotAvailable(float):
    """A NaN that carries the reason why it is one.

    It is a ``float``, so every measure has one return type, and arithmetic on it gives
    an ordinary NaN. `plain` turns it into a null and its reason.
    """

    reason: str

    def __new__(cls, reason: str) -> "NotAvailable":
        """Build a NaN with the reason for it."""
        number = super().__new__(cls, "nan")
        number.reason = reason
        return number

    def __repr__(self) -> str:
        return f"NotAvailable({self.reason!r})"

    def __reduce__(self) -> tuple[type["NotAvailable"], tuple[str]]:
        """Survive the trip between processes with the reason."""
        return NotAvailable, (self.reason,)


def obstacle(values: Float, *, points: int = 2, variation: bool = False) -> str | None:
    """Return why ``values`` cannot be measured, None where they can.

    Parameters
    ----------
    values
        (n,) returns or other periodic numbers.
    points
        Fewest values the measure needs.
    variation
        Whether the measure divides by the spread of the values.
    """
    missing = int(np.count_nonzero(~np.isfinite(values)))
    if missing:
        return f"{missing} of {len(values)} values are missing"
    if len(values) < points:
        return f"{len(values)} values, at least {points} needed"
    if variation and np.ptp(values) <= ROUNDING:
        return "zero volatility"
    return None


def needs(
    points: int, *, variation: bool = False
) -> Callable[[Measure[P]], Guarded[P]]:
    """Let a measure of one series answer `NotAvailable` where it is undefined.

    The decorated function receives (n,) finite float64 values, n >= ``points``, and can
    state its formula without a guard. See `obstacle` for the arguments.
    """

    def decorate(measure: Measure[P]) -> Guarded[P]:
        @wraps(measure)
        def guarded(
            values: npt.ArrayLike, /, *args: P.args, **kwargs: P.kwargs
        ) -> float:
            array = np.asarray(values, dtype=np.float64)
            reason = obstacle(array, points=points, variation=variation)
            return NotAvailable(reason) if reason else measure(array, *args, **kwargs)

        return guarded

    return decorate


def plain(tree: object) -> tuple[object, dict[str, str]]:
    """Turn nested measures into what JSON can hold, with a reason for every null.

    Parameters
    ----------
    tree
        Mappings and sequences of numbers, text, dates and None.

    Returns
    -------
    (object, dict)
        The same tree of dict, list, int, float, bool, str and None; and the reason of
        each number that is not available, keyed by its dotted path.
    """
    reasons: dict[str, str] = {}
    return _plain(tree, (), reasons), reasons


def _plain(value: object, path: tuple[str, ...], reasons: dict[str, str]) -> object:
    if isinstance(value, Mapping):
        return {
            str(key): _plain(item, (*path, str(key)), reasons)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [
            _plain(item, (*path, str(place)), reasons)
            for place, item in enumerate(value)
        ]
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    return _scalar(value, path, reasons)


def _scalar(value: object, path: tuple[str, ...], reasons: dict[str, str]) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    if not isinstance(value, float) or math.isfinite(value):
        return value
    default = "infinite" if math.isinf(value) else "not a number"
    reasons[".".join(path)] = getattr(value, "reason", default)
    return None
