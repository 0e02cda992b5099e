"""Names too alike do not count twice.

1. Names are taken in the order of their weights, the strongest first.
2. A name whose trailing returns correlate above the limit with those of a stronger one
   that is kept belongs to its cluster; the returns of shorts count with the opposite
   sign, so a long and a short of two names alike are no cluster but a hedge.
3. ``cut``: the weaker names of a cluster are given up. ``share``: they and the
   strongest share the place of the strongest.
"""

from typing import Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.core.spec import Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.book import counted, gross, strongest_first
from alpha_kedro.portfolio.overlays.overlay import Adjusted
from alpha_kedro.portfolio.risk.covariance import deviations, enough_returns


class CorrelationControl(Spec):
    """Of names too alike the weaker are cut, or all of them share one place."""

    kind: Literal["correlation_control"] = "correlation_control"
    window: int = Field(default=60, ge=5, description="trailing returns (sessions)")
    max_correlation: float = Field(
        default=0.8, gt=0, lt=1, description="correlation above which names are alike"
    )
    action: Literal["cut", "share"] = Field(
        default="cut",
        description="cut: hold the strongest of a cluster alone; share: scale the "
        "cluster to the size of its strongest",
    )
    redistribute: bool = Field(
        default=False,
        description="give what is freed to the rest of the leg in proportion; false: "
        "it stays in cash",
    )

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Thin out the tradable names of the universe.

        Notes: ``too_alike`` names cut or made to share; ``no_correlation`` names with
        too few returns (fewer than 80 % of the window), which are left alone.
        """
        names = np.flatnonzero((weights != 0) & market.tradable & market.universe)
        returns = market.returns(self.window)[:, names]
        measured = enough_returns(returns, window=self.window)
        notes = {"no_correlation": len(names) - np.count_nonzero(measured)}
        ordered = strongest_first(names[measured], weights, account, market)
        leader = _leaders(self._alike(ordered, weights, market))
        follows = leader != np.arange(len(ordered))
        if not follows.any():
            return Adjusted(weights, counted(notes))
        notes["too_alike"] = np.count_nonzero(follows)
        thinned = np.array(weights)
        thinned[ordered] *= self._kept(np.abs(weights[ordered]), leader, follows)
        if self.redistribute:
            thinned = _refilled(thinned, weights, names)
        return Adjusted(thinned, counted(notes))

    def _alike(self, names: Int, weights: Float, market: MarketState) -> Bool:
        """Return (n, n) which names move together the way they are held."""
        off = deviations(market.returns(self.window)[:, names])
        unit = np.sign(weights[names]) * off / np.sqrt((off**2).sum(axis=0))
        alike: Bool = unit.T @ unit > self.max_correlation
        return alike

    def _kept(self, size: Float, leader: Int, follows: Bool) -> Float:
        """Return what part of its weight each name keeps."""
        if self.action == "cut":
            return np.where(follows, 0.0, 1.0)
        cluster = np.bincount(leader, size, minlength=len(size))
        kept: Float = size[leader] / cluster[leader]
        return kept


def _leaders(alike: Bool) -> Int:
    """Return for each name, in order, the first kept one it is alike to, or itself."""
    leader = np.arange(len(alike))
    for name in range(1, len(alike)):
        earlier = alike[name, :name] & (leader[:name] == np.arange(name))
        if earlier.any():
            leader[name] = int(earlier.argmax())
    return leader


def _refilled(thinned: Float, weights: Float, names: Int) -> Float:
    """Scale the legs of some names back to the gross they had."""
    refilled = np.array(thinned)
    for sign in (1.0, -1.0):
        leg = names[sign * weights[names] > 0]
        if gross(thinned[leg]) > 0:
            refilled[leg] *= gross(weights[leg]) / gross(thinned[leg])
    return refilled
