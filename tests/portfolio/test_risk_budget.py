import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.portfolio.risk_budget import (
    RiskBudgetSpec,
    equal_risk,
    sleeve_weights,
)


def drawn(n_sessions=300, spreads=(0.01, 0.02, 0.04), *, seed=0):
    noise = np.random.default_rng(seed).normal(size=(n_sessions, len(spreads)))
    return noise * np.array(spreads)


def shares(returns, method, **changes):
    return sleeve_weights(returns, RiskBudgetSpec(method=method, **changes))


def contributions(covariance, weights):
    return weights * (covariance @ weights) / (weights @ covariance @ weights)


def test_equal_and_given_shares_need_no_history():
    nothing = np.empty((0, 3))
    np.testing.assert_allclose(shares(nothing, "equal"), [1 / 3] * 3)
    given = shares(nothing, "given", budgets=(2.0, 1.0, 1.0))
    np.testing.assert_allclose(given, [0.5, 0.25, 0.25])


def test_inverse_volatility_by_hand():
    sign = np.where(np.arange(100) % 2, -1.0, 1.0)[:, None]
    weights = shares(sign * [0.01, 0.02, 0.04], "inverse_volatility")
    np.testing.assert_allclose(weights, np.array([4, 2, 1]) / 7)


def test_two_members_share_risk_by_inverse_volatility_whatever_they_correlate():
    covariance = np.array([[0.04, 0.03], [0.03, 0.09]])
    np.testing.assert_allclose(equal_risk(covariance, np.ones(2)), [0.6, 0.4])


def test_without_correlation_budgets_are_of_variance():
    covariance = np.diag([0.01, 0.04, 0.09])
    budgets = np.array([0.5, 0.3, 0.2])
    by_hand = np.sqrt(budgets) / [0.1, 0.2, 0.3]
    np.testing.assert_allclose(equal_risk(covariance, budgets), by_hand / by_hand.sum())


@pytest.mark.parametrize("seed", range(6))
def test_contributions_to_risk_are_the_budgets(seed):
    rng = np.random.default_rng(seed)
    mixed = rng.normal(size=(40, 6)) @ rng.normal(size=(6, 6))
    covariance = np.cov(mixed, rowvar=False)
    budgets = rng.dirichlet(np.ones(6))
    weights = equal_risk(covariance, budgets)
    np.testing.assert_allclose(contributions(covariance, weights), budgets, atol=1e-9)
    assert weights.sum() == pytest.approx(1)


def test_a_member_that_repeats_another_counts_for_one():
    returns = drawn(spreads=(0.01, 0.01, 0.01))
    returns[:, 2] = returns[:, 1] + 1e-6 * returns[:, 2]
    alone, one, other = shares(returns, "risk_contribution")
    assert alone > 1.3 * one
    assert one == pytest.approx(other, rel=1e-3)
    by_volatility = shares(returns, "inverse_volatility")
    np.testing.assert_allclose(by_volatility, [1 / 3] * 3, rtol=0.1)


@pytest.mark.parametrize("method", ["inverse_volatility", "risk_contribution"])
def test_with_too_short_a_history_shares_are_equal(method):
    late = drawn()
    late[:250, 2] = np.nan
    np.testing.assert_allclose(shares(late, method), [1 / 3] * 3)
    weights = shares(late, method, min_history=50)
    assert weights[0] > weights[1] > weights[2]


@pytest.mark.parametrize("method", ["inverse_volatility", "risk_contribution"])
def test_only_the_window_is_read(method):
    returns = drawn(400)
    garbled = returns.copy()
    garbled[:-252] = 9.0
    np.testing.assert_array_equal(shares(garbled, method), shares(returns, method))


@pytest.mark.parametrize("method", ["inverse_volatility", "risk_contribution"])
def test_a_member_that_has_not_moved_keeps_an_equal_share(method):
    idle = drawn()
    idle[:, 0] = 0.0
    weights = shares(idle, method)
    assert weights[0] == pytest.approx(1 / 3)
    assert weights[1] > weights[2] > 0
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(shares(np.zeros((300, 3)), method), [1 / 3] * 3)


def test_one_member_has_it_all():
    assert shares(drawn(spreads=(0.01,)), "risk_contribution").tolist() == [1.0]


def test_budgets_are_one_per_member():
    with pytest.raises(ConfigError, match="AK-C186"):
        shares(drawn(), "risk_contribution", budgets=(0.5, 0.5))


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"method": "given"}, "needs budgets"),
        ({"method": "equal", "budgets": [1.0, 2.0]}, "knows no budgets"),
        ({"min_history": 300}, "never reached within window 252"),
        ({"method": "given", "budgets": [1.0, 0.0]}, "greater than 0"),
    ],
)
def test_a_budget_that_cannot_be_meant_is_refused(block, said):
    with pytest.raises(ConfigError, match=said):
        RiskBudgetSpec.parse(block, "strategies.mine.budget")
