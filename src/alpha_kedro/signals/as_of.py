"""What was known of each name on each session: the one join of dates in this project.

A row may be seen from the close of ``known_at`` on, never before. Of the rows known on
a day the one of the latest period counts, and of that period the version known last: a
restatement takes effect on its own day, and a late word on an old period does not push
aside what is known of a newer one.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Float, Int


@dataclass(frozen=True)
class Newest:
    """The row that counts for each name on each session.

    Attributes
    ----------
    rows
        (n_dates, n_tickers) position in the table; -1 where nothing is known, or what
        is known is too old.
    age
        (n_dates, n_tickers) sessions since any version of the row's period was first
        known, 0 on that session; -1 as above.
    """

    rows: Int
    age: Int

    def spread(self, values: Float) -> Float:
        """Return (n_dates, n_tickers) of a column of the table, NaN where no row is."""
        return np.append(values, np.nan)[self.rows]


def newest_known(table: pd.DataFrame, axes: Axes, *, max_age_sessions: int) -> Newest:
    """Find the row of the latest period known of each name at each close.

    Parameters
    ----------
    table
        ticker, known_at (a session), end_date (of the period), in any order; these
        three tell its rows apart.
    axes
        Sessions and tickers asked about.
    max_age_sessions
        Sessions after which a period not followed by another is out of date. A version
        of it does not make it younger.

    Returns
    -------
    Newest

    Notes
    -----
    Row t depends on rows of the table known at or before t. What became known before
    the first session has an age nobody can count here and is left out; it still keeps
    older periods from counting. With ``max_age_sessions + 1`` sessions loaded the last
    of them is therefore the same as with all.
    """
    columns = axes.columns_of(table["ticker"])
    known, ends = table["known_at"].to_numpy(), table["end_date"].to_numpy()
    order = np.lexsort((ends, known, columns))
    order = order[columns[order] >= 0]
    order = order[_is_latest(columns[order], ends[order])]
    first_known = table.groupby(["ticker", "end_date"])["known_at"].transform("min")
    since = np.searchsorted(axes.dates, first_known.to_numpy(), side="left")
    since[first_known.to_numpy() < axes.dates[:1]] = -1 - max_age_sessions
    rows = _carried_forward(order, columns, known, axes)
    age = np.arange(len(axes.dates))[:, None] - np.append(since, 0)[rows]
    counts = (rows >= 0) & (age <= max_age_sessions)
    return Newest(np.where(counts, rows, -1), np.where(counts, age, -1))


def _is_latest(
    columns: Int, ends: Float
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Mark rows, in the order they became known, of no older period than before."""
    latest = pd.Series(ends).groupby(columns).cummax().to_numpy()
    return np.equal(ends, latest)


def _carried_forward(order: Int, columns: Int, known: Float, axes: Axes) -> Int:
    """Put each row at its first session and carry it on to the next one's."""
    first = np.searchsorted(axes.dates, known[order], side="left")
    seen = first < len(axes.dates)
    place = np.full(axes.shape, -1, dtype=np.int64)
    # Where several rows become known at once the last in order stays.
    place[first[seen], columns[order][seen]] = np.arange(len(order))[seen]
    carried = np.maximum.accumulate(place, axis=0)
    return np.append(order, -1)[carried]
