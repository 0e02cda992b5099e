"""One ticker's bars and the words of indicators, as slow and plain as can be.

Twins are written in these. A window is a loop over rows that hands its known values to
a function of a list; an exponential average is the recursion that never forgets.
"""

import math
from functools import cache

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose

from alpha_kedro.core.prices import price_panel
from alpha_kedro.signals import FEATURES, compute_features
from alpha_kedro.signals.features import _TEMPLATES

N_DATES = 520
HOLE = 470
"""Row without a bar of the second ticker, so late that most windows hold it."""
SMOOTHED = {"ewm_mean", "wilder"}


def random_bars(ticker="WHOLE", seed=11, n_dates=N_DATES):
    """A walk with gaps, days that move nothing and days at their high."""
    rng = np.random.default_rng(seed)
    close = 30 * np.exp(np.cumsum(rng.normal(0, 0.02, n_dates)))
    opened = close * np.exp(rng.normal(0, 0.012, n_dates))
    close[90], opened[90] = close[89], close[89]
    spread = np.exp(np.abs(rng.normal(0, 0.008, (2, n_dates))))
    return pd.DataFrame(
        {
            "date": pd.bdate_range("2020-01-01", periods=n_dates),
            "ticker": ticker,
            "open": opened,
            "high": np.maximum(opened, close) * spread[0],
            "low": np.minimum(opened, close) / spread[1],
            "close": close,
            "volume": np.round(rng.lognormal(9, 0.7, n_dates)),
        }
    )


TABLE = pd.concat(
    [random_bars(), random_bars("HOLEY", seed=12).drop(index=HOLE)], ignore_index=True
)
PRICES = price_panel(TABLE)


class Bars:
    """One ticker's prices as arrays, NaN on a day without a bar."""

    def __init__(self, prices, ticker):
        column = list(prices.tickers).index(ticker)
        for name in ("open", "high", "low", "close", "volume"):
            setattr(self, name, prices[name][:, column])
        self.before = shift(self.close)
        self.change = self.close - self.before
        self.rise = np.maximum(self.change, 0)
        self.fall = np.maximum(-self.change, 0)
        self.ret = self.close / self.before - 1
        self.log_ret = np.log(self.close / self.before)
        self.typical = (self.high + self.low + self.close) / 3
        self.range = self.high - self.low
        self.true_range = np.maximum.reduce(
            [self.range, abs(self.high - self.before), abs(self.low - self.before)]
        )
        self.overnight = np.log(self.open / self.before)
        self.intraday = np.log(self.close / self.open)


def shift(x, k=1):
    return np.concatenate([np.full(k, np.nan), x[:-k]])


def over(x, k, statistic, share=0.8):
    """The statistic of the known values of each window, where enough are known."""
    found = np.full(len(x), np.nan)
    for row in range(k - 1, len(x)):
        known = [value for value in x[row - k + 1 : row + 1] if not math.isnan(value)]
        if known and len(known) >= math.ceil(share * k):
            found[row] = statistic(known)
    return found


def over_both(x, y, k, statistic):
    """The statistic of the pairs of each window of which both are known."""
    places = np.where(np.isnan(x + y), np.nan, np.arange(len(x)))
    return over(
        places, k, lambda known: statistic(x[np.int64(known)], y[np.int64(known)])
    )


def mean(x, k):
    return over(x, k, lambda known: sum(known) / len(known))


def total(x, k):
    return over(x, k, sum, share=1)


def variance(x, k):
    return over(x, k, lambda known: np.var(known, ddof=1))


def std(x, k):
    return np.sqrt(variance(x, k))


def highest(x, k):
    return over(x, k, max)


def lowest(x, k):
    return over(x, k, min)


def correlation(x, y, k):
    return over_both(x, y, k, lambda a, b: np.corrcoef(a, b)[0, 1])


def rank(x, k):
    def of_newest(known):
        lower = sum(value < known[-1] for value in known)
        equal = sum(value == known[-1] for value in known)
        return (lower + (equal + 1) / 2) / len(known)

    return np.where(np.isnan(x), np.nan, over(x, k, of_newest))


