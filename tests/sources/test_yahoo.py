"""A market from Yahoo, day by day: what is asked, what is kept, what is given."""

import json
import os
import time

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.market.columns import RAW_COLUMNS
from tests.sources.yahoo_market import NAMES, bars_of, contents, day, load
from tests.sources.yahoo_transport import SimulatedYahoo, at


@pytest.fixture
def yahoo():
    market = SimulatedYahoo()
    for place, name in enumerate(NAMES):
        market.list(name, level=50.0 * (place + 1))
    return market


def test_bars_are_the_quotes_of_the_day(yahoo, tmp_path):
    market = load(yahoo, tmp_path)
    assert market.basis == "raw"
    assert list(market.bars) == list(RAW_COLUMNS)
    bars = bars_of(market, "BBB")
    quoted = yahoo.quotes["BBB"].loc[:"2024-03-08"]
    np.testing.assert_array_equal(bars.index, quoted.index)
    np.testing.assert_allclose(bars[list(quoted)], quoted, rtol=1e-7)
    assert bars["adj_close"].isna().all()
    assert [str(kind) for kind in market.bars.dtypes][:3] == [
        "datetime64[us]",
        "str",
        "float64",
    ]


def test_one_request_per_name_is_enough(yahoo, tmp_path):
    load(yahoo, tmp_path)
    assert sorted(yahoo.asked) == NAMES


def test_splits_and_dividends_are_as_they_were_on_their_day(yahoo, tmp_path):
    yahoo.split("AAA", "2024-02-01", 4).pay("AAA", "2024-01-16", 0.6)
    yahoo.pay("AAA", "2024-02-15", 0.2)
    market = load(yahoo, tmp_path)
    bars = bars_of(market, "AAA")
    quoted = yahoo.quotes["AAA"].loc[:"2024-03-08"]
    np.testing.assert_allclose(bars["close"], quoted["close"], rtol=1e-7)
    np.testing.assert_allclose(bars["volume"], quoted["volume"], rtol=1e-7)
    assert bars["close"].loc["2024-01-31"] > 3 * bars["close"].loc["2024-02-01"]
    actions = market.actions.set_index("date")
    assert set(actions["ticker"]) == {"AAA"}
    assert actions["dividend"].loc["2024-01-16"] == pytest.approx(0.6)
    assert actions["dividend"].loc["2024-02-15"] == pytest.approx(0.2)
    assert actions["split_ratio"].loc["2024-02-01"] == 4.0


def test_capital_gains_of_a_fund_are_distributed_with_its_dividend(yahoo, tmp_path):
    yahoo.list("SPY", level=500.0).split("SPY", "2024-02-01", 2)
    yahoo.pay("SPY", "2024-01-16", 1.5).distribute_gains("SPY", "2024-01-16", 0.7)
    yahoo.distribute_gains("SPY", "2024-03-07", 0.4)
    actions = load(yahoo, tmp_path, tickers=["SPY"]).actions.set_index("date")
    assert actions["dividend"].loc["2024-01-16"] == pytest.approx(2.2)
    assert actions["dividend"].loc["2024-03-07"] == pytest.approx(0.4)
    assert actions["split_ratio"].loc["2024-02-01"] == 2.0
    assert len(actions) == 3


def test_without_any_action_the_table_is_empty_and_typed(yahoo, tmp_path):
    actions = load(yahoo, tmp_path).actions
    assert len(actions) == 0
    assert str(actions["date"].dtype) == "datetime64[us]"


def test_a_second_run_on_the_same_evening_asks_nobody(yahoo, tmp_path):
    first = load(yahoo, tmp_path)
    yahoo.calls.clear()
    second = load(yahoo, tmp_path)
    assert yahoo.calls == []
    pd.testing.assert_frame_equal(first.bars, second.bars)
    assert second.facts["statuses"] == {"fresh": 3}


def test_on_the_next_day_only_the_last_sessions_are_asked_for(yahoo, tmp_path):
    load(yahoo, tmp_path)
    before = contents(tmp_path)
    yahoo.calls.clear()
    yahoo.now = at("2024-03-11 22:30")
    market = load(yahoo, tmp_path, overlap_sessions=3)
    since = {pd.Timestamp(int(call["period1"]), unit="s") for call in yahoo.calls}
    assert since == {day("2024-03-05")}  # the day before the third last session
    assert bars_of(market, "CCC").index[-1] == day("2024-03-11")
    after = contents(tmp_path)
    assert before.items() < after.items()
    assert {name for name in after if "append" in name} == set(after) - set(before)
    assert market.facts["revised"] == {}


def test_day_by_day_is_the_same_as_all_at_once(yahoo, tmp_path):
    yahoo.pay("AAA", "2024-03-12", 0.5)
    for evening in range(8, 16):
        yahoo.now = at(f"2024-03-{evening:02d} 22:30")
        step_by_step = load(yahoo, tmp_path / "steps")
    at_once = load(yahoo, tmp_path / "once")
    pd.testing.assert_frame_equal(step_by_step.bars, at_once.bars)
    pd.testing.assert_frame_equal(step_by_step.actions, at_once.actions)


def test_the_running_session_is_not_stored(yahoo, tmp_path):
    yahoo.now = at("2024-03-08 20:00")
    market = load(yahoo, tmp_path)
    assert market.bars["date"].max() == day("2024-03-07")
    assert market.facts["rows"]["unfinished"] == 3
    assert market.facts["statuses"] == {"fresh": 3}


