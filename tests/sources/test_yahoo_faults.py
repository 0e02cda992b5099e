"""What a vendor and a network can do: each fault has a reason and loses nothing."""

import json

import numpy as np
import pandas as pd
import pytest
import requests

from alpha_kedro.core.errors import DataError
from tests.sources.yahoo_market import NAMES, bars_of, contents, day, load
from tests.sources.yahoo_transport import SimulatedYahoo, at

LIMITED = (429, "Too Many Requests")
DOWN = (503, "Service Unavailable")
HTML = (200, "<!doctype html><html><body>Sad panda</body></html>")


@pytest.fixture
def yahoo():
    market = SimulatedYahoo()
    for place, name in enumerate(NAMES):
        market.list(name, level=50.0 * (place + 1))
    return market


def chart(symbol="AAA", **result):
    meta = {"symbol": symbol, "exchangeTimezoneName": "America/New_York"}
    whole = {"meta": meta} | result
    return (200, json.dumps({"chart": {"result": [whole], "error": None}}))


NO_SESSION = chart(indicators={"quote": [{}], "adjclose": [{}]})
NO_PRICE = chart(
    timestamp=[1704205800, 1704292200],
    indicators={
        "quote": [
            dict.fromkeys(("open", "high", "low", "close"), [None] * 2)
            | {"volume": [0, 0]}
        ],
    },
)
FAULTS = {
    "rate_limited": LIMITED,
    "unreachable": DOWN,
    "not_found": (404, "<html>no JSON</html>"),
    "refused": (401, json.dumps({"chart": {"error": {"code": "Unauthorized"}}})),
    "timeout": requests.exceptions.ReadTimeout("30 s"),
    "empty": NO_SESSION,
    "malformed": HTML,
}
PERMANENT = ("not_found", "refused", "empty", "malformed")


@pytest.mark.parametrize("reason", FAULTS)
def test_each_fault_has_its_reason(yahoo, tmp_path, reason):
    yahoo.always["AAA"] = FAULTS[reason]
    market = load(yahoo, tmp_path, min_coverage=0.6)
    assert market.facts["statuses"] == {"failed": 1, "fresh": 2}
    assert market.facts["n_failed"] == 1
    assert market.facts["failed"]["AAA"].startswith(reason)
    assert set(market.bars["ticker"]) == {"BBB", "CCC"}
    assert len(yahoo.waits) == (0 if reason in PERMANENT else 4)


@pytest.mark.parametrize("reason", FAULTS)
def test_after_a_fault_what_was_known_is_kept(yahoo, tmp_path, reason):
    before = load(yahoo, tmp_path)
    stored = contents(tmp_path / "AAA")
    yahoo.always["AAA"] = FAULTS[reason]
    yahoo.now = at("2024-03-11 22:30")
    market = load(yahoo, tmp_path, min_coverage=0.6)
    assert market.facts["statuses"] == {"stale": 1, "fresh": 2}
    assert market.facts["failed"]["AAA"].startswith(reason)
    assert contents(tmp_path / "AAA") == stored
    pd.testing.assert_frame_equal(bars_of(before, "AAA"), bars_of(market, "AAA"))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (HTML, "malformed: no JSON but '<!doctype html>"),
        ((200, ""), "malformed: no JSON but ''"),
        ((200, "null"), "malformed: a chart is no NoneType"),
        ((200, "{}"), "malformed: 'chart' is missing"),
        ((200, json.dumps({"chart": {"result": None}})), "empty: no result"),
        (NO_SESSION, "empty: no session"),
        (NO_PRICE, "empty: 2 session(s), all without prices"),
        (chart(timestamp=[1704205800]), "malformed: 'indicators' is missing"),
        (chart("ZZZ"), "malformed: asked for AAA, answered ZZZ"),
        ((200, "Will be right back..."), "unreachable: HTTP 200"),
    ],
)
def test_an_answer_that_cannot_be_read_says_why(yahoo, tmp_path, answer, said):
    yahoo.always["AAA"] = answer
    market = load(yahoo, tmp_path, min_coverage=0.6)
    assert market.facts["failed"]["AAA"].startswith(said)


