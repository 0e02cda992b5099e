"""What a Yahoo market is asked to be: names, span, manners, and how much may fail."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal, Self

import pandas as pd
from pydantic import BeforeValidator, Field, model_validator

from alpha_kedro.core.spec import Names, SessionDate, Share, Spec
from alpha_kedro.market.tickers import canonical_tickers


def _as_text(value: object) -> object:
    """Refuse names that YAML has turned into something else, such as ON into True."""
    if not isinstance(value, list | tuple) or None in value:
        return value  # pydantic says what is wrong with it
    names = pd.Series(list(value), dtype="object")
    return list(canonical_tickers(names, where="markets.yahoo"))


def _as_instant(value: object) -> object:
    """Read ``2024-03-08T22:00:00+00:00``; without a zone it is UTC."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value


Tickers = Annotated[Names, BeforeValidator(_as_text)]
Instant = Annotated[datetime, BeforeValidator(_as_instant)]


class YahooMarketSpec(Spec):
    """A market fetched from Yahoo Finance and kept, session by session.

    Yahoo's terms of use, and whether they allow what is done with the data, are the
    user's business; the pauses below are manners, not a permission.

    From day to day only the last ``overlap_sessions`` are read again. A dividend or a
    split that Yahoo lists later than that is read when the history is fetched whole
    again, after ``refetch_after_days``; what has not moved keeps its bits.
    """

    kind: Literal["yahoo"] = "yahoo"
    tickers: Tickers = Field(
        (), description="names without dates; quote ON, NO and the like"
    )
    membership: str | None = Field(
        None, description="file of ticker, start, end[, price_ticker]: dated universe"
    )
    benchmarks: Tickers = Field(
        ("SPY", "QQQ", "^VIX"), description="^ marks an index, kept without the mark"
    )
    sectors: str | None = Field(None, description="file of ticker and group column")
    group_column: str = Field("sector", description="column of groups in sectors")
    calendar: str = Field("XNYS", description="exchange whose sessions are fetched")
    start: SessionDate | None = Field(None, description="first day; null: all there is")
    end: SessionDate | None = Field(None, description="last day; null: the last final")

    batch_size: int = Field(20, ge=1, le=500, description="names between two pauses")
    threads: int = Field(4, ge=1, le=16, description="names asked for at a time")
    pause_seconds: float = Field(1.0, ge=0, le=600, description="between batches")
    timeout_seconds: float = Field(30.0, gt=0, le=600, description="for one answer")
    max_retries: int = Field(
        4, ge=0, le=20, description="further tries after a transient failure"
    )
    backoff_seconds: float = Field(
        5.0, ge=0, le=600, description="before the first retry; doubles each time"
    )
    max_backoff_seconds: float = Field(
        120.0, ge=0, le=3_600, description="longest wait before a retry"
    )

    min_coverage: Share = Field(
        0.9, description="share of the names that have to be covered, else an error"
    )
    overlap_sessions: int = Field(
        5, ge=1, le=250, description="sessions fetched again, to see whether they moved"
    )
    refetch_after_days: int = Field(
        90,
        ge=1,
        description="age at which a history is fetched whole again, because a dividend "
        "or split may be listed after its day has left the overlap",
    )
    overlap_tolerance: float = Field(
        1e-4, ge=0, le=0.1, description="relative to the close: beyond it a quote moved"
    )
    settle_minutes: int = Field(
        60, ge=0, le=1_440, description="after the close, until a bar counts as final"
    )
    offline: bool = Field(False, description="ask nobody; use what is stored")
    as_of: Instant | None = Field(
        None, description="use only what was fetched up to then, and ask nobody"
    )

    @model_validator(mode="after")
    def _ends_after_it_starts(self) -> Self:
        if self.start and self.end and self.end < self.start:
            raise ValueError("end lies before start")
        return self

    @property
    def asks(self) -> bool:
        """Tell whether Yahoo may be asked at all."""
        return not self.offline and self.as_of is None
