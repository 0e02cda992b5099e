"""Means and regressions of autocorrelated series, and how far they are from luck."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from alpha_kedro.core.panel import Float
from alpha_kedro.measures.availability import ROUNDING, NotAvailable, needs, obstacle


@dataclass(frozen=True)
class HacMean:
    """A mean with a standard error robust to autocorrelation.

    Attributes
    ----------
    mean, standard_error
        In the unit of the values.
    t
        ``mean / standard_error``; `NotAvailable` where the values do not vary.
    n, lags
        Values in the mean, and Newey-West lags behind the standard error.
    """

    mean: float
    standard_error: float
    t: float
    n: int
    lags: int


def hac_lags(n: int, *, overlap: int = 1) -> int:
    """Return the Newey-West lags for a mean of ``n`` values.

    Parameters
    ----------
    n
        Number of values.
    overlap
        Periods that one value's outcome spans: 5 for five-session returns measured
        daily, 1 for outcomes that do not overlap.

    Returns
    -------
    int
        ``floor(4 (n / 100)^(2/9))``, or twice the overlap where that is more, because
        Bartlett weights have fallen to half midway; always below ``n``.

    Notes
    -----
    W. Newey and K. West, Automatic Lag Selection in Covariance Matrix Estimation,
    Review of Economic Studies 61 (1994).
    """
    rule = int(4 * (n / 100) ** (2 / 9))
    overlapping = 2 * overlap if overlap > 1 else 0
    return max(0, min(max(rule, overlapping), n - 1))


def hac_regression(outcome: Float, causes: Float, *, lags: int) -> tuple[Float, Float]:
    """Regress by least squares with Newey-West (Bartlett) standard errors.

    Parameters
    ----------
    outcome
        (n,) finite values in time order.
    causes
        (n, k) finite regressors, a column of ones among them for an intercept.
    lags
        Newey-West lags; 0 gives White's standard errors.

    Returns
    -------
    (k,) coefficients and (k,) standard errors
    """
    from statsmodels.regression.linear_model import OLS

    fit = OLS(outcome, causes).fit(cov_type="HAC", cov_kwds={"maxlags": lags})
    return np.asarray(fit.params), np.asarray(fit.bse)


def hac_mean(
    values: npt.ArrayLike, *, lags: int | None = None, overlap: int = 1
) -> HacMean:
    """Average a series, with a standard error robust to autocorrelation.

    Parameters
    ----------
    values
        (n,) values in time order. NaN marks a period without a value and is left out;
        the values on either side of it then count as neighbours.
    lags
        Newey-West lags; None takes them from `hac_lags`.
    overlap
        As in `hac_lags`.

    Returns
    -------
    HacMean
        Numbers are `NotAvailable` with fewer than two values.

    Notes
    -----
    The standard error is too small where the lags are no longer few beside the values:
    for independent values it is short by a share of about ``lags / (2 n)``. Overlapping
    noise with six values per lag passes a ``t`` of 2 in one case of six.

    W. Newey and K. West, A Simple, Positive Semi-Definite, Heteroskedasticity and
    Autocorrelation Consistent Covariance Matrix, Econometrica 55 (1987).
    """
    array = np.asarray(values, dtype=np.float64)
    known = array[~np.isnan(array)]
    reason = obstacle(known)
    if reason:
        gap = NotAvailable(reason)
        return HacMean(gap, gap, gap, len(known), 0)
    wanted = hac_lags(len(known), overlap=overlap) if lags is None else lags
    used = min(wanted, len(known) - 1)
    means, errors = hac_regression(known, np.ones((len(known), 1)), lags=used)
    mean, error = float(means[0]), float(errors[0])
    return HacMean(mean, error, t_value(mean, error), len(known), used)


@needs(1)
def average(values: Float) -> float:
    """Return the mean of at least one value; `NotAvailable` where one is missing."""
    return float(values.mean())


def t_value(estimate: float, standard_error: float) -> float:
    """Divide an estimate by its standard error, where there is one."""
    if not standard_error > ROUNDING:
        return NotAvailable("no variation around the estimate")
    return estimate / standard_error