def rename_close(result):
    quote = result["indicators"]["quote"][0]
    quote["Close"] = quote.pop("close")


def cut_close(result):
    result["indicators"]["quote"][0]["close"].pop()


def word_in_close(result):
    result["indicators"]["quote"][0]["close"][3] = "n/a"


def no_split(result):
    result["events"] = {
        "splits": {"1": {"date": 1704205800, "numerator": 0, "denominator": 1}}
    }


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (rename_close, "'close' is missing"),
        (cut_close, "must be of the same length"),
        (word_in_close, "could not convert string to float: 'n/a'"),
        (no_split, "split ratios [0.0]"),
    ],
)
def test_a_format_that_changed_is_malformed(yahoo, tmp_path, edit, said):
    yahoo.edit["AAA"] = edit
    reason = load(yahoo, tmp_path, min_coverage=0.6).facts["failed"]["AAA"]
    assert reason.startswith("malformed")
    assert said in reason


def test_a_missing_adjusted_close_is_no_fault(yahoo, tmp_path):
    yahoo.edit["AAA"] = lambda result: result["indicators"].pop("adjclose")
    assert load(yahoo, tmp_path).facts["n_failed"] == 0


def test_a_limit_that_passes_is_waited_for(yahoo, tmp_path):
    yahoo.faults["AAA"] = [LIMITED] * 2 + [LIMITED] * 2
    market = load(yahoo, tmp_path, backoff_seconds=10.0)
    assert market.facts["statuses"] == {"fresh": 3}
    # yfinance itself asks twice before it gives up on an answer
    assert yahoo.asked.count("AAA") == 5
    assert [yahoo.asked.count(name) for name in ("BBB", "CCC")] == [1, 1]
    first, second = yahoo.waits
    assert 5 <= first <= 10 <= second <= 20


def test_waits_double_up_to_the_longest(yahoo, tmp_path):
    yahoo.always["AAA"] = requests.exceptions.ConnectionError("no route")
    manners = {"backoff_seconds": 8.0, "max_backoff_seconds": 20.0, "max_retries": 5}
    load(yahoo, tmp_path, min_coverage=0.6, **manners)
    planned = np.array([8, 16, 20, 20, 20])
    assert (planned / 2 <= yahoo.waits).all()
    assert (yahoo.waits <= planned).all()
    assert len(set(yahoo.waits)) == 5


def test_who_is_refused_for_ever_is_not_hammered(yahoo, tmp_path):
    names = [f"N{number:02d}" for number in range(30)]
    yahoo.always = dict.fromkeys(names, LIMITED)
    with pytest.raises(DataError, match="AK-D070") as caught:
        load(yahoo, tmp_path, tickers=names, batch_size=5, max_retries=2)
    assert set(yahoo.asked) == set(names[:5])
    assert len(yahoo.asked) == 5 * 2 * 3
    assert len(yahoo.waits) == 2
    assert "not asked any more" in caught.value.where[-1]
    assert contents(tmp_path) == {}


def test_between_batches_there_is_a_pause(yahoo, tmp_path):
    load(yahoo, tmp_path, batch_size=1, pause_seconds=3.0)
    assert yahoo.waits == [3.0, 3.0]


def test_when_all_fail_it_is_an_error_and_the_cache_is_untouched(yahoo, tmp_path):
    load(yahoo, tmp_path)
    before = contents(tmp_path)
    yahoo.now = at("2024-03-11 22:30")
    yahoo.always = dict.fromkeys(NAMES, NO_PRICE)
    with pytest.raises(DataError, match="AK-D070") as caught:
        load(yahoo, tmp_path, min_coverage=0.0)
    assert len(caught.value.where) == 3
    assert contents(tmp_path) == before


