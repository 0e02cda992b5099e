"""Which exchange each name trades at: what day it is there, and its sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from alpha_kedro.core.calendar import sessions_between
from alpha_kedro.core.panel import Bool, Dates, Int
from alpha_kedro.market.cleaning.spec import IngestionSpec
from alpha_kedro.market.dates import Days, as_days, read_clock

_DAY = "datetime64[D]"


@dataclass(frozen=True)
class Exchanges:
    """The exchange of each name; the first one is the main one.

    Attributes
    ----------
    calendars
        ISO codes.
    of_name
        (n_names + 1,) place of a name's exchange among ``calendars``; the last is for
        rows without a name.
    today, settled
        (n_exchanges,) the day there, and the last session that is over, since 1970.
    """

    calendars: Sequence[str]
    of_name: npt.NDArray[np.int8]
    today: Days
    settled: Days

    @classmethod
    def of(
        cls, names: pd.Index, spec: IngestionSpec, now: datetime | None
    ) -> "Exchanges":
        """Assign the names as ``spec`` says, and read the clocks at ``now``."""
        calendars = [spec.calendar, *spec.calendars]
        of_name = np.zeros(len(names) + 1, dtype=np.int8)
        for number, own in enumerate(spec.calendars.values(), start=1):
            listed = names.isin([name.strip().upper() for name in own])
            of_name[:-1][listed] = number
        clocks = [
            read_clock(calendar, now, settle_minutes=spec.settle_minutes)
            for calendar in calendars
        ]
        today, settled = (
            np.array([getattr(clock, key) for clock in clocks], dtype=np.int32)
            for key in ("today", "settled")
        )
        return cls(calendars, of_name, today, settled)


@dataclass(frozen=True)
class Schedule:
    """The sessions of several exchanges over a span of days.

    Attributes
    ----------
    first_day
        The first day of the span, since 1970.
    is_session
        (n_exchanges, n_days) an exchange is open.
    shared
        (n_exchanges, n_days) place of the day among the sessions that the exchange
        has in common with the main one, -1 elsewhere.
    sessions
        (n_sessions,) of the main exchange.
    """

    first_day: int
    is_session: Bool
    shared: Days
    sessions: Dates

    @classmethod
    def of(cls, calendars: Sequence[str], first_day: int, last_day: int) -> "Schedule":
        """Read the published sessions from one day to another, both included."""
        ends = [np.datetime64(day, "D") for day in (first_day, last_day)]
        sessions = [sessions_between(name, *ends) for name in calendars]
        is_session = np.zeros((len(calendars), last_day - first_day + 1), dtype=bool)
        for number, days in enumerate(sessions):
            is_session[number, days.astype(_DAY).astype(np.int64) - first_day] = True
        both = is_session & is_session[0]
        shared = np.where(both, np.cumsum(both, axis=1, dtype=np.int32) - 1, -1)
        return cls(first_day, is_session, shared.astype(np.int32), sessions[0])

    def columns(self, days: Days) -> Int:
        """Return the column of each day; a day outside the span gets the nearest."""
        last = self.is_session.shape[1] - 1
        found: Int = np.clip(days.astype(np.int64) - self.first_day, 0, last)
        return found

    @property
    def session_days(self) -> Days:
        """Return the sessions of the main exchange in days since 1970."""
        return as_days(pd.Series(self.sessions))
