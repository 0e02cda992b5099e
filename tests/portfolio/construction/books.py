"""Markets and accounts as a construction sees them, by hand and by seed."""

import numpy as np

from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.ties import tie_keys

DAY = np.datetime64("2024-01-05", "us")


def names(count):
    return np.array([f"N{i:03d}" for i in range(count)], dtype=object)


def state(n_tickers, **changes):
    """A market without a history in which every name is a member and has a bar."""
    given = {
        "tickers": names(n_tickers),
        "universe": np.ones(n_tickers, bool),
        "groups": np.zeros(n_tickers, int),
        "tradable": np.ones(n_tickers, bool),
    }
    given |= {name: np.asarray(value) for name, value in changes.items()}
    return MarketState(**given)


def history(n_tickers, n_past=300, *, seed=0, n_groups=3, **changes):
    """A market of correlated random walks with volumes and a benchmark."""
    rng = np.random.default_rng(seed)
    common = rng.normal(0.0004, 0.01, (n_past, 1))
    own = rng.normal(0, 1, (n_past, n_tickers)) * rng.uniform(0.005, 0.03, n_tickers)
    moved = common * rng.uniform(0.3, 1.8, n_tickers) + own
    close = 50 * np.exp(np.cumsum(moved, axis=0))
    volume = np.exp(rng.normal(16, 1, n_tickers)) * rng.uniform(0.5, 2, close.shape)
    given = {
        "close": close,
        "dollar_volume": volume,
        "dates": np.datetime64("2023-01-02", "us")
        + np.arange(n_past) * np.timedelta64(1, "D"),
        "groups": rng.integers(0, n_groups, n_tickers),
    }
    benchmarks = {"SPY": 100 * np.exp(np.cumsum(common[:, 0]))}
    made = state(n_tickers, **(given | changes))
    return with_changes(made, benchmarks=benchmarks)


def with_changes(market, **changes):
    given = {name: own for name, own in vars(market).items() if name[0] != "_"}
    return MarketState(**(given | changes))


def shuffled(market, order):
    """The same market with its names in another order."""
    n_tickers = len(market.tickers)
    moved = {
        name: value[..., order]
        for name, value in vars(market).items()
        if isinstance(value, np.ndarray)
        and value.shape[-1:] == (n_tickers,)
        and name not in ("dates", "past_decisions")
    }
    return with_changes(market, **moved)


def aimed(block, scores, market=None, *, holdings=None, account=None):
    scores = np.array(scores, dtype=float)
    market = state(len(scores)) if market is None else market
    if account is None:
        held = np.zeros(len(scores)) if holdings is None else np.array(holdings, float)
        account = Account(held)
    keys = tie_keys(market.tickers, DAY)
    return block.aim(scores, account, market, tie_break=keys)
