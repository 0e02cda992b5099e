"""From tables, wherever they stand, to the market they make up."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.market.columns import RAW_COLUMNS
from alpha_kedro.sources.tables import MarketTables
from alpha_kedro.sources.tabular.naming import match_columns
from alpha_kedro.sources.tabular.spec import GROUP, OF_BARS, TabularMarketSpec
from alpha_kedro.sources.tabular.symbols import SymbolOwners
from alpha_kedro.sources.tabular.typed import type_table

_DAY_OF = {
    "bars": "date",
    "delisted": "date",
    "actions": "date",
    "delistings": "date",
    "fundamentals": "known_date",
    "sentiment": "date",
}
"""The day on which the symbols of a table meant somebody."""


class SourceTable(Protocol):
    """A table as its source keeps it."""

    @property
    def name(self) -> str:
        """Return the path or name of the table, for errors."""

    @property
    def ticker(self) -> str | None:
        """Return the ticker all rows are of, where there need not be a column."""

    @property
    def columns(self) -> list[str]:
        """Return the names of its columns, as they stand there."""

    def read(
        self, names: Mapping[str, str], *, rows: int | None, distinct: bool = False
    ) -> Iterator[pd.DataFrame]:
        """Yield the columns under our names, ``rows`` at a time (None: at once)."""


FindTables = Callable[[str], Sequence[SourceTable]]
"""Gives the tables behind a parameter such as ``bars``, none where it is not set."""


def assemble_market(find: FindTables, spec: TabularMarketSpec) -> MarketTables:
    """Make a market of tables; bars are read part by part, when they are asked for.

    Parameters
    ----------
    find
        Where the tables are.
    spec
        What they are called, and how what stands in them is written.

    Raises
    ------
    ConfigError
        ``AK-C015`` when no bars are named, ``AK-C016`` when quotes of the day come
        without the actions that adjust them.
    DataError
        ``AK-D020`` when a ticker is among both the listed and the delisted, and as in
        `match_columns`, `type_table` and `SymbolOwners`.
    """
    if spec.bars is None:
        raise ConfigError(
            "AK-C015", "no bars are given", fix=f"set markets.{spec.kind}.bars"
        )
    if spec.basis == "raw" and spec.actions is None:
        raise ConfigError(
            "AK-C016",
            "raw prices cannot be adjusted without the splits",
            fix=f"set markets.{spec.kind}.actions, or basis: split_adjusted",
        )
    market = MarketReader(find, spec, _owners(find, spec))
    bars = {key: market.matched(key) for key in ("bars", "delisted")}
    market.refuse_overlap(bars)
    sectors = market.whole("sectors")
    return MarketTables(
        parts=lambda: market.parts_of_bars(bars),
        basis=spec.basis,
        membership=market.membership(),
        sectors=market.groups(bars) if sectors is None else sectors,
        benchmarks=market.benchmarks(),
        actions=market.actions(),
        delistings=market.whole("delistings"),
        fundamentals=market.whole("fundamentals"),
        sentiment=market.whole("sentiment"),
    )


def _owners(find: FindTables, spec: TabularMarketSpec) -> SymbolOwners | None:
    intervals = MarketReader(find, spec).whole("symbols")
    if intervals is None:
        return None
    return SymbolOwners(intervals, where=str(spec.told("symbols")))


_Matched = list[tuple[SourceTable, dict[str, str]]]
"""Tables, and for each the names of its columns: ours to theirs."""


@dataclass(frozen=True)
class MarketReader:
    """Reads the tables of a market.

    Attributes
    ----------
    find
        Where the tables are.
    spec
        What they are called, and how what stands in them is written.
    owners
        Whom a symbol meant on a day; None: each symbol is a ticker.
    """

    find: FindTables
    spec: TabularMarketSpec
    owners: SymbolOwners | None = None

    def matched(self, key: str) -> _Matched:
        """Find the tables of a key and their columns, reading no rows."""
        return [(table, self._names(table, key)) for table in self.find(key)]

    def parts_of_bars(self, bars: Mapping[str, _Matched]) -> Iterator[pd.DataFrame]:
        """Yield the bars of matched tables, ``RAW_COLUMNS``, some rows at a time."""
        for key, tables in bars.items():
            for part in self._parts(
                key, tables, RAW_COLUMNS, rows=self.spec.chunk_rows
            ):
                yield self._within(part).reindex(columns=list(RAW_COLUMNS))

    def whole(self, key: str) -> pd.DataFrame | None:
        """Read all of a table, or None where none is named."""
        tables = self.matched(key)
        if not tables:
            return None
        columns = dict.fromkeys(name for _, names in tables for name in names)
        parts = self._parts(key, tables, list(columns), rows=None)
        return pd.concat(parts, ignore_index=True)

    def membership(self) -> pd.DataFrame | None:
        """Read index membership; without price_ticker the names are the bars'."""
        table = self.whole("membership")
        if table is None or "price_ticker" in table:
            return table
        named = table["ticker"]
        if self.owners is not None:
            where = str(self.spec.membership)
            named = self.owners.tickers(table["start"], named, where=where)
        return table.assign(price_ticker=named)

    def benchmarks(self) -> pd.DataFrame | None:
        """Read the bars of benchmarks, ``RAW_COLUMNS``."""
        table = self.whole("benchmarks")
        if table is None:
            return None
        return self._within(table).reindex(columns=list(RAW_COLUMNS))

    def actions(self) -> pd.DataFrame | None:
        """Read actions; an empty dividend is none, an empty ratio no split."""
        table = self.whole("actions")
        if table is None:
            return None
        return table.fillna({"dividend": 0.0, "split_ratio": 1.0})

    def groups(self, bars: Mapping[str, _Matched]) -> pd.DataFrame | None:
        """Return the groups that the bars carry, each ticker's once."""
        found = [
            self._distinct(key, table, GROUP)
            for key, tables in bars.items()
            for table in tables
            if GROUP in table[1]
        ]
        if not found:
            return None
        return pd.concat(found).drop_duplicates(ignore_index=True)

    def refuse_overlap(self, bars: Mapping[str, _Matched]) -> None:
        """Refuse a ticker that is among both the listed and the delisted."""
        if not bars["delisted"]:
            return
        listed, delisted = (
            {
                name
                for table in bars[key]
                for name in self._distinct(key, table)["ticker"].dropna()
            }
            for key in ("bars", "delisted")
        )
        if both := listed & delisted:
            raise DataError(
                "AK-D020",
                f"{len(both)} ticker(s) are in bars and in delisted",
                where=sorted(both),
                wanted="each name in one of the two",
                fix="give a reused symbol another name, or take it out of one table",
            )

    def _names(self, table: SourceTable, key: str) -> dict[str, str]:
        known = () if table.ticker is None or key not in OF_BARS else ("ticker",)
        return match_columns(
            table.columns, key=key, spec=self.spec, where=table.name, known=known
        )

    def _distinct(
        self, key: str, table: tuple[SourceTable, dict[str, str]], *also: str
    ) -> pd.DataFrame:
        """Read which tickers a table has, and what goes with each; no prices."""
        dated = [] if self.owners is None else ["date"]
        parts = self._parts(
            key,
            [table],
            [*dated, "ticker", *also],
            rows=self.spec.chunk_rows,
            distinct=True,
        )
        kept = [part[["ticker", *also]].drop_duplicates() for part in parts]
        return pd.concat(kept).drop_duplicates(ignore_index=True)

    def _parts(
        self,
        key: str,
        tables: _Matched,
        columns: Sequence[str],
        *,
        rows: int | None,
        distinct: bool = False,
    ) -> Iterator[pd.DataFrame]:
        """Yield typed rows, under the permanent tickers."""
        for table, names in tables:
            wanted = {ours: names[ours] for ours in columns if ours in names}
            for part in _read(table, wanted, rows=rows, distinct=distinct):
                if "ticker" not in part and "ticker" in columns:
                    part = part.assign(ticker=table.ticker)
                typed = type_table(part, key=key, spec=self.spec, where=table.name)
                yield self._owned(typed, key, table.name)

    def _owned(self, rows: pd.DataFrame, key: str, where: str) -> pd.DataFrame:
        if self.owners is None or key not in _DAY_OF:
            return rows
        days = rows[_DAY_OF[key]]
        owners = self.owners.tickers(days, rows["ticker"], where=where)
        return rows.assign(ticker=owners)

    def _within(self, bars: pd.DataFrame) -> pd.DataFrame:
        """Leave out what was not asked for; a row without a date is refused later."""
        before, after = self.spec.start, self.spec.end
        outside = np.zeros(len(bars), dtype=bool)
        if before is not None:
            outside |= (bars["date"] < pd.Timestamp(before)).to_numpy()
        if after is not None:
            outside |= (bars["date"] > pd.Timestamp(after)).to_numpy()
        return bars[~outside] if outside.any() else bars


def _read(
    table: SourceTable, names: Mapping[str, str], *, rows: int | None, distinct: bool
) -> Iterator[pd.DataFrame]:
    """Read a table; of one that is known by its name alone no row is read."""
    if distinct and not names:
        return iter([pd.DataFrame(index=[0])])
    return table.read(names, rows=rows, distinct=distinct)
