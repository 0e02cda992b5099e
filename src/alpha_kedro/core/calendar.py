"""Exchange sessions, decision dates, and horizons counted in sessions."""

from functools import lru_cache
from typing import Literal

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Bool, Dates
from alpha_kedro.core.registry import unknown_name

Frequency = Literal["daily", "weekly", "monthly"]
SESSIONS_PER_YEAR = 252
_DAYS = ("date", "label_end")
_LONGEST_PERIOD = 31  # days
_PERIOD = {"weekly": "W-SUN", "monthly": "M"}
PERIODS_PER_YEAR = {"daily": SESSIONS_PER_YEAR, "weekly": 52, "monthly": 12}


@lru_cache(maxsize=8)
def _sessions(name: str, first_year: int, last_year: int) -> pd.DatetimeIndex:
    """Return the sessions of whole years, which many asked-for spans have in common."""
    import exchange_calendars

    start, end = f"{first_year}-01-01", f"{last_year}-12-31"
    try:
        calendar = exchange_calendars.get_calendar(name, start=start, end=end)
    except exchange_calendars.errors.InvalidCalendarName:
        known = exchange_calendars.get_calendar_names(include_aliases=False)
        raise unknown_name("exchange calendar", name, known) from None
    sessions: pd.DatetimeIndex = calendar.sessions.tz_localize(None).as_unit("us")
    return sessions


def sessions_between(name: str, start: object, end: object) -> Dates:
    """Return the sessions of an exchange from ``start`` to ``end``, both included.

    Parameters
    ----------
    name
        ISO code of the exchange, such as ``XNYS``.
    start, end
        Days; neither has to be a session.

    Raises
    ------
    ConfigError
        ``AK-C002`` for an unknown exchange, listing the known ones.
    """
    first, last = pd.Timestamp(start), pd.Timestamp(end)  # type: ignore[arg-type]
    sessions = _sessions(name, first.year, last.year)
    inside = (sessions >= first.normalize()) & (sessions <= last.normalize())
    return sessions[inside].to_numpy()


def sessions_of(*tables: pd.DataFrame, calendar: str) -> Dates:
    """Return the sessions from the first to the last day that tables speak of.

    Parameters
    ----------
    tables
        Each with ``date``, and ``label_end`` where it has one.
    calendar
        ISO code of the exchange.
    """
    named = [table[key] for table in tables for key in table if key in _DAYS]
    first = min(days.min() for days in named)
    return sessions_between(calendar, first, max(days.max() for days in named))


def decision_rows(dates: Dates, frequency: Frequency, *, calendar: str) -> Bool:
    """Mark the sessions at whose close a decision is made.

    The last session of each week (or month): Thursday where Friday is a holiday. Which
    session is the last of its week is read off the exchange's published calendar and
    never off the data, so cutting the data on a Wednesday makes no decision of it.

    Returns
    -------
    (n_dates,) bool
    """
    if frequency == "daily" or not len(dates):
        return np.ones(len(dates), dtype=bool)
    if frequency not in _PERIOD:
        raise ConfigError(
            "AK-C004",
            f"unknown decision frequency {frequency!r}",
            wanted="daily, weekly or monthly",
            fix="set labels.frequency to one of them",
        )
    horizon = pd.Timestamp(dates[-1]) + pd.Timedelta(days=_LONGEST_PERIOD)
    schedule = pd.DatetimeIndex(sessions_between(calendar, dates[0], horizon))
    periods = schedule.to_period(_PERIOD[frequency])
    lasts = schedule[~periods.duplicated(keep="last")]
    return np.isin(dates, lasts.to_numpy())
