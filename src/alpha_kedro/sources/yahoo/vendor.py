"""The one place that knows yfinance: it asks, it does not interpret.

yfinance brings what a request to Yahoo needs (cookie, crumb, a browser's handshake)
and changes when Yahoo does. Its tables are not used: they cost a second request per
name, say neither whether a name is unknown or a server down, nor drop or fill in the
open. The answer itself is read in `alpha_kedro.sources.yahoo.chart`.
"""

import warnings
from typing import Any
from urllib.parse import quote

import pandas as pd

from alpha_kedro.sources.yahoo.answers import Answer, Failure
from alpha_kedro.sources.yahoo.chart import read_chart

_CHART = "https://query2.finance.yahoo.com/v8/finance/chart/"
_FIRST_DAY = pd.Timestamp("1900-01-01", tz="UTC")
_ONE_DAY = pd.Timedelta(days=1)
_DOWN = "Will be right back"
_NOT_FOUND, _TOO_MANY, _SERVER = 404, 429, 500


def connect(session: Any = None) -> Any:
    """Return a connection to Yahoo of its own.

    Parameters
    ----------
    session
        A ``requests`` or ``curl_cffi`` session; None: the one yfinance prefers.

    Notes
    -----
    Nothing outside is touched: not the connection that every other user of yfinance
    in this process shares, not its settings, and not its cache of cookies on the disk,
    which may be locked, damaged or unwritable. A cookie is fetched once per connection.
    """
    with warnings.catch_warnings():  # importing yfinance edits the list of filters
        from yfinance.data import YfData

    class Connection(YfData):  # type: ignore[misc]
        """A connection without a file."""

        def _load_cookie_curlCffi(self) -> bool:  # noqa: N802
            return False

        def _save_cookie_curlCffi(self) -> bool:  # noqa: N802
            return False

    return type.__call__(Connection, session=session)  # past the list of singletons


def fetch(
    symbol: str,
    start: pd.Timestamp | None,
    end: pd.Timestamp,
    connection: Any,
    *,
    timeout: float = 30.0,
) -> Answer:
    """Ask for the daily bars, splits and distributions of one name.

    Parameters
    ----------
    symbol
        As Yahoo spells it.
    start
        First day asked for, without zone; None: as far back as there is anything.
    end
        The present, with zone. Later splits change earlier prices, so that an answer
        which stops before the present could not be put back on the basis of the day.
    connection
        As `connect` gives it.
    timeout
        Seconds.

    Returns
    -------
    Served or Failure
        Nothing is raised for what a network or a vendor does.
    """
    first = _FIRST_DAY if start is None else start.tz_localize("UTC") - _ONE_DAY
    params = {
        "period1": int(first.timestamp()),
        "period2": int((end + _ONE_DAY).timestamp()),
        "interval": "1d",
        "includePrePost": "false",
        "events": "div,splits,capitalGains",
    }
    url = _CHART + quote(symbol)
    try:
        response = connection.get(url, params=params, timeout=timeout)
    except Exception as error:
        return _of_error(error)
    return _of_status(response.status_code, response.text, symbol)


def _of_status(status: int, content: str, symbol: str) -> Answer:
    if status == _TOO_MANY:
        return Failure("rate_limited", "HTTP 429")
    if status >= _SERVER or _DOWN in content:
        return Failure("unreachable", f"HTTP {status}")
    answer = read_chart(content, symbol=symbol)
    if status == _NOT_FOUND:
        detail = answer.detail if isinstance(answer, Failure) else ""
        return Failure("not_found", detail)
    if status >= 400 and not isinstance(answer, Failure):
        return Failure("refused", f"HTTP {status}")
    return answer


def _of_error(error: Exception) -> Failure:
    """Tell by name what failed: two HTTP libraries, two families of errors."""
    name = type(error).__name__
    detail = f"{name}: {error}"
    if name == "YFRateLimitError":
        return Failure("rate_limited", str(error))
    if "Timeout" in name:
        return Failure("timeout", detail)
    if isinstance(error, OSError):  # both families derive from it
        return Failure("unreachable", detail)
    return Failure("malformed", detail)
