"""Where a name stands among the names of its date: only their order counts."""

from functools import partial

import numpy as np

from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.core.row_order import ranks_in_cells, row_order
from alpha_kedro.signals.cross_section.cells import (
    Cells,
    Codes,
    by_block,
    out_of_range,
)


def rank(
    values: Float, *, mask: Bool | None = None, groups: Codes | None = None
) -> Float:
    """Rank each cross-section onto [-0.5, 0.5], ties sharing their average rank.

    Parameters
    ----------
    values
        (n_dates, n_tickers) of any unit; infinities rank as extremes.
    mask, groups
        See the package.

    Returns
    -------
    (n_dates, n_tickers) float64
        ``(r - 1) / (n - 1) - 0.5``, r the average rank among n names; a lone name is 0.

    Notes
    -----
    Average ties leave no order among equals, so none can lean to the alphabet.
    """
    return by_block(_rank, values, mask, groups)


def normal_score(
    values: Float, *, mask: Bool | None = None, groups: Codes | None = None
) -> Float:
    """Give each name the value a normal sample has at its rank.

    Parameters
    ----------
    values, mask, groups
        As `rank`.

    Returns
    -------
    (n_dates, n_tickers) float64
        Standard deviations: the normal quantile of ``r / (n + 1)``, r the average rank
        among n names. A lone name, and all of equal names, are 0.

    Notes
    -----
    The scores of van der Waerden, 1952, "Order tests for the two-sample problem and
    their power"; gradient boosters know them as rank-gauss.
    """
    return by_block(_normal_score, values, mask, groups)


def quantile_bucket(
    values: Float,
    *,
    buckets: int = 5,
    mask: Bool | None = None,
    groups: Codes | None = None,
) -> Float:
    """Sort each cross-section into buckets of equal size.

    Parameters
    ----------
    values
        As `rank`.
    buckets
        Their number; 5 gives quintiles.
    mask, groups
        See the package.

    Returns
    -------
    (n_dates, n_tickers) float64
        1 (lowest) to ``buckets``: ``r / n`` of them, rounded up, r the average rank
        among n names. Equal values share a bucket, so one can stay empty, as it does
        where there are fewer names than buckets; a lone name is in the highest.

    Raises
    ------
    ConfigError
        ``AK-C142`` less than one bucket.
    """
    if buckets < 1:
        raise out_of_range("buckets", buckets, "at least 1")
    return by_block(partial(_bucket, buckets=buckets), values, mask, groups)


def _rank(cells: Cells) -> Float:
    ranks, n = _ranked(cells)
    return ranks.standardized((n + 1) / 2, np.maximum(n - 1, 1))


def _normal_score(cells: Cells) -> Float:
    from scipy.special import ndtri

    ranks, n = _ranked(cells)
    off_median = ranks.standardized((n + 1) / 2, n + 1)
    # From the lower tail on both sides: the scores of -values are the negatives.
    scores: Float = np.copysign(ndtri(0.5 - np.abs(off_median)), off_median)
    return scores


def _bucket(cells: Cells, *, buckets: int) -> Float:
    ranks, n = _ranked(cells)
    # Twice a rank is a whole number, so that no rounding moves a name.
    return np.ceil(ranks.having(buckets * ranks.values).standardized(0.0, n))


def _ranked(cells: Cells) -> tuple[Cells, Float]:
    """Return the rank of each name in its cell, from 1, and the names of each cell."""
    order = row_order(cells.values)
    ranks = ranks_in_cells(cells.values, order, cells.codes, cells.n_groups)
    return cells.having(ranks), cells.sums()[0]
