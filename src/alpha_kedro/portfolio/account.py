"""What a book knows of itself at a decision."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from alpha_kedro.core.panel import Float

Array = TypeVar("Array", bound=npt.NDArray[Any])


def read_only(array: Array) -> Array:
    """Return a view of ``array`` that cannot be written to; itself where it is one."""
    if not array.flags.writeable:
        return array
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, eq=False)
class Sleeve:
    """A member of a combination, kept as a book of its own on paper.

    Attributes
    ----------
    weights
        (n_tickers,) what it decided at this close, share of its own NAV.
    returns
        (n_sessions,) net returns up to this close, decimals, oldest first.
    """

    weights: Float
    returns: Float


@dataclass(frozen=True, eq=False)
class Account:
    """A book at the close of a decision, read-only.

    Attributes
    ----------
    holdings
        (n_tickers,) drifted weights, share of NAV.
    nav
        (n_closes,) NAV at each close since the first decision, that of the decision
        last; it starts at 1. Empty where nothing is remembered.
    past_aims
        (n_decisions, n_tickers) what earlier decisions aimed at, oldest first: as many
        as the strategy's memory asks for, fewer at the start.
    sleeves
        The members of a combination by name, empty for any other strategy.
    """

    holdings: Float
    nav: Float = field(default_factory=lambda: np.empty(0))
    past_aims: Float | None = None
    sleeves: Mapping[str, Sleeve] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.past_aims is None:
            nothing = np.empty((0, len(self.holdings)))
            object.__setattr__(self, "past_aims", nothing)
        for name in ("holdings", "nav", "past_aims"):
            object.__setattr__(self, name, read_only(getattr(self, name)))

    @classmethod
    def of(cls, holdings: "Account | Float") -> "Account":
        """Return an account as it is, holdings alone as one without a memory."""
        return holdings if isinstance(holdings, Account) else cls(holdings)

    @property
    def returns(self) -> Float:
        """Return (n_closes - 1,) net returns of the book from close to close."""
        before = self.nav[:-1]
        alive = np.where(before > 0, before, np.inf)
        earned: Float = np.diff(self.nav) / alive
        return earned
