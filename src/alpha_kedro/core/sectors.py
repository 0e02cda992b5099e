"""Sectors, or any other groups of names, as numbers: day by day, as they were then.

A table of sectors has one row per label: ``ticker``, ``sector`` and, where labels are
dated, ``start`` and ``end`` (both days included; NaT start: always, NaT end: still).
Labels without dates are those of today, applied to the past.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Axes, Bool, Int

UNKNOWN = "UNKNOWN"
"""The sector of a name on a day for which no label is given."""

ALWAYS = pd.Timestamp("1678-01-01")
STILL = pd.Timestamp("2262-01-01")


def sector_codes(sectors: pd.DataFrame | None, axes: Axes) -> Int:
    """Return the sector of each ticker on each date as a number.

    Parameters
    ----------
    sectors
        See the module. None: no sector is known.
    axes
        Dates and tickers asked about.

    Returns
    -------
    (n_dates, n_tickers) int64
        Place of the sector in `sector_names`, -1 where a ticker has no label that day.
        Read-only. Where no label changes within the dates it is one row seen many
        times, and takes the memory of one.

    Raises
    ------
    DataError
        ``AK-D053`` a ticker has two labels on one day.

    Notes
    -----
    A row depends on the labels that have started by its date: those given later move no
    bit of it.
    """
    row = np.full(axes.shape[1], -1, dtype=np.int64)
    if sectors is None:
        return np.broadcast_to(row, axes.shape)
    labels = dated_labels(sectors)
    _refuse_two_at_once(labels)
    codes = pd.Index(sector_names(labels)).get_indexer(pd.Index(labels["sector"]))
    first = np.searchsorted(axes.dates, labels["start"].to_numpy(), side="left")
    after = np.searchsorted(axes.dates, labels["end"].to_numpy(), side="right")
    columns = axes.columns_of(labels["ticker"])
    asked = (columns >= 0) & (first < after)
    whole = asked & (after - first == len(axes.dates))
    row[columns[whole]] = codes[whole]
    if (whole == asked).all():
        return np.broadcast_to(row, axes.shape)
    cells = np.tile(row, (len(axes.dates), 1))
    for at in np.flatnonzero(asked & ~whole):
        cells[first[at] : after[at], columns[at]] = codes[at]
    cells.flags.writeable = False
    return cells


def sector_names(sectors: pd.DataFrame) -> list[str]:
    """Return the sectors in the order of their codes.

    That is the order in which they are first given to a name, those of one day by
    their own names: a sector that is invented later renumbers none before it.
    """
    labels = dated_labels(sectors)
    first = labels.groupby("sector")["start"].min().reset_index()
    names: list[str] = first.sort_values(["start", "sector"])["sector"].tolist()
    return names


def sector_labels(sectors: pd.DataFrame | None, axes: Axes) -> npt.NDArray[np.object_]:
    """Return the sector of each ticker on each date by name, else ``UNKNOWN``.

    Returns
    -------
    (n_dates, n_tickers) str objects
    """
    names = [] if sectors is None else sector_names(sectors)
    known = np.array([*names, UNKNOWN], dtype=object)
    return known[sector_codes(sectors, axes)]


def dated_labels(sectors: pd.DataFrame) -> pd.DataFrame:
    """Return ticker, sector, start and end, an open side as a day out of all reach."""
    sides = {"start": ALWAYS, "end": STILL}
    return sectors[["ticker", "sector"]].assign(
        **{
            side: _days(sectors, side).fillna(reach).astype("datetime64[us]")
            for side, reach in sides.items()
        }
    )


def overlapping(labels: pd.DataFrame) -> Bool:
    """Mark the labels that hold on a day on which their ticker has another already.

    Parameters
    ----------
    labels
        As `dated_labels` gives them.

    Returns
    -------
    (n_labels,) bool, in the order of the rows; the earlier of two is not marked.
    """
    in_turn = labels.reset_index(drop=True)
    ordered = in_turn.sort_values(["ticker", "start"], kind="stable")
    reached = ordered.groupby("ticker")["end"].cummax()
    before = reached.groupby(ordered["ticker"]).shift(1)
    # A ticker's first label has nothing to overlap: NaT compares False.
    return (ordered["start"] <= before).sort_index().to_numpy(dtype=bool)


def _days(sectors: pd.DataFrame, side: str) -> "pd.Series[pd.Timestamp]":
    if side in sectors:
        given: pd.Series[pd.Timestamp] = sectors[side].astype("datetime64[us]")
        return given
    return pd.Series(pd.NaT, sectors.index, dtype="datetime64[us]")


def _refuse_two_at_once(labels: pd.DataFrame) -> None:
    twice = labels["ticker"][overlapping(labels)]
    if len(twice):
        raise DataError(
            "AK-D053",
            "a ticker has more than one sector on a day",
            where=twice,
            wanted="one sector per ticker and day",
            fix="end each label on the day before the next one starts",
        )
