"""Alpha158 the slow way: one ticker after the other, each window by itself.

The formulas are those of Qlib's handler, the conventions those of its operators: a
window needs one known value and is cut off at the listing; a day without a bar inside a
listing is a day of NaN, on which nothing rose or fell; numpy's argmax takes NaN for the
extreme; what hardly moves has no fit and no correlation; of a regression x is the age.
"""

import numpy as np
import pandas as pd

WINDOWS = (5, 10, 20, 30, 60)
FIELDS = ["open", "high", "low", "close", "vwap", "volume"]
TINY, AT_REST = 1e-12, 2e-5
nan = np.nan

BAR = {
    "KMID": lambda d: (d.close - d.open) / d.open,
    "KLEN": lambda d: (d.high - d.low) / d.open,
    "KMID2": lambda d: (d.close - d.open) / (d.high - d.low + TINY),
    "KUP": lambda d: (d.high - np.maximum(d.open, d.close)) / d.open,
    "KUP2": lambda d: (d.high - np.maximum(d.open, d.close)) / (d.high - d.low + TINY),
    "KLOW": lambda d: (np.minimum(d.open, d.close) - d.low) / d.open,
    "KLOW2": lambda d: (np.minimum(d.open, d.close) - d.low) / (d.high - d.low + TINY),
    "KSFT": lambda d: (2 * d.close - d.high - d.low) / d.open,
    "KSFT2": lambda d: (2 * d.close - d.high - d.low) / (d.high - d.low + TINY),
    "OPEN0": lambda d: d.open / d.close,
    "HIGH0": lambda d: d.high / d.close,
    "LOW0": lambda d: d.low / d.close,
    "VWAP0": lambda d: d.vwap / d.close,
}
ROLLING = {
    "ROC": lambda d, k: d.close.shift(k) / d.close,
    "MA": lambda d, k: each(k, mean, d.close) / d.close,
    "STD": lambda d, k: each(k, std, d.close) / d.close,
    "BETA": lambda d, k: each(k, slope, d.close) / d.close,
    "RSQR": lambda d, k: each(k, fit, d.close),
    "RESI": lambda d, k: each(k, distance_to_line, d.close) / d.close,
    "MAX": lambda d, k: each(k, largest, d.high) / d.close,
    "MIN": lambda d, k: each(k, smallest, d.low) / d.close,
    "QTLU": lambda d, k: each(k, upper, d.close) / d.close,
    "QTLD": lambda d, k: each(k, lower, d.close) / d.close,
    "RANK": lambda d, k: each(k, rank, d.close),
    "RSV": lambda d, k: (
        (d.close - each(k, smallest, d.low))
        / (each(k, largest, d.high) - each(k, smallest, d.low) + TINY)
    ),
    "IMAX": lambda d, k: each(k, place_of_largest, d.high) / k,
    "IMIN": lambda d, k: each(k, place_of_smallest, d.low) / k,
    "IMXD": lambda d, k: (
        (each(k, place_of_largest, d.high) - each(k, place_of_smallest, d.low)) / k
    ),
    "CORR": lambda d, k: each(k, correlation, d.close, np.log(d.volume + 1)),
    "CORD": lambda d, k: each(
        k, correlation, d.close / d.before, np.log(d.volume / d.volume_before + 1)
    ),
    "CNTP": lambda d, k: each(k, np.mean, d.close > d.before),
    "CNTN": lambda d, k: each(k, np.mean, d.close < d.before),
    "CNTD": lambda d, k: (
        each(k, np.mean, d.close > d.before) - each(k, np.mean, d.close < d.before)
    ),
    "SUMP": lambda d, k: share_of_moves(d.close - d.before, k, up=1, down=0),
    "SUMN": lambda d, k: share_of_moves(d.close - d.before, k, up=0, down=1),
    "SUMD": lambda d, k: share_of_moves(d.close - d.before, k, up=1, down=-1),
    "VMA": lambda d, k: each(k, mean, d.volume) / (d.volume + TINY),
    "VSTD": lambda d, k: each(k, std, d.volume) / (d.volume + TINY),
    "WVMA": lambda d, k: each(k, std, flow(d)) / (each(k, mean, flow(d)) + TINY),
    "VSUMP": lambda d, k: share_of_moves(d.volume - d.volume_before, k, up=1, down=0),
    "VSUMN": lambda d, k: share_of_moves(d.volume - d.volume_before, k, up=0, down=1),
    "VSUMD": lambda d, k: share_of_moves(d.volume - d.volume_before, k, up=1, down=-1),
}
NAMES = [*BAR, *(f"{name}{k}" for name in ROLLING for k in WINDOWS)]


