"""The Sharpe ratio, its interval, and its deflation, against published numbers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.measures import (
    deflated_sharpe,
    expected_maximum_sharpe,
    probabilistic_sharpe,
    sharpe_interval,
    sharpe_ratio,
    sharpe_standard_error,
)

RETURNS = st.lists(st.floats(-0.2, 0.2), min_size=3, max_size=40).filter(
    lambda values: np.std(values) > 1e-6
)


def autoregressive(n: int, *, phi: float, mean: float, seed: int) -> np.ndarray:
    """Draw n values with unit variance and first autocorrelation phi."""
    shocks = np.random.default_rng(seed).normal(size=n + 50)
    values = np.empty_like(shocks)
    values[0] = shocks[0]
    for place in range(1, len(shocks)):
        values[place] = phi * values[place - 1] + shocks[place]
    return mean + values[50:] * math.sqrt(1 - phi**2)


def test_the_ratio_of_a_simple_series_is_computed_by_hand():
    # Mean 0.01, deviations -0.01, 0, 0.01: standard deviation 0.01 with ddof 1.
    assert sharpe_ratio([0.0, 0.01, 0.02], periods_per_year=1) == pytest.approx(1.0)
    assert sharpe_ratio([0.0, 0.01, 0.02]) == pytest.approx(math.sqrt(252))


@settings(max_examples=40, deadline=None)
@given(RETURNS, st.floats(0.1, 10))
def test_leverage_leaves_the_ratio_and_its_error_alone(returns, leverage):
    scaled = leverage * np.array(returns)
    assert sharpe_ratio(scaled) == pytest.approx(sharpe_ratio(returns), abs=1e-9)
    assert sharpe_standard_error(scaled) == pytest.approx(
        sharpe_standard_error(returns), abs=1e-9
    )
    assert sharpe_ratio(-scaled) == pytest.approx(-sharpe_ratio(returns), abs=1e-9)


@pytest.mark.parametrize(
    ("returns", "reason"),
    [
        ([], "0 values, at least 2 needed"),
        ([0.01], "1 values, at least 2 needed"),
        ([0.001] * 50, "zero volatility"),
        (np.diff(np.log(1.001) * np.arange(50)), "zero volatility"),
        ([0.01, np.nan, 0.02], "1 of 3 values are missing"),
    ],
)
def test_a_ratio_that_does_not_exist_is_not_zero(returns, reason):
    assert sharpe_ratio(returns).reason == reason
    assert sharpe_standard_error(returns).reason == reason
    assert all(map(math.isnan, sharpe_interval(returns, seed=0)))
    assert math.isnan(deflated_sharpe(returns, trials=2))


@pytest.mark.parametrize(
    ("sessions", "error"), [(126, 1.41), (252, 1.00), (1_260, 0.45), (2_520, 0.32)]
)
def test_the_standard_error_without_skill_depends_on_the_years_alone(sessions, error):
    returns = np.tile([0.01, -0.01], sessions // 2)
    assert sharpe_standard_error(returns) == pytest.approx(error, abs=0.005)


def test_the_interval_repeats_with_its_seed_and_holds_the_ratio():
    returns = np.random.default_rng(0).normal(0.0005, 0.01, 500)
    interval = sharpe_interval(returns, seed=7, reps=300)
    assert interval == sharpe_interval(returns, seed=7, reps=300)
    assert interval != sharpe_interval(returns, seed=8, reps=300)
    assert interval.low < sharpe_ratio(returns) < interval.high
    wider = sharpe_interval(returns, seed=7, reps=300, confidence=0.99)
    assert wider.low < interval.low < interval.high < wider.high


def test_a_short_history_has_no_interval():
    low, high = sharpe_interval([0.01, -0.01] * 5, seed=0)
    assert low.reason == high.reason == "10 values, at least 20 needed"


def test_the_interval_of_noise_agrees_with_the_analytic_error():
    returns = np.random.default_rng(1).normal(0, 0.01, 1_000)
    low, high = sharpe_interval(returns, seed=0, reps=1_000)
    assert (high - low) / (2 * 1.96) == pytest.approx(
        sharpe_standard_error(returns), rel=0.15
    )


@pytest.mark.parametrize("phi", [0.0, 0.3])
def test_the_interval_covers_the_true_ratio_about_as_often_as_it_says(phi):
    """Eighty draws: a true coverage of 91 to 94 percent has an error of 3 points."""
    true = 0.05 * math.sqrt(252)
    covered = 0
    for seed in range(80):
        returns = autoregressive(500, phi=phi, mean=0.05, seed=seed)
        low, high = sharpe_interval(returns, seed=seed, reps=300)
        covered += low <= true <= high
    assert covered / 80 >= 0.84


def test_deflation_reproduces_the_example_of_its_paper():
    """Bailey and Lopez de Prado (2014): 2.5 a year, five years, 100 trials."""
    threshold = expected_maximum_sharpe(trials=100, variance=0.5 / 250)
    assert threshold == pytest.approx(0.1132, abs=5e-5)
    sharpe = 2.5 / math.sqrt(250)
    deflated = probabilistic_sharpe(
        sharpe, n=1_250, skewness=-3, kurtosis=10, threshold=threshold
    )
    assert deflated == pytest.approx(0.9004, abs=5e-5)


@pytest.mark.parametrize(
    ("trials", "skewness", "kurtosis"), [(46, -3.0, 10.0), (88, 0.0, 3.0)]
)
def test_the_trials_at_which_the_example_loses_significance(trials, skewness, kurtosis):
    threshold = expected_maximum_sharpe(trials=trials, variance=0.5 / 250)
    deflated = probabilistic_sharpe(
        2.5 / math.sqrt(250),
        n=1_250,
        skewness=skewness,
        kurtosis=kurtosis,
        threshold=threshold,
    )
    assert deflated == pytest.approx(0.9505, abs=5e-5)


def test_the_best_of_many_noisy_strategies_is_what_theory_expects():
    best = np.random.default_rng(0).normal(size=(4_000, 50)).max(axis=1).mean()
    assert expected_maximum_sharpe(trials=50, variance=1.0) == pytest.approx(best, 0.02)


def test_one_trial_leaves_the_probabilistic_ratio():
    assert expected_maximum_sharpe(trials=1, variance=1.0) == 0
    returns = np.tile([0.02, -0.01], 50)
    # A two-point distribution has skewness 0 and kurtosis 1.
    expected = probabilistic_sharpe(
        sharpe_ratio(returns, periods_per_year=1), n=100, kurtosis=1.0
    )
    assert deflated_sharpe(returns, trials=1) == pytest.approx(expected)


def test_more_trials_and_more_varied_trials_leave_less():
    returns = np.random.default_rng(0).normal(0.001, 0.01, 500)
    few = deflated_sharpe(returns, trials=2)
    many = deflated_sharpe(returns, trials=50)
    varied = deflated_sharpe(returns, trials=50, trial_variance=0.01)
    assert 1 > few > many > varied > 0


def test_trials_are_never_taken_as_more_alike_than_noise():
    returns = np.random.default_rng(0).normal(0.001, 0.01, 500)
    floor = deflated_sharpe(returns, trials=5, trial_variance=1 / 499)
    assert deflated_sharpe(returns, trials=5, trial_variance=1e-9) == floor


def test_moments_without_a_variance_give_no_probability():
    assert math.isnan(probabilistic_sharpe(2.0, n=100, skewness=3.0, kurtosis=3.0))
