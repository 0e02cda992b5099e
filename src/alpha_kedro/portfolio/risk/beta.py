"""How far names move with the market."""

import numpy as np

from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.market_state import MarketState


def betas(
    market: MarketState, benchmark: str | None, window: int, *, min_share: float = 0.8
) -> Float:
    """Return the beta of every name over its last returns.

    Parameters
    ----------
    market
        What is known at the close of the decision.
    benchmark
        Ticker of the benchmark; None for the mean of the universe, equally weighted.
    window
        Returns looked at (sessions).
    min_share
        Share of ``window`` in which both returns have to be known.

    Returns
    -------
    (n_tickers,) float64
        Slope of the least squares line with an intercept; NaN with too few returns, or
        where the benchmark did not move.

    Raises
    ------
    SimulationError
        ``AK-S040`` where there is no such benchmark.
    """
    own = market.returns(window)
    return slopes(own, market_returns(market, benchmark, window), window, min_share)


def market_returns(market: MarketState, benchmark: str | None, window: int) -> Float:
    """Return (window,) returns of a benchmark, or of the universe's mean for None."""
    if benchmark is not None:
        return market.benchmark_returns(benchmark, window)
    members = market.returns(window)[:, market.universe]
    known = np.isfinite(members)
    count = known.sum(axis=1)
    total = np.where(known, members, 0.0).sum(axis=1)
    mean: Float = total / np.where(count > 0, count, np.nan)
    return mean


def slopes(own: Float, common: Float, window: int, min_share: float = 0.8) -> Float:
    """Return the slope of each column on one series, where both are known.

    Parameters
    ----------
    own
        (n_sessions, n_tickers) returns, NaN where unknown.
    common
        (n_sessions,) returns, NaN where unknown.
    window
        Rows asked for.
    min_share
        Share of them that has to be known.
    """
    known = np.isfinite(own) & np.isfinite(common)[:, None]
    count = known.sum(axis=0)
    usable = np.where(count >= max(2, np.ceil(min_share * window)), count, np.nan)
    both = np.where(known, np.nan_to_num(common)[:, None], 0.0)
    off = np.where(known, both - both.sum(axis=0) / usable, 0.0)
    spread = (off**2).sum(axis=0)
    # Their mean drops out of the names' returns, as the deviations add up to zero.
    together = (off * np.where(known, own, 0.0)).sum(axis=0)
    moves = spread > 0
    slope: Float = together / np.where(moves, spread, np.nan)
    return np.where(np.isfinite(usable), slope, np.nan)
