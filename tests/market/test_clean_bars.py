"""Every fault is planted once and has to be seen, and no sound bar may be lost."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.core.prices import price_panel
from alpha_kedro.market import IngestionSpec, clean_bars
from tests.market.quotes import NOW, SESSIONS, cleaned, make_quotes

PRICE_FAULTS = {
    "no_close": {"close": np.nan},
    "infinite": {"high": np.inf},
    "not_positive": {"close": 0.0},
    "negative_volume": {"volume": -1.0},
    "high_below_low": {"high": 10.0, "open": np.nan, "close": 20.0, "low": 30.0},
    "open_outside_range": {"open": 500.0},
    "close_outside_range": {"close": 500.0},
}
PLACE_FAULTS = {
    "bad_ticker": {"ticker": "../ETC"},
    "bad_date": {"date": pd.NaT},
    "future_date": {"date": pd.Timestamp("2023-07-05")},
    "not_a_session": {"date": pd.Timestamp("2023-01-16")},
}
FAULTS = PRICE_FAULTS | PLACE_FAULTS


def planted(raw: pd.DataFrame, row: int, fault: str) -> pd.DataFrame:
    """Return a copy of ``raw`` with the values of one fault in one row."""
    broken = raw.copy()
    for name, value in FAULTS[fault].items():
        broken.loc[row, name] = value
    return broken


def test_sound_bars_are_all_kept_sorted_by_date_and_ticker():
    raw = make_quotes("B", "A")
    bars = cleaned(raw).bars
    assert list(bars) == [
        "date", "ticker", "open", "high", "low", "close", "volume", "adj_close",
        "share_factor", "halted",
    ]  # fmt: skip
    assert bars["date"].dtype == "datetime64[us]"
    assert bars["ticker"].dtype == "str"
    assert (bars[["open", "close", "adj_close", "volume"]].dtypes == "float64").all()
    expected = raw.sort_values(["date", "ticker"], ignore_index=True)
    pd.testing.assert_frame_equal(bars[list(raw)], expected)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_costs_its_row_and_no_other(fault):
    raw = make_quotes("A", "B")
    assert not cleaned(raw).report["by_reason"]
    found = cleaned(planted(raw, 7, fault))
    assert list(found.rejects["reason"]) == [fault]
    assert found.report["by_reason"] == {fault: 1}
    sound = cleaned(raw.drop(index=7)).bars
    pd.testing.assert_frame_equal(found.bars, sound)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 79), st.sampled_from([*FAULTS, "copy", "rival"])),
        max_size=12,
    ),
    st.integers(0, 2**32 - 1),
)
def test_every_row_is_kept_or_rejected_in_whatever_order_rows_come(plants, seed):
    raw = make_quotes("A", "B", sessions=SESSIONS[:40])
    for row, fault in plants:
        if fault in FAULTS:
            raw = planted(raw, row, fault)
        else:
            again = raw.loc[[row]]
            again = again if fault == "copy" else again.assign(close=again["open"])
            raw = pd.concat([raw, again], ignore_index=True)
    spec = IngestionSpec(max_gap_share=0.5, max_off_calendar_share=1.0)
    shuffled = raw.sample(frac=1.0, random_state=seed % 2**32)
    found, again = cleaned(raw, spec=spec), cleaned(shuffled, spec=spec)
    pd.testing.assert_frame_equal(found.bars, again.bars)
    pd.testing.assert_frame_equal(found.rejects, again.rejects)
    assert found.report == again.report


def test_an_exact_copy_is_counted_and_changes_nothing():
    raw = make_quotes("A", "B")
    twice = pd.concat([raw, raw.iloc[[3, 3, 50]]], ignore_index=True)
    found = cleaned(twice)
    assert found.report["by_reason"] == {"duplicate": 3}
    pd.testing.assert_frame_equal(found.bars, cleaned(raw).bars)


def test_contradicting_bars_are_both_refused_with_their_values():
    raw = make_quotes("A")
    rival = raw.loc[[3]].assign(close=raw.loc[3, "close"] * 1.001)
    found = cleaned(pd.concat([raw, rival], ignore_index=True))
    assert found.report["by_reason"] == {"conflicting_duplicate": 2}
    values = sorted([raw.loc[3, "close"], rival["close"].item()])
    assert list(found.rejects["close"]) == values


def test_a_broken_copy_does_not_cost_the_sound_bar():
    raw = make_quotes("A")
    broken = raw.loc[[3]].assign(close=0.0)
    found = cleaned(pd.concat([raw, broken], ignore_index=True))
    assert found.report["by_reason"] == {"not_positive": 1}
    pd.testing.assert_frame_equal(found.bars, cleaned(raw).bars)


def test_equal_bars_of_different_days_are_no_duplicates():
    raw = make_quotes("A")
    values = ["open", "high", "low", "close", "volume", "adj_close"]
    raw[values] = raw.loc[0, values].to_numpy()
    assert len(cleaned(raw).bars) == len(raw)


def snapshot(whole: pd.DataFrame) -> pd.DataFrame:
    """Return what a vendor shows of sessions that are still going on."""
    return whole.assign(
        high=whole[["open", "close"]].max(axis=1) * 1.001,
        low=whole[["open", "close"]].min(axis=1) * 0.999,
        close=whole["open"],
        volume=whole["volume"] / 2,
    )


def test_of_a_last_session_given_twice_the_settled_bar_is_kept():
    raw = make_quotes("A", "B")
    so_far = snapshot(raw[raw["date"] == SESSIONS[-1]])
    found = cleaned(pd.concat([so_far, raw], ignore_index=True))
    assert found.report["by_reason"] == {"unsettled_duplicate": 2}
    pd.testing.assert_frame_equal(found.bars, cleaned(raw).bars)


def test_an_earlier_session_given_twice_is_not_settled_by_guessing():
    raw = make_quotes("A", "B")
    earlier = snapshot(raw[raw["date"] == SESSIONS[-2]])
    found = cleaned(pd.concat([earlier, raw], ignore_index=True))
    assert found.report["by_reason"] == {"conflicting_duplicate": 4}


def test_a_missing_session_is_counted_and_stays_missing_in_the_panel():
    raw = make_quotes("A", "B").drop(index=5)
    found = cleaned(raw)
    assert found.report["n_missing_sessions"] == 1
    assert found.report["missing_by_ticker"] == {"A": 1}
    panel = price_panel(found.bars)
    assert np.isnan(panel["close"][5, 0])
    assert not panel["traded"][5, 0]
    assert np.isfinite(np.delete(panel["close"][:, 0], 5)).all()


def test_a_session_that_no_ticker_has_is_named():
    raw = make_quotes("A", "B")
    lost = raw[raw["date"] != SESSIONS[5]]
    assert cleaned(raw).report["sessions_without_bars"] == []
    named = [f"{pd.Timestamp(SESSIONS[5]):%Y-%m-%d}"]
    assert cleaned(lost).report["sessions_without_bars"] == named


def test_a_ticker_is_refused_from_where_it_has_missed_too_many_sessions():
    raw = make_quotes("A", "B")
    gappy = raw.drop(index=[4, 5, 8, 9])  # of A
    lenient = cleaned(gappy, spec=IngestionSpec(max_gap_share=4 / 252))
    assert lenient.report["n_rejected"] == 0
    found = cleaned(gappy, spec=IngestionSpec(max_gap_share=3 / 252))
    kept = found.bars.loc[found.bars["ticker"] == "A", "date"]
    assert list(kept) == [SESSIONS[row] for row in (0, 1, 2, 3, 6, 7)]
    assert found.report["by_reason"] == {"too_many_gaps": len(SESSIONS) - 10}


def test_a_ticker_that_comes_back_after_a_delisting_is_refused_from_there():
    raw = make_quotes("A", "B")
    gone = raw.drop(index=range(4, 7))  # of A
    assert cleaned(gone, spec=IngestionSpec(delisted_after=4)).report["n_rejected"] == 0
    found = cleaned(gone, spec=IngestionSpec(delisted_after=3))
    assert found.report["by_reason"] == {"too_many_gaps": len(SESSIONS) - 7}
    assert (found.bars["ticker"] == "A").sum() == 4


def test_a_hole_in_the_whole_market_delists_nobody():
    raw = make_quotes("A", "B")
    hole = raw[~raw["date"].isin(SESSIONS[4:15])]
    assert cleaned(hole).report["n_rejected"] == 0
    # One row of any name on a day is enough for the others to be absent on it.
    held = raw[~raw["date"].isin(SESSIONS[4:15]) | (raw["ticker"] == "B")]
    reasons = cleaned(held).report["by_reason"]
    assert reasons == {"too_many_gaps": len(SESSIONS) - 15}


def test_what_a_ticker_misses_later_costs_it_no_earlier_bar():
    raw = make_quotes("A", "B")
    early = raw[raw["date"] <= SESSIONS[3]]
    strict = IngestionSpec(max_gap_share=0.0, delisted_after=1)
    late = cleaned(raw.drop(index=[4, 5, 6]), spec=strict).bars
    before = late[late["date"] <= SESSIONS[3]].reset_index(drop=True)
    assert_frame_equal(before, cleaned(early, spec=strict).bars)


def test_a_halt_is_a_flat_bar_without_volume():
    raw = make_quotes("A")
    raw.loc[5, ["open", "high", "low", "close"]] = raw.loc[4, "close"]
    raw.loc[5, "volume"] = 0.0
    found = cleaned(raw)
    assert list(np.flatnonzero(found.bars["halted"])) == [5]
    assert found.report["n_halted"] == 1
    assert not price_panel(found.bars)["traded"][5, 0]


def test_a_move_without_volume_is_kept_and_counted_as_suspicious():
    raw = make_quotes("A")
    raw.loc[5, "volume"] = 0.0
    found = cleaned(raw)
    assert found.report["n_zero_volume_moves"] == 1
    assert not found.bars["halted"].any()


def test_a_missing_open_high_low_or_volume_stays_missing():
    raw = make_quotes("A")
    raw.loc[5, "open"] = np.nan
    raw.loc[6, ["high", "low", "volume"]] = np.nan
    found = cleaned(raw)
    assert len(found.bars) == len(raw)
    assert np.isnan(found.bars.loc[5, "open"])
    for name in ("open", "high", "low", "volume"):
        assert found.report[f"n_{name}_missing"] == 1


@pytest.mark.parametrize(("excess", "kept"), [(0.9e-3, True), (1.1e-3, False)])
def test_the_tolerance_is_relative_to_the_edge_of_the_range(excess, kept):
    raw = make_quotes("A")
    raw.loc[5, "close"] = raw.loc[5, "high"] * (1 + excess)
    found = cleaned(raw, spec=IngestionSpec(rounding_tolerance=1e-3))
    assert (len(found.rejects) == 0) == kept
    assert found.report["n_within_rounding"] == int(kept)


def test_a_ticker_without_any_price_is_left_out_and_named():
    raw = make_quotes("A", "B")
    prices = ["open", "high", "low", "close", "adj_close"]
    raw.loc[raw["ticker"] == "A", prices] = np.nan
    found = cleaned(raw)
    assert found.report["excluded_tickers"] == ["A"]
    assert found.report["by_reason"] == {"no_close": len(SESSIONS)}


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 20))
def test_a_name_listed_midway_has_no_row_before_its_first_bar(first):
    raw = make_quotes("A", "B")
    late = raw[(raw["ticker"] == "A") | (raw["date"] >= SESSIONS[first])]
    found = cleaned(late)
    assert found.report["n_missing_sessions"] == 0
    close = price_panel(found.bars)["close"][:, 1]
    assert np.isnan(close[:first]).all()
    assert np.isfinite(close[first:]).all()


def test_bars_of_another_calendar_are_refused_by_name():
    week = pd.date_range("2023-01-03", "2023-03-01", freq="D").as_unit("us").to_numpy()
    crypto = make_quotes("BTC-USD", sessions=week)
    mixed = pd.concat([make_quotes("A", "B", "C"), crypto], ignore_index=True)
    with pytest.raises(DataError, match="AK-D015") as caught:
        cleaned(mixed)
    assert caught.value.where == ["BTC-USD (31%)"]
    assert cleaned(crypto, spec=IngestionSpec(calendar="24/7")).report["n_kept"] == 58


def test_bars_of_london_are_refused_on_the_calendar_of_new_york():
    from alpha_kedro.core.calendar import sessions_between

    london = sessions_between("XLON", "2021-01-04", "2022-12-30")
    with pytest.raises(DataError, match="AK-D015"):
        cleaned(make_quotes("VOD.L", sessions=london))


def test_an_unknown_calendar_lists_the_known_ones():
    with pytest.raises(ConfigError, match="did you mean 'XNYS'"):
        cleaned(make_quotes("A"), spec=IngestionSpec(calendar="XNYSE"))


def test_no_bar_left_is_an_error_that_says_why():
    raw = make_quotes("A").assign(close=np.nan)
    with pytest.raises(DataError, match=rf"(?s)AK-D016.*no_close: {len(SESSIONS)}"):
        clean_bars(raw, now=NOW)
    with pytest.raises(DataError, match="AK-D016"):
        clean_bars(raw.iloc[:0], now=NOW)
    with pytest.raises(DataError, match=r"(?s)AK-D016.*out_of_scope"):
        clean_bars(raw, now=NOW, spec=IngestionSpec(start=date(2024, 1, 1)))


def test_the_clock_decides_what_lies_in_the_future():
    raw = make_quotes("A")
    assert not cleaned(raw).report["by_reason"]
    eve = pd.Timestamp(SESSIONS[-2]) + pd.Timedelta(hours=23)
    assert cleaned(raw, now=eve).report["by_reason"] == {"future_date": 1}


def test_rows_out_of_scope_are_counted_apart_from_faults():
    raw = planted(make_quotes("A", "B", "C"), 0, "not_positive")
    spec = IngestionSpec(
        start=date(2023, 1, 10), end=date(2023, 2, 10), max_tickers=2, max_sessions=5
    )
    found = cleaned(raw, spec=spec)
    assert not found.report["by_reason"]
    assert found.report["n_kept"] == 10
    assert found.report["last"] == "2023-02-10"


def test_the_seed_draws_the_tickers_whatever_the_order_of_rows():
    raw = make_quotes(*"ABCDEFGH")
    spec = IngestionSpec(max_tickers=3)
    found = [cleaned(raw, spec=spec, seed=seed).bars for seed in range(9)]
    drawn = [set(bars["ticker"]) for bars in found]
    backward = cleaned(raw.iloc[::-1], spec=spec, seed=0)
    assert drawn[0] == set(backward.bars["ticker"])
    assert any(names != drawn[0] for names in drawn)


@pytest.mark.parametrize("kind", ["int64", "uint64", "float64"])
def test_a_volume_larger_than_32_bits_is_kept_whole(kind):
    raw = make_quotes("A").assign(volume=5_000_000_001).astype({"volume": kind})
    bars = cleaned(raw).bars
    assert bars["volume"].dtype == "float64"
    assert (bars["volume"] == 5_000_000_001).all()


def test_prices_in_single_precision_are_computed_in_double():
    raw = make_quotes("A").astype({"close": "float32", "volume": "int32"})
    bars = cleaned(raw).bars
    assert (bars[["close", "volume", "adj_close"]].dtypes == "float64").all()
    np.testing.assert_array_equal(bars["close"], raw["close"].astype("float64"))


def test_raw_bars_are_not_changed():
    raw = make_quotes("A")
    before = raw.copy(deep=True)
    cleaned(raw)
    pd.testing.assert_frame_equal(raw, before)
