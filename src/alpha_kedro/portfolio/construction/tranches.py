"""Overlapping portfolios: each decision invests its share, and holds it for a while."""

import numpy as np

from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction.aim import Aim
from alpha_kedro.portfolio.construction.eligible import counted
from alpha_kedro.portfolio.market_state import MarketState


def overlapping(
    aim: Aim, account: Account, market: MarketState, *, tranches: int
) -> Aim:
    """Return the mean of the last aims, of which this one is the youngest.

    Parameters
    ----------
    aim
        What this decision would hold with all of the NAV.
    account
        ``past_aims`` has what earlier decisions would have held, not their means; the
        last ``tranches - 1`` of them are read.
    market
        Tells which names are still in the universe.
    tranches
        How many decisions share the NAV; 1 gives the aim itself.

    Returns
    -------
    Aim
        Until there have been ``tranches`` decisions, the tranches not yet filled are
        cash. What an earlier tranche had in a name that has left the universe is cash
        too; ``notes`` counts such names as ``left_tranche``.

    Notes
    -----
    A decision invests ``1 / tranches`` of the NAV and its names are held for as many
    decisions (Jegadeesh & Titman 1993, Returns to buying winners and selling losers).
    Tranches are brought back to equal parts at each decision, where theirs would drift.
    """
    if tranches == 1:
        return aim
    assert account.past_aims is not None
    earlier = account.past_aims[max(len(account.past_aims) - tranches + 1, 0) :]
    total: Float = aim.weights + earlier.sum(axis=0)
    left = ~market.universe & (earlier != 0).any(axis=0)
    weights = np.where(left, aim.weights, total) / tranches
    return Aim(weights, {**aim.notes, **counted({"left_tranche": left.sum()})})
