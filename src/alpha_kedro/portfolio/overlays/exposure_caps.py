"""Caps on the exposure of the whole book: both legs together, their difference, cash.

All of them count stuck names with what is held of them, see
`alpha_kedro.portfolio.overlays.book`: the others make room.
"""

from typing import Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.book import (
    TOLERANCE,
    counted,
    gross,
    standing,
    stuck_names,
)
from alpha_kedro.portfolio.overlays.limit import Breach
from alpha_kedro.portfolio.overlays.overlay import Adjusted


class LeverageCap(Spec):
    """Both legs together are scaled down to a largest gross exposure."""

    kind: Literal["leverage_cap"] = "leverage_cap"
    gross: float = Field(gt=0, le=20, description="largest gross, share of NAV")

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Scale all tradable names alike; notes: ``over_cap``, ``stuck``."""
        return _within(self, weights, account, market)

    def breach(
        self, weights: Float, account: Account, market: MarketState
    ) -> Breach | None:
        """Return by how much the gross exposure is beyond the cap."""
        held = gross(standing(weights, account, market))
        if held <= self.gross + TOLERANCE:
            return None
        return Breach(1, f"gross exposure {held:.6g} above gross {self.gross:g}")

    def reduced(self, weights: Float, account: Account, market: MarketState) -> Float:
        """Return the book at the cap."""
        stuck = gross(account.holdings[~market.tradable])
        return _shrunk(weights, market.tradable, max(self.gross - stuck, 0.0))


class NetCap(Spec):
    """The leg in excess is scaled down to a largest net exposure, long or short."""

    kind: Literal["net_cap"] = "net_cap"
    net: float = Field(
        ge=0, le=20, description="largest net exposure of either sign, share of NAV"
    )

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Scale the larger leg alone; notes: ``over_cap``, ``stuck``."""
        return _within(self, weights, account, market)

    def breach(
        self, weights: Float, account: Account, market: MarketState
    ) -> Breach | None:
        """Return by how much the net exposure is beyond the cap."""
        held = float(standing(weights, account, market).sum())
        if abs(held) <= self.net + TOLERANCE:
            return None
        return Breach(1, f"net exposure {held:.6g} beyond net {self.net:g}")

    def reduced(self, weights: Float, account: Account, market: MarketState) -> Float:
        """Return the book at the cap."""
        return net_reduced(weights, self.net, account, market)


class CashFloor(Spec):
    """The long leg is scaled down until a share of NAV stays in cash."""

    kind: Literal["cash_floor"] = "cash_floor"
    cash: Share = Field(description="NAV less the sum of weights, share of NAV")

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Scale the long leg alone; notes: ``over_cap``, ``stuck``."""
        return _within(self, weights, account, market)

    def breach(
        self, weights: Float, account: Account, market: MarketState
    ) -> Breach | None:
        """Return by how much too little is left in cash."""
        left = 1 - float(standing(weights, account, market).sum())
        if left >= self.cash - TOLERANCE:
            return None
        return Breach(1, f"{left:.6g} of NAV in cash, below cash {self.cash:g}")

    def reduced(self, weights: Float, account: Account, market: MarketState) -> Float:
        """Return the book with cash enough."""
        excess = float(standing(weights, account, market).sum()) - (1 - self.cash)
        return _leg_reduced(weights, excess, market) if excess > 0 else weights


def net_reduced(
    weights: Float, cap: float, account: Account, market: MarketState
) -> Float:
    """Return the book with the leg in excess scaled down to ``cap`` net.

    Where that leg cannot make up for what is stuck, all of it is given up.
    """
    net = float(standing(weights, account, market).sum())
    excess = np.sign(net) * max(abs(net) - cap, 0.0)
    return _leg_reduced(weights, float(excess), market) if excess else weights


def _leg_reduced(weights: Float, excess: float, market: MarketState) -> Float:
    """Take a net excess out of the leg of the same sign, every name in proportion."""
    leg = market.tradable & (np.sign(weights) == np.sign(excess))
    return _shrunk(weights, leg, max(gross(weights[leg]) - abs(excess), 0.0))


def _shrunk(weights: Float, names: Bool, total: float) -> Float:
    """Scale some names down to a gross exposure of ``total``."""
    now = gross(weights[names])
    if now <= total:
        return weights
    return np.where(names, weights * (total / now), weights)


def _within(
    limit: LeverageCap | NetCap | CashFloor,
    weights: Float,
    account: Account,
    market: MarketState,
) -> Adjusted:
    over = limit.breach(weights, account, market)
    if over is None:
        return Adjusted(weights)
    stuck = stuck_names(account, market).sum()
    reduced = limit.reduced(weights, account, market)
    return Adjusted(reduced, counted({"over_cap": 1, "stuck": stuck}))
