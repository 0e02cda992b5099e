"""What a construction is: from one cross-section of scores to the book it aims at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.ties import Keys


@dataclass(frozen=True, eq=False)
class Aim:
    """A book to aim at.

    Attributes
    ----------
    weights
        (n_tickers,) float64 shares of NAV over all tickers, zero where nothing is
        wanted, and zero outside the universe. One that equals the holding to the bit
        means: no order in that name.
    notes
        How many names were left out or cut back, by reason, and never a zero.
    """

    weights: Float
    notes: Mapping[str, int] = field(default_factory=dict)


class Construction(Protocol):
    """A way to make a book of scores."""

    def aim(
        self, scores: Float, account: Account, market: MarketState, *, tie_break: Keys
    ) -> Aim:
        """Return the book to aim at.

        Parameters
        ----------
        scores
            (n_tickers,) higher is better; NaN where there is none, and outside the
            universe.
        account
            What the strategy holds and remembers.
        market
            What is known of the market at the close of the decision.
        tie_break
            (n_tickers,) orders equal scores.
        """
        ...
