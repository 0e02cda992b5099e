"""From a vendor's columns to typed ones: names are there, numbers are numbers."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Float, Int
from alpha_kedro.core.registry import nearest
from alpha_kedro.market.dates import session_dates
from alpha_kedro.market.tickers import canonical_tickers

PRICES = ("open", "high", "low", "close")
VALUES = (*PRICES, "adj_close", "volume")
RAW_COLUMNS = ("date", "ticker", *VALUES)
NO_VALUE = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")


def require_columns(table: pd.DataFrame, names: Iterable[str], *, where: str) -> None:
    """Refuse a table that lacks one of the named columns.

    Raises
    ------
    DataError
        ``AK-D012`` with the missing names and the nearest that are there.
    """
    present = [str(name) for name in table.columns]
    lacking = [name for name in names if name not in present]
    if not lacking:
        return
    near = {name: nearest(name, present) for name in lacking}
    renames = [f"{close!r} to {name!r}" for name, close in near.items() if close]
    raise DataError(
        "AK-D012",
        f"{where} lacks {len(lacking)} column(s)",
        where=lacking,
        got=", ".join(present),
        wanted=", ".join(names),
        fix=f"rename {', '.join(renames)}" if renames else "add the column(s)",
    )


def as_floats(table: pd.DataFrame, name: str, *, where: str) -> Float:
    """Return a column as float64, NaN where it is missing.

    Raises
    ------
    DataError
        ``AK-D017`` when a value is not a number, such as ``1,234.5``.
    """
    column = table[name]
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype="float64", na_value=np.nan)
    numbers = pd.to_numeric(column, errors="coerce")
    lost = column[numbers.isna() & column.notna() & ~column.isin(NO_VALUE)]
    if len(lost):
        raise DataError(
            "AK-D017",
            f"{len(lost)} value(s) of column {name!r} of {where} are not numbers",
            where=[repr(value) for value in lost.head(5)],
            wanted="plain decimals, such as 1234.5",
            fix="write the column without separators, units or words",
        )
    return numbers.to_numpy(dtype="float64", na_value=np.nan)


def arrange_bars(raw: pd.DataFrame, *, calendar: str, where: str) -> pd.DataFrame:
    """Return bars typed and sorted by (date, ticker), every row kept.

    Parameters
    ----------
    raw
        date, ticker, open, high, low, close, volume in any order of rows; ``adj_close``
        where known. Other columns are left out.
    calendar
        ISO code of the exchange on whose clock instants are read.
    where
        The file or table, for errors.

    Returns
    -------
    DataFrame
        ``RAW_COLUMNS``: date as datetime64[us], ticker categorical with sorted
        categories, the rest float64 with NaN where missing.

    Raises
    ------
    DataError
        ``AK-D010`` a ticker is not text, ``AK-D011`` a date cannot be read, ``AK-D012``
        a column is missing, ``AK-D017`` a value is not a number.
    """
    require_bar_columns(raw.columns, where=where)
    tickers = pd.Categorical(canonical_tickers(raw["ticker"], where=where))
    dates = session_dates(raw["date"], calendar=calendar, where=where).to_numpy()
    order = np.lexsort((tickers.codes, dates))
    keys = {"date": dates[order], "ticker": tickers[order]}
    return pd.DataFrame(keys | bar_values(raw, order, where=where), copy=False)


def require_bar_columns(columns: Iterable[str], *, where: str) -> None:
    """Refuse bars without one of the columns that all bars have (``AK-D012``)."""
    empty = pd.DataFrame(columns=list(columns))
    require_columns(empty, [*RAW_COLUMNS[:6], "volume"], where=where)


def bar_values(raw: pd.DataFrame, rows: Int, *, where: str) -> dict[str, Float]:
    """Return ``VALUES`` of some rows as float64, NaN where missing.

    Raises
    ------
    DataError
        ``AK-D017`` a value is not a number.
    """
    known = [name for name in VALUES if name in raw]
    taken = raw[known].take(rows)
    values = {name: as_floats(taken, name, where=where) for name in known}
    return {name: values.get(name, np.full(len(rows), np.nan)) for name in VALUES}
