"""What a past date says of each model, and what many dates say of their weights.

Each weighting is two functions. ``evidence`` looks at each date alone, so that it is
worked out once for a whole history; ``learn`` sums up the dates that were known when
the weights were needed. Weights are never negative: a model that was wrong in the past
is left out, not bet against.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from alpha_kedro.core.kernels import dense
from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.learning.ensemble.combination import standardised
from alpha_kedro.learning.ensemble.spec import Scale, Weighting
from alpha_kedro.measures.cross_sections import (
    Cells,
    cell_means,
    rank_correlation,
    varies,
)
from alpha_kedro.measures.row_kernels import sums_in_cells, weights_in_cells

_LEAST_SHRINKAGE = 0.01
"""Share of the identity in every correlation matrix: twins then share their weight."""


class Scores(NamedTuple):
    """Scores and labels of some dates.

    Attributes
    ----------
    standardised
        (n_models, n_dates, n_tickers), NaN where a model gives none.
    label
        (n_dates, n_tickers), NaN where it is not known.
    scale
        Unit of the scores.
    min_names
        Names with a score and a label for a date to count.
    """

    standardised: Float
    label: Float
    scale: Scale
    min_names: int


class Learner(NamedTuple):
    """A weighting.

    Attributes
    ----------
    evidence
        From scores to (n_dates, n_models, k) float64: what each date says of each
        model, NaN where it says nothing.
    learn
        From (n, n_judged, k) evidence, in which every date says something of every
        model, the (n,) shares the dates count with, which add up to one, and the
        (n_judged,) places of the models, to their weights. None when no model has
        earned one. A sum other than one is brought to one by the caller.
    """

    evidence: Callable[[Scores], Float]
    learn: Callable[[Float, Float, Int], Float | None]


def rank_ics(scores: Scores) -> Float:
    """Return (n_dates, n_models, 1): each model's rank IC with the label."""
    return np.stack([_rank_ic(own, scores) for own in scores.standardised], axis=1)


def by_mean_ic(evidence: Float, shares: Float, judged: Int) -> Float | None:
    """Weigh models by their mean past rank IC, a negative one counting as zero.

    Where the scores are independent given the label, the best linear combination of
    weak ones weighs each by its IC.

    Source: Grinold & Kahn, *Active Portfolio Management*, 2nd ed. (2000), chapter 11.
    """
    del judged
    return _any_positive(np.maximum(_mean(evidence, shares)[:, 0], 0.0))


def score_weighted_returns(scores: Scores) -> Float:
    """Return (n_dates, n_models, 1): what a long/short portfolio of each model earned.

    Its weights are the standardised scores of the names with a label, less their mean,
    over the sum of their absolute values: net 0, gross 1. The return is the sum of
    weight times label, in the unit of the label.
    """
    earned = [_return(own, scores) for own in scores.standardised]
    return np.where(np.isnan(rank_ics(scores)), np.nan, np.stack(earned, axis=1))


def by_sharpe(evidence: Float, shares: Float, judged: Int) -> Float | None:
    """Weigh models as the portfolio of their portfolios with the best Sharpe ratio.

    With s the Sharpe ratios per date and C the correlations of the portfolios' returns,
    the weights minimise ``w'Cw / 2 - s'w`` over ``w >= 0``, which is ``C^-1 s`` where
    that has no negative entry: two models that say the same share the weight of one. C
    is shrunk towards no correlation by as much as its estimation error asks for, at
    least 1 %. Dates that count less enter the estimate of that error as if scaled.

    Sources: Markowitz (1952), "Portfolio selection", *Journal of Finance* 7; Ledoit &
    Wolf (2004), "A well-conditioned estimator for large-dimensional covariance
    matrices", *Journal of Multivariate Analysis* 88.
    """
    del judged
    from sklearn.covariance import ledoit_wolf_shrinkage

    returns = evidence[:, :, 0]
    mean = _mean(returns, shares)
    distances = returns - mean
    spread = np.sqrt(_mean(distances**2, shares))
    if not (spread > np.finfo(np.float64).eps * np.abs(mean)).all():
        return None
    unit = distances / spread * np.sqrt(len(shares) * shares)[:, None]
    correlations = _mean(_outer(distances / spread), shares)
    shrinkage = ledoit_wolf_shrinkage(unit, assume_centered=True)
    return _best(correlations, mean / spread, max(shrinkage, _LEAST_SHRINKAGE))


