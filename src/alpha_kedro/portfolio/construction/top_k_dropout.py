"""The best names, of which a few are exchanged at each decision and the rest let be."""

import numpy as np
from pydantic import Field

from alpha_kedro.core.kernels import Formula, dense, kernel
from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction.aim import Aim
from alpha_kedro.portfolio.construction.eligible import (
    counted,
    scored_names,
)
from alpha_kedro.portfolio.construction.fields import MinNames
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.ties import Keys


class TopKDropout(Spec):
    """``k`` names, of which at most ``n_drop`` are exchanged at each decision.

    1. Candidates are the best names not held: ``n_drop``, and as many as the book lacks
       to ``k``.
    2. Of holdings and candidates together, the ``n_drop`` lowest are marked; those of
       them that are held are sold. So none is sold for one with a lower score.
    3. As many candidates are bought, best first, as the book then lacks to ``k``. They
       share ``invested`` of the cash, with the proceeds of what is sold, equally.
    4. What is neither bought nor sold is let drift: its weight is the holding to the
       bit, and no order is written.

    These are the rules of TopkDropoutStrategy in Qlib (Yang et al. 2020, Qlib: An
    AI-oriented Quantitative Investment Platform).
    """

    k: int = Field(default=50, ge=1, description="names held")
    n_drop: int = Field(
        default=5, ge=1, description="most names exchanged at one decision"
    )
    invested: Share = Field(
        default=0.95,
        gt=0,
        description="share of the cash that buys; the rest pays what buying costs",
    )
    min_names: MinNames = 1

    def aim(
        self, scores: Float, account: Account, market: MarketState, *, tie_break: Keys
    ) -> Aim:
        """Return what is held after the exchange, see `Construction`.

        Returns
        -------
        Aim
            Kept names stand at their holding. A holding outside the universe is sold
            besides; one without a score counts as the lowest; one that could not be
            traded today is kept. With fewer than ``min_names`` scored, everything is
            kept. ``notes``: ``unscored``, ``not_tradable``, ``short_of_names``,
            ``no_cash`` names that there was no money to buy, ``too_few_names``.
        """
        names, notes = scored_names(scores, market)
        held = np.flatnonzero((account.holdings > 0) & market.universe)
        weights = placed_holdings(account.holdings, held)
        if len(names) < self.min_names:
            return Aim(weights, notes | {"too_few_names": 1})
        sold, bought = self._exchanged(names, held, scores, market, tie_break)
        weights[sold] = 0.0
        cash = (
            1.0 - weights.sum() - _cost_of_selling(account.holdings - weights, market)
        )
        lacking = self.k - (len(held) - len(sold) + len(bought))
        notes |= counted({"short_of_names": max(lacking, 0)})
        if cash <= 0:
            return Aim(weights, notes | counted({"no_cash": len(bought)}))
        weights[bought] = self.invested * cash / max(len(bought), 1)
        return Aim(weights, notes)

    def _exchanged(
        self,
        names: Int,
        held: Int,
        scores: Float,
        market: MarketState,
        tie_break: Keys,
    ) -> tuple[Int, Int]:
        """Return the names to sell and those to buy."""
        inside = np.zeros(len(scores), dtype=bool)
        inside[held] = True
        free = np.zeros(len(scores), dtype=bool)
        free[names] = True
        sold, bought = exchange(
            free & ~inside,
            inside,
            dense(scores),
            tie_break,
            np.ascontiguousarray(market.tradable),
            self.k,
            self.n_drop,
        )
        return sold, bought


def placed_holdings(holdings: Float, held: Int) -> Float:
    """Return (n_tickers,) the holdings of ``held`` to the bit, zero elsewhere."""
    kept = np.zeros(len(holdings))
    kept[held] = holdings[held]
    return kept


def _cost_of_selling(sold: Float, market: MarketState) -> float:
    if market.rates is None:
        return 0.0
    return float(market.rates.cost_of(sold).sum())


@Formula
def _placed_among(
    chosen: Int, count: int, name: int, scores: Float, tie_break: Keys, sign: float
) -> int:
    """Keep a name among the first by ``sign * score``, in order; return how many."""
    own = sign * scores[name] if np.isfinite(scores[name]) else -sign * np.inf
    place = count
    while place > 0:
        other = chosen[place - 1]
        theirs = sign * scores[other] if np.isfinite(scores[other]) else -sign * np.inf
        sooner = tie_break[name] < tie_break[other]
        if own < theirs or (own == theirs and sooner != (sign > 0)):
            break
        if place < len(chosen):
            chosen[place] = other
        place -= 1
    if place < len(chosen):
        chosen[place] = name
        return min(count + 1, len(chosen))
    return count


@kernel
def exchange(
    free: Bool,
    held: Bool,
    scores: Float,
    tie_break: Keys,
    tradable: Bool,
    k: int,
    n_drop: int,
) -> tuple[Int, Int]:
    """Return who is sold and who is bought, see `TopKDropout`.

    One pass over the names keeps the best of the free, another the lowest of all that
    are held or would be: what is sorted are the few of them, never the names.
    """
    n_names = len(scores)
    room = k
    for name in range(n_names):
        room -= held[name]
    best, n_best = np.empty(max(n_drop + room, 0), np.int64), 0
    for name in range(n_names):
        if free[name]:
            n_best = _placed_among(best, n_best, name, scores, tie_break, 1.0)
    inside = held.copy()
    for place in range(n_best):
        inside[best[place]] = True
    lowest, n_lowest = np.empty(n_drop, np.int64), 0
    for name in range(n_names):
        if inside[name]:
            n_lowest = _placed_among(lowest, n_lowest, name, scores, tie_break, -1.0)
    sold, n_sold = np.empty(n_drop, np.int64), 0
    for place in range(n_lowest):
        name = lowest[place]
        if held[name] and tradable[name]:
            sold[n_sold] = name
            n_sold += 1
    return sold[:n_sold], best[: min(n_best, max(n_sold + room, 0))]
