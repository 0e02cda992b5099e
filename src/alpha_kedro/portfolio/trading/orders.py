"""Which names a speed rule decides over, and what becomes of the others."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction.eligible import counted
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.overlay import Adjusted

Ramp = Annotated[
    bool,
    Field(
        description="build an empty book up at the speed of the rule; else it is "
        "bought at once"
    ),
]
"""What a rule does where nothing is held."""


@dataclass(frozen=True, eq=False)
class Orders:
    """The names of a decision by what a speed rule may do with them.

    Attributes
    ----------
    aim
        (n_tickers,) what would be held if trading were free, share of NAV.
    holdings
        (n_tickers,) what is held, share of NAV.
    halted
        (n_tickers,) names without a bar today: no order could be filled, so none is
        written.
    leaving
        (n_tickers,) holdings that have left the universe and that nothing wants. They
        are closed whole: no score will follow that could say how fast.
    """

    aim: Float
    holdings: Float
    halted: Bool
    leaving: Bool

    @classmethod
    def of(cls, weights: Float, account: Account, market: MarketState) -> "Orders":
        """Sort the names of a decision."""
        held = account.holdings
        leaving = ~market.universe & (weights == 0) & (held != 0)
        return cls(weights, held, ~market.tradable & ~leaving, leaving)

    @property
    def free(self) -> Bool:
        """Return (n_tickers,) True where the rule decides."""
        decided: Bool = ~self.halted & ~self.leaving
        return decided

    def whole(self, weights: Float) -> Float:
        """Return the book: ``weights`` where the rule decides, the others as due."""
        due = np.where(self.halted, self.holdings, self.aim)
        book: Float = np.where(self.free, weights, due)
        return book

    def adjusted(self, weights: Float, **notes: int) -> Adjusted:
        """Return a whole book with notes, ``halted`` and ``left_universe`` among them.

        ``halted`` counts the names in which something was wanted.
        """
        wanted = self.halted & (self.aim != self.holdings)
        own = {"halted": wanted.sum(), "left_universe": self.leaving.sum()}
        plain = {note: int(count) for note, count in own.items()}
        return Adjusted(weights, counted(plain | notes))

    def starts(self, *, ramp: bool) -> bool:
        """Tell whether the book is empty and to be bought at once."""
        return not ramp and not self.holdings.any()

    def bought(self) -> Adjusted:
        """Return the aim as it is, for an empty book."""
        return Adjusted(self.aim, counted({"bought_at_once": int(self.aim.any())}))
