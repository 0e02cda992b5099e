"""Two years of real reports: their defects are counted, known figures come out."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.panel import Axes
from alpha_kedro.core.prices import price_panel
from alpha_kedro.market import clean_bars
from alpha_kedro.market.fundamentals import clean_fundamentals
from alpha_kedro.market.sentiment import clean_sentiment
from alpha_kedro.signals import build_features, with_quotes
from alpha_kedro.signals.fundamentals import KnownReports
from alpha_kedro.signals.standing import standing_reports

DATA = Path(
    os.environ.get("ALPHA_KEDRO_DATA", Path(__file__).parents[3] / "shared" / "data")
)
pytestmark = pytest.mark.skipif(
    not (DATA / "fundamentals_reports.parquet").exists(),
    reason="no real data on this machine",
)
DAY = pd.Timestamp("2017-02-02")


def read(name, **options):
    table = pd.read_parquet(DATA / f"{name}.parquet", **options)
    return table.astype({"date": "datetime64[us]"}) if "date" in table else table


@pytest.fixture(scope="module")
def listed():
    """Sessions and names with bars, quotes left out."""
    names = ("sp500_daily", "sp500_delisted_daily")
    return pd.concat(
        [
            read(
                name,
                columns=["date", "ticker"],
                filters=[("date", ">=", pd.Timestamp("2014-01-02"))],
            )
            for name in names
        ]
    )


@pytest.fixture(scope="module")
def reports(listed):
    return clean_fundamentals(read("fundamentals_reports"), bars=listed)


def test_the_defects_of_the_reports_are_counted(reports):
    assert reports.report["n_input"] == 4_663
    assert reports.report["by_reason"] == {"conflicting_duplicate": 18, "repeated": 9}
    subsidiaries = reports.rejects.query("reason == 'conflicting_duplicate'")
    assert set(subsidiaries["ticker"]) == {"FANG", "NBL", "NRG"}
    assert reports.report["n_out_of_scope"] == 0


def test_a_report_is_never_known_before_the_day_it_was_collected(reports):
    table = reports.table
    assert (table["known_at"] >= table["known_date"]).all()
    assert (table["known_at"] > table["end_date"]).all()
    assert (table["known_at"] == table["known_date"]).mean() > 0.99


def test_tweets_without_bars_are_out_of_scope_and_none_is_refused(listed):
    found = clean_sentiment(read("tweets_sentiment_daily"), bars=listed)
    assert found.report["n_rejected"] == 0
    assert found.report["n_kept"] + found.report["n_out_of_scope"] == 25_762
    assert {"FB", "PCLN", "UTX"} <= set(found.report["without_bars"])


def test_four_quarters_of_a_company_are_what_it_published(reports):
    """Apple, first fiscal quarter of 2017: 215.6 + 78.4 - 75.9 billion dollars."""
    table = reports.table[reports.table["ticker"] == "AAPL"]
    found = (
        standing_reports(table).set_index("known_at").loc[pd.Timestamp("2017-02-01")]
    )
    assert found["revenues_ttm"] == pytest.approx(218.118e9)
    assert found["net_income_ttm"] == pytest.approx((45.687 + 17.891 - 18.361) * 1e9)
    assert found["cash_flow_op_ttm"] == pytest.approx(
        (65.824 + 27.056 - 27.463) * 1e9, rel=1e-4
    )


def test_the_market_value_is_that_of_the_day_whatever_was_split_later():
    """Apple on 2 February 2017: 5.2 billion shares at 128.53 dollars; later 4 for 1."""
    apple = [("ticker", "==", "AAPL"), ("date", ">=", pd.Timestamp("2016-01-04"))]
    quotes, actions = (
        read(name, filters=apple) for name in ("sp500_daily", "corporate_actions")
    )
    bars = clean_bars(quotes, actions=actions).bars
    raw = read("fundamentals_reports")
    known = clean_fundamentals(raw[raw["ticker"] == "AAPL"], bars=bars).table
    axes = Axes.of_table(bars)
    panel = with_quotes(price_panel(bars), bars)
    row = int(axes.rows_of([DAY])[0])
    value = KnownReports(known, axes)["shares"] * panel["quoted_close"]
    assert value[row, 0] == pytest.approx(5.246e9 * 128.53, rel=0.02)
    features = build_features(bars, "earnings_yield", fundamentals=known)
    found = features.set_index("date").loc[DAY, "earnings_yield"]
    assert found == pytest.approx(45.217e9 / value[row, 0], rel=1e-5)
    assert np.isfinite(found)
