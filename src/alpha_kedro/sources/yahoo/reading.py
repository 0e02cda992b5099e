"""The stored market as tables, read ticker by ticker as of one instant."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from alpha_kedro.market.adjust import total_return_close
from alpha_kedro.market.columns import PRICES, RAW_COLUMNS
from alpha_kedro.sources.yahoo.spec import YahooMarketSpec
from alpha_kedro.sources.yahoo.store import SegmentStore

ACTION_COLUMNS = ("date", "ticker", "dividend", "split_ratio")


class StoredMarket:
    """What the store knew of a market at one instant.

    Parameters
    ----------
    store
        The segments.
    symbols
        Every symbol of the market.
    spec
        First and last day, and ``as_of``.

    Attributes
    ----------
    fetched_at
        When the last segment that is read was fetched; None when nothing is stored.
    vintage
        ``as_of``, else ``fetched_at``: a later run that asks for the market as of then
        reads the same bytes.
    """

    def __init__(
        self, store: SegmentStore, symbols: list[str], spec: YahooMarketSpec
    ) -> None:
        self._store = store
        self._start = None if spec.start is None else pd.Timestamp(spec.start)
        self._end = None if spec.end is None else pd.Timestamp(spec.end)
        as_of = None if spec.as_of is None else pd.Timestamp(spec.as_of)
        instants = [
            segment.fetched_at
            for symbol in symbols
            for segment in store.segments(symbol)
            if as_of is None or segment.fetched_at <= as_of
        ]
        self.fetched_at = max(instants, default=None)
        self.vintage = self.fetched_at if as_of is None else as_of

    def bars(self, symbols: Mapping[str, str]) -> Iterator[pd.DataFrame]:
        """Yield the bars of each ticker: ``RAW_COLUMNS``, adj_close NaN."""
        for ticker, symbol in symbols.items():
            quotes = self._quotes(symbol, columns=[*PRICES, "volume"])
            if quotes is not None:
                yield _bars(quotes, ticker)

    def benchmarks(self, symbols: Mapping[str, str]) -> pd.DataFrame | None:
        """Return the bars of all benchmarks, with the total return of their actions.

        The vendor's ``adj_close`` would jump where one segment follows another: each is
        on the basis of the day it was fetched.
        """
        tables = list(self.bars(dict(sorted(symbols.items()))))
        if not tables:
            return None
        bars = pd.concat(tables, ignore_index=True)
        earned, _ = total_return_close(bars, self.actions(symbols))
        return bars.assign(adj_close=earned)

    def actions(self, symbols: Mapping[str, str]) -> pd.DataFrame:
        """Return dividends as paid and splits: date, ticker, dividend, split_ratio."""
        tables = [pd.DataFrame(columns=list(ACTION_COLUMNS)).astype(_ACTION_TYPES)]
        for ticker, symbol in symbols.items():
            quotes = self._quotes(symbol, columns=["dividend", "split_ratio"])
            if quotes is not None:
                happened = (quotes["dividend"] != 0) | (quotes["split_ratio"] != 1)
                named = _named(quotes[happened], ticker)
                tables.append(named[list(ACTION_COLUMNS)])
        return pd.concat(tables, ignore_index=True)

    def _quotes(
        self, symbol: str, *, columns: list[str] | None = None
    ) -> pd.DataFrame | None:
        known = self._store.read(symbol, as_of=self.vintage, columns=columns)
        if known is None:
            return None
        quotes = known.quotes
        if self._start is not None:
            quotes = quotes[quotes["date"] >= self._start]
        if self._end is not None:
            quotes = quotes[quotes["date"] <= self._end]
        return quotes.reset_index(drop=True)


_ACTION_TYPES = {
    "date": "datetime64[us]",
    "ticker": "str",
    "dividend": "float64",
    "split_ratio": "float64",
}


def _bars(quotes: pd.DataFrame, ticker: str) -> pd.DataFrame:
    """Return the days that have a bar, in the columns every source gives."""
    priced = quotes[quotes[list(PRICES)].notna().any(axis=1)]
    named = _named(priced, ticker).assign(adj_close=np.nan)
    return named[list(RAW_COLUMNS)].reset_index(drop=True)


def _named(quotes: pd.DataFrame, ticker: str) -> pd.DataFrame:
    return quotes.assign(ticker=pd.Series(ticker, quotes.index, dtype="str"))
