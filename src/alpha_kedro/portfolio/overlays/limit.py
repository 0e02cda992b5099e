"""What a hard limit is: an overlay that the final book has to satisfy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState


@dataclass(frozen=True)
class Breach:
    """A limit that a book does not satisfy.

    Attributes
    ----------
    count
        Names, sectors or books beyond it.
    what
        What is too large and for which limit, in words and numbers.
    """

    count: int
    what: str


@runtime_checkable
class Limit(Protocol):
    """An overlay of which the final book is asked whether it holds."""

    @property
    def kind(self) -> str:
        """Return the name under which it stands in ``overlays``."""
        ...

    def breach(
        self, weights: Float, account: Account, market: MarketState
    ) -> Breach | None:
        """Return what is beyond the limit once stuck names stay as they are."""
        ...


@runtime_checkable
class RiskLimit(Limit, Protocol):
    """A limit on what is held, which stands above the speed of trading."""

    def reduced(self, weights: Float, account: Account, market: MarketState) -> Float:
        """Return the book within the limit, no weight larger than it was."""
        ...


def cannot_be_met_together(binding: Sequence[str], fix: str) -> SimulationError:
    """Build the error for limits that exclude each other, each with its numbers."""
    return SimulationError(
        "AK-S031",
        "limits that cannot be met together on one date",
        where=binding,
        fix=fix,
    )
