"""What changed between two vintages of a market, table by table, row by row."""

import tempfile
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from alpha_kedro.core.stored_table import StoredTable, write_parts
from alpha_kedro.market.adjust import PriceBasis
from alpha_kedro.sources.tables import MarketTables
from alpha_kedro.sources.vintages.kinds import tickers_of
from alpha_kedro.sources.vintages.rows import (
    ADDED,
    CHANGED,
    REMOVED,
    MatchedRows,
    list_changes,
    match_rows,
)
from alpha_kedro.sources.vintages.store import StoredParts

_KEYS: dict[str, tuple[str, ...]] = {
    "membership": ("ticker", "start"),
    "sectors": ("ticker", "start"),
    "benchmarks": ("date", "ticker"),
    "actions": ("date", "ticker"),
    "delistings": ("date", "ticker"),
    "fundamentals": ("ticker", "known_date", "end_date"),
    "sentiment": ("date", "ticker"),
}
_BAR_KEY = ("ticker", "date")
_BLOCK_ROWS = 1 << 20  # of both vintages together, at a time


@dataclass(frozen=True)
class Changes:
    """What changed from one vintage to another.

    Attributes
    ----------
    basis
        The price basis before and after.
    counts
        table, kind (added, removed, changed), rows: every table that either has.
    tickers
        What happened to the bars of every ticker, see `kinds.tickers_of`.
    rows
        Gives all changes part by part, see `rows.list_changes`. They are compared
        again, not kept: a rescaled market has millions of them.
    """

    basis: tuple[PriceBasis, PriceBasis]
    counts: pd.DataFrame
    tickers: pd.DataFrame
    rows: Callable[[], Iterator[pd.DataFrame]]

    @property
    def are_none(self) -> bool:
        """Return whether both vintages hold the same rows."""
        return self.basis[0] == self.basis[1] and not self.counts["rows"].any()


def diff_vintages(a: MarketTables, b: MarketTables) -> Changes:
    """Compare two vintages of a market.

    Parameters
    ----------
    a, b
        The older and the newer one, as `load_vintage` gives them. Bars are compared a
        block of tickers at a time; of other markets they are written to a temporary
        file first.

    Returns
    -------
    Changes
        Rows are matched by key: (date, ticker), for membership and sectors (ticker,
        start), for fundamentals (ticker, known_date, end_date); the n-th row of a key
        with the n-th. Order is not compared. Missing equals missing.
    """
    older, newer = _stored_bars(a), _stored_bars(b)
    counts: list[tuple[str, str, int]] = []
    tickers = []
    last = _last_session(older)
    tally: Counter[str] = Counter()
    for matched in _blocks(older, newer):
        tickers.append(tickers_of(matched, last=last))
        tally.update(_count(matched))
    counts += _listed("bars", tally)
    for name, pair in _small_tables(a, b):
        counts += _listed(name, _count(pair))

    def rows() -> Iterator[pd.DataFrame]:
        for matched in _blocks(older, newer):
            yield list_changes(matched, table="bars")
        for name, pair in _small_tables(a, b):
            yield list_changes(pair, table=name)

    return Changes(
        basis=(a.basis, b.basis),
        counts=pd.DataFrame(counts, columns=["table", "kind", "rows"]),
        tickers=pd.concat(tickers, ignore_index=True),
        rows=rows,
    )


def _stored_bars(market: MarketTables) -> StoredTable:
    if isinstance(market.parts, StoredParts):
        return market.parts.table
    folder = tempfile.TemporaryDirectory()
    path = Path(folder.name, "bars.parquet")
    write_parts(path, market.parts())
    table = StoredTable(path)
    weakref.finalize(table, folder.cleanup)
    return table


def _last_session(bars: StoredTable) -> pd.Timestamp:
    return max(
        (part["date"].max() for part in bars.parts(["date"]) if len(part)),
        default=pd.Timestamp.min,
    )


def _blocks(older: StoredTable, newer: StoredTable) -> Iterator[MatchedRows]:
    """Match the bars, as many tickers at a time as make up a block."""
    sizes: Counter[str | None] = Counter()
    for table in (older, newer):
        for part in table.parts(["ticker"]):
            found = part["ticker"].value_counts(dropna=False)
            sizes.update({_name(each): int(n) for each, n in found.items()})
    names = sorted(sizes, key=lambda name: (name is None, name or ""))
    ends = np.cumsum([sizes[name] for name in names]) // _BLOCK_ROWS
    for block in np.unique(ends):
        chosen = [name for name, of in zip(names, ends, strict=True) if of == block]
        yield match_rows(older.rows_of(chosen), newer.rows_of(chosen), _BAR_KEY)
    if not names:
        yield match_rows(older.rows_of([]), newer.rows_of([]), _BAR_KEY)


def _name(ticker: object) -> str | None:
    return str(ticker) if isinstance(ticker, str) else None


def _small_tables(
    a: MarketTables, b: MarketTables
) -> Iterator[tuple[str, MatchedRows]]:
    for name, key in _KEYS.items():
        old, new = getattr(a, name), getattr(b, name)
        if old is None and new is None:
            continue
        old = new.iloc[:0] if old is None else old
        new = old.iloc[:0] if new is None else new
        yield name, match_rows(old, new, _present(key, old, new))


def _present(
    key: Sequence[str], old: pd.DataFrame, new: pd.DataFrame
) -> tuple[str, ...]:
    """Return the key without what a table lacks: undated sectors have no start."""
    return tuple(name for name in key if name in old and name in new)


def _count(matched: MatchedRows) -> Counter[str]:
    changed = np.zeros(len(matched.keys), dtype=bool)
    for field in matched.fields:
        changed |= matched.differs(field)
    return Counter(
        {
            ADDED: int((matched.in_new & ~matched.in_old).sum()),
            REMOVED: int((matched.in_old & ~matched.in_new).sum()),
            CHANGED: int(changed.sum()),
        }
    )


def _listed(table: str, tally: Counter[str]) -> list[tuple[str, str, int]]:
    return [(table, kind, tally[kind]) for kind in (ADDED, REMOVED, CHANGED)]
