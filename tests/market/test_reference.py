"""Membership and benchmarks lose no row without a count."""

from operator import itemgetter

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Axes
from alpha_kedro.market import (
    IngestionSpec,
    clean_benchmarks,
    clean_membership,
    membership_mask,
)
from alpha_kedro.market.reference import misaligned
from alpha_kedro.pipelines.ingestion.nodes import clean_references
from tests.market.quotes import SESSIONS, cleaned, make_quotes


def make_membership(*rows: tuple[str, str, str | None, str | None]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["ticker", "start", "end", "price_ticker"])
    dates = {
        name: pd.to_datetime(table[name]).astype("M8[us]") for name in ("start", "end")
    }
    return table.assign(**dates).astype({"ticker": "str", "price_ticker": "str"})


@pytest.fixture(scope="module")
def bars():
    return cleaned(make_quotes("A", "BRK-B", "META")).bars


def test_members_are_keyed_by_the_name_of_their_prices(bars):
    given = make_membership(
        ("META", "2022-06-09", None, "META"),
        ("FB", "2013-12-23", "2022-06-08", "META"),
        ("BRK.B", "2010-02-16", None, "BRK.B"),
        ("GONE", "2001-01-02", "2009-01-02", None),
    )
    table, report = clean_membership(given, bars=bars)
    assert list(table["ticker"]) == ["BRK-B", "META", "META"]
    assert report["n_respelt"] == 1
    assert report["without_prices"] == ["GONE"]


def test_overlapping_intervals_of_a_ticker_are_one(bars):
    given = make_membership(
        ("A", "2010-01-04", "2012-06-29", "A"),
        ("A", "2011-01-03", "2011-06-30", "A"),
        ("A", "2012-06-29", None, "A"),
        ("META", "2011-01-03", "2011-06-30", "META"),
    )
    table, report = clean_membership(given, bars=bars)
    assert report["n_overlapping"] == 2
    assert list(table["ticker"]) == ["A", "META"]
    assert table.loc[0, "start"] == pd.Timestamp("2010-01-04")
    assert pd.isna(table.loc[0, "end"])
    assert table.loc[1, "end"] == pd.Timestamp("2011-06-30")


def test_a_stay_that_ended_does_not_reach_the_next(bars):
    given = make_membership(
        ("A", "2010-01-04", "2012-06-29", "A"), ("A", "2012-07-02", "2013-01-02", "A")
    )
    assert len(clean_membership(given, bars=bars)[0]) == 2


def test_without_membership_every_name_is_in_from_its_first_bar(bars):
    late = bars[(bars["ticker"] != "A") | (bars["date"] >= SESSIONS[4])]
    table, report = clean_membership(None, bars=late)
    assert report == {"source": "listing", "n_intervals": 3}
    mask = membership_mask(table, Axes.of_table(bars))
    assert list(mask.sum(axis=0)) == [len(SESSIONS) - 4, len(SESSIONS), len(SESSIONS)]


@pytest.mark.parametrize("dates", [("2012-01-04", "2011-01-03"), (None, "2011-01-03")])
def test_an_interval_that_runs_backward_is_refused(bars, dates):
    with pytest.raises(DataError, match="AK-D021"):
        clean_membership(make_membership(("A", *dates, "A")), bars=bars)


def test_an_empty_universe_is_refused(bars):
    with pytest.raises(DataError, match="AK-D022"):
        clean_membership(make_membership(("Q", "2012-01-04", None, "Q")), bars=bars)


def test_a_benchmark_stays_missing_where_it_is_missing():
    raw = make_quotes("SPY", "VIX")
    holiday = raw.tail(1).assign(date=pd.Timestamp("2023-01-16"))
    early = raw.tail(1).assign(date=pd.Timestamp("2022-12-30"))
    gappy = pd.concat([raw.drop(index=[0, 1, 9]), holiday, early], ignore_index=True)
    table, report = clean_benchmarks(gappy, sessions=SESSIONS)
    assert report["by_reason"] == {}
    assert report["n_out_of_scope"] == 2
    assert report["benchmarks"]["SPY"] == {
        "first": "2023-01-05",
        "last": "2023-03-01",
        "n_sessions": len(SESSIONS) - 3,
        "n_missing_sessions": 3,
        "n_days_without_session": 0,
    }
    assert report["benchmarks"]["VIX"]["n_days_without_session"] == 1
    assert len(table) == len(raw) - 3


def test_a_benchmark_bar_without_a_name_is_refused_and_counted():
    raw = make_quotes("SPY")
    nameless = raw.tail(1).assign(ticker=None)
    table, report = clean_benchmarks(
        pd.concat([raw, nameless], ignore_index=True), sessions=SESSIONS
    )
    assert report["by_reason"] == {"bad_ticker": 1}
    assert len(table) == len(raw)
    assert table["ticker"].notna().all()


