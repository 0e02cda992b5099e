"""The tables a market consists of, whichever source they come from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from alpha_kedro.market.adjust import PriceBasis


@dataclass(frozen=True)
class MarketTables:
    """A market as its source gave it: names and dates readable, nothing checked yet.

    Attributes
    ----------
    parts
        Gives the bars part by part, each row once: date, ticker, open, high, low,
        close, adj_close (NaN: not known), volume. Called again, it gives them again.
    basis
        ``raw``: prices and volumes as quoted on the day; ``split_adjusted``: on the
        share basis of the last day.
    membership
        ticker (index symbol), start, end (inclusive, NaT: still in), price_ticker.
    sectors
        ticker, sector; start and end of each label where they are dated.
    benchmarks
        As bars.
    actions
        date (ex-date), ticker, dividend (per share), split_ratio; both on the basis of
        the bars.
    delistings
        ticker, date, exit_return of names that left, where they are on record.
    fundamentals
        ticker, known_date, end_date and reported quantities.
    sentiment
        date, ticker and measures of what was said up to the cut-off of that day.
    facts
        What else the source knows of itself, such as when it was asked.
    """

    parts: Callable[[], Iterator[pd.DataFrame]]
    basis: PriceBasis = "split_adjusted"
    membership: pd.DataFrame | None = None
    sectors: pd.DataFrame | None = None
    benchmarks: pd.DataFrame | None = None
    actions: pd.DataFrame | None = None
    delistings: pd.DataFrame | None = None
    fundamentals: pd.DataFrame | None = None
    sentiment: pd.DataFrame | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def bars(self) -> pd.DataFrame:
        """Return all bars at once."""
        return pd.concat(self.parts(), ignore_index=True)
