import numpy as np
import pytest
from scipy.optimize import minimize

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.portfolio.construction import RiskWeights
from alpha_kedro.portfolio.construction.risk_weights import equal_risk, least_risk
from alpha_kedro.portfolio.risk.covariance import shrunk_covariance
from tests.portfolio.construction.books import (
    aimed,
    history,
    shuffled,
    state,
    with_changes,
)

KINDS = ["equal_weight", "inverse_volatility", "risk_parity", "minimum_variance"]


def covariance(n_names=12, seed=0):
    rng = np.random.default_rng(seed)
    return shrunk_covariance(
        rng.normal(0, 0.02, (60, n_names)) * np.arange(1, n_names + 1)
        + rng.normal(0, 0.05, (60, 1))
    )


def test_equal_risk_of_two_names_is_inverse_volatility_whatever_the_correlation():
    for correlation in (-0.5, 0.0, 0.9):
        both = np.array([[0.04, correlation * 0.02], [correlation * 0.02, 0.01]])
        np.testing.assert_allclose(equal_risk(both), [1 / 3, 2 / 3], rtol=1e-9)


def test_equal_risk_is_equal():
    risk = covariance(40)
    weights = equal_risk(risk)
    parts = weights * (risk @ weights)
    np.testing.assert_allclose(parts / parts.sum(), 1 / 40, rtol=1e-8)
    assert weights.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(3))
def test_equal_and_least_risk_are_those_of_a_solver(seed):
    risk = covariance(6, seed)
    scale = risk / np.mean(np.diag(risk))
    slow = minimize(
        lambda w: w @ scale @ w / 2 - np.log(w).sum() / 6,
        np.ones(6),
        jac=lambda w: scale @ w - 1 / w / 6,
        bounds=[(1e-9, None)] * 6,
        options={"ftol": 1e-15, "gtol": 1e-10},
    ).x
    np.testing.assert_allclose(equal_risk(risk), slow / slow.sum(), atol=1e-6)
    slow = minimize(
        lambda w: w @ scale @ w,
        np.full(6, 1 / 6),
        jac=lambda w: 2 * scale @ w,
        bounds=[(0, None)] * 6,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1},
        options={"ftol": 1e-14},
    ).x
    np.testing.assert_allclose(least_risk(risk), slow, atol=1e-6)


def test_least_risk_without_correlation_is_inverse_variance():
    np.testing.assert_allclose(least_risk(np.diag([1.0, 4.0])), [0.8, 0.2], rtol=1e-9)


def test_least_risk_leaves_out_what_only_adds_risk():
    # The first hedges nothing: its covariance with the second is above the variance.
    both = np.array([[0.09, 0.05], [0.05, 0.04]])
    np.testing.assert_array_equal(least_risk(both), [0, 1])


def test_inverse_volatility():
    market = history(5)
    weights = aimed(RiskWeights(), np.zeros(5), market).weights
    inverse = 1 / market.returns(60).std(axis=0, ddof=1)
    np.testing.assert_allclose(weights, inverse / inverse.sum(), rtol=1e-12)


def test_equal_weights_need_no_history():
    members = state(4, universe=[True, True, False, True])
    aim = aimed(RiskWeights(kind="equal_weight"), [np.nan] * 4, members)
    np.testing.assert_allclose(aim.weights, [1 / 3, 1 / 3, 0, 1 / 3])


def test_without_history_the_book_is_flat():
    aim = aimed(RiskWeights(), [1, 2])
    assert not aim.weights.any()
    assert aim.notes == {"short_history": 2, "too_few_names": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_the_best_names_alone(kind):
    market = history(6)
    spec = RiskWeights(kind=kind, top_n=2)
    aim = aimed(spec, [1, 2, 3, 4, np.nan, 0], market)
    assert set(np.flatnonzero(aim.weights)) <= {2, 3}
    assert aim.weights.sum() == pytest.approx(1.0)
    assert aim.notes == {"unscored": 1}
    constant = aimed(spec, np.ones(6), market)
    assert constant.notes == {"constant_scores": 1}
    assert not constant.weights.any()


@pytest.mark.parametrize("kind", KINDS)
def test_capped_weights_go_to_the_others_and_the_rest_to_cash(kind):
    market = history(5)
    tight = aimed(RiskWeights(kind=kind, name_cap=0.21), np.zeros(5), market)
    assert tight.weights.max() <= 0.21 * (1 + 1e-9)
    poor = aimed(RiskWeights(kind=kind, name_cap=0.1), np.zeros(5), market)
    assert poor.weights.max() <= 0.1 * (1 + 1e-9)
    assert poor.notes["under_invested"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_the_tickers_and_older_prices_do_not_matter(kind):
    market = history(12)
    straight = aimed(RiskWeights(kind=kind), np.zeros(12), market).weights
    order = np.random.default_rng(0).permutation(12)
    turned = aimed(RiskWeights(kind=kind), np.zeros(12), shuffled(market, order))
    np.testing.assert_allclose(turned.weights, straight[order], atol=1e-9)
    close = market.close.copy()
    close[:-61] *= 7
    older = aimed(
        RiskWeights(kind=kind), np.zeros(12), with_changes(market, close=close)
    )
    np.testing.assert_array_equal(older.weights, straight)


def test_weights_that_are_not_found_are_an_error():
    with pytest.raises(SimulationError, match="AK-S016"):
        equal_risk(np.array([[1.0, -1.0], [-1.0, 1.0]]))