def slow_alpha158(bars, sessions):
    """All 158 columns of every session of each listing, by (ticker, date)."""
    found = {t: of_one(own, sessions) for t, own in bars.groupby("ticker")}
    return pd.concat(found, names=["ticker", "date"])


def of_one(bars, sessions):
    """The features of one ticker, from its first bar to its last."""
    own = bars.set_index("date")[FIELDS].astype(np.float32).astype(np.float64)
    days = sessions[(sessions >= own.index.min()) & (sessions <= own.index.max())]
    d = own.reindex(days)
    d = d.assign(before=d["close"].shift(1), volume_before=d["volume"].shift(1))
    found = {name: formula(d) for name, formula in BAR.items()}
    for name, formula in ROLLING.items():
        found |= {f"{name}{k}": formula(d, k) for k in WINDOWS}
    return pd.DataFrame(found, index=d.index)


def each(k, statistic, *series):
    """A statistic of every window; it begins with the listing where k days do not."""
    arrays = [one.replace([np.inf, -np.inf], nan).to_numpy() for one in series]
    ends = range(1, len(arrays[0]) + 1)
    values = [statistic(*(x[max(end - k, 0) : end] for x in arrays)) for end in ends]
    return pd.Series(values, index=series[0].index, dtype=float)


def flow(d):
    return (d.close / d.before - 1).abs() * d.volume


def share_of_moves(change, k, *, up, down):
    """Rises and falls, each counted so many times, over all moves."""
    rises, falls = (each(k, total, np.maximum(way * change, 0)) for way in (1, -1))
    return (up * rises + down * falls) / (each(k, total, change.abs()) + TINY)


# One window.


def known(x):
    return x[~np.isnan(x)]


def or_nan(statistic, x, *, least=1):
    return statistic(known(x)) if len(known(x)) >= least else nan


def mean(x):
    return or_nan(np.mean, x)


def total(x):
    return or_nan(np.sum, x)


def std(x):
    return or_nan(lambda values: np.std(values, ddof=1), x, least=2)


def largest(x):
    return or_nan(np.max, x)


def smallest(x):
    return or_nan(np.min, x)


def upper(x):
    return or_nan(lambda values: np.quantile(values, 0.8), x)


def lower(x):
    return or_nan(lambda values: np.quantile(values, 0.2), x)


def rank(x):
    if np.isnan(x[-1]):
        return nan
    below, ties = np.sum(x < x[-1]), np.sum(x == x[-1])
    return (below + (ties + 1) / 2) / len(known(x))


def place_of_largest(x):
    return nan if np.isnan(x).all() else np.argmax(x) + 1


def place_of_smallest(x):
    return nan if np.isnan(x).all() else np.argmin(x) + 1


def line(x):
    """Slope of the line through the known values, and where it stands today."""
    days = np.arange(1.0 - len(x), 1.0)[~np.isnan(x)]
    return np.polyfit(days, known(x), 1) if len(days) > 1 else (nan, nan)


def slope(x):
    return line(x)[0]


def distance_to_line(x):
    return x[-1] - line(x)[1]


def fit(x):
    return correlation(x, np.arange(1.0, len(x) + 1)) ** 2


def correlation(x, y):
    both = ~(np.isnan(x) | np.isnan(y))
    x, y = x[both], y[both]
    if len(x) < 2 or min(std(x), std(y)) <= AT_REST:
        return nan
    return np.corrcoef(x, y)[0, 1]
