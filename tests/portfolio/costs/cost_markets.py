"""Bars whose spread, volatility and volume are known."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Panel


def quoted_bars(n_dates, half_spreads, *, seed=0, trades=100, volatility=0.01):
    """High, low and close of trades at bid or ask around a random walk.

    A quarter of the variance is made over night.
    """
    rng = np.random.default_rng(seed)
    shape = (n_dates, len(half_spreads), trades)
    steps = rng.normal(0, volatility * np.sqrt(0.75 / trades), shape).cumsum(axis=2)
    gaps = rng.normal(0, volatility * np.sqrt(0.25), shape[:2])
    closes = (steps[..., -1] + gaps).cumsum(axis=0)
    efficient = (closes - steps[..., -1])[..., None] + steps
    sides = rng.choice([-1.0, 1.0], size=shape)
    prices = 50 * np.exp(efficient + sides * np.asarray(half_spreads)[:, None])
    fields = {
        "high": prices.max(axis=2),
        "low": prices.min(axis=2),
        "close": prices[..., -1],
    }
    return panel_of(fields)


def cost_panel(n_dates=60, n_tickers=8, *, seed=0, gaps=0.05):
    """A market with everything that costs are reckoned from, and days without a bar."""
    rng = np.random.default_rng(seed)
    bars = quoted_bars(n_dates, np.full(n_tickers, 0.002), seed=seed, trades=12)
    volume = np.exp(rng.normal(14, 1, bars.axes.shape))
    fields = dict(bars.fields) | {"dollar_volume": volume * bars["close"]}
    absent = rng.random(bars.axes.shape) < gaps
    absent[: n_dates // 2, -1] = True  # the last name is listed halfway
    for field in fields.values():
        field[absent] = np.nan
    return panel_of(fields)


def panel_of(fields):
    n_dates, n_tickers = next(iter(fields.values())).shape
    days = pd.bdate_range("2020-01-01", periods=n_dates)
    axes = Axes.of(days, [f"N{i:02d}" for i in range(n_tickers)])
    return Panel(axes, fields)