def test_a_bar_is_final_when_it_has_settled(yahoo, tmp_path):
    yahoo.now = at("2024-03-08 21:59:59")
    assert load(yahoo, tmp_path).bars["date"].max() == day("2024-03-07")
    yahoo.now = at("2024-03-08 22:00")
    assert load(yahoo, tmp_path).bars["date"].max() == day("2024-03-08")


def test_on_a_holiday_nobody_is_asked_and_the_cache_is_kept(yahoo, tmp_path):
    yahoo.now = at("2024-02-16 22:30")
    friday = load(yahoo, tmp_path)
    yahoo.calls.clear()
    yahoo.now = at("2024-02-19 22:30")  # Washington's Birthday
    monday = load(yahoo, tmp_path)
    assert yahoo.calls == []
    pd.testing.assert_frame_equal(friday.bars, monday.bars)


def test_a_name_that_stopped_trading_is_stale_and_not_called_delisted(yahoo, tmp_path):
    yahoo.list("DEAD", end="2024-02-09")
    market = load(yahoo, tmp_path, tickers=[*NAMES, "DEAD"])
    assert market.facts["stale"] == {"DEAD": "no bar for the last session"}
    assert market.facts["n_failed"] == 0
    yahoo.calls.clear()
    load(yahoo, tmp_path, tickers=[*NAMES, "DEAD"])
    assert yahoo.asked == ["DEAD"]


def test_a_past_end_needs_no_network_once_it_is_known(yahoo, tmp_path):
    yahoo.list("DEAD", end="2024-02-09")
    settings = {"tickers": [*NAMES, "DEAD"], "end": "2024-02-28"}
    market = load(yahoo, tmp_path, **settings)
    assert market.bars["date"].max() == day("2024-02-28")
    yahoo.calls.clear()
    yahoo.now = at("2024-03-20 22:30")
    again = load(yahoo, tmp_path, **settings)
    assert yahoo.calls == []
    pd.testing.assert_frame_equal(market.bars, again.bars)


def test_a_split_after_the_end_moves_nothing_before_it(yahoo, tmp_path):
    market = load(yahoo, tmp_path / "a", end="2024-02-28")
    yahoo.split("AAA", "2024-03-05", 2)
    after = load(yahoo, tmp_path / "b", end="2024-02-28")
    pd.testing.assert_frame_equal(market.bars, after.bars)


def test_an_earlier_start_fetches_the_whole_again(yahoo, tmp_path):
    load(yahoo, tmp_path, start="2024-02-01")
    assert len(contents(tmp_path)) == 3
    market = load(yahoo, tmp_path, start="2024-01-10")
    assert market.bars["date"].min() == day("2024-01-10")
    assert set(market.facts["revised"]) == set(NAMES)
    later = load(yahoo, tmp_path, start="2024-02-01")
    assert later.bars["date"].min() == day("2024-02-01")
    assert later.facts["revised"] == {}


def test_benchmarks_carry_the_total_return_of_their_actions(yahoo, tmp_path):
    yahoo.list("SPY", level=500.0).list("^VIX", level=15.0)
    yahoo.pay("SPY", "2024-03-15", 1.5)
    for evening in ("2024-03-08", "2024-03-14", "2024-03-15", "2024-03-18"):
        yahoo.now = at(f"{evening} 22:30")
        market = load(yahoo, tmp_path, benchmarks=["SPY", "^VIX"])
    table = market.benchmarks
    assert sorted(table["ticker"].unique()) == ["SPY", "VIX"]
    spy = table[table["ticker"] == "SPY"].set_index("date")
    growth = spy["adj_close"] / spy["close"]
    before = spy["close"].loc["2024-03-14"]
    assert growth.loc[:"2024-03-14"].to_numpy() == pytest.approx(1.0)
    assert growth.loc["2024-03-15":].to_numpy() == pytest.approx(1 / (1 - 1.5 / before))
    assert "SPY" not in set(market.bars["ticker"])
    assert "SPY" not in set(market.actions["ticker"])


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_dates_do_not_depend_on_the_clock_of_the_machine(
    yahoo, tmp_path, monkeypatch, zone
):
    expected = load(yahoo, tmp_path / "here").bars
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        there = load(yahoo, tmp_path / "there").bars
    finally:
        monkeypatch.delenv("TZ")
        time.tzset()
    pd.testing.assert_frame_equal(expected, there)
    assert os.environ.get("TZ") is None


def test_offline_reads_what_is_stored(yahoo, tmp_path):
    stored = load(yahoo, tmp_path)
    yahoo.calls.clear()
    yahoo.now = at("2024-03-12 22:30")
    market = load(yahoo, tmp_path, offline=True)
    assert yahoo.calls == []
    pd.testing.assert_frame_equal(stored.bars, market.bars)
    assert market.facts["statuses"] == {"stale": 3}


def test_offline_names_that_are_not_stored_are_unknown(yahoo, tmp_path):
    load(yahoo, tmp_path)
    settings = {"offline": True, "min_coverage": 0.5}
    market = load(yahoo, tmp_path, tickers=[*NAMES, "NEW"], **settings)
    assert market.facts["statuses"] == {"fresh": 3, "unknown": 1}
    assert market.facts["failed"] == {"NEW": "nothing is stored"}


def test_facts_say_what_the_run_knows(yahoo, tmp_path):
    facts = load(yahoo, tmp_path).facts
    assert json.loads(json.dumps(facts)) == facts
    assert facts["source"] == "yahoo"
    assert pd.Timestamp(facts["fetched_at"]) == yahoo.now
    assert facts["vintage"] == facts["fetched_at"]
    assert facts["n_tickers"] == 3
    rows = facts["rows"]
    left_out = rows["without_price"] + rows["duplicated"] + rows["unfinished"]
    assert rows["served"] == rows["kept"] + left_out
