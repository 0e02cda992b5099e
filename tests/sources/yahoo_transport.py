"""A small Yahoo on a local transport: real yfinance code asks it, no network is there.

The market is written as quoted on the day. What is served is what Yahoo serves: single
precision, divided by every split up to the present, actions only within the window, the
running session as it stands. A test moves `now`, and plants faults by symbol.
"""

import json
import re
from threading import Lock
from urllib.parse import parse_qs, unquote, urlsplit

import exchange_calendars
import numpy as np
import pandas as pd
import requests
from requests.adapters import BaseAdapter

CALENDAR = exchange_calendars.get_calendar("XNYS", start="2023-12-01", end="2024-06-28")
_CHART = re.compile(r"/v8/finance/chart/(?P<symbol>.+)")
_MORNING = pd.Timedelta(hours=6.5)


class Killed(BaseException):
    """The process dies here."""


def at(text):
    """An instant, UTC."""
    return pd.Timestamp(text, tz="UTC")


def sessions(start="2024-01-02", end="2024-03-28"):
    return CALENDAR.sessions_in_range(start, end)


class SimulatedYahoo(BaseAdapter):
    def __init__(self, now="2024-03-08 22:30"):
        super().__init__()
        self.now = at(now)
        self.quotes, self.dividends, self.splits = {}, {}, {}
        self.capital_gains = {}
        self.faults = {}  # symbol: what happens to the next calls, one after the other
        self.always = {}  # symbol: what happens to every call
        self.edit = {}  # symbol: what is done to the document of an answer
        self.calls, self.waits = [], []
        self._one_at_a_time = Lock()

    def list(self, symbol, *, level=100.0, start="2024-01-02", end="2024-03-28"):
        days = sessions(start, end)
        steps = np.arange(len(days))
        close = np.round(level * (1 + 0.003 * np.sin(steps) + 0.001 * steps), 2)
        self.quotes[symbol] = pd.DataFrame(
            {
                "open": close - 0.25,
                "high": close + 0.75,
                "low": close - 0.75,
                "close": close,
                "volume": 1e6 + 1000.0 * steps,
            },
            index=days,
        )
        return self

    def split(self, symbol, day, ratio):
        """From ``day`` on a share is one ``ratio``-th of what it was."""
        self.splits.setdefault(symbol, {})[pd.Timestamp(day)] = ratio
        after = self.quotes[symbol].index >= pd.Timestamp(day)
        prices = ["open", "high", "low", "close"]
        self.quotes[symbol].loc[after, prices] /= ratio
        self.quotes[symbol].loc[after, "volume"] *= ratio
        return self

    def pay(self, symbol, day, amount):
        self.dividends.setdefault(symbol, {})[pd.Timestamp(day)] = amount
        return self

    def distribute_gains(self, symbol, day, amount):
        self.capital_gains.setdefault(symbol, {})[pd.Timestamp(day)] = amount
        return self

    def session(self):
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", self)
        session.mount("http://", self)
        return session

    @property
    def asked(self):
        """Symbols asked for, in order."""
        return [call["symbol"] for call in self.calls]

    def send(self, request, **_):
        place = urlsplit(request.url)
        chart = _CHART.fullmatch(place.path)
        if chart is None:
            return _response(request, 200, "crumb" if "crumb" in place.path else "")
        symbol = unquote(chart["symbol"])
        query = {key: value[0] for key, value in parse_qs(place.query).items()}
        with self._one_at_a_time:
            self.calls.append({"symbol": symbol} | query)
            planted = self.faults.get(symbol) or []
            fault = planted.pop(0) if planted else self.always.get(symbol)
        if isinstance(fault, BaseException):
            raise fault
        if fault is not None:
            return _response(request, *fault)
        return self._answer(request, symbol, query)

    def close(self):
        pass

    def _answer(self, request, symbol, query):
        if symbol not in self.quotes:
            return _response(request, 404, not_found())
        span = [pd.Timestamp(int(query[key]), unit="s", tz="UTC") for key in PERIOD]
        document = self.document(symbol, *span)
        result = document["chart"]["result"][0]
        wanted = {_EVENTS[name] for name in query["events"].split(",")}
        for kind in set(result["events"]) - wanted:
            del result["events"][kind]
        self.edit.get(symbol, lambda _: None)(result)
        return _response(request, 200, json.dumps(document))

    def document(self, symbol, since, until):
        quotes = self.quotes[symbol]
        opens = CALENDAR.opens.reindex(quotes.index)
        seen = (opens <= self.now) & (opens >= since) & (opens < until)
        shown = quotes[seen.to_numpy()]
        later = np.array([self._splits_after(symbol, day) for day in shown.index])
        prices = {
            name: _single(shown[name] / later)
            for name in ("open", "high", "low", "close")
        }
        volume = _single(shown["volume"] * later)
        result = {
            "meta": {
                "symbol": symbol,
                "exchangeTimezoneName": "America/New_York",
                "currency": "USD",
                "instrumentType": "EQUITY",
            },
            "timestamp": [int(stamp.timestamp()) for stamp in opens[shown.index]],
            "events": self._events(symbol, since, until),
            "indicators": {
                "quote": [prices | {"volume": volume}],
                "adjclose": [{"adjclose": list(prices["close"])}],
            },
        }
        if not len(shown):
            del result["timestamp"]
            result["indicators"] = {"quote": [{}], "adjclose": [{}]}
        return {"chart": {"result": [result], "error": None}}

    def _splits_after(self, symbol, day):
        """Product of the splits after ``day`` that have happened by now."""
        happened = [
            ratio
            for when, ratio in self.splits.get(symbol, {}).items()
            if when > day and self._has_begun(when)
        ]
        return float(np.prod(happened))

    def _has_begun(self, day):
        """Whether Yahoo already reckons with an action: from early morning on."""
        return CALENDAR.opens[day] - _MORNING <= self.now

    def _events(self, symbol, since, until):
        def within(events):
            return {
                str(_stamp(day)): (day, value)
                for day, value in events.get(symbol, {}).items()
                if since <= CALENDAR.opens[day] < until and self._has_begun(day)
            }

        def amounts(events):
            return {
                key: {
                    "amount": round(amount / self._splits_after(symbol, day), 6),
                    "date": int(key),
                }
                for key, (day, amount) in within(events).items()
            }

        splits = {
            key: {
                "date": int(key),
                "numerator": ratio,
                "denominator": 1,
                "splitRatio": f"{ratio}:1",
            }
            for key, (_, ratio) in within(self.splits).items()
        }
        every = {
            "dividends": amounts(self.dividends),
            "capitalGains": amounts(self.capital_gains),
            "splits": splits,
        }
        return {kind: events for kind, events in every.items() if events}


PERIOD = ("period1", "period2")
_EVENTS = {"div": "dividends", "splits": "splits", "capitalGains": "capitalGains"}


def not_found():
    error = {
        "code": "Not Found",
        "description": "No data found, symbol may be delisted",
    }
    return json.dumps({"chart": {"result": None, "error": error}})


def _stamp(day):
    return int(CALENDAR.opens[day].timestamp())


def _single(values):
    return [float(value) for value in values.astype("float32")]


def _response(request, status, content):
    response = requests.Response()
    response.status_code = status
    response.request = request
    response.url = request.url
    response.encoding = "utf-8"
    response._content = content.encode()
    return response
