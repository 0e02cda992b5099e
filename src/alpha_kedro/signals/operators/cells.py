"""Operators on single cells, and on a cell and those before it.

A quotient by 0 is NaN and so are the logarithm and the root of a number that has none:
nothing infinite is ever made of finite values. NaN in, NaN out; but a comparison with
NaN is false, as it is for the hardware, where the name of the operator says so.
"""

import numpy as np

from alpha_kedro.core.panel import Float
from alpha_kedro.signals.operators.limits import at_least_one


def ratio(numerator: Float, denominator: Float) -> Float:
    """Divide; NaN where a value is missing or the denominator is 0."""
    with np.errstate(all="ignore"):
        quotient: Float = np.divide(numerator, denominator)
    np.copyto(quotient, np.nan, where=np.equal(denominator, 0.0))
    return quotient


def logarithm(x: Float) -> Float:
    """Return the natural logarithm; NaN where ``x`` is missing or not above 0."""
    with np.errstate(all="ignore"):
        return np.where(x > 0.0, np.log(x), np.nan)


def root(x: Float) -> Float:
    """Return the square root; NaN where ``x`` is missing or below 0."""
    with np.errstate(all="ignore"):
        return np.sqrt(x)


def power(x: Float, exponent: float) -> Float:
    """Return a power; NaN for a root of a number below 0, and for a quotient by 0."""
    with np.errstate(all="ignore"):
        found: Float = np.power(x, exponent)
    return found if exponent >= 0 else np.where(np.equal(x, 0.0), np.nan, found)


def single(x: Float) -> Float:
    """Round to what 32 bits can hold."""
    return x.astype(np.float32).astype(np.float64)


def exceeds(x: Float, y: Float) -> Float:
    """Return 1 where x > y, else 0; NaN where either is missing."""
    either = np.isnan(x) | np.isnan(y)
    return np.where(either, np.nan, np.greater(x, y))


def is_above(x: Float, y: Float) -> Float:
    """Return 1 where x > y, else 0; 0 too where either is missing."""
    return np.greater(x, y).astype(np.float64)


def where(condition: Float, x: Float, y: Float) -> Float:
    """Return x where the condition is above 0, y where not; NaN where it is missing."""
    return np.where(np.isnan(condition), np.nan, np.where(condition > 0.0, x, y))


def first_known(x: Float, y: Float) -> Float:
    """Return x, or y where x is missing."""
    return np.where(np.isnan(x), y, x)


def delay(x: Float, k: int) -> Float:
    """Return the value of ``k`` sessions ago, NaN in the first ``k`` rows."""
    back = at_least_one("delay", k)
    delayed = np.full(x.shape, np.nan)
    delayed[back:] = x[: max(len(x) - back, 0)]
    return delayed


def delta(x: Float, k: int) -> Float:
    """Return the change since ``k`` sessions ago; NaN where either is missing."""
    return x - delay(x, k)