def products(scores: Scores) -> Float:
    """Return (n_dates, n_models, n_models + 1): mean products with all, and the label.

    Over the names with a label that every model scores which scores the date at all,
    scores and label standardised among them.
    """
    label = scores.label
    present = [_counts(own, scores) for own in scores.standardised]
    complete = np.isfinite(label)
    for own, counts in zip(scores.standardised, present, strict=True):
        complete &= np.isfinite(own) | ~counts[:, None]
    shared = [
        np.where(complete & counts[:, None], own, np.nan)
        for own, counts in zip(scores.standardised, present, strict=True)
    ]
    told = np.stack([*shared, np.where(complete, label, np.nan)])
    unit = standardised(told, scores.scale)
    means = np.stack(
        [[_mean_product(left, right) for right in unit] for left in unit[:-1]]
    )
    enough = complete.sum(axis=1) >= scores.min_names
    counted = np.array(present) & enough & varies(label, complete)
    evidence = np.where(counted[:, None], means, np.nan)
    return np.moveaxis(evidence, 2, 0)


def by_stacking(evidence: Float, shares: Float, judged: Int) -> Float | None:
    """Weigh models by regressing the label on their scores, no weight below zero.

    Least squares over past names, every date counting alike whatever its number of
    names, with 1 % of the scores' variance as a ridge.

    Sources: Wolpert (1992), "Stacked generalization", *Neural Networks* 5; Breiman
    (1996), "Stacked regressions", *Machine Learning* 24, whose weights are not negative
    either.
    """
    means = _mean(evidence, shares)
    return _best(means[:, judged], means[:, -1], _LEAST_SHRINKAGE)


LEARNERS: dict[Weighting, Learner] = {
    "ic": Learner(rank_ics, by_mean_ic),
    "sharpe": Learner(score_weighted_returns, by_sharpe),
    "stacking": Learner(products, by_stacking),
}
"""The weightings that learn; those that do not weigh all models alike."""


def _rank_ic(own: Float, scores: Scores) -> Float:
    n_names = (np.isfinite(own) & np.isfinite(scores.label)).sum(axis=1)
    ic = rank_correlation(own, scores.label)
    return np.where(n_names >= scores.min_names, ic, np.nan)[:, None]


def _return(own: Float, scores: Scores) -> Float:
    known = np.isfinite(own) & np.isfinite(scores.label)
    whole = Cells.whole(own.shape)
    weights = weights_in_cells(dense(np.where(known, own, np.nan)), *whole)
    return sums_in_cells(dense(weights * scores.label), *whole)[0]


def _counts(own: Float, scores: Scores) -> Bool:
    """Tell on which dates a model says anything of names with a label."""
    known = np.isfinite(own) & np.isfinite(scores.label)
    enough: Bool = known.sum(axis=1) >= scores.min_names
    return varies(own, known) & enough


def _mean_product(left: Float, right: Float) -> Float:
    """Return (n_dates,) means, added name by name: wider arrays change no bit."""
    return cell_means(left * right, Cells.whole(left.shape))[0][:, 0]


def _mean(values: Float, shares: Float) -> Float:
    """Return the mean over dates, added date by date."""
    weighted = values * shares.reshape(-1, *[1] * (values.ndim - 1))
    total: Float = weighted.sum(axis=0)
    return total


def _outer(rows: Float) -> Float:
    return rows[:, :, None] * rows[:, None, :]


def _best(curvature: Float, slope: Float, ridge: float) -> Float | None:
    """Minimise ``w'Cw / 2 - s'w`` over ``w >= 0``, C shrunk towards its diagonal mean.

    With ``C = LL'`` that is the non-negative least squares of ``L^-1 s`` on ``L'``.
    """
    from scipy.linalg import solve_triangular
    from scipy.optimize import nnls

    size = len(slope)
    floor = np.trace(curvature) / size
    if not floor > 0:
        return None
    shrunk = (1 - ridge) * curvature + ridge * floor * np.eye(size)
    root = np.linalg.cholesky(shrunk)
    weights, _ = nnls(root.T, solve_triangular(root, slope, lower=True))
    return _any_positive(weights)


def _any_positive(weights: Float) -> Float | None:
    return weights if weights.sum() > 0 else None
