"""Ranks, correlations and quantiles of one date's names, for all dates at once.

Every kernel takes (n_dates, n_tickers) float64 arrays, works along each row alone, and
leaves cells that are not finite out.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.kernels import dense
from alpha_kedro.core.panel import Bool, Float, Int, Panel
from alpha_kedro.core.row_order import Codes, ranks_in_cells, row_order
from alpha_kedro.measures.row_kernels import correlations_in_cells, sums_in_cells


class Cells(NamedTuple):
    """The cell of its date that each name belongs to: its group, or its quantile.

    Attributes
    ----------
    codes
        (n_dates, n_tickers) int32, C-contiguous; -1: in none.
    size
        Number of cells of a date.
    """

    codes: Codes
    size: int

    @classmethod
    def whole(cls, shape: tuple[int, int]) -> "Cells":
        """Return one cell per date, with every name in it."""
        return cls(np.zeros(shape, dtype=np.int32), 1)

    def spread(self, per_cell: Float) -> Float:
        """Return what each name's cell has of (n_dates, size) values, NaN without."""
        values = per_cell
        if self.size > 1:
            places = np.maximum(self.codes, 0).astype(np.int64)
            values = np.take_along_axis(per_cell, places, axis=1)
        return np.where(self.codes >= 0, values, np.nan)


def row_ranks(
    values: Float, *, cells: Cells | None = None, order: Codes | None = None
) -> Float:
    """Rank the finite cells of each row from 1; equal values share their mean rank.

    Parameters
    ----------
    values
        (n_dates, n_tickers).
    cells
        Rank the names of each cell among themselves.
    order
        What `row_order` gives for these values, or for more of them: a row that has
        been sorted once can be ranked over any part of its names.

    Returns
    -------
    (n_dates, n_tickers) float64, NaN where ``values`` is not finite.
    """
    codes, size = cells or Cells.whole(values.shape)
    finite = np.where(np.isfinite(values), values, np.nan)
    order = row_order(finite) if order is None else order
    return ranks_in_cells(dense(finite), order, codes, size)


def row_correlation(left: Float, right: Float) -> Float:
    """Correlate each row of ``left`` with the same row of ``right`` (Pearson).

    Returns
    -------
    (n_dates,) float64
        Over the names finite on both sides; NaN where fewer than two are, or where one
        side has a single value, for which no correlation exists.
    """
    return cell_correlation(left, right, Cells.whole(left.shape))[:, 0]


def cell_correlation(left: Float, right: Float, cells: Cells) -> Float:
    """Correlate within each cell of a row: (n_dates, size). See `row_correlation`."""
    return correlations_in_cells(dense(left), dense(right), *cells)


def rank_correlation(left: Float, right: Float) -> Float:
    """Correlate the ranks of each row over the names finite on both (Spearman)."""
    known = np.isfinite(left) & np.isfinite(right)
    return row_correlation(
        row_ranks(np.where(known, left, np.nan)),
        row_ranks(np.where(known, right, np.nan)),
    )


def cell_means(values: Float, cells: Cells) -> tuple[Float, Float]:
    """Return mean and number of the finite values in each cell: (n_dates, size) each.

    The mean is NaN in a cell without any.
    """
    sums, counts = sums_in_cells(dense(values), *cells)
    means = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return means, counts


def varies(values: Float, known: Bool) -> Bool:
    """Tell which rows hold at least two different known values: (n_dates,) bool."""
    highest = np.max(values, axis=1, where=known, initial=-np.inf)
    lowest = np.min(values, axis=1, where=known, initial=np.inf)
    several: Bool = highest > lowest
    return several


def row_quantiles(
    values: Float,
    quantiles: int,
    *,
    cells: Cells | None = None,
    order: Codes | None = None,
) -> Int:
    """Sort the finite cells of each row into ``quantiles`` groups of equal size.

    Parameters
    ----------
    values
        (n_dates, n_tickers).
    quantiles
        Number of groups.
    cells, order
        As in `row_ranks`: quantiles within each cell, from a row already sorted.

    Returns
    -------
    (n_dates, n_tickers) int64
        1 (lowest) to ``quantiles``, 0 where ``values`` is not finite. Equal values
        share a group whatever their order in the table, so a group can be empty.
    """
    whole = cells or Cells.whole(values.shape)
    ranks = row_ranks(values, cells=whole, order=order)
    return quantiles_of_ranks(ranks, quantiles, cells=whole)


def quantiles_of_ranks(ranks: Float, quantiles: int, *, cells: Cells) -> Int:
    """Sort names into quantiles by their ranks among those of their cell.

    As `row_quantiles`, for ranks that are there already.
    """
    n_names = cells.spread(cell_means(ranks, cells)[1])
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
