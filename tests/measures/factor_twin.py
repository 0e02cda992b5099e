"""What `evaluate_factor` measures, name by name in plain loops: slow and obvious."""

import math

import numpy as np
import pandas as pd
from scipy import stats


def draw_factor(*, n_sessions=70, n_names=24, seed=0):
    """Draw daily scores and prices with ties, gaps, a late start and an early end."""
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2021-01-04", periods=n_sessions, name="date")
    names = [f"T{place:02d}" for place in range(n_names)]
    shape = (n_sessions, n_names)
    signal = rng.normal(size=shape)
    for row in range(1, n_sessions):
        signal[row] = 0.9 * signal[row - 1] + 0.4 * signal[row]
    scores = signal.round(1)
    scores[rng.random(shape) < 0.08] = np.nan
    moves = 0.003 * np.roll(signal, 1, axis=0) + rng.normal(0, 0.02, shape)
    prices = 50 * np.exp(np.cumsum(moves, axis=0))
    prices[rng.random(shape) < 0.03] = np.nan
    prices[:20, 3], prices[45:, 4] = np.nan, np.nan
    return pd.DataFrame(scores, days, names), pd.DataFrame(prices, days, names)


def draw_groups(scores, *, seed=0):
    """Draw dated labels; some change, some are missing."""
    rng = np.random.default_rng(seed)
    first = rng.choice(["banks", "mines", "shops"], scores.shape[1])
    cells = np.tile(first.astype(object), (len(scores), 1))
    cells[len(scores) // 2 :, :4] = "shops"
    cells[10:14, 6] = None
    return pd.DataFrame(cells, scores.index, scores.columns)


def day_of(scores, prices, date, *, horizon, lag, groups=None):
    """Return the names judged on one date: score, return, group, quantile of five."""
    row = prices.index.get_loc(date)
    names = []
    for name in scores.columns:
        score = scores.loc[date, name]
        group = "all" if groups is None else groups.loc[date, name]
        if not np.isfinite(score) or pd.isna(group):
            continue
        names.append({"name": name, "score": score, "group": group})
    table = pd.DataFrame(names, columns=["name", "score", "group"])
    ranks = table["score"].rank()
    table["quantile"] = [math.ceil(rank * 5 / len(table)) for rank in ranks]
    if row + lag + horizon >= len(prices):
        return table.iloc[:0].assign(ret=[])
    bought, sold = prices.iloc[row + lag], prices.iloc[row + lag + horizon]
    table["ret"] = [sold[name] / bought[name] - 1 for name in table["name"]]
    return table.dropna(subset="ret")


def relative(day, to):
    """Return the returns of a day less a mean."""
    if to == "nothing":
        return day["ret"]
    keys = day["group"] if to == "groups" else pd.Series("all", day.index)
    return day["ret"] - day.groupby(keys)["ret"].transform("mean")


def coefficients(day, to):
    """Return rank IC and linear IC of a day with at least ten names."""
    if len(day) < 10:
        return np.nan, np.nan
    returns = relative(day, to)
    rank = stats.spearmanr(day["score"], returns).statistic
    return rank, stats.pearsonr(day["score"], returns).statistic


def weights(day, *, neutral):
    """Return score weights by name: gross 1, net 0, alike in every group."""
    keys = day["group"] if neutral else pd.Series("all", day.index)
    parts = []
    for _, side in day.groupby(keys):
        centred = side["score"] - side["score"].mean()
        gross = centred.abs().sum()
        varied = side["score"].max() > side["score"].min()
        parts.append(centred / gross if varied else centred * 0)
    joined = pd.concat(parts)
    return pd.Series(
        (joined / joined.abs().sum()).to_numpy(), day["name"][joined.index]
    )
