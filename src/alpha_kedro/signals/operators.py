"""Rolling statistics of (n_dates, n_tickers) arrays, each window summed afresh.

A running sum is faster, but its rounding remembers every row it has seen: the value of
a day would then depend on where the history starts. Here every window is summed from
its oldest to its newest row, so the bits of a result depend on the content of its
window and on nothing else. Starting the history later, cutting it off or changing what
comes after never moves a bit, and the evening job needs to load no more than the
longest window.

The rule for missing values is the same everywhere. A window counts when it lies inside
the panel and at least ``min_periods`` of its values are known (default: all of them);
the statistic is then that of the known values. Otherwise the result is NaN. A quotient
by 0 is NaN, so nothing infinite is ever made of finite values.
"""

from collections.abc import Callable
from functools import cache, wraps
from typing import ParamSpec

import numpy as np

from alpha_kedro.core.panel import Bool, Float

P = ParamSpec("P")


def kernel(function: Callable[P, Float]) -> Callable[P, Float]:
    """Compile ``function`` with numba on its first call, and keep the result on disk.

    Not at import: numba takes most of a second to load, and a command line that only
    lists pipelines should not wait for it. No fastmath, which may reorder a sum.
    """

    @cache
    def compiled() -> Callable[P, Float]:
        from numba import njit

        fast: Callable[P, Float] = njit(cache=True, nogil=True)(function)
        return fast

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> Float:
        return compiled()(*args, **kwargs)

    return call


def delay(x: Float, k: int) -> Float:
    """Return the value of ``k`` sessions ago, NaN in the first ``k`` rows."""
    delayed = np.full(x.shape, np.nan)
    delayed[k:] = x[: len(x) - k]
    return delayed


def ratio(numerator: Float, denominator: Float) -> Float:
    """Divide cell by cell; NaN where a value is missing or the denominator is 0."""
    shape = np.broadcast_shapes(numerator.shape, denominator.shape)
    quotient: Float = np.full(shape, np.nan)
    np.divide(numerator, denominator, out=quotient, where=denominator != 0)
    return quotient


def logarithm(x: Float) -> Float:
    """Return the natural logarithm; NaN where ``x`` is missing or not above 0."""
    return np.log(x, out=np.full(x.shape, np.nan), where=x > 0)


def rolling_sum(x: Float, window: int, min_periods: int | None = None) -> Float:
    """Sum the known values of the last ``window`` rows.

    Parameters
    ----------
    x
        (n_dates, n_tickers), NaN where missing.
    window
        Rows of a window, today's included.
    min_periods
        Known values a window needs; ``window`` by default.

    Returns
    -------
    (n_dates, n_tickers) float64
    """
    sums = _power_sums(_array(x), np.zeros(x.shape), window, 1)
    return np.where(_complete(x, window, min_periods), sums, np.nan)


def rolling_mean(x: Float, window: int, min_periods: int | None = None) -> Float:
    """Average the known values of the last ``window`` rows; see `rolling_sum`.

    The mean is taken around the newest known value, so that the mean of equal values is
    that value to the last bit, and their standard deviation exactly 0.
    """
    values = _array(x)
    centre = _newest_known(values)
    counts = _counts(x, window)
    mean = centre + ratio(_power_sums(values, centre, window, 1), counts)
    return np.where(_enough(counts, window, min_periods), mean, np.nan)


def rolling_std(x: Float, window: int, min_periods: int | None = None) -> Float:
    """Return the standard deviation (ddof 1) of a window; see `rolling_sum`.

    Two passes: the squares are those of the distances to the mean. Exactly 0 where all
    values are equal, NaN where fewer than two are known.
    """
    mean = rolling_mean(x, window, min_periods)
    return np.sqrt(ratio(_central_sum(x, mean, window, 2), _counts(x, window) - 1.0))


def rolling_z_score(x: Float, window: int, min_periods: int | None = None) -> Float:
    """Return the newest value's distance to the window's mean, in its deviations.

    NaN rule as in `rolling_sum`; NaN too where all values are equal.
    """
    distance = x - rolling_mean(x, window, min_periods)
    return ratio(distance, rolling_std(x, window, min_periods))


def rolling_skewness(x: Float, window: int, min_periods: int | None = None) -> Float:
    """Return the skewness m3 / m2^1.5 of a window (population moments).

    NaN rule as in `rolling_sum`; NaN too where all values are equal.
    """
    mean, counts = rolling_mean(x, window, min_periods), _counts(x, window)
    second = ratio(_central_sum(x, mean, window, 2), counts)
    third = ratio(_central_sum(x, mean, window, 3), counts)
    return ratio(third, second**1.5)


def rolling_max(x: Float, window: int, min_periods: int | None = None) -> Float:
    """Return the largest known value of a window; see `rolling_sum`."""
    maxima = _maxima(_array(x), window)
    return np.where(_complete(x, window, min_periods), maxima, np.nan)


