"""Yahoo's chart format: one JSON document per name, read or refused with a reason."""

import json
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import DATE_DTYPE
from alpha_kedro.sources.yahoo.answers import Answer, Failure, Served

_QUOTED = ("open", "high", "low", "close", "volume")
_SHOWN = 60  # characters of an answer that is no chart


def read_chart(content: str, *, symbol: str) -> Answer:
    """Read the answer to a request for daily bars.

    Parameters
    ----------
    content
        The body of the answer.
    symbol
        Who was asked for. An answer about somebody else is refused: sessions that are
        shared by threads have been seen to mix them up.

    Returns
    -------
    Served or Failure
        ``not_found``, ``refused`` where Yahoo says so itself, ``empty`` without a
        single price, ``malformed`` naming what is missing or wrong.

    Notes
    -----
    Capital gains count as dividends of their day. Yahoo has been seen to list them
    within the dividend as well; that cannot be told from the answer and is not undone.
    """
    try:
        return _read(json.loads(content), symbol)
    except json.JSONDecodeError:
        start = " ".join(content[:_SHOWN].split())
        return Failure("malformed", f"no JSON but {start!r}")
    except KeyError as missing:
        return Failure("malformed", f"{missing} is missing")
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        return Failure("malformed", f"{type(error).__name__}: {error}")


def _read(document: Any, symbol: str) -> Answer:
    if not isinstance(document, dict):
        return Failure("malformed", f"a chart is no {type(document).__name__}")
    chart = document["chart"]
    if chart.get("error"):
        return _refusal(chart["error"])
    if not chart["result"]:
        return Failure("empty", "no result")
    result = chart["result"][0]
    about = result["meta"]["symbol"]
    if about.upper() != symbol.upper():
        return Failure("malformed", f"asked for {symbol}, answered {about}")
    return _served(result)


def _refusal(error: dict[str, Any]) -> Failure:
    text = str(error.get("description") or error.get("code"))
    missing = error.get("code") == "Not Found"
    return Failure("not_found" if missing else "refused", text)


def _served(result: dict[str, Any]) -> Answer:
    zone = result["meta"]["exchangeTimezoneName"]
    stamps = result.get("timestamp") or []
    if not stamps:
        return Failure("empty", "no session")
    bars = _bars(stamps, result["indicators"], zone)
    if bars[list(_QUOTED[:4])].isna().all(axis=None):
        return Failure("empty", f"{len(bars)} session(s), all without prices")
    return Served(bars, _actions(result.get("events") or {}, zone))


def _bars(stamps: list[int], indicators: dict[str, Any], zone: str) -> pd.DataFrame:
    quote = indicators["quote"][0]
    columns = {name: _floats(quote[name]) for name in _QUOTED}
    adjusted = indicators.get("adjclose") or [{}]
    # Not every index has one; what is missing is told from what is NaN by the count.
    columns["adj_close"] = _floats(adjusted[0].get("adjclose") or [None] * len(stamps))
    bars = pd.DataFrame({"date": _days(stamps, zone)} | columns)
    return bars.iloc[np.argsort(stamps, kind="stable")].reset_index(drop=True)


def _actions(events: dict[str, Any], zone: str) -> pd.DataFrame:
    # A fund's capital gains are paid out like its dividend, and lower its price so.
    paid = [*_listed(events, "dividends"), *_listed(events, "capitalGains")]
    splits = _listed(events, "splits")
    amounts = _floats([each["amount"] for each in paid])
    old = _floats([each["denominator"] for each in splits])
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = _floats([each["numerator"] for each in splits]) / old
    if not (np.isfinite(ratios) & (ratios > 0)).all():
        raise ValueError(f"split ratios {ratios.tolist()}")
    return pd.DataFrame(
        {
            "date": _days([each["date"] for each in (*paid, *splits)], zone),
            "dividend": np.append(amounts, np.zeros(len(ratios))),
            "split_ratio": np.append(np.ones(len(amounts)), ratios),
        }
    )


def _listed(events: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return list((events.get(kind) or {}).values())


def _days(stamps: list[int], zone: str) -> Any:
    """Return the exchange's days of instants, whatever the clock of this machine."""
    instants = pd.to_datetime(np.array(stamps, dtype="int64"), unit="s", utc=True)
    local = instants.tz_convert(zone).tz_localize(None).normalize()
    return local.astype(DATE_DTYPE)


def _floats(values: list[float | None]) -> Any:
    return np.array(values, dtype="float64")
