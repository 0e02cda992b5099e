"""Statistics of windows as functions of arrays, for those who have no formula.

Each takes series of shape (n_dates, n_tickers) or (n_dates,), oldest first and NaN
where missing, in any memory layout, and returns float64 of that shape. A second series
may have one column, which then stands for every ticker; a row is known where both are.

A window is the last ``window`` rows, today's included. It has a value when at least
``min_periods`` of its values are known, by default all, and the statistic is then that
of the known ones; else NaN. It lies inside the panel, or with ``partial`` may begin
before the first row: what is not there is not known. A quotient by 0 is NaN. The bits
of a value depend on its window alone.

A `ConfigError` is raised for a window of less than one row (``AK-C110``),
``min_periods`` outside 1 to ``window`` (``AK-C114``), a quantile outside 0 to 1
(``AK-C111``).
"""

from typing import TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from alpha_kedro.core.panel import Float
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.signals.operators.cells import ratio
from alpha_kedro.signals.operators.families import FAMILY_OF
from alpha_kedro.signals.operators.limits import (
    at_least_one,
    fading,
    memory,
    share,
    values_needed,
)
from alpha_kedro.signals.operators.requests import Request
from alpha_kedro.signals.operators.windows import Window

Series = npt.ArrayLike
"""An array, or a frame or series of pandas."""


class Rule(TypedDict, total=False):
    """Which windows have a value.

    Attributes
    ----------
    min_periods
        Known values a window needs, 1 to its length; all by default.
    partial
        Whether a window may begin before the first row; it may not by default.
    """

    min_periods: int | None
    partial: bool


def rolling(
    statistic: str,
    *series: Series,
    window: int,
    parameter: float | None = None,
    min_periods: int | None = None,
    partial: bool = False,
) -> Float:
    """Return a statistic of windows by name; ``AK-C002`` for one nobody knows.

    Parameters
    ----------
    statistic
        As in formulas, such as ``mean`` or ``corr``.
    series
        One, or two where the statistic compares them.
    window, min_periods, partial
        See the module.
    parameter
        The quantile of a quantile, the fading of an exponential mean.
    """
    if statistic not in FAMILY_OF:
        raise unknown_name("statistic", statistic, FAMILY_OF)
    length = at_least_one(statistic, window)
    rows = Window(length, values_needed(min_periods, length), partial=partial)
    columns = tuple(_columns(each) for each in series)
    (found,) = FAMILY_OF[statistic](columns, [Request(statistic, rows, parameter)])
    return found if any(np.ndim(each) == 2 for each in series) else found[:, 0]


def _columns(series: Series) -> Float:
    """Return (n_dates, n_tickers) in the one memory layout kernels are compiled for."""
    values = np.require(series, np.float64, ["C", "W"])
    return values if values.ndim == 2 else values[:, None]


def rolling_sum(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the sum."""
    return rolling("sum", x, window=window, **rule)


def rolling_product(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the product."""
    return rolling("product", x, window=window, **rule)


def rolling_mean(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the mean; that of equal values is their value to the last bit."""
    return rolling("mean", x, window=window, **rule)


def rolling_var(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the variance (ddof 1); NaN where fewer than two are known."""
    return rolling("var", x, window=window, **rule)


def rolling_std(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the standard deviation (ddof 1); exactly 0 where all are equal."""
    return rolling("std", x, window=window, **rule)


def rolling_mean_deviation(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the mean absolute distance to the mean."""
    return rolling("mean_deviation", x, window=window, **rule)


def rolling_skew(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the skewness m3 / m2^1.5 (population moments); NaN at rest."""
    return rolling("skew", x, window=window, **rule)


def rolling_kurt(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the excess kurtosis m4 / m2^2 - 3 (population moments); NaN at rest."""
    return rolling("kurt", x, window=window, **rule)


def rolling_min(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the smallest value."""
    return rolling("min", x, window=window, **rule)


def rolling_max(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the largest value."""
    return rolling("max", x, window=window, **rule)


def rolling_argmin(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return how many rows ago the smallest value was; of equals the oldest."""
    return rolling("argmin", x, window=window, **rule)


def rolling_argmax(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return how many rows ago the largest value was; of equals the oldest."""
    return rolling("argmax", x, window=window, **rule)


def rolling_rank(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the newest value's rank among the known ones, over their number.

    Ties share their mean rank; NaN where the newest value is missing.
    """
    return rolling("rank", x, window=window, **rule)


def rolling_streak(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return how many rows in a row, to today, are above 0; ``window`` at most."""
    return rolling("streak", x, window=window, **rule)


def rolling_slope(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the slope per row of the line through a window (least squares)."""
    return rolling("slope", x, window=window, **rule)


def rolling_r_squared(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the share of the variance that the line explains; NaN at rest."""
    return rolling("r_squared", x, window=window, **rule)


def rolling_line(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return where the line through a window stands today."""
    return rolling("line", x, window=window, **rule)


def rolling_residual(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return how far the newest value lies above the line through its window."""
    return np.asarray(x) - rolling_line(x, window, **rule)


def rolling_z_score(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return how many deviations the newest value lies from the mean; NaN at rest."""
    distance = np.asarray(x) - rolling_mean(x, window, **rule)
    return ratio(distance, rolling_std(x, window, **rule))


def rolling_quantile(x: Series, window: int, q: float, **rule: Unpack[Rule]) -> Float:
    """Return a quantile, linear between the two nearest values."""
    return rolling("quantile", x, window=window, parameter=share(q), **rule)


def rolling_median(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the median."""
    return rolling_quantile(x, window, 0.5, **rule)


def decay_linear(x: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the mean with weights k, k-1, ..., 1 from the newest value back."""
    return rolling("decay_linear", x, window=window, **rule)


def rolling_cov(x: Series, y: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the covariance (ddof 1)."""
    return rolling("cov", x, y, window=window, **rule)


def rolling_corr(x: Series, y: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the correlation; NaN where either is at rest."""
    return rolling("corr", x, y, window=window, **rule)


def rolling_beta(x: Series, y: Series, window: int, **rule: Unpack[Rule]) -> Float:
    """Return the slope of x on y (least squares); NaN where y is at rest."""
    return rolling("beta", x, y, window=window, **rule)


def rolling_residual_std(
    x: Series, y: Series, window: int, **rule: Unpack[Rule]
) -> Float:
    """Return the standard error (ddof 2) of the regression of x on y."""
    return rolling("residual_std", x, y, window=window, **rule)


def ewm_mean(x: Series, span: int, **rule: Unpack[Rule]) -> Float:
    """Return the exponential mean with weights (1 - 2 / (span + 1))^age.

    The window ends where the weights left out are a millionth of all: 6.9 spans back.
    """
    return _exponential("ewm_mean", x, span, **rule)


def ewm_std(x: Series, span: int, **rule: Unpack[Rule]) -> Float:
    """Return the deviation about the exponential mean, with the same weights."""
    return _exponential("ewm_std", x, span, **rule)


def wilder(x: Series, k: int, **rule: Unpack[Rule]) -> Float:
    """Return Wilder's smoothing: the exponential mean with weights (1 - 1 / k)^age."""
    return _exponential("wilder", x, k, **rule)


def _exponential(word: str, x: Series, k: int, **rule: Unpack[Rule]) -> Float:
    fade = fading(word, at_least_one(word, k))
    return rolling(word, x, window=memory(fade), parameter=fade, **rule)
