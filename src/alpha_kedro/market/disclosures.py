"""Tables with two days: the one a row speaks of, and the one it became known.

Reports and sentiment reach the market some time after what they tell. Only the day on
which a row became known may place it among the bars: `first_closes` turns it into
``known_at``, the session at whose close the row may first be used.

Nothing is repaired. Rows kept, rejected and out of scope add up to the rows given. Rows
of names without bars, and rows known after the last bar, are out of scope: nobody could
have traded on them here.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import sessions_between
from alpha_kedro.core.panel import DATE_DTYPE, Bool, Dates
from alpha_kedro.market.cleaning.quality import account
from alpha_kedro.market.cleaning.quarantine import OUT_OF_SCOPE, Verdicts
from alpha_kedro.market.dates import known_days, read_clock, session_dates
from alpha_kedro.market.tickers import canonical_tickers, is_ticker, match_spelling

_LONGEST_CLOSURE = pd.Timedelta(days=31)
_DAYS_PER_SESSION = 2
_EVER = pd.Timestamp("1990-01-01")  # known before that is known before any bar


@dataclass(frozen=True)
class CleanDisclosures:
    """Rows with the session they are known at, rows refused, and the account of both.

    Attributes
    ----------
    table
        The sound rows; ``known_at`` is the session at whose close they may first be
        used. Sorted by (known_at, ticker) and the day they speak of.
    rejects
        The refused rows as read, with a ``reason``.
    report
        Counts: ``n_kept + n_rejected + n_out_of_scope == n_input``;
        ``without_bars`` names the tickers nobody can trade here.
    """

    table: pd.DataFrame
    rejects: pd.DataFrame
    report: dict[str, Any]


def first_closes(
    days: pd.Series, *, until: pd.Timestamp, calendar: str, lag_sessions: int = 0
) -> Dates:
    """Return the session at whose close what became known on a day may first be used.

    Parameters
    ----------
    days
        (n_rows,) days, sessions or not; NaT gives NaT.
    until
        The last day asked about; later days give NaT.
    calendar
        ISO code of the exchange.
    lag_sessions
        Sessions to wait beyond the first close on or after the day.

    Returns
    -------
    (n_rows,) datetime64[us]
        The day itself where it is a session and nothing is waited for; what is dated on
        a weekend or a holiday is known at the close of the session that follows.
    """
    dated = days.le(until).to_numpy()
    closes = np.full(len(days), np.datetime64("NaT"), dtype=DATE_DTYPE)
    if not dated.any():
        return closes
    known = np.maximum(days[dated].to_numpy(), _EVER.to_datetime64())
    wait = pd.Timedelta(days=_DAYS_PER_SESSION * lag_sessions) + _LONGEST_CLOSURE
    sessions = sessions_between(calendar, known.min(), known.max() + wait)
    closes[dated] = sessions[np.searchsorted(sessions, known) + lag_sessions]
    return closes


def read_keys(
    raw: pd.DataFrame,
    known: str,
    *others: str,
    bars: pd.DataFrame,
    calendar: str,
    where: str,
) -> dict[str, pd.Series]:
    """Return the ticker, spelt as the bars spell it, and the named dates of each row.

    Parameters
    ----------
    raw
        ``ticker`` and the named dates, as brought.
    known, others
        The date on whose morning a row is known, read by `known_days`: where it has
        times of day, all of the table are known a day later. And any other dates.
    bars
        Clean bars.
    calendar
        ISO code of the exchange.
    where
        The table, for errors.

    Raises
    ------
    DataError
        ``AK-D010`` a ticker is not text, ``AK-D011`` a date cannot be read.
    """
    tickers = canonical_tickers(raw["ticker"], where=where)
    days = {known: known_days(raw[known], calendar=calendar, where=where)}
    for name in others:
        days[name] = session_dates(raw[name], calendar=calendar, where=where)
    return {"ticker": match_spelling(tickers, bars["ticker"].unique()), **days}


def charge_place(
    verdicts: Verdicts,
    given: pd.DataFrame,
    *dates: str,
    bars: pd.DataFrame,
    calendar: str,
    now: datetime | None,
) -> None:
    """Charge rows that have no name, no day or no bar to stand at.

    Parameters
    ----------
    verdicts
        Charged in place.
    given
        ``ticker``, ``known_at`` and the named dates; the first is the day known.
    bars
        Clean bars.
    now
        The clock: an instant with a time zone, or in UTC. Default: now.
    """
    codes, names = pd.factorize(given["ticker"])
    today = pd.Timestamp(read_clock(calendar, now, settle_minutes=0).today, unit="D")
    verdicts.charge("bad_ticker", np.append(~is_ticker(names), True)[codes])
    verdicts.charge("bad_date", given[list(dates)].isna().any(axis=1).to_numpy())
    verdicts.charge("future_date", given[dates[0]].gt(today).to_numpy())
    usable = given["known_at"].le(bars["date"].max()).to_numpy()
    with_bars = np.append(np.isin(names, bars["ticker"].unique()), False)[codes]
    verdicts.charge(OUT_OF_SCOPE, ~(usable & with_bars))


def among_sound(verdicts: Verdicts, given: pd.DataFrame, key: list[str]) -> Bool:
    """Mark the sound rows that share their key with another sound row."""
    twins = np.zeros(len(given), dtype=bool)
    twins[verdicts.sound] = given[verdicts.sound].duplicated(key, keep=False)
    return twins


def repeats(verdicts: Verdicts, given: pd.DataFrame, columns: list[str]) -> Bool:
    """Mark the sound rows that say in every column what an earlier sound row said."""
    again = np.zeros(len(given), dtype=bool)
    again[verdicts.sound] = given[verdicts.sound].duplicated(columns)
    return again


def gather_clean(
    given: pd.DataFrame, verdicts: Verdicts, *, bars: pd.DataFrame, key: list[str]
) -> CleanDisclosures:
    """Part the sound rows from the refused and count both."""
    listed = set(bars["ticker"].unique())
    names = set(given["ticker"].dropna())
    table = given[verdicts.sound].sort_values(key, ignore_index=True)
    rejects = verdicts.rejects(given).drop(columns="known_at")
    return CleanDisclosures(
        table[[*key, *(name for name in table if name not in key)]],
        rejects.reset_index(drop=True),
        account(given, verdicts) | {"without_bars": sorted(names - listed)},
    )
