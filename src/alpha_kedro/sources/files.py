"""Bring your own market: Parquet or CSV files, read without losing a name."""

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.core.spec import Spec
from alpha_kedro.market.adjust import PriceBasis
from alpha_kedro.market.columns import (
    NO_VALUE,
    RAW_COLUMNS,
    VALUES,
    as_floats,
    require_columns,
)
from alpha_kedro.market.dates import session_dates
from alpha_kedro.market.tickers import canonical_tickers

_NUMBERS = (*VALUES, "dividend", "split_ratio")
_DATES = ("date", "start", "end")
_TICKERS = ("ticker", "price_ticker")


class FilesMarketSpec(Spec):
    """Where a market's files are: Parquet or CSV, local or any fsspec URL."""

    kind: Literal["files"] = "files"
    bars: str | None = Field(
        default=None,
        description="date, ticker, open, high, low, close, volume[, adj_close]",
    )
    delisted: str | None = Field(
        default=None, description="bars of the names that no longer trade"
    )
    membership: str | None = Field(
        default=None, description="ticker, start, end (empty: still in)[, price_ticker]"
    )
    sectors: str | None = Field(default=None, description="ticker and the group column")
    benchmarks: str | None = Field(
        default=None, description="as bars: SPY and the like"
    )
    actions: str | None = Field(
        default=None, description="date (ex-date), ticker, dividend, split_ratio"
    )
    group_column: str = Field(
        default="sector",
        description="column of groups in the sectors file; without one, in the bars",
    )
    basis: PriceBasis = Field(
        default="split_adjusted",
        description=(
            "split_adjusted: prices and dividends are on today's share basis; raw: as "
            "quoted on the day, to be adjusted by the actions file"
        ),
    )
    calendar: str = Field(
        default="XNYS",
        description="exchange on whose clock dates with a time zone are read",
    )


def read_bars(spec: FilesMarketSpec) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Read the bars of the listed and, where given, of the delisted.

    Returns
    -------
    bars
        ``RAW_COLUMNS``; adj_close is NaN where the files have none.
    groups
        ticker, sector where the bars carry ``group_column``, else None.

    Raises
    ------
    ConfigError
        ``AK-C015`` when no bars are named.
    DataError
        ``AK-D020`` when a ticker is in both files; ``AK-D010``, ``AK-D011``,
        ``AK-D012``, ``AK-D017``, ``AK-D018`` and ``AK-D019`` as in `read_table`.
    """
    if spec.bars is None:
        raise ConfigError(
            "AK-C015", "no bars are given", fix="set markets.files.bars to a file"
        )
    listed = _read_bars(spec.bars, "bars", spec)
    if spec.delisted is None:
        return listed[list(RAW_COLUMNS)], _groups(listed, spec.group_column)
    delisted = _read_bars(spec.delisted, "delisted", spec)
    _refuse_overlap(listed, delisted)
    both = pd.concat([listed, delisted], ignore_index=True)
    return both[list(RAW_COLUMNS)], _groups(both, spec.group_column)


def read_benchmarks(spec: FilesMarketSpec) -> pd.DataFrame | None:
    """Read the benchmarks' bars (``RAW_COLUMNS``), or None when none are named."""
    if spec.benchmarks is None:
        return None
    return _read_bars(spec.benchmarks, "benchmarks", spec)[list(RAW_COLUMNS)]


def read_membership(spec: FilesMarketSpec) -> pd.DataFrame | None:
    """Read index membership, or None when none is named.

    Returns
    -------
    DataFrame
        ticker (the index's symbol of the day), start, end (both days included, NaT:
        still a member), price_ticker (whose prices, missing where there are none).
    """
    if spec.membership is None:
        return None
    needs = ("ticker", "start", "end")
    table = read_table(spec.membership, needs, key="membership", spec=spec)
    if "price_ticker" not in table:
        table = table.assign(price_ticker=table["ticker"])
    return table[[*needs, "price_ticker"]]


