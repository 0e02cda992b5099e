"""The information coefficient: how well scores order the returns that followed."""

from functools import partial

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Float, Panel
from alpha_kedro.measures.cross_sections import (
    cells,
    per_model,
    rank_correlation,
    row_correlation,
    row_quantiles,
)


def information_coefficients(
    predictions: pd.DataFrame, *, target: str = "fwd_ret", min_names: int = 10
) -> pd.DataFrame:
    """Correlate each date's scores with the returns that followed.

    Parameters
    ----------
    predictions
        Long table: date, ticker, model, score and ``target``.
    target
        Column with what the score should order, as a rule the forward return (decimal).
    min_names
        Fewest names with a score and a target for a date to count.

    Returns
    -------
    DataFrame
        date, model, ``rank_ic`` (Spearman, equal values share their mean rank), ``ic``
        (Pearson) and ``n_names`` (names with both), for every date in the table. Both
        are NaN, never 0, with fewer than ``min_names`` or a single score or target.

    Raises
    ------
    DataError
        ``AK-D001`` when a model scores a (date, ticker) twice.

    Notes
    -----
    The coefficients of a date use outcomes after it: evidence, never a feature.
    R. Grinold and R. Kahn, Active Portfolio Management, 2nd ed., ch. 6.
    """
    measure = partial(_coefficients, target=target, min_names=min_names)
    return per_model(predictions, ["score", target], measure)


def _coefficients(panel: Panel, *, target: str, min_names: int) -> pd.DataFrame:
    scores, outcomes = cells(panel, "score"), cells(panel, target)
    n_names = (np.isfinite(scores) & np.isfinite(outcomes)).sum(axis=1)
    enough = n_names >= min_names
    return pd.DataFrame(
        {
            "date": panel.dates,
            "rank_ic": np.where(enough, rank_correlation(scores, outcomes), np.nan),
            "ic": np.where(enough, row_correlation(scores, outcomes), np.nan),
            "n_names": n_names,
        }
    )


def rank_autocorrelation(
    predictions: pd.DataFrame, *, min_names: int = 10
) -> pd.DataFrame:
    """Correlate the ranks of each date's scores with those of the date before.

    Parameters
    ----------
    predictions
        Long table: date, ticker, model, score.
    min_names
        Fewest names scored on both dates.

    Returns
    -------
    DataFrame
        date, model, ``rank_autocorrelation`` over the names scored on both dates (1:
        the order stood still) and ``n_names``. NaN on a model's first date, with fewer
        than ``min_names``, or with a single score.
    """
    return per_model(predictions, ["score"], partial(_persistence, min_names=min_names))


def _persistence(panel: Panel, *, min_names: int) -> pd.DataFrame:
    scores = cells(panel, "score")
    before = _day_before(scores)
    n_names = (np.isfinite(scores) & np.isfinite(before)).sum(axis=1)
    persistence = rank_correlation(scores, before)
    return pd.DataFrame(
        {
            "date": panel.dates,
            "rank_autocorrelation": np.where(n_names >= min_names, persistence, np.nan),
            "n_names": n_names,
        }
    )


def score_turnover(predictions: pd.DataFrame, *, quantiles: int = 10) -> pd.DataFrame:
    """Measure how many names of the outer quantiles were not in them the date before.

    Parameters
    ----------
    predictions
        Long table: date, ticker, model, score.
    quantiles
        Number of groups of equal size.

    Returns
    -------
    DataFrame
        date, model, ``top`` and ``bottom``: share (0 to 1) of new names in the highest
        and the lowest group. NaN on a model's first date and where a group is empty.
    """
    measure = partial(_replaced_shares, quantiles=quantiles)
    return per_model(predictions, ["score"], measure)


def _replaced_shares(panel: Panel, *, quantiles: int) -> pd.DataFrame:
    groups = row_quantiles(cells(panel, "score"), quantiles).astype(np.float64)
    before = _day_before(groups)
    shares = {"top": float(quantiles), "bottom": 1.0}
    return pd.DataFrame(
        {"date": panel.dates}
        | {side: _share_new(groups, before, group) for side, group in shares.items()}
    )


def _share_new(groups: Float, before: Float, group: float) -> Float:
    inside = groups == group
    n_names, n_before = inside.sum(axis=1), (before == group).sum(axis=1)
    fresh = (inside & (before != group)).sum(axis=1)
    share = np.full(len(groups), np.nan)
    np.divide(fresh, n_names, out=share, where=(n_names > 0) & (n_before > 0))
    return share


def _day_before(values: Float) -> Float:
    before = np.full(values.shape, np.nan)
    before[1:] = values[:-1]
    return before
