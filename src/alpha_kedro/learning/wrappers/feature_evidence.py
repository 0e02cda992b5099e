"""What the rows of one training window say of each feature.

How steadily it ordered the labels, and which other features say the same. Every date
is ranked by itself, and no row outside the window is in reach.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from alpha_kedro.core.panel import Bool, Float, Single
from alpha_kedro.core.row_order import row_order
from alpha_kedro.learning.training import TrainingData
from alpha_kedro.measures import hac_mean
from alpha_kedro.measures.cross_sections import row_correlation, row_ranks


@dataclass(frozen=True)
class Steadiness:
    """How well, and how reliably, features ordered the labels of a window.

    Attributes
    ----------
    ic
        (p,) mean over dates of the rank correlation with the label; NaN with fewer than
        two dates.
    t
        (p,) that mean over its HAC standard error; NaN where it does not vary.
    agreement
        (p,) share (0 to 1) of the window's periods whose mean has the sign of ``ic``. A
        period without a coefficient does not agree.
    """

    ic: Float
    t: Float
    agreement: Float

    @classmethod
    def of(cls, coefficients: Float, *, overlap: int, n_periods: int) -> "Steadiness":
        """Judge (n_dates, p) coefficients in time order; NaN where there is none.

        Parameters
        ----------
        coefficients
            From ``rank_coefficients``.
        overlap
            Dates that one label spans, for the standard error; see ``hac_lags``.
        n_periods
            Consecutive parts of equal length the dates are cut into.
        """
        means = [hac_mean(column, overlap=overlap) for column in coefficients.T]
        return cls(
            ic=np.array([float(each.mean) for each in means]),
            t=np.array([float(each.t) for each in means]),
            agreement=_agreement(coefficients, n_periods),
        )

    @property
    def strength(self) -> Float:
        """Return (p,) sizes of ``t``; infinite where all dates have one coefficient."""
        unvaried = np.where(np.abs(self.ic) > 0, np.inf, 0.0)
        return np.where(np.isnan(self.t), unvaried, np.abs(self.t))


def rank_coefficients(data: TrainingData, *, min_names: int) -> Float:
    """Correlate each feature with the label on each date (Spearman).

    Parameters
    ----------
    data
        Labels finite, features finite or NaN.
    min_names
        Fewest names with the feature for a date to count.

    Returns
    -------
    (n_dates, p) float64
        Over the names that have the feature, equal values sharing their mean rank. NaN
        with fewer than ``min_names``, or where feature or label has a single value.
    """
    return np.stack([_of_date(data, rows, min_names) for rows in _dates(data)])


def _of_date(data: TrainingData, rows: slice, min_names: int) -> Float:
    values = data.X[rows].T.astype(np.float64, order="C")
    label = data.y[rows][None, :]
    known = np.isfinite(values)
    # The label is sorted once; ranks are taken over the names each feature has.
    order = np.tile(row_order(label), (len(values), 1))
    labels = row_ranks(np.where(known, label, np.nan), order=order)
    found = row_correlation(row_ranks(values), labels)
    return np.where(known.sum(axis=1) >= min_names, found, np.nan)


def label_overlap(data: TrainingData) -> int:
    """Return how many decision dates fall into the span of a label (median date)."""
    days, first = np.unique(data.dates, return_index=True)
    ends = np.searchsorted(days, data.label_end[first])
    return max(1, int(np.median(ends - np.arange(len(days)))))


def correlations_within_dates(data: TrainingData, *, n_dates: int) -> Float:
    """Correlate the ranks of features with one another, within dates.

    Parameters
    ----------
    n_dates
        Dates that are looked at: spread evenly over the window, both ends among them;
        all dates where the window has no more.

    Returns
    -------
    (p, p) float64
        Ranks of a date are brought to mean 0 and deviation 1 over the names that have
        the feature, and pooled over the names that have both; without a missing value
        it is the mean of the dates' rank correlations, each weighted by its names. 0
        for pairs never seen together.
    """
    dates = _dates(data)
    taken = np.unique(
        np.linspace(0, len(dates) - 1, min(n_dates, len(dates))).round().astype(int)
    )
    products = np.zeros((len(data.features), len(data.features)))
    squares = np.zeros_like(products)
    for date in taken:
        scores, known = _standard_ranks(data.X[dates[date]].T)
        products += scores @ scores.T
        squares += scores**2 @ known.T
    scale = np.sqrt(squares * squares.T)
    found = np.divide(products, scale, out=np.zeros_like(products), where=scale > 0)
    return np.clip(found, -1.0, 1.0)  # rounding must not tell a copy from its twin


def _standard_ranks(values: Single) -> tuple[Float, Bool]:
    """Return ranks of each row with mean 0 and deviation 1, 0 where missing."""
    ranks = row_ranks(values.astype(np.float64, order="C"))
    known = np.isfinite(ranks)
    n_names = np.maximum(known.sum(axis=1, keepdims=True), 1)
    mean = np.where(known, ranks, 0.0).sum(axis=1, keepdims=True) / n_names
    centred = np.where(known, ranks - mean, 0.0)
    scale = np.sqrt((centred**2).sum(axis=1, keepdims=True) / n_names)
    scores: Float = centred / np.where(scale > 0, scale, 1.0)
    return scores, known


def _agreement(coefficients: Float, n_periods: int) -> Float:
    whole = np.sign(_means(coefficients))
    periods = np.array_split(coefficients, n_periods)
    agree = np.stack([np.sign(_means(period)) == whole for period in periods])
    share: Float = agree.mean(axis=0)
    return share


def _means(coefficients: Float) -> Float:
    """Return the mean of each column's present values, NaN where there is none."""
    present = np.isfinite(coefficients).sum(axis=0)
    sums = np.nansum(coefficients, axis=0)
    none = np.full(sums.shape, np.nan)
    means: Float = np.divide(sums, present, out=none, where=present > 0)
    return means


def _dates(data: TrainingData) -> list[slice]:
    """Return the rows of each date."""
    starts = np.unique(data.dates, return_index=True)[1]
    return [slice(*ends) for ends in pairwise([*starts.tolist(), len(data.dates)])]
