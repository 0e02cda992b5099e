"""Beta, alpha, and a benchmark that lies on the wrong days."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.measures import (
    benchmark_returns,
    lead_lag_correlations,
    market_model,
    misaligned,
)

DATES = pd.bdate_range("2020-01-01", periods=300).as_unit("us")


@pytest.fixture
def market() -> pd.Series:
    return pd.Series(np.random.default_rng(0).normal(0.0003, 0.01, 300), index=DATES)


def test_a_benchmark_against_itself_has_beta_one_and_alpha_zero(market):
    model = market_model(market, market)
    assert model.beta == pytest.approx(1.0)
    assert model.alpha_annual == pytest.approx(0.0, abs=1e-12)
    assert model.correlation == pytest.approx(1.0)
    assert model.n == 300


def test_a_known_line_is_recovered(market):
    model = market_model(0.0001 + 0.5 * market, market)
    assert model.beta == pytest.approx(0.5)
    assert model.alpha_annual == pytest.approx(0.0252)


def test_noise_around_the_line_stays_within_three_standard_errors(market):
    noise = np.random.default_rng(1).normal(0, 0.01, 300)
    model = market_model(0.8 * market + noise, market)
    assert abs(model.beta - 0.8) < 3 * model.beta / model.beta_t
    assert abs(model.alpha_t) < 3


def test_only_common_dates_are_used_and_they_are_counted(market):
    gapped = market.copy()
    gapped.iloc[10:15] = np.nan
    model = market_model(market.iloc[:200], gapped.iloc[50:])
    assert model.n == 150
    assert market_model(market.iloc[:200], gapped).n == 195


def test_a_model_that_cannot_be_fitted_says_why(market):
    few = market_model(market.iloc[:5], market)
    assert few.beta.reason == "5 values, at least 20 needed"
    flat = market_model(0 * market, market)
    assert flat.beta.reason == "zero volatility"
    assert flat.n == 300
    lags = lead_lag_correlations(0 * market, market)
    assert lags[0].reason == "zero volatility"
    assert not misaligned(lags, n=300)


@pytest.mark.parametrize("days", [-1, 1])
def test_a_benchmark_moved_by_one_day_is_noticed(market, days):
    strategy = 0.5 * market + np.random.default_rng(1).normal(0, 0.005, 300)
    moved = pd.Series(np.roll(market.to_numpy(), days), index=DATES)
    assert not misaligned(lead_lag_correlations(strategy, market), n=300)
    correlations = lead_lag_correlations(strategy, moved)
    assert misaligned(correlations, n=300)
    assert max(correlations, key=correlations.get) == days


def test_a_market_neutral_strategy_does_not_look_misaligned(market):
    noise = pd.Series(np.random.default_rng(2).normal(0, 0.01, 300), index=DATES)
    assert not misaligned(lead_lag_correlations(noise, market), n=300)


def test_benchmark_returns_start_from_the_price_before_the_first_date():
    dates = pd.to_datetime(["2020-01-02", "2020-01-03", "2020-01-06"])
    prices = pd.Series(
        [90.0, 100.0, 110.0, 121.0, 60.5],
        index=pd.to_datetime(
            ["2019-12-30", "2019-12-31", "2020-01-02", "2020-01-03", "2020-01-06"]
        ),
    )
    answer = benchmark_returns(prices, dates)
    assert answer.tolist() == pytest.approx([0.1, 0.1, -0.5])
    later = benchmark_returns(prices.iloc[2:], dates)
    assert np.isnan(later.iloc[0])


def test_dates_that_only_the_benchmark_has_are_spanned():
    prices = pd.Series(
        [100.0, 105.0, 110.0],
        index=pd.to_datetime(["2020-01-02", "2020-01-03", "2020-01-06"]),
    )
    answer = benchmark_returns(prices, pd.to_datetime(["2020-01-02", "2020-01-06"]))
    assert answer.iloc[1] == pytest.approx(0.1)


def test_no_benchmark_price_is_carried_over_a_gap():
    dates = pd.to_datetime(["2020-01-02", "2020-01-03", "2020-01-06"])
    prices = pd.Series([100.0, 110.0], index=dates[[0, 2]])
    assert benchmark_returns(prices, dates).isna().all()