def test_no_benchmarks_are_an_empty_table_of_the_same_columns():
    table, report = clean_benchmarks(None, sessions=SESSIONS)
    full, _ = clean_benchmarks(make_quotes("SPY"), sessions=SESSIONS)
    assert report["n_kept"] == 0
    pd.testing.assert_series_equal(table.dtypes, full.dtypes)
    assert np.isfinite(full["adj_close"]).all()


def test_a_benchmark_bar_without_a_day_is_refused_and_counted():
    raw = make_quotes("SPY")
    undated = pd.concat([raw, raw.tail(1).assign(date=pd.NaT)], ignore_index=True)
    _, report = clean_benchmarks(undated, sessions=SESSIONS)
    assert report["by_reason"] == {"no_date": 1}


def market_and_fund(n=500, *, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    market = 0.01 * rng.standard_normal(n)
    return market, market + noise * 0.01 * rng.standard_normal(n)


@pytest.mark.parametrize("lag", [-1, 0, 1])
def test_a_benchmark_that_is_a_session_off_is_seen(lag):
    market, fund = market_and_fund()
    assert misaligned(np.roll(fund, lag), market) == lag
    assert misaligned(np.roll(market, lag), market) == lag


@pytest.mark.parametrize("seed", range(20))
def test_an_unrelated_series_is_not_called_misaligned(seed):
    market, _ = market_and_fund(seed=seed)
    other, _ = market_and_fund(seed=seed + 100)
    assert misaligned(other, market) == 0


def test_missing_returns_are_left_out_and_flat_ones_say_nothing():
    market, fund = market_and_fund()
    fund[::7], market[::11] = np.nan, np.nan
    assert misaligned(np.roll(fund, 1), market) == 1
    assert misaligned(np.zeros(500), market) == 0
    assert misaligned(np.full(500, np.nan), market) == 0
    assert misaligned(fund[:0], market[:0]) == 0


def paid(*rows: tuple[object, str, float, float]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["date", "ticker", "dividend", "split_ratio"])
    return table.astype({"date": "datetime64[us]", "ticker": "str"})


def flat_fund(*closes: float, ticker: str = "SPY") -> pd.DataFrame:
    raw = make_quotes(ticker).head(len(closes)).assign(adj_close=np.nan)
    return raw.assign(**dict.fromkeys(("open", "high", "low", "close"), closes))


def test_the_dividends_of_a_benchmark_are_part_of_its_return():
    fund = pd.concat([flat_fund(100.0, 98.0), flat_fund(50.0, 50.0, ticker="VIX")])
    table, report = clean_benchmarks(
        fund, sessions=SESSIONS, actions=paid((SESSIONS[1], "SPY", 2.0, 1.0))
    )
    earned = table.loc[table["ticker"] == "SPY", "adj_close"]
    assert list(earned) == pytest.approx([100, 100])
    assert report["price_only"] == ["VIX"]


@pytest.mark.parametrize(
    ("basis", "closes"), [("raw", (100.0, 24.5)), ("split_adjusted", (25.0, 24.5))]
)
def test_splits_apply_to_benchmarks_as_quoted_and_to_no_others(basis, closes):
    told = paid((SESSIONS[1], "BRK.B", 0.5, 4.0))
    fund = flat_fund(*closes, ticker="BRK-B")
    table, report = clean_benchmarks(fund, sessions=SESSIONS, actions=told, basis=basis)
    assert table["adj_close"].iloc[1] == pytest.approx(closes[0])
    assert report["price_only"] == []


def test_a_categorical_column_of_names_is_a_column_of_names(bars):
    given = make_membership(("BRK.B", "2010-02-16", None, "BRK.B"))
    table, report = clean_membership(
        given.astype({"price_ticker": "category"}), bars=bars
    )
    assert list(table["ticker"]) == ["BRK-B"]
    assert report["n_respelt"] == 1


def test_the_node_gives_benchmarks_the_actions_and_the_basis_of_the_market(bars):
    fund = flat_fund(100.0, 24.5)
    nothing = pd.DataFrame()
    benchmarks, report = itemgetter(2, 4)(
        clean_references(
            bars,
            pd.DataFrame({"date": [], "ticker": []}),
            raw_membership=nothing,
            raw_sectors=nothing,
            raw_benchmarks=fund,
            raw_delistings=nothing,
            raw_actions=paid((SESSIONS[1], "SPY", 0.5, 4.0)),
            market_facts={"basis": "raw"},
            ingestion=IngestionSpec(),
        )
    )
    assert benchmarks["adj_close"].iloc[1] == pytest.approx(100)
    assert report["benchmarks"]["price_only"] == []
