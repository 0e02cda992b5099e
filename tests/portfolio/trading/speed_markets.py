"""Small states of a market to trade in at leisure."""

import numpy as np
import pandas as pd

from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.costs import NextRates
from alpha_kedro.portfolio.market_state import MarketState


def rates(n, bps=10.0, impact=0.0):
    return NextRates(np.full(n, bps * 1e-4), np.zeros(n), np.full(n, impact))


def state(n=4, *, groups=None, tradable=None, universe=None, close=None, **fields):
    """A market of ``n`` names in one sector, all of them there, without a history."""
    close = np.empty((0, n)) if close is None else np.asarray(close, float)
    return MarketState(
        tickers=np.array([f"N{i:03d}" for i in range(n)], dtype=object),
        universe=np.ones(n, bool) if universe is None else np.array(universe, bool),
        groups=np.zeros(n, int) if groups is None else np.array(groups),
        tradable=np.ones(n, bool) if tradable is None else np.array(tradable, bool),
        close=close,
        dates=pd.bdate_range("2020-01-01", periods=len(close)).to_numpy(),
        **fields,
    )


def walk(n=40, n_past=200, *, seed=0, volatility=0.02, common=0.0):
    """(n_past, n) closes of random walks with a common part."""
    rng = np.random.default_rng(seed)
    volatility = np.broadcast_to(volatility, n)
    moves = rng.normal(size=(n_past, n)) + common * rng.normal(size=(n_past, 1))
    return 50 * np.exp((moves * volatility).cumsum(axis=0))


def lively(n=40, n_past=200, *, seed=0, bps=10.0, impact=0.0, every=5, **fields):
    """A market with a history, costs, two sectors and earlier scores."""
    rng = np.random.default_rng(seed + 1)
    rows = np.arange(0, n_past - 1, every)
    defaults = {
        "close": walk(n, n_past, seed=seed, volatility=np.linspace(0.01, 0.03, n)),
        "rates": rates(n, bps, impact),
        "groups": np.arange(n) % 2,
        "past_scores": rng.normal(size=(len(rows), n)),
        "past_decisions": rows,
    }
    return state(n, **(defaults | fields))


def neutral_book(n=40, *, seed=2, gross=2.0):
    """Weights that sum to zero in each of the two sectors of `lively`."""
    weights = np.random.default_rng(seed).normal(size=n)
    for sector in (0, 1):
        weights[sector::2] -= weights[sector::2].mean()
    return weights * gross / np.abs(weights).sum()


def drifted(weights, *, seed=3, volatility=0.05):
    """What a book has become after returns."""
    moved = np.random.default_rng(seed).normal(0, volatility, len(weights))
    return weights * (1 + moved)


def held(*weights):
    return Account(np.array(weights, dtype=float))
