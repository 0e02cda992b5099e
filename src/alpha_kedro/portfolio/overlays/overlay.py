"""What an overlay is: a step from one book to another, which says what it did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState


@dataclass(frozen=True)
class Adjusted:
    """A book after an overlay.

    Attributes
    ----------
    weights
        (n_tickers,) target shares of NAV. A weight that equals the holding to the bit
        means: no order in that name.
    notes
        What the overlay met on its way, by reason, and never a zero.
    """

    weights: Float
    notes: Mapping[str, int] = field(default_factory=dict)


class Overlay(Protocol):
    """A step of a strategy's ordered list, applied at each decision."""

    @property
    def kind(self) -> str:
        """Return the name under which it stands in ``overlays``."""
        ...

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Return the book after this step.

        Parameters
        ----------
        weights
            (n_tickers,) target shares of NAV so far, without NaN.
        account
            What the strategy holds and remembers.
        market
            What is known of the market at the close of the decision.
        """
        ...
