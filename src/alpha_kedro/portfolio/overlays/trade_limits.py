"""Limits on the trades of one decision: how much in all, and how little at all."""

from typing import Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.book import TOLERANCE, counted, orders
from alpha_kedro.portfolio.overlays.limit import Breach
from alpha_kedro.portfolio.overlays.overlay import Adjusted


class TurnoverCap(Spec):
    """A decision trades towards its book as far as the turnover goes.

    ``proportional``
        Every trade is done in the same part, so a book between two neutral ones is
        neutral.
    ``least_gain_first``
        Trades that gain least are given up first: of all books within the cap the
        nearest to the target is taken (least squares), which cuts the same amount off
        every trade and leaves the smaller ones undone (Duchi et al. 2008, Efficient
        projections onto the l1-ball). Small gaps are worth little, as what they forgo
        goes with the square of the gap. Not neutral by itself.
    """

    kind: Literal["turnover_cap"] = "turnover_cap"
    one_way: float = Field(
        gt=0, le=20, description="largest half sum of trades per decision, share of NAV"
    )
    method: Literal["proportional", "least_gain_first"] = Field(
        default="proportional", description="which trades are cut"
    )

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Cut trades; stuck names trade nothing and stay as they came.

        Notes: ``capped``; ``trades_given_up`` of ``least_gain_first``, whose holdings
        stay to the bit.
        """
        if self.breach(weights, account, market) is None:
            return Adjusted(weights)
        wanted = orders(weights, account, market)
        if self.method == "proportional":
            done = wanted * (2 * self.one_way / np.abs(wanted).sum())
        else:
            done = _nearest_within(wanted, 2 * self.one_way)
        moved = np.where(market.tradable, account.holdings + done, weights)
        given_up = np.count_nonzero((wanted != 0) & (done == 0))
        return Adjusted(moved, counted({"capped": 1, "trades_given_up": given_up}))

    def breach(
        self, weights: Float, account: Account, market: MarketState
    ) -> Breach | None:
        """Return by how much the trades are beyond the cap."""
        asked = 0.5 * float(np.abs(orders(weights, account, market)).sum())
        if asked <= self.one_way + TOLERANCE:
            return None
        return Breach(1, f"one-way turnover {asked:.6g} above one_way {self.one_way:g}")


class MinimumTrade(Spec):
    """Changes too small to be worth an order are not traded."""

    kind: Literal["min_trade"] = "min_trade"
    share: Share = Field(
        default=0.001, description="smallest change that is traded, share of NAV"
    )
    always_close: bool = Field(
        default=True,
        description="a position that is given up is closed, however small it is",
    )

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Keep the holding to the bit where too little would change: no order.

        Notes: ``too_small`` trades left undone.
        """
        change = np.abs(weights - account.holdings)
        small = (change > 0) & (change < self.share) & market.tradable
        if self.always_close:
            small &= weights != 0
        if not small.any():
            return Adjusted(weights)
        kept = np.where(small, account.holdings, weights)
        return Adjusted(kept, {"too_small": int(small.sum())})


def _nearest_within(trades: Float, total: float) -> Float:
    """Return the nearest trades whose sizes add up to ``total``: all cut alike."""
    size = np.sort(np.abs(trades))[::-1]
    cut = (np.cumsum(size) - total) / np.arange(1, len(size) + 1)
    level = cut[np.count_nonzero(size > cut) - 1]
    left: Float = np.sign(trades) * np.maximum(np.abs(trades) - level, 0.0)
    return left
