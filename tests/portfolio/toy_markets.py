"""Small markets to trade in: wide frames by hand, panels by seed."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Panel
from alpha_kedro.portfolio import CostSpec

FREE = CostSpec(cost_bps=0.0, borrow_bps_annual=0.0)


def wide(columns, *, start="2024-01-02"):
    """One column of numbers per ticker on consecutive business days."""
    n_dates = len(next(iter(columns.values())))
    dates = pd.bdate_range(start, periods=n_dates, name="date")
    return pd.DataFrame(columns, index=dates, dtype=float)


def random_panel(n_dates=80, n_tickers=20, *, seed=0, gaps=0.0):
    """A price panel of independent random walks, with days without a bar."""
    rng = np.random.default_rng(seed)
    axes = Axes.of(
        pd.bdate_range("2024-01-02", periods=n_dates),
        [f"N{column:02d}" for column in range(n_tickers)],
    )
    close = 50 * np.exp(rng.normal(0, 0.02, axes.shape).cumsum(axis=0))
    opens = close * np.exp(rng.normal(0, 0.005, axes.shape))
    absent = rng.random(axes.shape) < gaps
    close[absent] = opens[absent] = np.nan
    fields = {"open": opens, "close": close, "traded": ~absent}
    return Panel(axes, fields)


def last_return_scores(panel, *, every=5):
    """Score each name by its last one-session return, every few sessions."""
    close = panel["close"]
    returns = np.full(close.shape, np.nan)
    returns[1:] = close[1:] / close[:-1] - 1
    decisions = np.zeros(close.shape, dtype=bool)
    decisions[every::every] = True
    return Panel(panel.axes, {"score": returns}).to_table(decisions)


def two_sectors(panel):
    names = panel.tickers
    return pd.DataFrame(
        {
            "ticker": names,
            "sector": ["energy" if i % 2 else "health" for i, _ in enumerate(names)],
        }
    )