def read_sectors(spec: FilesMarketSpec) -> pd.DataFrame | None:
    """Read ticker and sector (the group column), or None when no file is named."""
    if spec.sectors is None:
        return None
    needs = ("ticker", spec.group_column)
    table = read_table(spec.sectors, needs, key="sectors", spec=spec)
    return table[list(needs)].set_axis(["ticker", "sector"], axis=1)


def read_actions(spec: FilesMarketSpec) -> pd.DataFrame | None:
    """Read corporate actions, or None when none are named.

    An empty dividend is none (0.0), an empty split ratio is no split (1.0).
    """
    if spec.actions is None:
        return None
    needs = ("date", "ticker", "dividend", "split_ratio")
    table = read_table(spec.actions, needs, key="actions", spec=spec)
    return table[list(needs)].fillna({"dividend": 0.0, "split_ratio": 1.0})


def read_table(
    path: str, needs: tuple[str, ...], *, key: str, spec: FilesMarketSpec
) -> pd.DataFrame:
    """Read one file and type the columns this project knows.

    Parameters
    ----------
    path
        Parquet unless it ends in ``.csv`` (or ``.csv.gz`` and the like).
    needs
        Columns that have to be there.
    key
        The parameter under ``markets.files`` that named the file.
    spec
        Whose calendar dates with a zone are read on.

    Raises
    ------
    DataError
        ``AK-D018`` no such file, ``AK-D019`` it cannot be read, ``AK-D012`` a column is
        missing, ``AK-D010`` a ticker is not text, ``AK-D011`` a date cannot be read,
        ``AK-D017`` a value is not a number.
    """
    table = _open(path, key, spec.group_column)
    require_columns(table, needs, where=path)
    typed: dict[str, pd.Series] = {
        name: session_dates(table[name], calendar=spec.calendar, where=path)
        for name in _DATES
        if name in table
    }
    for name in _TICKERS:
        if name in table:
            text = table[name].replace("", None)
            typed[name] = canonical_tickers(text, where=path)
    for name in _NUMBERS:
        if name in table:
            typed[name] = pd.Series(as_floats(table, name, where=path), table.index)
    return table.assign(**typed)


def _read_bars(path: str, key: str, spec: FilesMarketSpec) -> pd.DataFrame:
    needs = tuple(name for name in RAW_COLUMNS if name != "adj_close")
    table = read_table(path, needs, key=key, spec=spec)
    return table if "adj_close" in table else table.assign(adj_close=np.nan)


def _groups(bars: pd.DataFrame, column: str) -> pd.DataFrame | None:
    if column not in bars:
        return None
    groups = bars[["ticker", column]].drop_duplicates(ignore_index=True)
    return groups.set_axis(["ticker", "sector"], axis=1)


def _open(path: str, key: str, group_column: str) -> pd.DataFrame:
    try:
        if ".csv" in Path(path).suffixes:
            return _open_csv(path, group_column)
        return pd.read_parquet(path, page_checksum_verification=True)
    except FileNotFoundError:
        raise DataError(
            "AK-D018",
            f"there is no file {path}",
            fix=f"set markets.files.{key}, or put the file there",
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(
            "AK-D019",
            f"{path} cannot be read",
            got=f"{type(error).__name__}: {error}",
            wanted="a whole Parquet file, or CSV with the ending .csv",
            fix=f"fetch it again, or set markets.files.{key} to another file",
        ) from error


def _open_csv(path: str, group_column: str) -> pd.DataFrame:
    """Read CSV with names as text: NA, ON, 1e5 and 0700 are tickers."""
    return pd.read_csv(
        path,
        dtype=dict.fromkeys((*_TICKERS, *_DATES, group_column), str),
        keep_default_na=False,
        na_values={name: list(NO_VALUE) for name in _NUMBERS},
        low_memory=False,
    )


def _refuse_overlap(listed: pd.DataFrame, delisted: pd.DataFrame) -> None:
    both = set(listed["ticker"].dropna()) & set(delisted["ticker"].dropna())
    if both:
        raise DataError(
            "AK-D020",
            f"{len(both)} ticker(s) are in bars and in delisted",
            where=sorted(both),
            wanted="each name in one of the two",
            fix="give a reused symbol another name, or take it out of one file",
        )
