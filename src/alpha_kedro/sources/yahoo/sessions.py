"""Which session's bar is final: the one question that needs a clock."""

from datetime import date

import pandas as pd

from alpha_kedro.core.calendar import sessions_between

_LONGEST_CLOSURE = pd.Timedelta(days=30)


def last_final_session(
    now: pd.Timestamp, *, calendar: str, settle_minutes: int, end: date | None = None
) -> pd.Timestamp:
    """Return the last session whose bar does not change any more.

    Parameters
    ----------
    now
        The instant, with zone.
    calendar
        ISO code of the exchange.
    settle_minutes
        From the close, half days included, until a bar counts as final.
    end
        Later sessions are of no interest.

    Returns
    -------
    Timestamp
        Its day, without zone.

    Raises
    ------
    ConfigError
        ``AK-C002`` for an unknown exchange, listing the known ones.
    """
    import exchange_calendars

    today = now.tz_convert("UTC").tz_localize(None).normalize()
    until = today if end is None else min(today, pd.Timestamp(end))
    since = until - _LONGEST_CLOSURE
    sessions_between(calendar, since, until)  # explains an unknown name
    days = exchange_calendars.get_calendar(calendar, start=since, end=until)
    final = days.closes + pd.Timedelta(minutes=settle_minutes) <= now
    return pd.Timestamp(days.closes.index[final][-1]).as_unit("us")
