"""What is asked of a window."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alpha_kedro.core.panel import Float
from alpha_kedro.signals.operators.windows import Window


@dataclass(frozen=True)
class Request:
    """One statistic of one window.

    Attributes
    ----------
    statistic
        Its name.
    window
        Which rows.
    parameter
        The quantile of a quantile, the fading of an exponential mean; else None.
    """

    statistic: str
    window: Window
    parameter: float | None = None


Family = Callable[[tuple[Float, ...], Sequence[Request]], list[Float]]
"""Answers several requests on the same operands, sharing what they have in common."""
