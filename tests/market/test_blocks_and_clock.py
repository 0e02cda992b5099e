"""Where rows come from, in what order and how many at a time, changes no result."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.calendar import sessions_between
from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.core.stored_table import StoredTable, write_parts
from alpha_kedro.market import IngestionSpec, clean_bars
from alpha_kedro.market.cleaning.ticker_blocks import plan_blocks
from alpha_kedro.market.dates import read_clock
from tests.market.quotes import NOW, SESSIONS, cleaned, make_quotes
from tests.market.test_adjust import make_actions
from tests.market.test_clean_bars import FAULTS, planted

EXACT = {"check_exact": True}
LENIENT = IngestionSpec(max_gap_share=0.5, max_off_calendar_share=1.0)
ACTIONS = make_actions(
    (SESSIONS[5], "B", 0.5, 2.0),
    (SESSIONS[9], "D", 0.0, 0.5),
    (SESSIONS[9], "A", 0.3, 1.0),
    (SESSIONS[9], "Z", 0.3, 1.0),
    (SESSIONS[0], "C", 0.3, 3.0),
)


def messy(plants, seed):
    """Quotes of five names with faults, copies, rivals, and odd spellings."""
    raw = make_quotes("A", "B", "C", "D", "E", sessions=SESSIONS[:16], seed=seed % 97)
    raw.loc[raw["ticker"] != "E", "adj_close"] = np.nan
    for row, fault in plants:
        if fault in FAULTS:
            raw = planted(raw, row, fault)
        elif fault == "spike":
            raw.loc[row, ["open", "high", "low", "close"]] *= 10
        elif fault == "unadjusted":
            raw.loc[row, "adj_close"] = np.nan
        elif fault == "spelling" and isinstance(raw.loc[row, "ticker"], str):
            raw.loc[row, "ticker"] = f" {raw.loc[row, 'ticker'].lower()} "
        elif fault in ("spelling", "nameless"):
            raw.loc[row, "ticker"] = None
        else:
            again = raw.loc[[row]]
            again = again if fault == "copy" else again.assign(close=again["open"])
            raw = pd.concat([raw, again], ignore_index=True)
    return raw.sample(frac=1.0, random_state=seed)


def assert_same(one, other):
    pd.testing.assert_frame_equal(one.bars, other.bars, **EXACT)
    pd.testing.assert_frame_equal(one.rejects, other.rejects, **EXACT)
    assert one.report == other.report


OTHER_FAULTS = ["copy", "rival", "spike", "spelling", "nameless", "unadjusted"]
PLANTS = st.lists(
    st.tuples(st.integers(0, 79), st.sampled_from([*FAULTS, *OTHER_FAULTS])),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(
    PLANTS,
    st.integers(0, 2**32 - 1),
    st.integers(1, 60),
    st.sampled_from(["raw", "split_adjusted"]),
)
def test_neither_block_size_nor_order_nor_storage_changes_anything(
    tmp_path_factory, plants, seed, block_rows, basis
):
    raw = messy(plants, seed)
    asked = {"actions": ACTIONS, "basis": basis, "spec": LENIENT}
    whole = cleaned(raw, **asked)
    assert_same(cleaned(raw, block_rows=block_rows, **asked), whole)
    assert_same(cleaned(raw[::-1], block_rows=block_rows, **asked), whole)
    path = tmp_path_factory.mktemp("stored") / "bars.parquet"
    write_parts(path, [raw[:20], raw[20:50], raw[50:]])
    assert_same(cleaned(StoredTable(path), block_rows=block_rows, **asked), whole)
    assert sum(whole.report["actions"].values()) == len(ACTIONS)


def test_tickers_nobody_asked_for_are_counted_and_not_read(tmp_path, monkeypatch):
    raw = make_quotes(*"ABCDEF")
    write_parts(tmp_path / "bars.parquet", [raw])
    read, rows_of = [], StoredTable.rows_of

    def noted(table, tickers):
        read.extend(tickers)
        return rows_of(table, tickers)

    monkeypatch.setattr(StoredTable, "rows_of", noted)
    table, spec = StoredTable(tmp_path / "bars.parquet"), IngestionSpec(max_tickers=2)
    found = cleaned(table, spec=spec, block_rows=1)
    assert found.report["n_out_of_scope"] == 4 * len(SESSIONS)
    assert sorted(read) == sorted(set(found.bars["ticker"]))
    assert_same(found, cleaned(raw, spec=spec))


def test_blocks_hold_whole_tickers_and_no_more_rows_than_asked():
    sizes = np.array([3, 0, 2, 2, 9, 1, 4])
    assert list(plan_blocks(sizes, 5)) == [[0, 2], [3], [4], [5, -1]]
    assert list(plan_blocks(np.array([0, 0]), 5)) == []


@pytest.mark.parametrize(
    ("now", "unfinished"),
    [
        ("2023-03-01 21:29", True),  # the close in New York is 21:00 UTC in winter
        ("2023-03-01 21:30", False),
        ("2023-03-01 16:29-05:00", True),
        ("2023-03-02 06:30+09:00", False),
        ("2023-03-01 14:31", True),
    ],
)
def test_the_bar_of_a_session_still_going_on_is_refused(now, unfinished):
    raw = make_quotes("A", "B")
    found = cleaned(raw, now=pd.Timestamp(now).to_pydatetime())
    assert found.report["by_reason"] == ({"unfinished": 2} if unfinished else {})
    assert found.report["last"] == ("2023-02-28" if unfinished else "2023-03-01")


def test_half_a_session_is_over_early():
    eve = sessions_between("XNYS", "2022-11-01", "2022-11-25")  # closes at 18:00 UTC
    raw = make_quotes("A", sessions=eve)
    assert not cleaned(raw, now=datetime(2022, 11, 25, 18, 30)).report["by_reason"]
    early = cleaned(raw, now=datetime(2022, 11, 25, 18, 29)).report["by_reason"]
    assert early == {"unfinished": 1}
    patient = IngestionSpec(settle_minutes=120)
    late = cleaned(raw, now=datetime(2022, 11, 25, 19, 59), spec=patient)
    assert late.report["by_reason"] == {"unfinished": 1}


def test_the_zone_of_the_machine_is_no_matter(monkeypatch):
    import time

    instant = datetime(2023, 3, 1, 21, 45, tzinfo=UTC)
    clocks = set()
    for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        for hours in (-8, 0, 9):
            seen = instant.astimezone(timezone(timedelta(hours=hours)))
            clocks.add(read_clock("XNYS", seen, settle_minutes=30))
        naive = read_clock("XNYS", instant.replace(tzinfo=None), settle_minutes=30)
        clocks.add(naive)
    monkeypatch.undo()
    time.tzset()
    assert len(clocks) == 1


def test_a_market_that_never_closes_settles_at_midnight():
    days = pd.date_range("2023-02-20", "2023-03-01", freq="D").as_unit("us").to_numpy()
    spec = IngestionSpec(calendar="24/7", settle_minutes=0)
    raw = make_quotes("BTC-USD", sessions=days)
    night = cleaned(raw, spec=spec, now=datetime(2023, 3, 1, 23, 59))
    assert night.report["by_reason"] == {"unfinished": 1}
    assert not cleaned(raw, spec=spec, now=datetime(2023, 3, 2)).report["by_reason"]


WEEK = pd.date_range("2023-01-03", "2023-03-01", freq="D").as_unit("us").to_numpy()


def test_a_ticker_of_another_exchange_keeps_the_sessions_both_have():
    mixed = pd.concat(
        [make_quotes("A", "B"), make_quotes("BTC-USD", sessions=WEEK)],
        ignore_index=True,
    )
    with pytest.raises(DataError, match=r"AK-D015(?s:.*)ingestion\.calendars"):
        cleaned(mixed)
    spec = IngestionSpec(calendars={"24/7": ["BTC-USD"]})
    found = cleaned(mixed, spec=spec)
    off = len(WEEK) - len(SESSIONS)
    assert found.report["n_out_of_scope"] == off
    assert found.report["n_off_main_calendar"] == off
    assert found.report["n_missing_sessions"] == 0
    assert not found.report["by_reason"]
    assert (found.bars["ticker"] == "BTC-USD").sum() == len(SESSIONS)


def test_sessions_are_missed_only_where_both_exchanges_are_open():
    london = sessions_between("XLON", "2022-05-02", "2022-09-30")
    home = sessions_between("XNYS", "2022-05-02", "2022-09-30")
    both = np.intersect1d(london, home)
    raw = pd.concat(
        [make_quotes("A", sessions=home), make_quotes("VOD.L", sessions=london)],
        ignore_index=True,
    )
    spec = IngestionSpec(calendars={"XLON": ["vod.l"]})
    found = cleaned(raw, spec=spec)
    assert found.report["n_missing_sessions"] == 0
    assert (found.bars["ticker"] == "VOD.L").sum() == len(both)
    gone = raw[~((raw["ticker"] == "VOD.L") & (raw["date"] == both[7]))]
    assert cleaned(gone, spec=spec).report["missing_by_ticker"] == {"VOD.L": 1}
    holiday = pd.Timestamp("2022-06-02")  # the Queen's jubilee: London is closed
    stray = make_quotes("VOD.L", sessions=np.array([holiday.to_datetime64()]))
    slip = cleaned(pd.concat([raw, stray], ignore_index=True), spec=spec)
    assert slip.report["by_reason"] == {"not_a_session": 1}


def test_absence_abroad_is_counted_on_the_sessions_of_the_main_exchange():
    home = sessions_between("XNYS", "2022-05-02", "2022-09-30")
    london = np.intersect1d(sessions_between("XLON", "2022-05-02", "2022-09-30"), home)
    closed = pd.DatetimeIndex(np.setdiff1d(home, london))
    at = int(np.searchsorted(london, closed[-1]))  # ten of London, eleven at home
    absent = london[at - 5 : at + 4]
    abroad = make_quotes("VOD.L", sessions=np.setdiff1d(london, absent))
    raw = pd.concat([make_quotes("A", sessions=home), abroad], ignore_index=True)
    spec = IngestionSpec(calendars={"XLON": ["VOD.L"]})
    found = cleaned(raw, spec=spec)
    assert found.report["by_reason"] == {"too_many_gaps": len(london) - at - 4}


def test_a_ticker_under_two_calendars_is_refused():
    with pytest.raises(ConfigError, match="AK-C017") as caught:
        IngestionSpec(calendars={"24/7": ["X", "Y"], "XLON": ["Y"]})
    assert caught.value.where == ["Y"]


def test_an_unknown_calendar_among_the_others_lists_the_known_ones():
    spec = IngestionSpec(calendars={"XLONDON": ["VOD.L"]})
    with pytest.raises(ConfigError, match="AK-C002"):
        clean_bars(make_quotes("A"), spec=spec, now=NOW)


def garbled_after(raw, day, rng):
    """Other prices, volumes and total returns for everything after a day."""
    later = raw["date"] > day
    noise = np.where(later, rng.choice([0.01, 0.5, 1.0, 3.0, 50.0], len(raw)), 1.0)
    values = ["open", "high", "low", "close", "adj_close"]
    changed = raw.assign(**{name: raw[name] * noise for name in values})
    traded = np.where(later, rng.choice([0.0, 5.0, 1e7], len(raw)), raw["volume"])
    lost = later & (rng.random(len(raw)) < 0.1)
    adjusted = changed["adj_close"].mask(lost)
    return changed.assign(volume=traded, adj_close=adjusted)


def until(table, day):
    return table[table["date"] <= day].reset_index(drop=True)


@settings(max_examples=60, deadline=None)
@given(PLANTS, st.integers(0, 2**32 - 1), st.integers(1, 14), st.booleans())
def test_nothing_that_comes_later_moves_a_verdict_or_a_value(plants, seed, cut, listed):
    raw, day = messy(plants, seed), SESSIONS[cut]
    asked = {
        "basis": "raw",
        "spec": LENIENT,
        "actions": ACTIONS if listed else None,
    }
    later_actions = ACTIONS.assign(
        split_ratio=ACTIONS["split_ratio"].mask(ACTIONS["date"] > day, 7.0),
        dividend=ACTIONS["dividend"].mask(ACTIONS["date"] > day, 0.01),
    )
    changed = asked | {"actions": later_actions if listed else None}
    garbled = garbled_after(raw, day, np.random.default_rng(seed))
    seen, whole = cleaned(garbled, **changed), cleaned(raw, **asked)
    for one, other in ((seen.bars, whole.bars), (seen.rejects, whole.rejects)):
        pd.testing.assert_frame_equal(until(one, day), until(other, day), **EXACT)
