"""Membership, sectors and benchmarks lose no row without a count."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Axes
from alpha_kedro.market import (
    UNKNOWN,
    clean_benchmarks,
    clean_membership,
    clean_sectors,
    membership_mask,
)
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


def test_a_missing_sector_is_a_bucket_of_its_own():
    given = pd.DataFrame(
        {"ticker": ["B", "A", "X"], "sector": ["", "Energy", "Energy"]}
    )
    table, report = clean_sectors(given, tickers=["A", "B"], max_unknown_share=0.5)
    assert list(table.itertuples(index=False)) == [("A", "Energy"), ("B", UNKNOWN)]
    assert report["unknown"] == ["B"]
    assert set(clean_sectors(None, tickers=["A", "B"])[0]["sector"]) == {UNKNOWN}


def test_too_many_missing_sectors_are_another_market():
    given = pd.DataFrame({"ticker": ["A"], "sector": ["Energy"]})
    with pytest.raises(DataError, match="AK-D024"):
        clean_sectors(given, tickers=["A", "B"], max_unknown_share=0.4)


def test_two_sectors_of_a_ticker_are_refused_instead_of_growing_rows():
    given = pd.DataFrame({"ticker": ["A", "A"], "sector": ["Energy", "Utilities"]})
    with pytest.raises(DataError, match="AK-D023") as caught:
        clean_sectors(given, tickers=["A"])
    assert caught.value.where == ["A: Energy", "A: Utilities"]


def test_a_benchmark_stays_missing_where_it_is_missing():
    raw = make_quotes("SPY", "VIX")
    holiday = raw.tail(1).assign(date=pd.Timestamp("2023-01-16"))
    early = raw.tail(1).assign(date=pd.Timestamp("2022-12-30"))
    gappy = pd.concat([raw.drop(index=[0, 1, 9]), holiday, early], ignore_index=True)
    table, report = clean_benchmarks(gappy, sessions=SESSIONS)
    assert report["by_reason"] == {"not_a_session": 1}
    assert report["n_out_of_scope"] == 1
    assert report["benchmarks"]["SPY"] == {
        "first": "2023-01-05",
        "last": "2023-03-01",
        "n_missing_sessions": 3,
    }
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
