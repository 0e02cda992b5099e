"""Books with known parts: weights that drift, trades at the open, costs."""

import numpy as np
import pandas as pd

from alpha_kedro.measures.attribution import DailyBooks
from alpha_kedro.measures.factor_model import FactorModel, fit_factor_model
from alpha_kedro.measures.risk_factors import change, factor_exposures


def draw_panel(n_dates: int = 120, n_tickers: int = 30, seed: int = 0):
    """Return dates, tickers, closes and dollar volume; one name starts late."""
    rng = np.random.default_rng(seed)
    dates = pd.bdate_range("2020-01-01", periods=n_dates).as_unit("us").to_numpy()
    tickers = np.array([f"T{place:03d}" for place in range(n_tickers)], dtype=object)
    market = rng.normal(0.0003, 0.01, (n_dates, 1))
    beta = rng.uniform(0.5, 1.5, n_tickers)
    returns = beta * market + rng.normal(0, 0.01, (n_dates, n_tickers))
    close = 50 * np.cumprod(1 + returns, axis=0)
    close[: n_dates // 4, 0] = np.nan
    volume = np.exp(rng.normal(13, 1, n_tickers)) * rng.uniform(0.5, 2, close.shape)
    return dates, tickers, close, np.where(np.isfinite(close), volume, np.nan)


def fitted(panel, *, spec, **more) -> FactorModel:
    """Measure exposures of a panel, and what they earned in the session after."""
    exposures = factor_exposures(*panel, spec=spec, **more)
    return fit_factor_model(exposures, change(panel[2], 1), min_names=spec.min_names)


def draw_books(
    dates, tickers, close, *, seed: int = 0, every: int = 5, intraday: bool = True
) -> DailyBooks:
    """Trade random long/short targets at the open of every fifth session.

    A ledger in units, told apart from the attribution it is held against.
    """
    rng = np.random.default_rng(seed)
    shape = close.shape
    previous = np.vstack([np.full(shape[1], np.nan), close[:-1]])
    opens = previous * (1 + rng.normal(0, 0.004, shape))
    returns = close / previous - 1
    inside = close / opens - 1
    targets, weights, holdings = (np.zeros(shape) for _ in range(3))
    earned, costs = np.zeros(shape), np.zeros(shape)
    held, target = np.zeros(shape[1]), np.zeros(shape[1])  # share of NAV at the close
    for row in range(1, len(dates)):
        weights[row] = held
        overnight = np.nan_to_num(opens[row] / previous[row] - 1)
        value = held * (1 + overnight)
        earned[row] = held * overnight
        if row % every == 1:
            fillable = np.isfinite(inside[row])
            target = np.where(fillable, rng.normal(0, 1, shape[1]), 0.0)
            target /= np.abs(target).sum()
            costs[row] = 0.001 * np.abs(target - value)
            value = target.copy()
        move = np.nan_to_num(inside[row])
        earned[row] += value * move
        targets[row] = target
        nav = 1 + earned[row].sum() - costs[row].sum()
        held = value * (1 + move) / nav
        holdings[row] = held
    return DailyBooks(
        dates=dates,
        tickers=tickers,
        contributions=earned,
        costs=costs,
        weights=weights,
        returns=returns,
        targets=targets,
        intraday=inside if intraday else None,
        holdings=holdings,
    )
