"""The defects a real data set admits to are found, and the list stays readable."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.calendar import sessions_between
from alpha_kedro.market.health import Health, check_health
from alpha_kedro.sources import FilesMarketSpec, load_market

DATA = Path(
    os.environ.get("ALPHA_KEDRO_DATA", Path(__file__).parents[3] / "shared" / "data")
)
pytestmark = pytest.mark.skipif(
    not (DATA / "sp500_daily.parquet").exists(), reason="no real data on this machine"
)
LAST = pd.Timestamp("2024-03-08")
ALWAYS_NOTED = {"ended", "halt", "large_move", "missing_value", "benchmark_extra_day"}


def look(bars: pd.DataFrame, **tables: pd.DataFrame) -> Health:
    return check_health(bars, now=LAST.date(), **tables)


def read(name: str) -> pd.DataFrame:
    return load_market(FilesMarketSpec(bars=str(DATA / name)), seed=0).bars


@pytest.fixture(scope="module")
def whole() -> Health:
    """Both files of stocks as one market, with what belongs to them."""
    market = load_market(
        FilesMarketSpec(
            bars=str(DATA / "sp500_daily.parquet"),
            delisted=str(DATA / "sp500_delisted_daily.parquet"),
            membership=str(DATA / "membership.parquet"),
            benchmarks=str(DATA / "benchmarks_daily.parquet"),
            actions=str(DATA / "corporate_actions.parquet"),
        ),
        seed=0,
    )
    return look(
        market.bars,
        actions=market.actions,
        benchmarks=market.benchmarks,
        membership=market.membership,
    )


@pytest.fixture(scope="module")
def listed(whole) -> set[str]:
    return set(read("sp500_daily.parquet")["ticker"])


def of(health: Health, *checks: str) -> pd.DataFrame:
    return health.findings[health.findings["check"].isin(checks)]


def rows(findings: pd.DataFrame, names: set[str], *, among: bool) -> int:
    return int(findings.loc[findings["ticker"].isin(names) == among, "n_rows"].sum())


def test_every_row_is_looked_at(whole):
    account = whole.summary["account"]
    assert account["n_input"] == 2_970_296
    assert account["n_bars"] + account["n_unsound"] == 2_970_296
    assert account["n_tickers"] == 688


def test_prices_outside_their_range_are_found(whole, listed):
    outside = of(whole, "open_outside_range")
    day = outside[outside["ticker"].isin(listed)]
    assert sorted(day["ticker"]) == ["HUBB", "PEAK", "SITC", "UA"]
    assert set(day["first"]) == {pd.Timestamp("2021-05-05")}
    # As cleaning counts: of the 134 opens one row has its high below its low, and three
    # of the five closes share their row with an open.
    assert rows(outside, listed, among=False) == 133
    assert rows(of(whole, "close_outside_range"), listed, among=False) == 2
    assert of(whole, "high_below_low")["ticker"].tolist() == ["WIN"]


def test_every_row_without_volume_is_found(whole, listed):
    silent = of(whole, "halt", "move_without_volume")
    assert rows(silent, listed, among=True) == 82
    assert rows(silent, listed, among=False) == 42


def test_exactly_the_listed_large_moves_are_found(whole):
    known = pd.read_csv(DATA / "large_returns.csv", parse_dates=["date"])
    moves = of(whole, "large_move")
    found = set(zip(moves["ticker"], moves["first"], strict=True))
    expected = set(zip(known["ticker"], known["date"], strict=True))
    assert len(expected) == 166
    assert found <= expected
    # Two of them stand in rows that are no bars: the steps of WIN.
    refused = of(whole, "high_below_low", "close_outside_range")
    missing = expected - found
    assert missing <= set(zip(refused["ticker"], refused["first"], strict=True))
    assert len(missing) == 2
    assert set(moves["severity"]) == {"note"}


@pytest.mark.parametrize(
    ("ticker", "day"),
    [
        ("CAR", "2021-11-02"),
        ("GME", "2021-01-27"),
        ("GME", "2021-02-24"),
        ("HIG", "2008-12-05"),
    ],
)
def test_a_real_squeeze_is_flagged_and_kept(whole, ticker, day):
    findings = whole.findings
    near = findings[findings["ticker"].eq(ticker) & findings["first"].eq(day)]
    assert near["check"].tolist() == ["large_move"]
    assert near["severity"].tolist() == ["note"]
    assert near["value"].item() > 1.0


def test_returns_that_differ_by_more_than_five_points_are_found(whole, listed):
    apart = of(whole, "distribution")
    assert rows(apart, listed, among=True) == 94
    named = {
        ("SSP", "2008-07-01"),
        ("KDP", "2018-07-10"),
        ("MO", "2008-03-31"),
        ("WY", "2010-07-20"),
        ("MBI", "2023-12-26"),
        ("VYX", "2007-10-01"),
        ("FIS", "2008-07-03"),
    }
    days = apart["first"].dt.strftime("%Y-%m-%d")
    assert named <= set(zip(apart["ticker"], days, strict=True))
    assert set(apart["severity"]) == {"note"}


def test_the_steps_of_two_delisted_names_are_found(whole):
    dean = of(whole, "unlisted_split").query("ticker == 'DF'")
    assert dean["first"].tolist() == [pd.Timestamp("2013-05-24")]
    windstream = whole.findings.query(
        "ticker == 'WIN' and '2015-04-20' <= first <= '2015-04-27'"
    )
    assert {"high_below_low", "large_move"} <= set(windstream["check"])


def test_long_gaps_and_missing_values_of_the_delisted_are_found(whole):
    gaps = of(whole, "missing_sessions", "reused_symbol")
    sessions = sessions_between("XNYS", "2004-12-01", "2024-03-28")
    before = sessions[np.searchsorted(sessions, gaps["first"]) - 1]
    after = sessions[np.searchsorted(sessions, gaps["last"]) + 1]
    assert ((after - before) > np.timedelta64(10, "D")).sum() == 9
    missing = of(whole, "missing_value").groupby("detail")["n_rows"].sum()
    by_name = missing.groupby(missing.index.str.split().str[1]).sum()
    assert by_name.to_dict() == {"open": 81, "high": 65, "low": 63}


def test_series_that_stop_with_their_source_are_told_from_delistings(whole):
    ends = of(whole, "source_ended").set_index("first")["value"]
    assert ends[pd.Timestamp("2017-12-08")] == 49
    assert ends[pd.Timestamp("2021-01-27")] == 4
    assert ends[pd.Timestamp("2021-08-30")] == 6


def test_days_of_the_index_without_a_session_are_noted(whole):
    extra = of(whole, "benchmark_extra_day")
    assert (set(extra["ticker"]), len(extra)) == ({"VIX"}, 14)
    assert set(extra["severity"]) == {"note"}


def test_dividends_of_another_company_under_the_symbol_are_found(whole):
    found = of(whole, "dividend")
    assert (found["ticker"] == "COR").sum() == 12
    assert (found["ticker"] == "IR").sum() == 4
    assert len(found) <= 25


def test_a_person_can_read_the_list(whole):
    serious = whole.findings[whole.findings["severity"] != "note"]
    assert len(serious) < 300
    assert not set(serious["check"]) & ALWAYS_NOTED


def test_funds_that_stand_still_and_end_early_are_found():
    funds = look(read("multi_asset_daily.parquet"))
    stale = of(funds, "stale_close")
    # Rows after five unchanged closes: 184 of adj_close, as listed, are 185 of close.
    assert int((stale["n_rows"] - 5).clip(lower=0).sum()) == 185
    assert set(stale["ticker"]) == {"BIL", "SHY"}
    ended = of(funds, "ended")
    assert ended["ticker"].tolist() == ["DIA", "EEM"]
    assert set(ended["first"]) == {pd.Timestamp("2021-01-27")}
