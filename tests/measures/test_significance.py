"""Robust means: a hand formula, and noise that must not look significant."""

import math

import numpy as np
import pytest

from alpha_kedro.measures import average, hac_lags, hac_mean, hac_regression


def newey_west(values: np.ndarray, lags: int) -> float:
    """Compute the Newey-West standard error of a mean as the paper writes it."""
    n = len(values)
    centred = values - values.mean()
    variance = centred @ centred / n
    for lag in range(1, lags + 1):
        weight = 1 - lag / (lags + 1)
        variance += 2 * weight * (centred[lag:] @ centred[:-lag]) / n
    return math.sqrt(variance / n)


@pytest.mark.parametrize("lags", [0, 1, 4])
def test_the_standard_error_is_that_of_the_hand_formula(lags):
    values = np.random.default_rng(0).normal(0.01, 1, 50).cumsum()
    answer = hac_mean(values, lags=lags)
    assert answer.mean == pytest.approx(values.mean())
    assert answer.standard_error == pytest.approx(newey_west(values, lags))
    assert answer.t == pytest.approx(values.mean() / newey_west(values, lags))
    assert (answer.n, answer.lags) == (50, lags)


def test_the_smallest_case_is_computed_by_hand():
    # Centred: -1, 1. Variance 1, lag one -1/2 with weight 1/2: (1 - 1/2) / 2.
    assert hac_mean([1.0, 3.0], lags=1).standard_error == pytest.approx(0.5)


def test_lags_follow_the_sample_and_never_stop_short_of_the_overlap():
    assert hac_lags(100) == 4
    assert hac_lags(630) == 6
    assert hac_lags(400, overlap=5) == 10
    assert hac_lags(400, overlap=1) == 5
    assert hac_lags(3, overlap=5) == 2
    assert hac_lags(0) == 0


def test_missing_periods_are_left_out_and_not_counted():
    assert hac_mean([1.0, np.nan, 3.0], lags=1) == hac_mean([1.0, 3.0], lags=1)


def test_a_mean_that_cannot_be_given_says_why():
    assert hac_mean([0.1]).t.reason == "1 values, at least 2 needed"
    assert hac_mean([0.1, 0.1, 0.1]).t.reason == "no variation around the estimate"
    assert hac_mean([0.1, 0.1, 0.1]).mean == pytest.approx(0.1)
    assert average([]).reason == "0 values, at least 1 needed"


def test_a_regression_recovers_an_exact_line():
    causes = np.column_stack([np.ones(30), np.arange(30.0)])
    coefficients, errors = hac_regression(causes @ [2.0, 0.5], causes, lags=2)
    np.testing.assert_allclose(coefficients, [2.0, 0.5])
    np.testing.assert_allclose(errors, 0, atol=1e-12)


@pytest.mark.parametrize("lags", [0, 3, 10])
def test_a_regression_has_the_errors_of_newey_and_west(lags):
    rng = np.random.default_rng(lags)
    causes = np.column_stack([np.ones(80), rng.normal(size=(80, 2)).cumsum(axis=0)])
    outcome = causes @ [0.1, 0.5, -0.2] + rng.normal(size=80).cumsum()
    bread = np.linalg.inv(causes.T @ causes)
    line = bread @ causes.T @ outcome
    moments = causes * (outcome - causes @ line)[:, None]
    meat = np.zeros((3, 3))
    for row in range(80):
        for other in range(80):
            weight = max(0.0, 1 - abs(row - other) / (lags + 1))
            meat += weight * np.outer(moments[row], moments[other])
    coefficients, errors = hac_regression(outcome, causes, lags=lags)
    np.testing.assert_allclose(coefficients, line, rtol=1e-9)
    np.testing.assert_allclose(errors**2, np.diag(bread @ meat @ bread), rtol=1e-8)


def test_overlapping_outcomes_fool_the_naive_test_and_not_the_robust_one():
    """Five-session sums of noise, measured daily, at a nominal 5 percent."""
    naive = robust = 0
    n_seeds = 200
    for seed in range(n_seeds):
        noise = np.random.default_rng(seed).normal(size=404)
        overlapping = np.convolve(noise, np.ones(5), mode="valid")
        plain_error = overlapping.std(ddof=1) / math.sqrt(len(overlapping))
        naive += abs(overlapping.mean() / plain_error) > 1.96
        robust += abs(hac_mean(overlapping, overlap=5).t) > 1.96
    assert naive / n_seeds > 0.25
    assert robust / n_seeds < 0.12
