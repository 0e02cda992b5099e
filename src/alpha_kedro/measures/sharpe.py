"""The Sharpe ratio, and how much of one is luck or search."""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.panel import Float
from alpha_kedro.measures.availability import ROUNDING, NotAvailable, needs, obstacle

_NORMAL = NormalDist()
_FEWEST_TO_RESAMPLE = 20


class Interval(NamedTuple):
    """Lower and upper end of a confidence interval."""

    low: float
    high: float


@needs(2, variation=True)
def sharpe_ratio(
    returns: Float, *, periods_per_year: float = SESSIONS_PER_YEAR
) -> float:
    """Divide the mean return by its standard deviation, annualised.

    Parameters
    ----------
    returns
        (n,) simple returns per period, decimals, in excess of the financing rate or of
        a self-financing book.
    periods_per_year
        252 for daily returns; 1 gives the ratio per period.

    Returns
    -------
    float
        ``sqrt(periods_per_year) mean / std`` with ddof 1. `NotAvailable` with fewer
        than two returns, a missing one, or zero volatility.
    """
    return float(np.sqrt(periods_per_year) * returns.mean() / returns.std(ddof=1))


@needs(2, variation=True)
def sharpe_standard_error(
    returns: Float, *, periods_per_year: float = SESSIONS_PER_YEAR
) -> float:
    """Return the standard error of `sharpe_ratio` if returns were independent normal.

    Notes
    -----
    ``sqrt((1 + S^2 / 2) / n)`` per period: A. Lo, The Statistics of Sharpe Ratios,
    Financial Analysts Journal 58 (2002), eq. 9. One year of daily returns at a true
    ratio of 0 gives 1.0: a check on the order of magnitude of `sharpe_interval`.
    """
    per_period = sharpe_ratio(returns, periods_per_year=1)
    variance = (1 + per_period**2 / 2) / len(returns)
    return math.sqrt(periods_per_year * variance)


def sharpe_interval(
    returns: npt.ArrayLike,
    *,
    seed: int,
    reps: int = 2_000,
    confidence: float = 0.95,
    periods_per_year: float = SESSIONS_PER_YEAR,
) -> Interval:
    """Bracket the Sharpe ratio by resampling blocks of returns.

    Parameters
    ----------
    returns
        (n,) simple returns per period, decimals, in time order.
    seed
        Seed of the resampling; the same seed gives the same interval.
    reps
        Number of resampled series.
    confidence
        Probability that the interval should cover the true ratio.
    periods_per_year
        As in `sharpe_ratio`.

    Returns
    -------
    Interval
        Percentiles of the resampled ratios. Both ends are `NotAvailable` with fewer
        than 20 returns, a missing one, or zero volatility.

    Notes
    -----
    Stationary bootstrap with geometric block lengths (D. Politis and J. Romano 1994),
    whose mean follows from the data (A. Patton, D. Politis and H. White 2009).
    """
    values = np.asarray(returns, dtype=np.float64)
    reason = obstacle(values, points=_FEWEST_TO_RESAMPLE, variation=True)
    if reason:
        return Interval(NotAvailable(reason), NotAvailable(reason))
    ratios = _resampled_ratios(values, reps=reps, seed=seed)
    tail = (1 - confidence) / 2
    low, high = np.quantile(ratios, [tail, 1 - tail]) * math.sqrt(periods_per_year)
    return Interval(float(low), float(high))


def _resampled_ratios(values: Float, *, reps: int, seed: int) -> Float:
    """Return (n,) per-period ratios; a resample without variation has none."""
    from arch.bootstrap import StationaryBootstrap, optimal_block_length

    block = max(1, math.ceil(optimal_block_length(values)["stationary"].iloc[0]))
    resampled = StationaryBootstrap(block, values, seed=seed)
    moments = np.asarray(resampled.apply(_mean_and_deviation, reps))
    varied = moments[:, 1] > ROUNDING
    ratios: Float = moments[varied, 0] / moments[varied, 1]
    return ratios


def _mean_and_deviation(values: Float) -> Float:
    return np.array([values.mean(), values.std(ddof=1)])


def probabilistic_sharpe(
    sharpe: float,
    *,
    n: int,
    skewness: float = 0.0,
    kurtosis: float = 3.0,
    threshold: float = 0.0,
) -> float:
    """Return the probability that the true Sharpe ratio exceeds a threshold.

    Parameters
    ----------
    sharpe, threshold
        Per period, not annualised.
    n
        Number of returns behind ``sharpe``.
    skewness, kurtosis
        Of the returns; a normal distribution has 0 and 3.

    Notes
    -----
    D. Bailey and M. Lopez de Prado, The Sharpe Ratio Efficient Frontier, Journal of
    Risk 15 (2012), eq. 11.
    """
    variance = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2
    if n < 2 or not variance > 0:
        return NotAvailable("the moments leave the Sharpe ratio without a variance")
    return _NORMAL.cdf((sharpe - threshold) * math.sqrt((n - 1) / variance))


def expected_maximum_sharpe(*, trials: int, variance: float) -> float:
    """Return the best Sharpe ratio to expect from ``trials`` strategies without skill.

    Parameters
    ----------
    trials
        Number of independent strategies tried; 1 gives 0.
    variance
        Variance of their Sharpe ratios, in the period in which the answer is wanted.

    Notes
    -----
    D. Bailey and M. Lopez de Prado, The Deflated Sharpe Ratio, Journal of Portfolio
    Management 40 (2014), eq. 1.
    """
    if trials <= 1:
        return 0.0
    typical = _NORMAL.inv_cdf(1 - 1 / trials)
    extreme = _NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    weight = float(np.euler_gamma)
    return math.sqrt(variance) * ((1 - weight) * typical + weight * extreme)


@needs(3, variation=True)
def deflated_sharpe(
    returns: Float, *, trials: int, trial_variance: float = 0.0
) -> float:
    """Return the confidence that returns beat the best of several without skill.

    Parameters
    ----------
    returns
        (n,) simple returns per period of the strategy chosen.
    trials
        Number of strategies tried, the chosen one included.
    trial_variance
        Variance of the trials' per-period Sharpe ratios. Pure noise of this length has
        ``1 / (n - 1)``; a smaller value, from few or similar trials, is raised to that.

    Returns
    -------
    float
        Between 0 and 1: `probabilistic_sharpe` against `expected_maximum_sharpe`, the
        confidence that the true ratio beats what the best of ``trials`` strategies
        without skill is expected to show. It is no probability that skill exists.

    Notes
    -----
    D. Bailey and M. Lopez de Prado, The Deflated Sharpe Ratio, Journal of Portfolio
    Management 40 (2014), eq. 2.
    """
    n = len(returns)
    variance = max(trial_variance, 1 / (n - 1))
    standardised = (returns - returns.mean()) / returns.std()
    return probabilistic_sharpe(
        sharpe_ratio(returns, periods_per_year=1),
        n=n,
        skewness=float((standardised**3).mean()),
        kurtosis=float((standardised**4).mean()),
        threshold=expected_maximum_sharpe(trials=trials, variance=variance),
    )
