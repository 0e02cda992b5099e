"""Statistics read off the summary of a window.

``n`` is the count of known values; ``m2``, ``m3``, ``m4`` are the sums of powers of
their distances to the mean; ``xx``, ``yy``, ``xy`` the sums of products of two series'
distances. The sums of a series at rest are exactly 0, and a statistic that has no
answer is 0 / 0: NaN.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import numpy as np

from alpha_kedro.core.panel import Float

P = ParamSpec("P")


def _undefined_is_nan(reading: Callable[P, Float]) -> Callable[P, Float]:
    """Let 0 / 0 be NaN without a word."""

    @wraps(reading)
    def quiet(*args: P.args, **kwargs: P.kwargs) -> Float:
        with np.errstate(divide="ignore", invalid="ignore"):
            return reading(*args, **kwargs)

    return quiet


@_undefined_is_nan
def variance(n: Float, m2: Float) -> Float:
    """Return the variance (ddof 1)."""
    return m2 / (n - 1.0)


@_undefined_is_nan
def deviation(n: Float, m2: Float) -> Float:
    """Return the standard deviation (ddof 1)."""
    return np.sqrt(m2 / (n - 1.0))


@_undefined_is_nan
def weighted_deviation(n: Float, m2: Float) -> Float:
    """Return the deviation about a weighted mean, ``n`` the sum of the weights."""
    return np.sqrt(m2 / n)


@_undefined_is_nan
def skewness(n: Float, m2: Float, m3: Float) -> Float:
    """Return m3 / m2^1.5 of the population moments."""
    squared = m2 / n
    return m3 / n / (squared * np.sqrt(squared))


@_undefined_is_nan
def kurtosis(n: Float, m2: Float, m4: Float) -> Float:
    """Return m4 / m2^2 - 3 of the population moments."""
    return n * m4 / (m2 * m2) - 3.0


@_undefined_is_nan
def covariance(n: Float, xy: Float) -> Float:
    """Return the covariance (ddof 1)."""
    return xy / (n - 1.0)


@_undefined_is_nan
def correlation(xx: Float, yy: Float, xy: Float) -> Float:
    """Return the correlation; rounding never takes it beyond -1 and 1."""
    return np.clip(xy / np.sqrt(xx * yy), -1.0, 1.0)


@_undefined_is_nan
def slope(yy: Float, xy: Float) -> Float:
    """Return the slope of x on y."""
    return xy / yy


@_undefined_is_nan
def residual_deviation(n: Float, xx: Float, yy: Float, xy: Float) -> Float:
    """Return the standard error (ddof 2) of the regression of x on y."""
    # On a perfect line the difference is rounding of either sign, and the truth is 0.
    residual = np.maximum(xx - xy * xy / yy, 0.0)
    return np.sqrt(residual / np.where(n > 2.0, n - 2.0, np.nan))


@_undefined_is_nan
def line_today(mean_x: Float, mean_age: Float, yy: Float, xy: Float) -> Float:
    """Return where the line of x on age stands at age 0."""
    return mean_x - xy / yy * mean_age


@_undefined_is_nan
def linear_decay(
    n: Float, mean_x: Float, mean_age: Float, xy: Float, length: int
) -> Float:
    """Return the mean of x with the weights length - age."""
    aged = xy + n * mean_x * mean_age
    return (length * n * mean_x - aged) / (length * n - n * mean_age)