def rolling_beta(
    x: Float, market: Float, window: int, min_periods: int | None = None
) -> Float:
    """Return the slope of ``x`` on ``market`` by ordinary least squares.

    Parameters
    ----------
    x
        (n_dates, n_tickers).
    market
        (n_dates, 1), or (n_dates, n_tickers) for a series of its own per ticker.
    window, min_periods
        As in `rolling_sum`; a row is known where both values are.

    Returns
    -------
    (n_dates, n_tickers) float64, NaN too where the market did not move.
    """
    left, right = _jointly_known(x, market)
    mean_x = rolling_mean(left, window, min_periods)
    mean_y = rolling_mean(right, window, min_periods)
    cross = _cross_sums(left, right, mean_x, mean_y, window)
    return ratio(cross, _central_sum(right, mean_y, window, 2))


def rolling_residual_std(
    x: Float, market: Float, window: int, min_periods: int | None = None
) -> Float:
    """Return the standard error (ddof 2) of the regression of ``x`` on ``market``.

    Parameters and NaN rule as in `rolling_beta`; NaN too where fewer than three rows
    are known.
    """
    left, right = _jointly_known(x, market)
    mean_x = rolling_mean(left, window, min_periods)
    mean_y = rolling_mean(right, window, min_periods)
    cross = _cross_sums(left, right, mean_x, mean_y, window)
    explained = ratio(cross**2, _central_sum(right, mean_y, window, 2))
    # On a perfect line the difference is rounding of either sign, and the truth is 0.
    residual = np.maximum(_central_sum(left, mean_x, window, 2) - explained, 0.0)
    return np.sqrt(ratio(residual, _counts(left, window) - 2.0))


def _central_sum(x: Float, mean: Float, window: int, power: int) -> Float:
    """Sum (x - mean)^power over each window, NaN where its mean is."""
    sums = _power_sums(_array(x), mean, window, power)
    return np.where(np.isnan(mean), np.nan, sums)


def _jointly_known(x: Float, y: Float) -> tuple[Float, Float]:
    known = ~(np.isnan(x) | np.isnan(y))
    return np.where(known, x, np.nan), np.where(known, y, np.nan)


def _array(x: Float) -> Float:
    """Return ``x`` in the one memory layout the kernels are compiled for."""
    return np.require(x, np.float64, ["C", "W"])


def _counts(x: Float, window: int) -> Float:
    """Count the known values of each window; exact, so a running sum will do."""
    known: Float = np.cumsum(~np.isnan(x), axis=0, dtype=np.float64)
    counts = known.copy()
    counts[window:] -= known[: max(len(x) - window, 0)]
    return counts


def _enough(counts: Float, window: int, min_periods: int | None) -> Bool:
    enough: Bool = counts >= (window if min_periods is None else max(min_periods, 1))
    enough[: window - 1] = False
    return enough


def _complete(x: Float, window: int, min_periods: int | None) -> Bool:
    return _enough(_counts(x, window), window, min_periods)


# The kernels. The inner loop runs across tickers, which lie next to each other in
# memory, and takes them several at a time; each ticker still adds its rows in order.


@kernel
def _power_sums(x: Float, centre: Float, window: int, power: int) -> Float:
    n_dates, n_tickers = x.shape
    sums = np.zeros(x.shape)
    for end in range(window - 1, n_dates):
        total, middle = sums[end], centre[end]
        for row in range(end - window + 1, end + 1):
            values = x[row]
            for ticker in range(n_tickers):
                distance = values[ticker] - middle[ticker]
                term = distance
                if power > 1:
                    term *= distance
                if power > 2:
                    term *= distance
                total[ticker] += term if term == term else 0.0
    return sums


@kernel
def _cross_sums(
    x: Float, y: Float, centre_x: Float, centre_y: Float, window: int
) -> Float:
    n_dates, n_tickers = x.shape
    sums = np.zeros(x.shape)
    for end in range(window - 1, n_dates):
        total, middle_x, middle_y = sums[end], centre_x[end], centre_y[end]
        for row in range(end - window + 1, end + 1):
            left, right = x[row], y[row]
            for ticker in range(n_tickers):
                term = (left[ticker] - middle_x[ticker]) * (
                    right[ticker] - middle_y[ticker]
                )
                total[ticker] += term if term == term else 0.0
    return sums


@kernel
def _maxima(x: Float, window: int) -> Float:
    n_dates, n_tickers = x.shape
    maxima = np.full(x.shape, -np.inf)
    for end in range(window - 1, n_dates):
        best = maxima[end]
        for row in range(end - window + 1, end + 1):
            values = x[row]
            for ticker in range(n_tickers):
                value = values[ticker]
                best[ticker] = value if value > best[ticker] else best[ticker]
    return maxima


@kernel
def _newest_known(x: Float) -> Float:
    newest = x.copy()
    for row in range(1, len(x)):
        before, now = newest[row - 1], newest[row]
        for ticker in range(len(now)):
            now[ticker] = now[ticker] if now[ticker] == now[ticker] else before[ticker]
    return newest
