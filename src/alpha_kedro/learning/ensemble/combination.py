"""The scores of several models of one date, in one unit, added up: one function.

Research and daily use both come through here, so that a date's scores are the same to
the last bit in both. A name's score depends on the other names of its date, by whose
scores it is standardised, and on no other date.
"""

import numpy as np

from alpha_kedro.core.panel import Float, Int
from alpha_kedro.learning.ensemble.spec import Scale
from alpha_kedro.signals.cross_section import rank, z_score

_STANDARDISE = {"rank": rank, "z_score": z_score}


def standardised(scores: Float, scale: Scale) -> Float:
    """Bring each model's scores of each date to one unit.

    Parameters
    ----------
    scores
        (n_models, n_dates, n_tickers), NaN where a model gives none.
    scale
        ``rank``: onto [-0.5, 0.5]; ``z_score``: to mean 0 and standard deviation 1,
        among the names the model scores on the date.
    """
    return np.stack([_STANDARDISE[scale](each) for each in scores])


def combined(scores: Float, weights: Float, *, min_members: int) -> Float:
    """Return the weighted mean of standardised scores.

    Parameters
    ----------
    scores
        (n_models, n_dates, n_tickers) from `standardised`.
    weights
        (n_models,), not negative.
    min_members
        Models that must score a name.

    Returns
    -------
    (n_dates, n_tickers) float64
        Of the models that score a name, their weights brought to a sum of one. NaN for
        names with fewer than ``min_members``, or with none that has a weight.

    Notes
    -----
    A mean of fewer models is more spread out, so a name that some models do not score
    is found at either end of the order more often than it should be. ``min_members``
    keeps such names out.
    """
    total = np.zeros(scores.shape[1:])
    held = np.zeros(scores.shape[1:])
    for weight, own in zip(weights, scores, strict=True):
        known = ~np.isnan(own)
        total[known] += weight * own[known]
        held[known] += weight
    enough = (n_scored(scores) >= min_members) & (held > 0)
    mean = np.full(total.shape, np.nan)
    np.divide(total, held, out=mean, where=enough)
    return mean


def n_scored(scores: Float) -> Int:
    """Return how many models score each name: (n_dates, n_tickers)."""
    counts: Int = np.count_nonzero(~np.isnan(scores), axis=0)
    return counts
