"""Which names of a cross-section may be held, and why the others may not."""

from collections.abc import Mapping

import numpy as np

from alpha_kedro.core.panel import Float, Int
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.ties import Keys


def counted(notes: Mapping[str, int | np.integer]) -> dict[str, int]:
    """Return the notes that count something, as integers."""
    return {note: int(count) for note, count in notes.items() if count}


def scored_names(scores: Float, market: MarketState) -> tuple[Int, dict[str, int]]:
    """Return the names of the universe with a finite score and a bar, and notes.

    Returns
    -------
    names
        Their positions, ascending.
    notes
        ``unscored`` and ``not_tradable`` names of the universe.
    """
    scored = np.isfinite(scores)
    inside, tradable = market.universe, market.tradable
    notes = {
        "unscored": (inside & tradable & ~scored).sum(),
        "not_tradable": (inside & scored & ~tradable).sum(),
    }
    return np.flatnonzero(inside & scored & tradable), counted(notes)


def tradable_names(market: MarketState) -> tuple[Int, dict[str, int]]:
    """Return the names of the universe with a bar, scored or not, and notes."""
    halted = (market.universe & ~market.tradable).sum()
    names = np.flatnonzero(market.universe & market.tradable)
    return names, counted({"not_tradable": halted})


def best_first(names: Int, scores: Float, tie_break: Keys) -> Int:
    """Return ``names`` from the highest score to the lowest, ties by their keys."""
    ordered: Int = names[np.lexsort((tie_break[names], -scores[names]))]
    return ordered


def refusal(
    names: Int, min_names: int, scores: Float | None = None
) -> dict[str, int] | None:
    """Return the note of a flat book, None where there is something to choose from."""
    if len(names) < max(min_names, 1):
        return {"too_few_names": 1}
    if scores is not None and len(names) > 1 and np.ptp(scores[names]) == 0:
        return {"constant_scores": 1}
    return None
