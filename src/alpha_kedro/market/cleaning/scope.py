"""What is asked of a table of bars, read off its dates and tickers alone.

Cleaning takes some tickers at a time. What needs the whole table is settled here from
two columns: the sessions of the exchanges, what time it is there, which dates and which
names are taken. After that `Scope.charge` judges the rows of any part of it alike.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Bool, Int
from alpha_kedro.market.cleaning.quarantine import (
    OFF_MAIN_CALENDAR,
    OUT_OF_SCOPE,
    Verdicts,
    refuse_none_left,
)
from alpha_kedro.market.cleaning.spec import IngestionSpec
from alpha_kedro.market.dates import NO_DAY, Days, as_days
from alpha_kedro.market.exchanges import Exchanges, Schedule
from alpha_kedro.market.tickers import is_ticker

Codes = npt.NDArray[np.int32]
# Fewer rows than this may be a vendor's slip on a holiday, at any share.
_STRAY_ROWS = 5


@dataclass(frozen=True)
class Outline:
    """The dates and tickers of every row of a table.

    Attributes
    ----------
    names
        Tickers in one spelling, sorted.
    codes
        (n_rows,) place of each row's ticker among ``names``, -1 where it has none.
    days
        (n_rows,) days since 1970, `NO_DAY` where a date is missing.
    """

    names: pd.Index
    codes: Codes
    days: Days


@dataclass(frozen=True)
class Scope:
    """Which rows have a place, and which of them are asked for.

    Attributes
    ----------
    names
        All tickers of the table, sorted.
    usable, drawn
        (n_names + 1,) the name may stand in a path; its bars are taken. The last is for
        rows without a name.
    exchanges, schedule
        Where the names trade, and when.
    asked
        (n_days,) days of the schedule that are taken.
    last_day
        The last day of the rows that are taken.
    n_present
        (n_days,) main sessions up to each day on which any name has a row.
    """

    names: pd.Index
    usable: Bool
    drawn: Bool
    exchanges: Exchanges
    schedule: Schedule
    asked: Bool
    last_day: int
    n_present: Days

    def charge(self, verdicts: Verdicts, codes: Codes, days: Days) -> None:
        """Charge rows that have no name or no session, or are not asked for.

        Parameters
        ----------
        verdicts
            Of the rows, charged in place.
        codes, days
            (n_rows,) as in `Outline`.
        """
        _charge_nowhere(verdicts, self.usable, self.exchanges, codes, days)
        _charge_times(verdicts, self.exchanges, self.schedule, codes, days)
        taken = self.drawn[codes] & self.asked[self.schedule.columns(days)]
        verdicts.charge(OUT_OF_SCOPE, ~taken)

    def session_rows(self, codes: Codes, days: Days) -> Days:
        """Return the place of each bar among the sessions its name may trade on."""
        exchange = self.exchanges.of_name[codes]
        rows: Days = self.schedule.shared[exchange, self.schedule.columns(days)]
        return rows

    def main_rows(self, days: Days) -> Days:
        """Return the place of each bar among the main sessions with any row at all."""
        rows: Days = self.n_present[self.schedule.columns(days)]
        return rows


def settle_scope(
    outline: Outline, spec: IngestionSpec, *, now: datetime | None, seed: int
) -> tuple[Scope, Verdicts]:
    """Settle what is asked of a table, and judge the place of each of its rows.

    Raises
    ------
    DataError
        ``AK-D015`` tickers keep another calendar, ``AK-D016`` no row has a place.
    """
    names, codes, days = outline.names, outline.codes, outline.days
    verdicts = Verdicts.of(len(codes))
    usable = np.append(is_ticker(names), False)
    exchanges = Exchanges.of(names, spec, now)
    _charge_nowhere(verdicts, usable, exchanges, codes, days)
    refuse_none_left(verdicts.fates())
    placed = days[verdicts.sound]
    schedule = Schedule.of(exchanges.calendars, int(placed.min()), int(placed.max()))
    _refuse_other_calendars(outline, verdicts.sound, exchanges, schedule, spec)
    _charge_times(verdicts, exchanges, schedule, codes, days)
    with_rows = _with_rows(schedule, days[verdicts.sound])
    asked = _asked(schedule, with_rows, spec)
    taken = verdicts.sound & asked[schedule.columns(days)]
    present = np.bincount(codes[taken], minlength=len(names)) > 0
    drawn = present
    if spec.max_tickers is not None:
        order = np.random.default_rng(seed).permutation(names[present])
        drawn = names.isin(order[: spec.max_tickers])
    drawn = np.append(drawn, False)
    verdicts.charge(OUT_OF_SCOPE, ~(taken & drawn[codes]))
    refuse_none_left(verdicts.fates())
    last_day = int(days[verdicts.sound].max())
    n_present = np.cumsum(with_rows, dtype=np.int32)
    scope = Scope(names, usable, drawn, exchanges, schedule, asked, last_day, n_present)
    return scope, verdicts


def _charge_nowhere(
    verdicts: Verdicts, usable: Bool, exchanges: Exchanges, codes: Codes, days: Days
) -> None:
    """Charge rows without a usable name or a date, and those of days to come."""
    verdicts.charge("bad_ticker", ~usable[codes])
    verdicts.charge("bad_date", days == NO_DAY)
    verdicts.charge("future_date", days > exchanges.today[exchanges.of_name[codes]])


def _charge_times(
    verdicts: Verdicts,
    exchanges: Exchanges,
    schedule: Schedule,
    codes: Codes,
    days: Days,
) -> None:
    """Charge rows of days without a session, and of the session still going on."""
    exchange, column = exchanges.of_name[codes], schedule.columns(days)
    verdicts.charge("not_a_session", ~schedule.is_session[exchange, column])
    verdicts.charge("unfinished", days > exchanges.settled[exchange])
    verdicts.charge(OFF_MAIN_CALENDAR, schedule.shared[exchange, column] < 0)


def _with_rows(schedule: Schedule, days: Days) -> Bool:
    """Mark the days of the schedule on which a row has its place: (n_days,) bool."""
    with_rows = np.zeros(schedule.is_session.shape[1], dtype=bool)
    with_rows[schedule.columns(days)] = True
    return with_rows


def _asked(schedule: Schedule, with_rows: Bool, spec: IngestionSpec) -> Bool:
    """Mark the days of the schedule that lie within what is asked for."""
    n_days = schedule.is_session.shape[1]
    span = schedule.first_day + np.arange(n_days)
    asked = np.ones(n_days, dtype=bool)
    if spec.start is not None:
        asked &= span >= as_days(pd.Series([pd.Timestamp(spec.start)]))
    if spec.end is not None:
        asked &= span <= as_days(pd.Series([pd.Timestamp(spec.end)]))
    if spec.max_sessions is not None:
        taken = np.flatnonzero(with_rows & asked)[-spec.max_sessions :]
        asked = np.isin(np.arange(n_days), taken)
    return asked


def _refuse_other_calendars(
    outline: Outline,
    sound: Bool,
    exchanges: Exchanges,
    schedule: Schedule,
    spec: IngestionSpec,
) -> None:
    codes, column = outline.codes[sound], schedule.columns(outline.days[sound])
    off = ~schedule.is_session[exchanges.of_name[codes], column]
    n_names = len(outline.names)
    n_bars: Int = np.bincount(codes, minlength=n_names)
    n_off: Int = np.bincount(codes[off], minlength=n_names)
    share = n_off / np.maximum(n_bars, 1)
    others = (n_off >= _STRAY_ROWS) & (share > spec.max_off_calendar_share)
    if not others.any():
        return
    named = zip(outline.names[others], share[others], strict=True)
    raise DataError(
        "AK-D015",
        f"{others.sum()} ticker(s) do not keep the sessions of their exchange",
        where=[f"{name} ({part:.0%})" for name, part in named],
        got=f"that share of their bars on days that are no session of {spec.calendar}",
        wanted=f"at most {spec.max_off_calendar_share:.1%}",
        fix="set ingestion.calendar, or name the tickers of other exchanges in "
        "ingestion.calendars",
    )
