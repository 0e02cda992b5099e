"""Ranks, correlations and quantiles of one date's names, for all dates at once.

Every kernel takes (n_dates, n_tickers) float64 arrays, works along each row alone, and
leaves cells that are not finite out.
"""

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Bool, Float, Int, Panel


def row_ranks(values: Float) -> Float:
    """Rank the finite cells of each row from 1; equal values share their mean rank.

    Returns
    -------
    (n_dates, n_tickers) float64, NaN where ``values`` is not finite.
    """
    if not values.size:
        return np.full(values.shape, np.nan)
    known = np.isfinite(values)
    filled = np.where(known, values, np.inf)
    order = np.argsort(filled, axis=1)
    ranks = np.empty(values.shape)
    shared = _shared_positions(np.take_along_axis(filled, order, axis=1)) + 1.0
    np.put_along_axis(ranks, order, shared, axis=1)
    return np.where(known, ranks, np.nan)


def _shared_positions(ordered: Float) -> Float:
    """Return each cell's position in its sorted row, averaged over runs of equals."""
    width = ordered.shape[1]
    position = np.arange(width)
    changes = ordered[:, 1:] != ordered[:, :-1]
    edge = np.ones((len(ordered), 1), dtype=bool)
    starts = np.where(np.hstack([edge, changes]), position, 0)
    ends = np.where(np.hstack([changes, edge]), position, width - 1)
    first = np.maximum.accumulate(starts, axis=1)
    last = np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1]
    shared: Float = (first + last) / 2.0
    return shared


def row_correlation(left: Float, right: Float) -> Float:
    """Correlate each row of ``left`` with the same row of ``right`` (Pearson).

    Returns
    -------
    (n_dates,) float64
        Over the names finite on both sides; NaN where fewer than two are, or where one
        side has a single value, for which no correlation exists.
    """
    known = np.isfinite(left) & np.isfinite(right)
    x, y = _centred(left, known), _centred(right, known)
    covariance = np.einsum("ij,ij->i", x, y)
    scale = np.sqrt(np.einsum("ij,ij->i", x, x) * np.einsum("ij,ij->i", y, y))
    defined = varies(left, known) & varies(right, known) & (scale > 0)
    ratio = np.divide(covariance, scale, out=np.full(len(x), np.nan), where=defined)
    bounded: Float = np.clip(ratio, -1.0, 1.0)
    return bounded


def _centred(values: Float, known: Bool) -> Float:
    """Subtract each row's mean over the known cells; 0 elsewhere."""
    n_names = np.maximum(known.sum(axis=1, keepdims=True), 1)
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=1, keepdims=True) / n_names
    return np.where(known, filled - mean, 0.0)


def rank_correlation(left: Float, right: Float) -> Float:
    """Correlate the ranks of each row over the names finite on both (Spearman)."""
    known = np.isfinite(left) & np.isfinite(right)
    return row_correlation(
        row_ranks(np.where(known, left, np.nan)),
        row_ranks(np.where(known, right, np.nan)),
    )


def varies(values: Float, known: Bool) -> Bool:
    """Tell which rows hold at least two different known values: (n_dates,) bool."""
    highest = np.max(values, axis=1, where=known, initial=-np.inf)
    lowest = np.min(values, axis=1, where=known, initial=np.inf)
    several: Bool = highest > lowest
    return several


def row_quantiles(values: Float, quantiles: int) -> Int:
    """Sort the finite cells of each row into ``quantiles`` groups of equal size.

    Returns
    -------
    (n_dates, n_tickers) int64
        1 (lowest) to ``quantiles``, 0 where ``values`` is not finite. Equal values
        share a group whatever their order in the table, so a group can be empty.
    """
    ranks = row_ranks(values)
    n_names = np.isfinite(values).sum(axis=1, keepdims=True)
    groups = np.ceil(ranks * quantiles / np.maximum(n_names, 1))
    return np.where(np.isfinite(groups), groups, 0).astype(np.int64)


def per_model(
    predictions: pd.DataFrame,
    fields: Iterable[str],
    measure: Callable[[Panel], pd.DataFrame],
) -> pd.DataFrame:
    """Measure the panel of each model and stack the answers, sorted by (date, model).

    Parameters
    ----------
    predictions
        Long table: date, ticker, model and ``fields``.
    fields
        Columns to spread over the panel that ``measure`` receives.
    measure
        Returns a table whose first column is ``date``.

    Raises
    ------
    DataError
        ``AK-D001`` when a model scores a (date, ticker) twice.
    ConfigError
        ``AK-C052`` for a table without rows.
    """
    if not len(predictions):
        raise ConfigError(
            "AK-C052",
            "there are no predictions to measure",
            fix="name at least one model, and a sample long enough for one fold",
        )
    names = list(fields)
    rows = predictions[["date", "ticker", "model", *names]]
    tables = []
    for model, own in rows.groupby("model", sort=True):
        table = measure(Panel.from_table(own, names))
        table.insert(1, "model", str(model))
        tables.append(table)
    stacked = pd.concat(tables, ignore_index=True)
    return stacked.sort_values(["date", "model"], kind="stable", ignore_index=True)


def cells(panel: Panel, name: str) -> Float:
    """Return one field of a panel as the float64 it was spread as."""
    return np.asarray(panel[name], dtype=np.float64)
