"""From whatever a vendor stamps on a bar to the exchange's session date."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from alpha_kedro.core.calendar import sessions_between
from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import DATE_DTYPE

Days = npt.NDArray[np.int32]
NO_DAY = int(np.iinfo(np.int32).min)
_ANY_MONTH = ("2024-01-02", "2024-01-31")
_A_DAY, _LONGEST_CLOSURE = pd.Timedelta(days=1), pd.Timedelta(days=31)


def exchange_zone(calendar: str) -> str:
    """Return the time zone of an exchange, such as ``America/New_York``.

    Raises
    ------
    ConfigError
        ``AK-C002`` for an unknown exchange, listing the known ones.
    """
    import exchange_calendars

    # Asked first because it is what explains an unknown name.
    sessions_between(calendar, *_ANY_MONTH)
    first, last = _ANY_MONTH
    return str(exchange_calendars.get_calendar(calendar, start=first, end=last).tz)


@dataclass(frozen=True)
class Clock:
    """What time it is at an exchange, in days since 1970.

    Attributes
    ----------
    today
        The day there.
    settled
        The last session whose bar is final.
    """

    today: int
    settled: int


def read_clock(calendar: str, now: datetime | None, *, settle_minutes: int) -> Clock:
    """Tell the day at an exchange, and its last session that is over.

    Parameters
    ----------
    calendar
        ISO code of the exchange.
    now
        An instant with a time zone, or in UTC. Default: the clock of this machine.
    settle_minutes
        After the close, until a bar is final.

    Raises
    ------
    ConfigError
        ``AK-C002`` for an unknown exchange, listing the known ones.
    """
    import exchange_calendars

    instant = pd.Timestamp.now(tz="UTC") if now is None else pd.Timestamp(now)
    if instant.tzinfo is None:
        instant = instant.tz_localize("UTC")
    day = instant.tz_convert("UTC").tz_localize(None).normalize()
    span = [day - _LONGEST_CLOSURE, day + _A_DAY]
    try:
        published = exchange_calendars.get_calendar(calendar, *span)
    except exchange_calendars.errors.InvalidCalendarName:
        sessions_between(calendar, *span)  # says which names there are
        raise
    over = published.closes + pd.Timedelta(minutes=settle_minutes) <= instant
    today = instant.tz_convert(published.tz).tz_localize(None).normalize()
    settled = as_days(pd.Series(over.index[over.to_numpy()][-1:]))
    return Clock(int(as_days(pd.Series([today]))[0]), int(settled[0]))


def as_days(dates: pd.Series) -> Days:
    """Return days since 1970 as int32, `NO_DAY` where the date is missing."""
    whole = dates.to_numpy(dtype="datetime64[D]")
    return np.where(np.isnat(whole), NO_DAY, whole.astype(np.int64)).astype(np.int32)


def session_dates(stamps: pd.Series, *, calendar: str, where: str) -> pd.Series:
    """Return the exchange-local day of each stamp, without zone or time of day.

    Parameters
    ----------
    stamps
        (n_rows,) datetimes or ISO texts. A stamp with a zone is an instant and is read
        on the exchange's clock: New York midnight is the same session seen from Tokyo.
        Stamps that are all midnight UTC are days written as instants, and are left.
    calendar
        ISO code of the exchange, such as ``XNYS``.
    where
        The file or table, for the error.

    Returns
    -------
    (n_rows,) datetime64[us], NaT where the stamp is missing

    Raises
    ------
    DataError
        ``AK-D011`` when a stamp cannot be read as a day.
    """
    local = local_stamps(stamps, calendar=calendar, where=where)
    return _days(local)


def known_days(stamps: pd.Series, *, calendar: str, where: str) -> pd.Series:
    """Return the day on whose morning what was published at each stamp is known.

    Parameters
    ----------
    stamps, calendar, where
        As for `session_dates`.

    Returns
    -------
    (n_rows,) datetime64[us], NaT where the stamp is missing
        Its exchange-local day; where any of the stamps has a time of day, the day after
        for all of them: one at midnight is then an hour like the others.

    Raises
    ------
    DataError
        ``AK-D011`` when a stamp cannot be read as a day.
    """
    local = local_stamps(stamps, calendar=calendar, where=where)
    days = _days(local)
    has_times = (local.notna() & (local != days)).any()
    return days + _A_DAY if has_times else days


def _days(local: pd.Series) -> pd.Series:
    days: pd.Series = local.dt.normalize()
    return days


def local_stamps(stamps: pd.Series, *, calendar: str, where: str) -> pd.Series:
    """Return each stamp on the exchange's clock, its time of day kept, without zone.

    Takes, returns and raises what `session_dates` does.
    """
    read = pd.DatetimeIndex(_as_datetimes(stamps, where))
    if read.tz is not None:
        universal = read.tz_convert("UTC")
        written_as_days = (universal == universal.normalize()) | universal.isna()
        zone = "UTC" if written_as_days.all() else exchange_zone(calendar)
        read = universal.tz_convert(zone).tz_localize(None)
    return pd.Series(read.astype(DATE_DTYPE), index=stamps.index)


def _as_datetimes(stamps: pd.Series, where: str) -> pd.Series:
    if pd.api.types.is_numeric_dtype(stamps) and stamps.notna().any():
        raise _unreadable(stamps.dropna(), where)
    if pd.api.types.is_datetime64_any_dtype(stamps):
        return stamps
    written = stamps.replace("", None)
    try:
        known = pd.to_datetime(written, errors="coerce", format="ISO8601")
    except ValueError:  # offsets differ from row to row: summer and winter time
        known = pd.to_datetime(written, errors="coerce", format="ISO8601", utc=True)
    lost = known.isna() & written.notna()
    if lost.any():
        raise _unreadable(stamps[lost], where)
    return known


def _unreadable(stamps: pd.Series, where: str) -> DataError:
    return DataError(
        "AK-D011",
        f"{len(stamps)} date(s) of {where} cannot be read",
        where=[repr(stamp) for stamp in stamps.head(5)],
        wanted="dates, or text such as 2024-03-08",
        fix="write the column as ISO dates",
    )
