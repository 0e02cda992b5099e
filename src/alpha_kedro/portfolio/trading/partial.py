"""Trading a part of the way to the aim at each decision."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.overlay import Adjusted
from alpha_kedro.portfolio.trading.neutral import (
    Measured,
    Neutral,
    exposures_kept,
    restored,
)
from alpha_kedro.portfolio.trading.orders import Orders, Ramp

Gross = Annotated[
    Literal["free", "aim"],
    Field(
        description="aim: go for a multiple of the aim, so that the book is as large "
        "as it; free: a book of different ages is smaller than each of its aims"
    ),
]
"""How large a slow book is."""

Dust = Annotated[
    Share, Field(description="positions to be closed below this size are closed whole")
]
"""Where an endless approach ends."""

_FARTHEST = 10.0
_HALVINGS = 60


class Partial(Spec):
    """Trade the same part of the way to the aim in every name."""

    kind: Literal["partial"] = "partial"
    rate: Share = Field(
        gt=0, description="part of the way to the aim that each decision goes"
    )
    neutral: Neutral = "none"
    exposures: Measured = None
    gross: Gross = "free"
    ramp: Ramp = False
    dust: Dust = 1e-5

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Return ``holdings + rate (weights - holdings)``, see `approached`."""
        orders = Orders.of(weights, account, market)
        if orders.starts(ramp=self.ramp):
            return orders.bought()
        rate = np.full(len(weights), self.rate)
        return approached(
            orders,
            orders.aim,
            rate,
            exposures_kept(market, self.neutral, self.exposures),
            gross=self.gross,
            dust=self.dust,
        )


def approached(
    orders: Orders,
    aim: Float,
    rate: Float,
    columns: Float,
    *,
    gross: str = "free",
    dust: float = 0.0,
) -> Adjusted:
    """Go a part of the way to an aim.

    Parameters
    ----------
    orders
        The decision; its own aim says what exposures and what size the book should
        have, and where an empty order ends.
    aim
        (n_tickers,) what to approach, share of NAV.
    rate
        (n_tickers,) part of the way.
    columns
        (n_tickers, k) exposures to bring back to those of ``orders.aim``.
    gross, dust
        See `Partial`.

    Returns
    -------
    Adjusted
        Notes: ``halted``, ``left_universe`` (see `Orders`), ``dust`` closed whole,
        ``not_neutral`` exposures that no traded name could bring back.
    """
    held = orders.holdings
    far = _multiple(orders, aim, rate) if gross == "aim" else 1.0
    slow = held + rate * (far * aim - held)
    small = orders.free & (orders.aim == 0) & (slow != 0) & (np.abs(slow) < dust)
    book = orders.whole(np.where(small, 0.0, slow))
    settled, missed = restored(book, orders, columns)
    return orders.adjusted(settled, dust=int(small.sum()), not_neutral=missed)


def _multiple(orders: Orders, aim: Float, rate: Float) -> float:
    """Return the multiple of the aim whose approach is as large as the aim itself.

    No more than ten times, and not less than once.
    """
    held, wanted = orders.holdings, np.abs(orders.aim).sum()

    def short(multiple: float) -> bool:
        there = orders.whole(held + rate * (multiple * aim - held))
        return bool(np.abs(there).sum() < wanted)

    low, high = 1.0, _FARTHEST
    if not short(low) or short(high):
        return high if short(high) else low
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if short(middle) else (low, middle)
    return high