def days_since(x, k, extreme):
    """Sessions since the extreme of each window, the oldest of equal ones."""
    ages = np.full(len(x), np.nan)
    wanted = over(x, k, extreme)
    for row in np.flatnonzero(~np.isnan(wanted)):
        window = list(x[row - k + 1 : row + 1])
        ages[row] = k - 1 - window.index(wanted[row])
    return ages


def weighted(x, k):
    """The linearly weighted average, today's weight k and the oldest one's 1."""
    found = np.full(len(x), np.nan)
    enough = ~np.isnan(mean(x, k))
    for row in np.flatnonzero(enough):
        pairs = [(k - age, x[row - age]) for age in range(k)]
        known = [(weight, value) for weight, value in pairs if not math.isnan(value)]
        found[row] = sum(w * v for w, v in known) / sum(w for w, _ in known)
    return found


def faded(x, fade):
    """The average with weights fade^age over all of the past."""
    found = np.full(len(x), np.nan)
    values = weights = 0.0
    for row, value in enumerate(x):
        values, weights = fade * values, fade * weights
        if not math.isnan(value):
            values, weights = values + value, weights + 1
        if weights:
            found[row] = values / weights
    return found


def exponential(x, span):
    return faded(x, 1 - 2 / (span + 1))


def wilder(x, k):
    return faded(x, 1 - 1 / k)


def fitted(x, k, what):
    """What the least-squares line through each window says."""

    def of_line(ages, values):
        slope, level = np.polyfit(-ages, values, 1)
        left = values - level + slope * ages
        explained = 1 - np.var(left) / np.var(values)
        return {"slope": slope, "fit": explained, "today": level}[what]

    found = np.full(len(x), np.nan)
    enough = ~np.isnan(mean(x, k))
    for row in np.flatnonzero(enough):
        values = x[row - k + 1 : row + 1]
        known = ~np.isnan(values)
        found[row] = of_line(np.arange(k - 1.0, -1, -1)[known], values[known])
    return found


# Twins and features side by side.


def registered(*modules):
    """The names of all features that are listed from some modules."""
    paths = {module.__name__ for module in modules}
    own = [each for each in _TEMPLATES if each.function.__module__ in paths]
    return [name for name in FEATURES if any(each.numbers(name) for each in own)]


def split(name):
    """The words and the numbers of a name."""
    words = name.rstrip("0123456789_")
    return words, [int(part) for part in name[len(words) :].split("_") if part]


@cache
def computed(name):
    return compute_features(PRICES, name)[name]


def assert_equals_twin(name, twins):
    """The feature equals its twin, on the days the twin is known and no others.

    A finite memory equals the endless one once it is full, to a few millionths of what
    is averaged.
    """
    words, numbers = split(name)
    formula = FEATURES[name].formula
    smoothed = {part.word for part in formula.walk()} & SMOOTHED
    first = formula.lookback - 1 if smoothed else formula.first_row
    for column, ticker in enumerate(PRICES.tickers):
        found = computed(name)[first:, column]
        with np.errstate(all="ignore"):
            twin = twins[words](Bars(PRICES, ticker), *numbers)[first:]
        exact = {"rtol": 1e-6, "atol": 1e-9}
        close = {"rtol": 1e-5, "atol": 1e-5 * np.nanmax(abs(twin))}
        assert_allclose(found, twin, **(close if smoothed else exact))
        assert np.isfinite(found).sum() > 20


def newest(name, **columns):
    """The last value on bars that end in the values given, and are flat before."""
    n_dates = 480
    flat = {"open": 10.0, "high": 10.0, "low": 10.0, "close": 10.0, "volume": 100.0}
    bars = random_bars(n_dates=n_dates).assign(**flat)
    for column, values in columns.items():
        bars.loc[n_dates - len(values) :, column] = values
    return float(compute_features(price_panel(bars), name)[name][-1, 0])
