"""The one place where a decision is made.

The simulator and the evening job call `decide` and nothing else, so what is researched
is what is traded. A decision has three steps:

1. construction: scores become an aim, the book one would hold if trading were free;
2. tranches: the aim is averaged with those of the last decisions, where asked for;
3. overlays: the strategy's ordered list of limits and of rules how fast to trade. Each
   says how much of the book it changed.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction import overlapping
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays import apply_overlays
from alpha_kedro.portfolio.strategy import StrategySpec
from alpha_kedro.portfolio.ties import tie_keys


@dataclass(frozen=True)
class Targets:
    """A book to trade to.

    Attributes
    ----------
    weights
        (n_tickers,) float64 share of NAV, zero where nothing is wanted. One that equals
        the holding to the bit means: no order, the position drifts on.
    notes
        What was left out, cut back or met on the way, by reason, and never a zero.
        Names: ``unscored``, ``not_tradable``, ``no_sector``, ``over_name_cap``, and
        ``stuck`` for holdings that could not be traded today; groups: ``small_group``,
        ``constant_scores``; 1 for a flat book for want of names, ``too_few_names``; and
        whatever overlays report.
    changes
        Half the sum of absolute changes by each kind of overlay, share of NAV.
    aim
        (n_tickers,) what construction wanted, before tranches and overlays.
    """

    weights: Float
    notes: Mapping[str, int]
    changes: Mapping[str, float] = field(default_factory=dict)
    aim: Float = field(default_factory=lambda: np.empty(0))


def decide(
    as_of: np.datetime64,
    scores: Float,
    holdings: Account | Float,
    market: MarketState,
    *,
    spec: StrategySpec,
    seed: int = 0,
) -> Targets:
    """Decide at the close of ``as_of`` what to hold from the next fill on.

    Parameters
    ----------
    as_of
        The session that has just closed.
    scores
        (n_tickers,) scores known at that close, NaN where there is none.
    holdings
        What the strategy holds and remembers, or the (n_tickers,) drifted weights at
        that close alone, share of NAV.
    market
        The rest of what is known at that close.
    spec
        The strategy.
    seed
        Of the order among equal scores.

    Returns
    -------
    Targets
        A held name without a target is to be closed; one that could not be traded today
        is counted as ``stuck``, for its closing order may have to wait.

    Raises
    ------
    SimulationError
        ``AK-S002`` and others, where limits cannot be met together, naming them.
    """
    account = Account.of(holdings)
    ties = tie_keys(market.tickers, as_of, seed=seed)
    opinions = spec.opinions(scores, market)
    aim = spec.construction.aim(opinions, account, market, tie_break=ties)
    held = overlapping(aim, account, market, tranches=spec.tranches)
    overlaid = apply_overlays(held.weights, spec.overlays, account, market)
    notes = Counter(held.notes) + Counter(overlaid.notes)
    notes["stuck"] = int(np.count_nonzero((account.holdings != 0) & ~market.tradable))
    known = {note: int(count) for note, count in notes.items() if count}
    return Targets(overlaid.weights, known, overlaid.changes, aim.weights)
