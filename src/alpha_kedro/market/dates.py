"""From whatever a vendor stamps on a bar to the exchange's session date."""

import pandas as pd

from alpha_kedro.core.calendar import sessions_between
from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import DATE_DTYPE

_ANY_MONTH = ("2024-01-02", "2024-01-31")


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
    days = pd.DatetimeIndex(_as_datetimes(stamps, where))
    if days.tz is not None:
        universal = days.tz_convert("UTC")
        written_as_days = (universal == universal.normalize()) | universal.isna()
        zone = "UTC" if written_as_days.all() else exchange_zone(calendar)
        days = universal.tz_convert(zone).tz_localize(None)
    return pd.Series(days.normalize().astype(DATE_DTYPE), index=stamps.index)


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
