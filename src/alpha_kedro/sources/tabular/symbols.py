"""Whom a symbol meant on a day: permanent tickers for symbols that change hands.

A company changes its symbol (FB became META), and a symbol changes its company (META
was a fund before). A table of intervals says who owned which symbol when; with it one
company has one history, and two companies never share one.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Bool, Int

_EVER = 10_000_000  # days; further from 1970 than any date of the calendar
_APART = 4 * _EVER  # between the intervals of one name and those of the next


class SymbolOwners:
    """Intervals of ownership, checked, and asked for rows of (date, symbol).

    Parameters
    ----------
    intervals
        symbol, start, end (both days included; NaT: since ever, still), ticker.
    where
        The file or table they come from, for errors.

    Raises
    ------
    DataError
        ``AK-D064`` when an interval is incomplete or ends before it starts, when a
        symbol has two owners on one day, or a ticker two symbols.
    """

    def __init__(self, intervals: pd.DataFrame, *, where: str) -> None:
        self.where = where
        table = intervals.assign(
            first=_day_numbers(intervals["start"], missing=-_EVER),
            last=_day_numbers(intervals["end"], missing=_EVER),
        )
        self._refuse_incomplete(table)
        for name in ("symbol", "ticker"):
            self._refuse_overlap(table, name)
        self._of_symbol = _Intervals(table, "symbol")
        self._of_ticker = _Intervals(table, "ticker")

    def tickers(self, dates: pd.Series, symbols: pd.Series, *, where: str) -> pd.Series:
        """Return the permanent ticker of each row.

        Parameters
        ----------
        dates
            (n_rows,) datetime64[us]; a row without one keeps its symbol, and is
            refused for its date later.
        symbols
            (n_rows,) canonical text. Symbols that are not in the table are kept.
        where
            The file or table of the rows, for the error.

        Raises
        ------
        DataError
            ``AK-D065`` for rows of a symbol of the table on days on which nobody owned
            it, and for rows under a ticker's own name while it had another symbol.
        """
        codes, names = pd.factorize(symbols)
        days = _day_numbers(dates, missing=0)
        row = self._of_symbol.find(names, codes, days)
        dated = (dates.notna() & symbols.notna()).to_numpy()
        unowned = self._of_symbol.has(names)[codes] & (row < 0)
        renamed = (self._of_ticker.find(names, codes, days) >= 0) & (row < 0)
        self._refuse_unowned(dates, symbols, (unowned | renamed) & dated, where)
        owned = np.where(
            (row >= 0) & dated,
            self._of_symbol.tickers[row],
            symbols.to_numpy(dtype=object),
        )
        return pd.Series(owned, symbols.index, dtype="str")

    def _refuse_incomplete(self, table: pd.DataFrame) -> None:
        nameless = table["symbol"].isna() | table["ticker"].isna()
        faulty = table[nameless | (table["first"] > table["last"])]
        if len(faulty):
            self._refuse(
                "symbol(s) without owner, name or time", map(_told, _rows(faulty))
            )

    def _refuse_overlap(self, table: pd.DataFrame, name: str) -> None:
        ordered = table.sort_values([name, "first", "last"], kind="stable")
        reach = ordered.groupby(name)["last"].cummax().groupby(ordered[name]).shift()
        later = ordered[ordered["first"] <= reach]
        pairs = [
            f"{_told(earlier)} and {_told(one)}"
            for one in _rows(later)
            for earlier in [_overlapped(ordered[ordered[name] == one[name]], one)]
        ]
        other = {"symbol": "owners", "ticker": "symbols"}[name]
        if pairs:
            self._refuse(f"{name}(s) with two {other} on one day", pairs)

    def _refuse(self, what: str, places: Iterable[str]) -> None:
        named = list(places)
        raise DataError(
            "AK-D064",
            f"{len(named)} {what} in {self.where}",
            where=named,
            wanted="one owner of a symbol, and one symbol of a ticker, on each day",
            fix="correct the days; both start and end belong to the interval",
        )

    def _refuse_unowned(
        self, dates: pd.Series, symbols: pd.Series, unowned: Bool, where: str
    ) -> None:
        if not unowned.any():
            return
        rows = pd.DataFrame({"date": dates, "symbol": symbols})[unowned]
        spans = rows.groupby("symbol")["date"].agg(["min", "max", "size"])
        raise DataError(
            "AK-D065",
            f"{len(rows)} row(s) of {where} under symbols that nobody owned that day",
            where=[
                f"{symbol} {span['min']:%Y-%m-%d}..{span['max']:%Y-%m-%d}"
                f" ({span['size']} rows)"
                for symbol, span in spans.iterrows()
            ],
            wanted=f"an owner of each of these days in {self.where}",
            fix="add the interval; a start or end left empty is since ever, or still",
        )


class _Intervals:
    """Intervals sorted by name and first day, so that a row is found by bisection."""

    def __init__(self, table: pd.DataFrame, name: str) -> None:
        ordered = table.sort_values([name, "first"], kind="stable")
        codes, self._names = pd.factorize(ordered[name])
        self._starts = codes * _APART + ordered["first"].to_numpy()
        self._ends = codes * _APART + ordered["last"].to_numpy()
        self.tickers = ordered["ticker"].to_numpy(dtype=object)

    def has(self, names: pd.Index) -> Bool:
        """Tell of each name, and at the end of none, whether there are intervals."""
        return np.append(names.isin(self._names), False)

    def find(self, names: pd.Index, codes: Int, days: Int) -> Int:
        """Return the interval of each row, -1 where there is none."""
        places = np.append(pd.Index(self._names).get_indexer(names), -1)[codes]
        keys = places * _APART + days
        row = np.searchsorted(self._starts, keys, side="right") - 1
        inside = (places >= 0) & (row >= 0) & (keys <= self._ends[row])
        return np.where(inside, row, -1)


def _day_numbers(days: pd.Series, *, missing: int) -> Int:
    whole = days.astype("datetime64[s]").to_numpy().astype("datetime64[D]")
    return np.where(days.isna(), missing, whole.astype("int64"))


def _overlapped(of_one_name: pd.DataFrame, one: dict[str, Any]) -> dict[str, Any]:
    """Return the first interval of the same name that reaches into this one."""
    reaching = of_one_name[of_one_name["last"] >= one["first"]]
    return _rows(reaching.head(1))[0]


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]


def _told(row: dict[str, Any]) -> str:
    start, end = (
        "" if pd.isna(day) else f"{day:%Y-%m-%d}" for day in (row["start"], row["end"])
    )
    return f"{row['symbol']} {start}..{end} -> {row['ticker']}"
