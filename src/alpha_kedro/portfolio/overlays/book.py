"""The book as it will stand after the next fill, and what is done to the whole of it.

A name without a bar today cannot be relied on to be filled: it is *stuck*, and counts
with what is held of it. An overlay never changes the weight of a stuck name, and where
the others make room for it, a note says so.
"""

from collections.abc import Mapping
from typing import SupportsInt

import numpy as np

from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.overlay import Adjusted
from alpha_kedro.portfolio.ties import tie_keys

TOLERANCE = 1e-9
"""By how much of NAV a limit may be passed: the rounding of sums, and no more."""

_NO_DATE = np.datetime64("1970-01-01", "us")


def standing(weights: Float, account: Account, market: MarketState) -> Float:
    """Return (n_tickers,) what is held after the next fill, stuck names as they are."""
    book: Float = np.where(market.tradable, weights, account.holdings)
    return book


def stuck_names(account: Account, market: MarketState) -> Bool:
    """Return (n_tickers,) True where something is held that had no bar today."""
    stuck: Bool = (account.holdings != 0) & ~market.tradable
    return stuck


def orders(weights: Float, account: Account, market: MarketState) -> Float:
    """Return (n_tickers,) what has to be traded, share of NAV; no orders when stuck."""
    return standing(weights, account, market) - account.holdings


def turnover(before: Float, after: Float) -> float:
    """Return half the sum of absolute changes: one-way turnover, share of NAV."""
    return 0.5 * float(np.abs(after - before).sum())


def gross(weights: Float) -> float:
    """Return the sum of both legs, share of NAV."""
    return float(np.abs(weights).sum())


def counted(notes: Mapping[str, SupportsInt]) -> dict[str, int]:
    """Return notes as plain numbers, without those that count nothing."""
    return {note: int(count) for note, count in notes.items() if count}


def rescaled(
    weights: Float, factor: float, market: MarketState, notes: Mapping[str, SupportsInt]
) -> Adjusted:
    """Return the tradable names at ``factor`` times their weight, with notes."""
    if factor == 1.0:
        return Adjusted(weights, counted(notes))
    scaled = np.where(market.tradable, factor * weights, weights)
    return Adjusted(scaled, counted(notes))


def strongest_first(
    names: Int, weights: Float, account: Account, market: MarketState
) -> Int:
    """Order names by the size of their weight, the largest first.

    Among equal weights the one comes first of which more is held on the same side, for
    it is the cheaper one to keep; what is equal still is drawn by name and date, see
    `alpha_kedro.portfolio.ties.tie_keys`.
    """
    held = np.maximum(np.sign(weights) * account.holdings, 0.0)
    as_of = market.dates[-1] if len(market.dates) else _NO_DATE
    keys = tie_keys(market.tickers, as_of)
    order = np.lexsort((keys[names], -held[names], -np.abs(weights[names])))
    ordered: Int = names[order]
    return ordered
