"""Statistics of one window, as plain as they come; NaN is what is not known.

A window is an array whose last value is today's. Nothing here is fast or shared: each
value of each row is computed from its own window alone.
"""

import math
import statistics

import numpy as np
from scipy.stats import kurtosis, linregress, rankdata, skew

nan = math.nan


def known(window):
    return [float(value) for value in window if not math.isnan(value)]


def of_known(statistic, least=1, at_rest=None):
    """Read off the known values, NaN where they are few, or one where they rest."""

    def read(window):
        values = known(window)
        if len(values) < least:
            return nan
        resting = at_rest is not None and len(set(values)) == 1
        return at_rest if resting else statistic(values)

    return read


def mean_deviation(values):
    return statistics.fmean(abs(value - statistics.fmean(values)) for value in values)


def age_of(extreme):
    """Rows since the extreme; of equal values the oldest counts."""

    def read(window):
        newest_first = list(enumerate(reversed(window)))
        wanted = extreme(known(window))
        return max(age for age, value in newest_first if value == wanted)

    return read


def rank(window):
    values = known(window)
    return nan if math.isnan(window[-1]) else rankdata(values)[-1] / len(values)


def streak(window):
    run = 0
    for value in reversed(window):
        if not value > 0:
            break
        run += 1
    return run


def quantile(q):
    return of_known(lambda values: np.quantile(values, q))


def dated(window):
    """Known values with their row, today's row being 0."""
    rows = np.arange(1 - len(window), 1)
    there = ~np.isnan(window)
    return rows[there], window[there]


def trend(read):
    def of_window(window):
        rows, values = dated(window)
        return nan if len(rows) < 2 else read(linregress(rows, values), values)

    return of_window


def of_line(line, values):
    return nan if len(set(values)) == 1 else line.rvalue**2


def weighted(weight):
    """Average with weights by age, the known ones alone."""

    def read(window):
        rows, values = dated(window)
        return np.average(values, weights=[weight(-row, len(window)) for row in rows])

    return read


def linear(age, length):
    return length - age


def fading(fade):
    return lambda age, length: fade**age


def deviation(weight):
    def read(window):
        rows, values = dated(window)
        weights = [weight(-row, len(window)) for row in rows]
        mean = np.average(values, weights=weights)
        return math.sqrt(np.average((values - mean) ** 2, weights=weights))

    return read


def of_pairs(statistic, least=1):
    """Read off the rows of which both values are known."""

    def read(x, y):
        both = ~np.isnan(x + y)
        return nan if both.sum() < least else statistic(x[both], y[both])

    return read


def correlation(x, y):
    resting = len(set(x)) == 1 or len(set(y)) == 1
    return nan if resting else np.corrcoef(x, y)[0, 1]


def beta(x, y):
    return nan if len(set(y)) == 1 else linregress(y, x).slope


def residual_std(x, y):
    if len(set(y)) == 1:
        return nan
    line = linregress(y, x)
    left = x - line.intercept - line.slope * y
    return math.sqrt(np.sum(left**2) / (len(x) - 2))


STATISTICS = {
    "sum": of_known(math.fsum),
    "product": of_known(math.prod),
    "mean": of_known(statistics.fmean),
    "var": of_known(statistics.variance, least=2),
    "std": of_known(statistics.stdev, least=2),
    "mean_deviation": of_known(mean_deviation),
    "skew": of_known(skew, at_rest=nan),
    "kurt": of_known(kurtosis, at_rest=nan),
    "min": of_known(min),
    "max": of_known(max),
    "argmin": age_of(min),
    "argmax": age_of(max),
    "rank": rank,
    "streak": streak,
    "median": quantile(0.5),
    "slope": trend(lambda line, values: line.slope),
    "line": trend(lambda line, values: line.intercept),
    "r_squared": trend(of_line),
    "decay_linear": weighted(linear),
    "cov": of_pairs(lambda x, y: np.cov(x, y)[0, 1], least=2),
    "corr": of_pairs(correlation),
    "beta": of_pairs(beta),
    "residual_std": of_pairs(residual_std, least=3),
}


def over_windows(statistic, *series, window, min_periods, partial):
    """The statistic of each window that has enough known values."""
    x, *others = np.broadcast_arrays(*series)
    result = np.full(x.shape, nan)
    for row in range(0 if partial else window - 1, len(x)):
        first, missing = max(row - window + 1, 0), max(window - row - 1, 0)
        for ticker in range(x.shape[1]):
            seen = [
                np.append(np.full(missing, nan), each[first : row + 1, ticker])
                for each in (x, *others)
            ]
            if np.sum(~np.isnan(sum(seen))) >= min_periods:
                result[row, ticker] = statistic(*seen)
    return result
