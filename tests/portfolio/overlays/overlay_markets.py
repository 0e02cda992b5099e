"""Small states of a market and of an account to try overlays on."""

import numpy as np

from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState

TICKERS = ("A", "B", "C", "D", "E", "F")


def closes_of(returns):
    """Closes that start at 100 and make these returns, one more row than they."""
    returns = np.asarray(returns, dtype=float)
    start = np.full((1, returns.shape[1]), 100.0)
    return np.vstack([start, 100.0 * np.cumprod(1 + returns, axis=0)])


def draw_returns(n_sessions, n_tickers, *, seed=0, volatility=0.01):
    return np.random.default_rng(seed).normal(0, volatility, (n_sessions, n_tickers))


def market_of(n_tickers=4, *, returns=None, **known):
    """A market in which everything trades, and what else is known of it."""
    close = np.empty((0, n_tickers)) if returns is None else closes_of(returns)
    n_tickers = close.shape[1]
    days = np.datetime64("2024-01-02", "us") + np.arange(len(close)) * np.timedelta64(
        1, "D"
    )
    many = [f"N{column:03d}" for column in range(n_tickers)]
    names = TICKERS[:n_tickers] if n_tickers <= len(TICKERS) else many
    state = {
        "tickers": np.array(names, dtype=object),
        "universe": np.ones(n_tickers, dtype=bool),
        "groups": np.zeros(n_tickers, dtype=np.int64),
        "tradable": np.ones(n_tickers, dtype=bool),
        "close": close,
        "dates": days,
        "dollar_volume": np.full(close.shape, 1e6),
    }
    arrays = {
        name: np.asarray(value) if isinstance(value, list | tuple) else value
        for name, value in known.items()
    }
    return MarketState(**(state | arrays))


def account_of(holdings, nav=()):
    return Account(np.array(holdings, dtype=float), np.array(nav, dtype=float))


def book(*weights):
    """Weights that nobody may write to."""
    array = np.array(weights, dtype=float)
    array.flags.writeable = False
    return array


def cash(n_tickers=4):
    return account_of(np.zeros(n_tickers))
