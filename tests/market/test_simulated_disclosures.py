"""Simulated reports and tweets come as real ones do, and tell nothing of returns."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from alpha_kedro.market import simulate_market
from alpha_kedro.market.fundamentals import RAW_FUNDAMENTALS, clean_fundamentals
from alpha_kedro.market.sentiment import RAW_SENTIMENT, clean_sentiment

SIZES = {"n_tickers": 60, "n_sessions": 700, "delisting_rate": 0.1, "split_rate": 0.3}
MARKET = simulate_market(**SIZES, seed=5)
LATE = datetime(2030, 1, 1)


def test_the_tables_have_the_columns_of_a_vendor():
    assert tuple(MARKET.fundamentals.columns) == RAW_FUNDAMENTALS
    assert tuple(MARKET.sentiment.columns) == RAW_SENTIMENT


def test_they_draw_from_streams_of_their_own():
    silent = simulate_market(
        **SIZES, seed=5, tweeted_share=0.0, unreported_share=1.0, restated_share=1.0
    )
    assert silent.sentiment.empty
    assert silent.fundamentals.empty
    for table in ("bars", "membership", "sectors", "benchmarks", "actions", "truth"):
        assert_frame_equal(getattr(silent, table), getattr(MARKET, table))


def test_reports_come_weeks_after_their_quarter():
    first = MARKET.fundamentals[~MARKET.fundamentals["amend"]]
    delay = (first["known_date"] - first["end_date"]).dt.days
    assert delay.between(20, 63).all()


def test_some_reports_are_missing_and_some_come_again():
    reports = MARKET.fundamentals
    assert 0.005 < reports["amend"].mean() < 0.05
    per_name = reports[~reports["amend"]].groupby("ticker")["end_date"]
    quarters = per_name.agg(
        lambda ends: len(pd.period_range(*ends.agg(["min", "max"]), freq="Q"))
    )
    assert 0.9 < per_name.size().sum() / quarters.sum() < 1


@pytest.mark.parametrize("table", ["fundamentals", "sentiment"])
def test_nobody_speaks_of_the_dead(table):
    known = "known_date" if table == "fundamentals" else "date"
    rows = getattr(MARKET, table)
    last = MARKET.bars.groupby("ticker")["date"].max()
    assert (rows[known] <= rows["ticker"].map(last)).all()
    assert (last < MARKET.bars["date"].max()).any()


def test_income_is_of_the_quarter_or_the_year_and_cash_flow_of_the_year_so_far():
    reports = MARKET.fundamentals[~MARKET.fundamentals["amend"]]
    wide = reports.assign(year=reports["end_date"].dt.year).pivot_table(
        index=["ticker", "year"], columns="period_focus"
    )
    income, flow = wide["revenues"].dropna(), wide["cash_flow_op"].dropna()
    last = income["FY"] - income[["Q1", "Q2", "Q3"]].sum(axis=1)
    assert (last / income["Q3"]).between(0.7, 1.4).all()
    assert (flow["Q3"] / flow["Q1"]).median() == pytest.approx(3, abs=0.3)


def test_figures_per_share_are_on_the_basis_of_the_day_they_are_known():
    """Net income over EPS is the shares at listing times the splits so far."""
    clean = clean_fundamentals(
        MARKET.fundamentals,
        bars=MARKET.bars.assign(share_factor=splits_so_far()),
        now=LATE,
    ).table
    telling = clean[clean["eps_basic"].abs() > 0.5]
    shares = telling["net_income"] / telling["eps_basic"] / telling["share_factor"]
    spread = shares.groupby(telling["ticker"]).agg(lambda s: s.max() / s.min())
    assert telling["share_factor"].nunique() > 3
    assert spread.max() < 1.03


def splits_so_far():
    splits = MARKET.actions[MARKET.actions["split_ratio"] != 1]
    placed = MARKET.bars[["date", "ticker"]].merge(splits, how="left")
    ratio = placed["split_ratio"].fillna(1.0)
    return ratio.groupby(placed["ticker"]).cumprod().to_numpy()


def test_tweets_are_sparse_and_come_on_weekends_too():
    rows = MARKET.sentiment
    assert set(rows["date"].dt.day_of_week) == set(range(7))
    assert (rows["n_tweets"] >= 1).all()
    assert (rows["n_pos"] + rows["n_neg"] <= rows["n_tweets"]).all()
    assert rows["sent_std"].isna().equals(rows["n_tweets"] == 1)
    assert rows["ticker"].nunique() < 0.7 * SIZES["n_tickers"]


def test_cleaning_finds_little_to_refuse():
    reports = clean_fundamentals(MARKET.fundamentals, bars=MARKET.bars, now=LATE)
    assert set(reports.report["by_reason"]) <= {"superseded"}
    assert reports.report["n_rejected"] <= 1
    said = clean_sentiment(MARKET.sentiment, bars=MARKET.bars, now=LATE)
    assert said.report["n_rejected"] == 0
    assert said.report["n_kept"] > 0.98 * said.report["n_input"]


def test_the_same_seed_gives_the_same_tables_and_another_others():
    again, other = (simulate_market(**SIZES, seed=seed) for seed in (5, 6))
    for table in ("fundamentals", "sentiment"):
        assert_frame_equal(getattr(again, table), getattr(MARKET, table))
        assert not getattr(other, table).equals(getattr(MARKET, table))


def test_reports_stop_with_the_sample():
    last = MARKET.bars["date"].max()
    assert MARKET.fundamentals["known_date"].max() <= last
    assert MARKET.sentiment["date"].max() == last
    assert np.isfinite(MARKET.fundamentals["assets"]).all()
