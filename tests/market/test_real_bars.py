"""The defects a real data set admits to are found, and no others are invented."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.market import (
    clean_bars,
    clean_benchmarks,
    listing_fates,
    survivorship_coverage,
)
from alpha_kedro.market.reference import misaligned
from alpha_kedro.sources import FilesMarketSpec, load_market

DATA = Path(
    os.environ.get("ALPHA_KEDRO_DATA", Path(__file__).parents[3] / "shared" / "data")
)
pytestmark = pytest.mark.skipif(
    not (DATA / "sp500_daily.parquet").exists(), reason="no real data on this machine"
)


@pytest.fixture(scope="module")
def delisted():
    """Load the file of lower quality, with what belongs to it."""
    spec = FilesMarketSpec(
        bars=str(DATA / "sp500_delisted_daily.parquet"),
        membership=str(DATA / "membership.parquet"),
        benchmarks=str(DATA / "benchmarks_daily.parquet"),
    )
    return load_market(spec, seed=0)


def test_the_known_defects_of_the_delisted_are_counted(delisted):
    found = clean_bars(delisted.bars)
    report = found.report
    # Of the 134 opens outside the range one has its high below its low, and so have
    # three of the five closes an open outside: the first fault found is charged.
    assert report["by_reason"] == {
        "high_below_low": 1,
        "open_outside_range": 133,
        "close_outside_range": 2,
        "too_many_gaps": 2747,
    }
    gappy = found.rejects.query("reason == 'too_many_gaps'")
    assert set(gappy["ticker"]) == {"BUD", "NLSN", "SNI"}
    assert report["excluded_tickers"] == []
    assert len(report["price_only_tickers"]) == 53
    missing = [report[f"n_{name}_missing"] for name in ("open", "high", "low")]
    assert missing == [76, 60, 59]


def test_days_of_the_index_without_a_session_are_counted(delisted):
    sessions = np.unique(
        delisted.benchmarks.query("ticker == 'SPY'")["date"].to_numpy()
    )
    _, report = clean_benchmarks(delisted.benchmarks, sessions=sessions)
    assert report["by_reason"] == {"open_outside_range": 1}
    assert report["n_out_of_scope"] == 14
    assert report["benchmarks"]["VIX"]["n_days_without_session"] == 14


def test_the_benchmarks_move_with_each_other_on_the_same_days(delisted):
    closes = delisted.benchmarks.pivot_table("adj_close", "date", "ticker").dropna()
    returns = closes.pct_change().to_numpy()[1:].T
    qqq, spy, vix = returns
    assert misaligned(qqq, spy) == misaligned(vix, spy) == 0
    assert misaligned(qqq[1:], spy[:-1]) == -1


def test_the_days_on_which_sources_end_are_found(delisted):
    fates, report = listing_fates(delisted.bars, delisted_after=10)
    assert report["source_ends"] == {
        "2017-12-08": 49,
        "2017-12-11": 4,
        "2021-01-27": 4,
        "2021-08-30": 6,
    }
    died = set(fates["ticker"][fates["fate"] == "delisted"])
    assert {"FRC", "ATVI", "MXIM", "PBCT", "CERN"} <= died
    assert len(died) == 13


def test_the_funds_whose_source_ended_have_not_died():
    funds = pd.read_parquet(DATA / "multi_asset_daily.parquet")
    fates, report = listing_fates(funds, delisted_after=10)
    gone = fates[fates["fate"] != "listed"].set_index("ticker")
    assert gone["fate"].to_dict() == {"DIA": "source_ended", "EEM": "source_ended"}
    assert gone["exit_return"].tolist() == [0.0, 0.0]
    assert report["n_listed"] == 50


@pytest.mark.slow
def test_the_whole_market_is_covered_as_its_notes_say():
    spec = FilesMarketSpec(
        bars=str(DATA / "sp500_daily.parquet"),
        delisted=str(DATA / "sp500_delisted_daily.parquet"),
        membership=str(DATA / "membership.parquet"),
    )
    market = load_market(spec, seed=0)
    found = clean_bars(market.bars)
    assert found.report["by_reason"]["open_outside_range"] == 133 + 4
    coverage = survivorship_coverage(market.membership, market.bars).set_index("year")
    assert dict(coverage.loc[[2005, 2014, 2024], "members"]) == {
        2005: 495,
        2014: 497,
        2024: 504,
    }
    assert list(coverage.loc[[2005, 2014, 2024], "priced"]) == [318, 449, 504]


@pytest.mark.slow
def test_no_large_move_that_is_real_is_refused():
    spec = FilesMarketSpec(
        bars=str(DATA / "sp500_daily.parquet"),
        delisted=str(DATA / "sp500_delisted_daily.parquet"),
        actions=str(DATA / "corporate_actions.parquet"),
    )
    market = load_market(spec, seed=0)
    found = clean_bars(market.bars, actions=market.actions)
    assert not {"spike", "unit_change"} & set(found.report["by_reason"])
    moves = pd.read_csv(DATA / "large_returns.csv", parse_dates=["date"])
    refused = moves.merge(found.rejects, on=["date", "ticker"])
    # Bars that contradict themselves: a reverse split that was half applied.
    assert list(refused["ticker"]) == ["WIN", "WIN"]
    assert set(refused["reason"]) == {"high_below_low", "close_outside_range"}
    kept = moves.merge(found.bars, on=["date", "ticker"])
    assert len(kept) == len(moves) - 2
