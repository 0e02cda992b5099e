"""Keeping a neutral book neutral while it is traded slowly.

A slow book is a mean of what it was and what it should be, and what it was has drifted:
winners have grown and losers have shrunk, so the legs differ, in all and within each
sector, and the book has caught exposures its aim does not have.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.risk.exposures import ExposureSpec, exposures_of
from alpha_kedro.portfolio.trading.orders import Orders

Neutral = Annotated[
    Literal["none", "book", "sector"],
    Field(
        description="net exposure that is brought back to that of the aim at every "
        "decision: that of the book, or of each sector"
    ),
]
"""What of the aim a slow book may not drift away from."""

Measured = Annotated[
    ExposureSpec | None,
    Field(
        description="styles and factors that are brought back to those of the aim at "
        "every decision"
    ),
]
"""Exposures besides the nets, such as beta, that holdings pick up as they drift."""

MET = 1e-9
"""Share of NAV by which an exposure may miss."""

_RIDGE = 1e-12


def exposures_kept(
    market: MarketState, neutral: Neutral, measured: ExposureSpec | None = None
) -> Float:
    """Return (n_tickers, k) exposures that a slow book shares with its aim.

    Parameters
    ----------
    market
        What is known at the close of the decision.
    neutral
        Ones for the book, or a column per sector; names of no known sector have a
        column of their own.
    measured
        Styles and factors besides, see `alpha_kedro.portfolio.risk.exposures`.
    """
    columns = [_nets(market, neutral)]
    if measured is not None and (measured.styles or measured.factors):
        columns.append(exposures_of(market, measured).columns)
    return np.hstack(columns)


def _nets(market: MarketState, neutral: Neutral) -> Float:
    n_names = len(market.tickers)
    if neutral == "none":
        return np.empty((n_names, 0))
    if neutral == "book":
        return np.ones((n_names, 1))
    codes = np.maximum(market.groups, -1)
    dummies: Float = (codes[:, None] == np.unique(codes)).astype(np.float64)
    return dummies


def restored(weights: Float, orders: Orders, columns: Float) -> tuple[Float, int]:
    """Change trades by as little as gives the book the exposures of its aim.

    Parameters
    ----------
    weights
        (n_tickers,) the whole book, share of NAV.
    orders
        Aim, holdings, and the names that may be changed.
    columns
        (n_tickers, k) exposures, see `exposures_kept`.

    Returns
    -------
    weights
        (n_tickers,) with ``columns' weights = columns' aim``. Names that are not traded
        stay untraded.
    n_missed
        Exposures that the traded names could not bring back.

    Notes
    -----
    The change of each name is in proportion to its trade: least squares with the
    inverse sizes of trades as weights. For one column of ones it makes every purchase
    the factor ``1 + s`` of what it was and every sale the factor ``1 - s``, which costs
    nothing where both sides are as large.
    """
    gap = columns.T @ (orders.aim - weights)
    if not len(gap):
        return weights, 0
    size = np.where(orders.free, np.abs(weights - orders.holdings), 0.0)
    pushed = columns * size[:, None]
    push = np.linalg.lstsq(columns.T @ pushed, gap, rcond=_RIDGE)[0]
    changed = weights + pushed @ push
    missed = np.abs(columns.T @ (orders.aim - changed)) > MET
    return changed, int(missed.sum())
