"""How well a model orders the labels of blocks it was not fitted on."""

from collections.abc import Iterator

import numpy as np

from alpha_kedro.core.panel import Float
from alpha_kedro.learning.training import Model, TrainingData, purged_splits
from alpha_kedro.learning.wrappers.tuning.spec import TuningSpec
from alpha_kedro.measures import hac_mean
from alpha_kedro.measures.cross_sections import rank_correlation


def held_out_coefficients(
    model: Model, data: TrainingData, *, tuning: TuningSpec, seed: int
) -> Iterator[Float]:
    """Yield the rank ICs of each held-out block's dates, the blocks in time order.

    Parameters
    ----------
    model
        Fitted anew for each block, on the rest of the window without the rows whose
        labels reach the block.
    data
        The window; no other row is in reach.
    """
    splits = purged_splits(data, n_splits=tuning.n_splits, embargo=tuning.embargo)
    for learn, held_out in splits:
        fitted = model.fit(learn, seed=seed)
        scores = fitted.score(held_out.X, held_out.context)
        yield rank_coefficients_of(scores, held_out, min_names=tuning.min_names)


def rank_coefficients_of(scores: Float, data: TrainingData, *, min_names: int) -> Float:
    """Correlate scores with labels on each date (Spearman).

    Parameters
    ----------
    scores
        (n,) of the rows of ``data``.
    min_names
        Fewest names with a score for a date to count.

    Returns
    -------
    (n_dates,) float64
        NaN with fewer names, or where score or label has a single value.
    """
    days, first, sizes = np.unique(data.dates, return_index=True, return_counts=True)
    date = np.repeat(np.arange(len(days)), sizes)
    place = np.arange(len(date)) - first[date]
    sides = np.full((2, len(days), sizes.max()), np.nan)
    sides[:, date, place] = scores, data.y
    n_names = np.isfinite(sides).all(axis=0).sum(axis=1)
    return np.where(n_names >= min_names, rank_correlation(*sides), np.nan)


def mean_coefficient(coefficients: Float) -> float | None:
    """Return the mean over the dates that have a coefficient; None without any."""
    known = coefficients[~np.isnan(coefficients)]
    return float(known.mean()) if len(known) else None


def t_of_mean(coefficients: Float, *, overlap: int) -> float | None:
    """Return the HAC t of that mean; None where the coefficients do not vary."""
    t = float(hac_mean(coefficients, overlap=overlap).t)
    return None if np.isnan(t) else t
