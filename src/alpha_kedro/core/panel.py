"""The one door between long tables (date, ticker) and aligned arrays.

A long table has one row per (date, ticker). A panel has one array of shape
``(n_dates, n_tickers)`` per field, dates ascending, tickers in code-point order. A cell
without a row is NaN, and stays NaN: nothing is ever filled here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from alpha_kedro.core.errors import DataError

Array = npt.NDArray[Any]
Float = npt.NDArray[np.float64]
Single = npt.NDArray[np.float32]
Bool = npt.NDArray[np.bool_]
Int = npt.NDArray[np.int64]
Dates = npt.NDArray[np.datetime64]
Tickers = npt.NDArray[np.object_]

DATE_DTYPE = "datetime64[us]"


@dataclass(frozen=True)
class Axes:
    """The two axes every array of a panel shares.

    Attributes
    ----------
    dates
        (n_dates,) datetime64[us], ascending, unique.
    tickers
        (n_tickers,) str objects, sorted, unique.
    """

    dates: Dates
    tickers: Tickers

    @classmethod
    def of(cls, dates: Iterable[object], tickers: Iterable[str]) -> "Axes":
        """Build axes from any dates and tickers; duplicates and order are settled."""
        days = pd.DatetimeIndex(pd.Series(dates)).as_unit("us").unique().sort_values()
        names = np.array(sorted(set(tickers)), dtype=object)
        return cls(days.to_numpy(), names)

    @classmethod
    def of_table(cls, table: pd.DataFrame) -> "Axes":
        """Return the axes spanned by the rows of a long table."""
        return cls.of(table["date"].unique(), table["ticker"].unique())

    @property
    def shape(self) -> tuple[int, int]:
        """Return (n_dates, n_tickers)."""
        return len(self.dates), len(self.tickers)

    def rows_of(self, dates: Iterable[object]) -> Int:
        """Return the row of each date, -1 where the date is not on the axis."""
        index = pd.DatetimeIndex(self.dates)
        return index.get_indexer(pd.DatetimeIndex(pd.Series(dates)).as_unit("us"))

    def columns_of(self, tickers: Iterable[str]) -> Int:
        """Return the column of each ticker, -1 where it is not on the axis."""
        codes, uniques = pd.factorize(pd.Series(tickers))
        positions = {name: column for column, name in enumerate(self.tickers)}
        lookup = np.array([positions.get(name, -1) for name in uniques] + [-1])
        return lookup[codes]

    def locate(self, table: pd.DataFrame) -> tuple[Int, Int]:
        """Return (rows, columns) of every row of a long table; -1 is off the axes."""
        codes, uniques = pd.factorize(table["date"])
        rows = np.append(self.rows_of(uniques), -1)[codes]
        return rows, self.columns_of(table["ticker"])


@dataclass(frozen=True)
class Panel:
    """Named arrays of shape (n_dates, n_tickers) on common axes."""

    axes: Axes
    fields: Mapping[str, Array]

    @classmethod
    def from_table(
        cls,
        table: pd.DataFrame,
        fields: Iterable[str],
        *,
        axes: Axes | None = None,
    ) -> "Panel":
        """Spread a long table over aligned float64 arrays.

        Parameters
        ----------
        table
            Long table with ``date``, ``ticker`` and the named columns.
        fields
            Columns to take.
        axes
            Axes to spread over; rows off them are left out. Default: the table's own.

        Raises
        ------
        DataError
            ``AK-D001`` when a (date, ticker) stands in the table twice.
        """
        axes = axes or Axes.of_table(table)
        rows, columns = axes.locate(table)
        inside = (rows >= 0) & (columns >= 0)
        flat = rows[inside] * axes.shape[1] + columns[inside]
        _refuse_duplicates(flat, table, inside)
        return cls(
            axes, {name: _spread(table, name, inside, flat, axes) for name in fields}
        )

    @property
    def dates(self) -> Dates:
        """Return the (n_dates,) dates."""
        return self.axes.dates

    @property
    def tickers(self) -> Tickers:
        """Return the (n_tickers,) tickers."""
        return self.axes.tickers

    def __getitem__(self, name: str) -> Array:
        return self.fields[name]

    def to_table(self, keep: Bool | None = None) -> pd.DataFrame:
        """Gather the arrays into a long table sorted by (date, ticker).

        Parameters
        ----------
        keep
            (n_dates, n_tickers) boolean; rows where it is False are left out.
        """
        return gather(self.axes, self.fields, keep)


def gather(
    axes: Axes, fields: Mapping[str, Array], keep: Bool | None = None
) -> pd.DataFrame:
    """Gather aligned arrays into a long table sorted by (date, ticker)."""
    chosen = np.ones(axes.shape, dtype=bool) if keep is None else keep
    rows, columns = np.nonzero(chosen)
    table = {"date": axes.dates[rows], "ticker": pd.array(axes.tickers, "str")[columns]}
    return pd.DataFrame(table | {name: field[chosen] for name, field in fields.items()})


def _spread(
    table: pd.DataFrame, name: str, inside: Bool, flat: Int, axes: Axes
) -> Float:
    values = table[name].to_numpy(dtype="float64", na_value=np.nan)[inside]
    array = np.full(axes.shape, np.nan)
    array.ravel()[flat] = values
    return array


def _refuse_duplicates(flat: Int, table: pd.DataFrame, inside: Bool) -> None:
    if not len(flat) or np.bincount(flat).max() == 1:
        return
    rows = table[inside]
    twice = rows[rows.duplicated(["date", "ticker"], keep=False)]
    raise DataError(
        "AK-D001",
        "a (date, ticker) stands in the table more than once",
        where=[f"{row.ticker} {row.date:%Y-%m-%d}" for row in twice.itertuples()],
        wanted="one row per (date, ticker)",
        fix="clean the bars first: alpha_kedro.market.clean_bars",
    )
