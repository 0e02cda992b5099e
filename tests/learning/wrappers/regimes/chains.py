"""Markets whose regimes are known, because they were planted."""

import numpy as np
import pandas as pd

COLUMNS = ["market_return", "market_volatility", "trend"]


def regimes(n_sessions, *, seed=0, stay=(0.98, 0.95)):
    """Return the (n,) regime of each session of a Markov chain that begins calm."""
    chance = np.random.default_rng(seed).random(n_sessions)
    path = np.zeros(n_sessions, dtype=np.int64)
    for row in range(1, n_sessions):
        before = path[row - 1]
        path[row] = before if chance[row] < stay[before] else 1 - before
    return path


def states_of(path, *, seed=0):
    """Return states that betray the regime: restless markets swing, and have fallen."""
    rng = np.random.default_rng(seed + 1)
    stress = path == 1
    level = np.where(stress, 0.02, 0.007)
    states = {
        "market_return": level * rng.normal(size=len(path)),
        "market_volatility": level * np.exp(0.25 * rng.normal(size=len(path))),
        "trend": np.where(stress, -0.05, 0.06) + 0.04 * rng.normal(size=len(path)),
    }
    dates = pd.bdate_range("2015-01-01", periods=len(path)).as_unit("us")
    return pd.DataFrame({"date": dates} | states)


def market(n_sessions=600, *, seed=0):
    """Return the states of a market, and the regimes behind them."""
    path = regimes(n_sessions, seed=seed)
    return states_of(path, seed=seed), path


def later_garbled(states, row):
    """Return states whose rows from ``row`` on are something else."""
    changed = states.copy()
    rng = np.random.default_rng(row)
    names = states.columns.drop("date")
    changed.loc[row:, names] = rng.normal(size=(len(states) - row, len(names)))
    changed.loc[row + 3 :, names[0]] = np.nan
    return changed
