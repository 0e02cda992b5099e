"""History that is served anew is compared, kept beside the old, and never mixed."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import DataError
from tests.sources.yahoo_market import NAMES, bars_of, contents, day, load
from tests.sources.yahoo_transport import Killed, SimulatedYahoo, at

PRICES = ["open", "high", "low", "close"]


@pytest.fixture
def yahoo():
    market = SimulatedYahoo()
    for place, name in enumerate(NAMES):
        market.list(name, level=50.0 * (place + 1))
    return market


@pytest.mark.parametrize("ratio", [2, 3, 7, 0.1])
def test_a_later_split_moves_no_earlier_quote_by_a_bit(yahoo, tmp_path, ratio):
    yahoo.pay("AAA", "2024-02-15", 0.25)
    before = load(yahoo, tmp_path)
    earlier = bars_of(before, "AAA")
    yahoo.split("AAA", "2024-03-12", ratio)
    yahoo.now = at("2024-03-12 22:30")
    after = load(yahoo, tmp_path)
    later = bars_of(after, "AAA")
    pd.testing.assert_frame_equal(earlier, later.loc[:"2024-03-08"], check_exact=True)
    quoted = yahoo.quotes["AAA"].loc[:"2024-03-12"]
    np.testing.assert_allclose(later[list(quoted)], quoted, rtol=1e-6)
    assert dict(after.facts["revised"]) == {
        "AAA": "split on 2024-03-12: no quote moved"
    }
    paid = after.actions[after.actions["dividend"] > 0]
    pd.testing.assert_frame_equal(
        before.actions, paid.reset_index(drop=True), check_exact=True
    )


def test_after_a_split_the_name_is_fetched_whole_and_the_old_stays(yahoo, tmp_path):
    load(yahoo, tmp_path)
    before = contents(tmp_path)
    yahoo.split("AAA", "2024-03-12", 3)
    yahoo.now = at("2024-03-12 22:30")
    yahoo.calls.clear()
    load(yahoo, tmp_path)
    after = contents(tmp_path)
    assert sorted(yahoo.asked) == ["AAA", "AAA", "BBB", "CCC"]
    assert before.items() < after.items()
    new = [name.split("-")[1] for name in set(after) - set(before) if "AAA" in name]
    assert new == ["whole"]


@pytest.mark.parametrize("now", ["2024-03-11 11:00", "2024-03-11 15:00"])
def test_a_split_on_the_running_session_is_undone_though_its_bar_is_not_stored(
    yahoo, tmp_path, now
):
    expected = load(yahoo, tmp_path / "before")
    yahoo.split("AAA", "2024-03-11", 2)
    yahoo.now = at(now)
    found = load(yahoo, tmp_path / "on_the_day")
    pd.testing.assert_frame_equal(expected.bars, found.bars)
    assert found.actions.empty


def test_history_that_moves_silently_is_seen_reported_and_kept_apart(yahoo, tmp_path):
    load(yahoo, tmp_path)
    vintage = load(yahoo, tmp_path)
    yahoo.quotes["BBB"].loc[:"2024-03-06", PRICES] *= 1.01
    yahoo.now = at("2024-03-11 22:30")
    market = load(yahoo, tmp_path)
    said = market.facts["revised"]["BBB"]
    assert said.startswith("3 of 5 known rows moved, the first on 2024-03-04: 45 of 47")
    assert "rows moved, the first on 2024-01-02" in said
    served = yahoo.quotes["BBB"].loc[:"2024-03-11"]
    found = bars_of(market, "BBB")
    np.testing.assert_allclose(found["close"], served["close"], rtol=1e-7)
    again = load(yahoo, tmp_path, as_of=vintage.facts["vintage"])
    pd.testing.assert_frame_equal(vintage.bars, again.bars, check_exact=True)


def test_a_basis_that_moved_is_never_appended_to(yahoo, tmp_path):
    """A split that was applied to the prices and listed nowhere."""
    load(yahoo, tmp_path)
    yahoo.split("AAA", "2024-03-11", 2)
    yahoo.edit["AAA"] = lambda result: result.pop("events")
    yahoo.now = at("2024-03-11 22:30")
    market = load(yahoo, tmp_path)
    close = bars_of(market, "AAA")["close"]
    assert (close.pct_change().dropna().abs() < 0.05).all()
    assert "moved" in market.facts["revised"]["AAA"]


def test_volume_that_is_corrected_is_counted_and_ours_is_kept(yahoo, tmp_path):
    before = load(yahoo, tmp_path)
    yahoo.quotes["BBB"].loc["2024-03-08", "volume"] *= 1.2
    yahoo.now = at("2024-03-11 22:30")
    after = load(yahoo, tmp_path)
    assert after.facts["revised"] == {}
    assert after.facts["rows"]["moved_volumes"] == 1
    kept = bars_of(after, "BBB")["volume"].loc[:"2024-03-08"]
    pd.testing.assert_series_equal(kept, bars_of(before, "BBB")["volume"])


def test_a_day_that_was_missing_is_filled_when_it_is_served(yahoo, tmp_path):
    def without_thursday(result):
        for values in result["indicators"]["quote"][0].values():
            values[-2] = None

    yahoo.edit["AAA"] = without_thursday
    holed = load(yahoo, tmp_path)
    assert day("2024-03-07") not in bars_of(holed, "AAA").index
    assert holed.facts["rows"]["without_price"] == 1
    yahoo.edit.clear()
    yahoo.now = at("2024-03-11 22:30")
    whole = bars_of(load(yahoo, tmp_path), "AAA")
    assert day("2024-03-07") in whole.index
    assert whole.index.is_monotonic_increasing


def test_an_answer_that_lost_history_does_not_replace_it(yahoo, tmp_path):
    before = load(yahoo, tmp_path)
    yahoo.quotes["AAA"] = yahoo.quotes["AAA"].loc["2024-03-04":] * 1.5
    yahoo.now = at("2024-03-11 22:30")
    market = load(yahoo, tmp_path, min_coverage=0.5)
    assert "truncated: 5 of 47 rows moved" in market.facts["failed"]["AAA"]
    pd.testing.assert_frame_equal(bars_of(before, "AAA"), bars_of(market, "AAA"))


def test_a_market_is_read_again_as_of_each_vintage(yahoo, tmp_path):
    vintages = []
    for evening in ("2024-03-08", "2024-03-11", "2024-03-12", "2024-03-13"):
        if evening == "2024-03-12":
            yahoo.split("CCC", evening, 3).pay("BBB", evening, 0.5)
        yahoo.now = at(f"{evening} 22:30")
        vintages.append(load(yahoo, tmp_path))
    yahoo.calls.clear()
    for vintage in vintages:
        again = load(yahoo, tmp_path, as_of=vintage.facts["vintage"])
        pd.testing.assert_frame_equal(vintage.bars, again.bars, check_exact=True)
        pd.testing.assert_frame_equal(vintage.actions, again.actions, check_exact=True)
    assert yahoo.calls == []


def test_before_the_first_vintage_nothing_is_known(yahoo, tmp_path):
    load(yahoo, tmp_path)
    with pytest.raises(DataError, match="AK-D070"):
        load(yahoo, tmp_path, as_of="2024-03-01")


def test_what_is_read_does_not_grow_while_it_is_read(yahoo, tmp_path):
    market = load(yahoo, tmp_path)
    first = market.bars
    yahoo.now = at("2024-03-11 22:30")
    load(yahoo, tmp_path)
    pd.testing.assert_frame_equal(first, market.bars)


def test_a_killed_run_goes_on_where_it_stopped(yahoo, tmp_path):
    yahoo.faults["BBB"] = [Killed()]
    with pytest.raises(Killed):
        load(yahoo, tmp_path, batch_size=1)
    assert {name.split("/")[0] for name in contents(tmp_path)} == {"AAA"}
    yahoo.calls.clear()
    market = load(yahoo, tmp_path, batch_size=1)
    assert yahoo.asked == ["BBB", "CCC"]
    assert set(market.bars["ticker"]) == set(NAMES)


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 4
    path.write_bytes(content)


def test_a_damaged_segment_is_named_and_the_others_are_unharmed(yahoo, tmp_path):
    good = load(yahoo, tmp_path)
    (segment,) = (tmp_path / "BBB").glob("*.parquet")
    flip(segment)
    others = {name: of for name, of in contents(tmp_path).items() if "BBB" not in name}
    with pytest.raises(DataError, match="AK-D002") as caught:
        _ = load(yahoo, tmp_path).bars
    assert str(segment) in caught.value.where[0]
    assert "delete it" in caught.value.fix
    segment.unlink()
    yahoo.calls.clear()
    pd.testing.assert_frame_equal(load(yahoo, tmp_path).bars, good.bars)
    assert yahoo.asked == ["BBB"]
    assert others.items() < contents(tmp_path).items()


def test_a_segment_that_is_missing_between_others_makes_the_name_whole_again(
    yahoo, tmp_path
):
    for evening in ("2024-03-08", "2024-03-11", "2024-03-12"):
        yahoo.now = at(f"{evening} 22:30")
        good = load(yahoo, tmp_path)
    (tmp_path / "AAA").joinpath(sorted(contents(tmp_path / "AAA"))[1]).unlink()
    mended = load(yahoo, tmp_path)
    assert mended.facts["revised"]["AAA"].startswith("a segment is missing")
    pd.testing.assert_frame_equal(good.bars, mended.bars)


def test_what_is_listed_late_is_read_when_the_whole_history_is_due(yahoo, tmp_path):
    before = load(yahoo, tmp_path)
    yahoo.pay("AAA", "2024-01-16", 0.6)  # long before the sessions that overlap
    yahoo.now = at("2024-03-18 22:00")
    unread = load(yahoo, tmp_path, refetch_after_days=10)
    assert unread.actions.empty
    yahoo.now = at("2024-03-19 22:30")
    market = load(yahoo, tmp_path, refetch_after_days=10)
    assert list(market.actions["dividend"]) == [0.6]
    moved = "due: 1 of 53 rows moved, the first on 2024-01-16"
    assert market.facts["revised"]["AAA"] == moved
    assert market.facts["revised"]["BBB"] == "due: no quote moved"
    known = bars_of(market, "AAA").loc[:"2024-03-08"]
    pd.testing.assert_frame_equal(bars_of(before, "AAA"), known, check_exact=True)
    yahoo.calls.clear()
    yahoo.now = at("2024-03-20 22:30")
    assert load(yahoo, tmp_path, refetch_after_days=10).facts["revised"] == {}


def test_a_due_history_that_does_not_come_takes_nothing_from_who_is_fresh(
    yahoo, tmp_path
):
    settings = {"end": "2024-02-28", "refetch_after_days": 10}
    before = load(yahoo, tmp_path, **settings)
    yahoo.always["AAA"] = (404, "")
    yahoo.now = at("2024-03-20 22:30")
    after = load(yahoo, tmp_path, **settings)
    assert after.facts["statuses"] == {"fresh": 3}
    assert after.facts["revised"]["AAA"].startswith("due: not_found")
    pd.testing.assert_frame_equal(before.bars, after.bars)


def test_a_due_history_that_comes_truncated_still_gives_the_new_bars(yahoo, tmp_path):
    load(yahoo, tmp_path)
    yahoo.quotes["AAA"] = yahoo.quotes["AAA"].loc["2024-02-01":]
    yahoo.now = at("2024-03-20 22:30")
    market = load(yahoo, tmp_path, refetch_after_days=10)
    assert market.facts["statuses"] == {"fresh": 3}
    assert market.facts["revised"]["AAA"].startswith("due: truncated: 21 of 47 rows")
    bars = bars_of(market, "AAA")
    assert (bars.index[0], bars.index[-1]) == (day("2024-01-02"), day("2024-03-20"))
