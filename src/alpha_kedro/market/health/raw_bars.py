"""Raw bars in memory or on disk, some tickers at a time; and the day it is."""

from collections.abc import Iterable
from datetime import date, datetime

import pandas as pd

from alpha_kedro.core.stored_table import StoredTable
from alpha_kedro.market.columns import RAW_COLUMNS
from alpha_kedro.market.dates import exchange_zone, session_dates

RawBars = pd.DataFrame | StoredTable


def survey(raw: RawBars, calendar: str) -> tuple["pd.Series[int]", pd.Timestamp | None]:
    """Return rows by ticker, and the first day, without reading any price."""
    parts = raw.parts(["date", "ticker"]) if isinstance(raw, StoredTable) else [raw]
    sizes: list[pd.Series[int]] = []
    firsts: list[pd.Timestamp] = []
    for part in parts:
        sizes.append(part["ticker"].value_counts(sort=False))
        days = session_dates(part["date"], calendar=calendar, where="bars")
        firsts += [days.min()] if days.notna().any() else []
    total: pd.Series[int] = pd.concat(sizes).groupby(level=0).sum()
    return total, min(firsts, default=None)


def rows_of(raw: RawBars, names: Iterable[str] | None) -> pd.DataFrame:
    """Return the rows of some tickers, of all of them for None."""
    if isinstance(raw, StoredTable):
        return raw.read(list(RAW_COLUMNS)) if names is None else raw.rows_of(names)
    return raw if names is None else raw[raw["ticker"].isin(set(names))]


def rows_or_none(
    table: RawBars | None, names: Iterable[str] | None
) -> pd.DataFrame | None:
    """Return the rows of some tickers, None where there is no table."""
    return None if table is None else rows_of(table, names)


def day_at(now: datetime | date | None, calendar: str) -> date:
    """Return the day at the exchange; a moment without a zone is in UTC."""
    if now is not None and not isinstance(now, datetime):
        return now
    moment = pd.Timestamp.now(tz="UTC") if now is None else pd.Timestamp(now)
    if moment.tzinfo is None:
        moment = moment.tz_localize("UTC")
    return moment.tz_convert(exchange_zone(calendar)).date()
