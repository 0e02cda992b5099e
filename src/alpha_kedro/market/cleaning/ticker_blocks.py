"""A table of bars, in memory or on disk, given out some tickers at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import DATE_DTYPE, Int
from alpha_kedro.core.stored_table import StoredTable
from alpha_kedro.market.cleaning.scope import Codes, Outline
from alpha_kedro.market.columns import bar_values, require_bar_columns
from alpha_kedro.market.dates import NO_DAY, Days, as_days, session_dates
from alpha_kedro.market.tickers import canonical_tickers

_WHERE = "bars"
_KEYS = ["date", "ticker"]
_DAY = "datetime64[D]"
_BITS_OF_A_DAY = 32


@dataclass(frozen=True)
class BarsOfBlock:
    """All bars of some tickers, as they came, in (ticker, date) order.

    Attributes
    ----------
    rows
        ``RAW_COLUMNS``: date as datetime64[us], ticker categorical over all names of
        the table, the rest float64.
    codes, days
        (n_rows,) as in `Outline`.
    """

    rows: pd.DataFrame
    codes: Codes
    days: Codes


class TickerBlocks(Protocol):
    """A table whose rows can be had by ticker."""

    def block(self, codes: Sequence[int]) -> BarsOfBlock:
        """Return all rows of some tickers; -1 stands for those without one."""


def by_ticker(
    raw: pd.DataFrame | StoredTable, *, calendar: str
) -> tuple[TickerBlocks, Outline]:
    """Return a table that gives out its rows by ticker, and what it holds.

    Raises
    ------
    DataError
        ``AK-D010`` a ticker is not text, ``AK-D011`` a date cannot be read, ``AK-D012``
        a column is missing.
    """
    require_bar_columns(raw.columns, where=_WHERE)
    if isinstance(raw, StoredTable):
        return _OnDisk.of(raw, calendar)
    return _InMemory.of(raw, calendar)


def plan_blocks(sizes: Int, block_rows: int) -> Iterator[list[int]]:
    """Yield runs of tickers with at most ``block_rows`` rows, of one ticker at least.

    Parameters
    ----------
    sizes
        (n_names + 1,) rows of each ticker, 0: not needed; the last is the number of
        those without a name, which are yielded as -1.
    """
    codes: list[int] = []
    held = 0
    for code in np.flatnonzero(sizes):
        if codes and held + sizes[code] > block_rows:
            yield codes
            codes, held = [], 0
        codes.append(int(code) if code < len(sizes) - 1 else -1)
        held += int(sizes[code])
    if codes:
        yield codes


@dataclass(frozen=True)
class _InMemory:
    raw: pd.DataFrame
    outline: Outline
    order: Int
    starts: Int

    @classmethod
    def of(cls, raw: pd.DataFrame, calendar: str) -> tuple["_InMemory", Outline]:
        outline, _ = _read_keys(raw, calendar)
        sizes = np.bincount(outline.codes + 1, minlength=len(outline.names) + 1)
        starts = np.append(0, np.cumsum(sizes))
        order = _in_order(outline.codes, outline.days)
        return cls(raw, outline, order, starts), outline

    def block(self, codes: Sequence[int]) -> BarsOfBlock:
        spans = [(self.starts[code + 1], self.starts[code + 2]) for code in codes]
        rows = np.concatenate([self.order[first:after] for first, after in spans])
        own, days = self.outline.codes[rows], self.outline.days[rows]
        return _block(self.raw, rows, self.outline.names, own, days)


@dataclass(frozen=True)
class _OnDisk:
    table: StoredTable
    calendar: str
    names: pd.Index
    spellings: dict[str, list[str]]

    @classmethod
    def of(cls, table: StoredTable, calendar: str) -> tuple["_OnDisk", Outline]:
        parts, spellings = [], dict[str, str]()
        for part in table.parts(_KEYS):
            outline, spelt = _read_keys(part, calendar)
            parts.append(outline)
            spellings |= spelt
        names = _sorted_names(spellings.values())
        codes = [_recoded(part.codes, part.names, names) for part in parts]
        days = [part.days for part in parts]
        outline = Outline(names, np.concatenate(codes), np.concatenate(days))
        written: dict[str, list[str]] = {name: [] for name in names}
        for raw, name in spellings.items():
            written[name].append(raw)
        return cls(table, calendar, names, written), outline

    def block(self, codes: Sequence[int]) -> BarsOfBlock:
        names = self.names
        asked: list[str | None] = [None] if -1 in codes else []
        for code in codes:
            asked += self.spellings[names[code]] if code >= 0 else []
        raw = self.table.rows_of(asked)
        outline, _ = _read_keys(raw, self.calendar)
        own = _recoded(outline.codes, outline.names, names)
        rows = _in_order(own, outline.days)
        return _block(raw, rows, names, own[rows], outline.days[rows])


def _read_keys(part: pd.DataFrame, calendar: str) -> tuple[Outline, dict[str, str]]:
    """Return dates and tickers of some rows, and how each name is spelt here."""
    codes, written = pd.factorize(part["ticker"])
    spelt = canonical_tickers(pd.Series(written), where=_WHERE)
    names = _sorted_names(spelt)
    own = np.append(names.get_indexer(pd.Index(spelt)), -1)[codes].astype(np.int32)
    days = as_days(session_dates(part["date"], calendar=calendar, where=_WHERE))
    return Outline(names, own, days), dict(zip(written, spelt, strict=True))


def _sorted_names(names: Iterable[str]) -> pd.Index:
    return pd.Index(sorted(set(names)), dtype="str")


def _recoded(codes: Codes, own: pd.Index, names: pd.Index) -> Codes:
    """Return codes among ``own`` as codes among ``names``."""
    recoded: Codes = np.append(names.get_indexer(own), -1)[codes].astype(np.int32)
    return recoded


def _in_order(codes: Codes, days: Days) -> Int:
    """Return the rows in (ticker, date) order, rows of one bar as they came."""
    keys = (codes.astype(np.int64) << _BITS_OF_A_DAY) + days
    if (keys[1:] >= keys[:-1]).all():
        return np.arange(len(keys))
    return np.argsort(keys, kind="stable")


def _block(
    raw: pd.DataFrame, rows: Int, names: pd.Index, codes: Codes, days: Days
) -> BarsOfBlock:
    """Return typed rows; ``codes`` and ``days`` are those of ``rows``, in order."""
    missing = days == NO_DAY
    dates = np.where(missing, 0, days).astype(_DAY)
    dates[missing] = np.datetime64("NaT")
    keys = {
        "date": dates.astype(DATE_DTYPE),
        "ticker": pd.Categorical.from_codes(codes, names),
    }
    typed = pd.DataFrame(keys | bar_values(raw, rows, where=_WHERE), copy=False)
    return BarsOfBlock(typed, codes, days)
