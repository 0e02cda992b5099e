"""The quality of models is measured as it says, out of sample, within sectors."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from alpha_kedro.market import simulate_market
from alpha_kedro.signals import LabelSpec
from benchmarks.model_quality import (
    BASELINE,
    CHOSEN,
    RESIDUAL,
    Contest,
    Market,
    hold,
    judged,
    reports,
    weekly_coefficients,
)

FIRST_TEST = "2012-03-01"
SMALL = {**CHOSEN["trees"], "lightgbm": {"n_estimators": 5, "num_leaves": 4}}


@pytest.fixture(scope="module")
def market():
    drawn = simulate_market(30, 640, start="2010-01-04", information_coefficient=0.2)
    membership = pd.DataFrame(
        {
            "ticker": drawn.bars["ticker"].unique(),
            "start": pd.Timestamp("2000-01-01"),
            "end": pd.NaT,
        }
    )
    listings = pd.DataFrame(
        {"ticker": membership["ticker"], "exit_return": np.nan},
    )
    no_benchmark = pd.DataFrame({"ticker": pd.Series(dtype="str")})
    return Market(drawn.bars, membership, drawn.sectors, listings, no_benchmark)


@pytest.fixture(scope="module")
def scores(market):
    contest = Contest(RESIDUAL, {"ridge": CHOSEN["ridge"], "trees": SMALL})
    return hold(contest, market, first_test=FIRST_TEST)


def test_every_decision_after_the_first_test_is_scored_and_none_before(market, scores):
    tested = market.samples["date"] >= FIRST_TEST
    assert scores["date"].min() >= pd.Timestamp(FIRST_TEST)
    for _, own in scores.groupby("model"):
        assert len(own) == tested.sum()


def test_scores_are_independent_of_what_they_are_neutral_to(market, scores):
    rows = scores.merge(market.samples, on=["date", "ticker"])
    for _, date in rows.groupby(["model", "date"]):
        assert abs(date.groupby("sector")["score"].mean()).max() < 1e-12
        exposure = date["beta_252"].fillna(0.0)
        assert abs((date["score"] * exposure).sum()) < 1e-6


def test_coefficients_are_those_of_a_loop(market, scores):
    outcomes = market.labels(LabelSpec())
    weekly = weekly_coefficients(scores, outcomes, market).set_index(["model", "date"])
    rows = scores.merge(outcomes, on=["date", "ticker"])
    rows = rows.merge(market.samples[["date", "ticker", "sector"]])
    few = rows[rows["date"].isin(rows["date"].unique()[::8])]
    for key, own in few.groupby(["model", "date"]):
        score, gain = own["score"].copy(), own["fwd_ret"].copy()
        assert weekly.loc[key, "rank_ic"] == pytest.approx(spearmanr(score, gain)[0])
        for sector in own["sector"].unique():
            inside = own["sector"] == sector
            score[inside] -= score[inside].mean()
            gain[inside] -= gain[inside].mean()
        assert weekly.loc[key, "sector_ic"] == pytest.approx(
            spearmanr(score, gain)[0], abs=1e-9
        )


def test_a_model_is_not_compared_with_itself():
    weeks = pd.date_range("2012-01-06", periods=60, freq="7D")
    ic = pd.Series(np.random.default_rng(0).normal(0.02, 0.1, 60), weeks)
    *_, steadiness, over_itself = judged(ic, ic, ic)
    assert steadiness == f"{ic.mean() / ic.std():.2f}"
    assert over_itself == ""
    assert float(judged(ic, ic + 0.05, ic.shift(1))[-1]) > 0


def test_a_part_without_weeks_is_left_out(market, scores):
    named = scores.replace({"model": {"ridge": BASELINE}})
    weekly = weekly_coefficients(named, market.labels(LabelSpec()), market)
    whole, first_part, by_year = reports(weekly)
    assert whole.rows == first_part.rows
    assert by_year.header == ["in sectors, x 1000", "2012"]