def test_too_little_coverage_is_an_error_that_lists_the_names(yahoo, tmp_path):
    with pytest.raises(DataError, match="AK-D071") as caught:
        load(yahoo, tmp_path, tickers=[*NAMES, "GONE"])
    assert caught.value.where == [
        "GONE (not_found: No data found, symbol may be delisted)"
    ]
    assert caught.value.got == "75.0%"
    assert len(contents(tmp_path)) == 3  # what came is kept


def test_a_day_served_twice_is_one_bar_the_later_one(yahoo, tmp_path):
    def live_row(result):
        result["timestamp"].append(result["timestamp"][-1] + 6 * 3600)
        for values in result["indicators"]["quote"][0].values():
            values.append(values[-1] + 1.0)
        result["indicators"]["adjclose"][0]["adjclose"].append(1.0)

    yahoo.edit["AAA"] = live_row
    market = load(yahoo, tmp_path)
    bars = bars_of(market, "AAA")
    assert bars.index.is_unique
    assert market.facts["rows"]["duplicated"] == 1
    quoted = yahoo.quotes["AAA"]["close"].loc["2024-03-08"]
    assert bars["close"].loc["2024-03-08"] == pytest.approx(quoted + 1.0)


def test_equal_values_on_two_days_are_two_bars(yahoo, tmp_path):
    yahoo.quotes["AAA"].loc["2024-03-08"] = yahoo.quotes["AAA"].loc["2024-03-07"]
    assert day("2024-03-08") in bars_of(load(yahoo, tmp_path), "AAA").index


def test_a_last_day_without_prices_is_no_bar(yahoo, tmp_path):
    def no_last_prices(result):
        for values in result["indicators"]["quote"][0].values():
            values[-1] = None

    yahoo.edit["AAA"] = no_last_prices
    market = load(yahoo, tmp_path)
    assert bars_of(market, "AAA").index[-1] == day("2024-03-07")
    assert market.facts["stale"] == {"AAA": "no bar for the last session"}
    yahoo.edit.clear()
    assert load(yahoo, tmp_path).facts["statuses"] == {"fresh": 3}


def test_a_name_that_lists_today_has_no_final_bar_yet(yahoo, tmp_path):
    yahoo.list("NEW", start="2024-03-11").now = at("2024-03-11 15:00")
    market = load(yahoo, tmp_path, tickers=[*NAMES, "NEW"], min_coverage=0.6)
    assert market.facts["failed"] == {"NEW": "empty: no final bar"}
    assert contents(tmp_path / "NEW") == {}


def test_a_dividend_on_a_day_without_a_bar_is_kept_and_compares_equal(yahoo, tmp_path):
    def no_thursday(result):
        days = pd.to_datetime(result["timestamp"], unit="s").normalize()
        place = days.get_loc("2024-03-07")
        for values in result["indicators"]["quote"][0].values():
            values[place] = None

    yahoo.pay("AAA", "2024-03-07", 0.5).edit["AAA"] = no_thursday
    market = load(yahoo, tmp_path)
    assert list(market.actions["dividend"]) == [0.5]
    yahoo.now = at("2024-03-11 22:30")
    assert load(yahoo, tmp_path).facts["revised"] == {}


def test_a_benchmark_that_fails_is_listed(yahoo, tmp_path):
    market = load(yahoo, tmp_path, benchmarks=["SPY"])
    assert market.benchmarks is None
    assert market.facts["failed"]["SPY"].startswith("not_found")


def test_a_name_without_any_close_stops_no_later_run(yahoo, tmp_path):
    def no_close(result):
        quote = result["indicators"]["quote"][0]
        quote["close"] = [None] * len(quote["close"])

    yahoo.edit["AAA"] = no_close
    assert load(yahoo, tmp_path).facts["statuses"] == {"stale": 1, "fresh": 2}
    offline = load(yahoo, tmp_path, offline=True)
    assert offline.facts["stale"] == {"AAA": "no bar for the last session"}
    yahoo.edit.clear()
    mended = load(yahoo, tmp_path)
    assert mended.facts["statuses"] == {"fresh": 3}
    assert mended.facts["revised"]["AAA"].startswith("no close is known")
    assert bars_of(mended, "AAA")["close"].notna().all()
