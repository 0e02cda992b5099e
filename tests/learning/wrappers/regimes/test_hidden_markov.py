"""Regimes that were planted are found, numbered alike after every fit, and dated."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning.wrappers.regimes import hidden_markov
from alpha_kedro.learning.wrappers.regimes.hidden_markov import (
    HiddenMarkov,
    HiddenMarkovSpec,
)
from tests.learning.wrappers.regimes.chains import later_garbled, market

SPEC = HiddenMarkovSpec(columns=("market_return", "market_volatility"), restarts=2)


@pytest.fixture(scope="module")
def calm_and_stress():
    return market(800)


@pytest.fixture(scope="module")
def fitted(calm_and_stress):
    return SPEC.fit(calm_and_stress[0], seed=1)


def test_planted_regimes_are_found(fitted, calm_and_stress):
    states, path = calm_and_stress
    found = fitted.probabilities(states)
    assert_allclose(found.sum(axis=1), 1.0)
    assert (found.argmax(axis=1) == path).mean() > 0.97
    stays = [fitted.facts[f"regime_{place}_stays"] for place in (0, 1)]
    assert_allclose(stays, [0.98, 0.95], atol=0.02)


def test_regime_0_is_the_calm_one_after_every_refit(calm_and_stress):
    """hmmlearn numbers states as they come: some of its seeds have them reversed."""
    states, path = calm_and_stress
    numbers = set()
    for seed in range(6):
        one = SPEC.model_copy(update={"restarts": 1})
        fitted = one.fit(states[: 500 + 40 * seed], seed=seed)
        assert fitted.means[0][1] < fitted.means[1][1]
        assert (fitted.probabilities(states).argmax(axis=1) == path).mean() > 0.95
        numbers.add(raw_order(states, seed))
    assert numbers == {True, False}


def raw_order(states, seed):
    from hmmlearn.hmm import GaussianHMM
    from threadpoolctl import threadpool_limits

    values = states[list(SPEC.columns)].to_numpy()
    rows = (values - values.mean(axis=0)) / values.std(axis=0)
    with threadpool_limits(1):
        model = GaussianHMM(2, "full", random_state=seed, n_iter=50).fit(rows)
    return bool(model.means_[0, 1] < model.means_[1, 1])


def test_regimes_may_be_ordered_by_a_state_they_do_not_see(calm_and_stress):
    states, _ = calm_and_stress
    spec = SPEC.model_copy(update={"columns": ("market_return",), "order_by": "trend"})
    stress, calm = spec.fit(states, seed=0).covariances
    assert stress[0][0] > calm[0][0]


@pytest.mark.parametrize("cut", [1, 250, 777])
@pytest.mark.parametrize("change", ["cut", "garbled"])
def test_a_date_is_told_by_the_states_up_to_it(fitted, calm_and_stress, cut, change):
    states, _ = calm_and_stress
    other = states[:cut] if change == "cut" else later_garbled(states, cut)
    assert_array_equal(
        fitted.probabilities(other)[:cut], fitted.probabilities(states)[:cut]
    )


def test_the_same_sessions_and_seed_give_the_same_bytes(fitted, calm_and_stress):
    again = SPEC.fit(calm_and_stress[0], seed=1)
    assert again.model_dump_json() == fitted.model_dump_json()


def test_it_comes_back_from_its_text(fitted, calm_and_stress):
    again = HiddenMarkov.model_validate_json(fitted.model_dump_json())
    assert again == fitted
    states = calm_and_stress[0]
    assert_array_equal(again.probabilities(states), fitted.probabilities(states))


def test_its_likelihood_is_that_of_the_sessions_it_saw(fitted, calm_and_stress):
    """But for the start, which the fit takes as even and the filter as its share."""
    _, log_likelihood = fitted.filtered(calm_and_stress[0])
    assert abs(log_likelihood[-1] - fitted.log_likelihood) < 1.0


def test_the_likeliest_of_several_runs_is_taken(calm_and_stress):
    states, _ = calm_and_stress
    spec = SPEC.model_copy(
        update={"n_states": 3, "min_share": 0.0, "max_iterations": 2_000}
    )
    alone = [
        spec.model_copy(update={"restarts": 1}).fit(states, seed=seed).log_likelihood
        for seed in range(3)
    ]
    best = spec.model_copy(update={"restarts": 3}).fit(states, seed=0)
    assert best.log_likelihood == max(alone)


@pytest.mark.parametrize("covariance", ["full", "diag"])
def test_a_covariance_has_the_shape_asked_for(calm_and_stress, covariance):
    spec = SPEC.model_copy(update={"covariance": covariance})
    fitted = spec.fit(calm_and_stress[0], seed=0)
    off_diagonal = np.array(fitted.covariances)[:, 0, 1]
    assert (off_diagonal == 0).all() == (covariance == "diag")


def test_sessions_without_a_state_move_on_by_the_chain_alone(fitted, calm_and_stress):
    states = calm_and_stress[0].copy()
    states.loc[300:302, "market_return"] = np.nan
    found = fitted.probabilities(states)
    transition = np.array(fitted.transition)
    for row in (300, 301, 302):
        assert_allclose(found[row], found[row - 1] @ transition)
    states.loc[:, "market_return"] = np.nan
    assert_allclose(fitted.probabilities(states)[0], fitted.start)


def test_holes_in_the_sessions_are_no_days_in_a_row(calm_and_stress):
    states = calm_and_stress[0].copy()
    states.loc[:20, "market_return"] = np.nan
    states.loc[400:404, "market_volatility"] = np.inf
    fitted = SPEC.fit(states, seed=0)
    assert fitted.means[0][1] < fitted.means[1][1]
    assert_array_equal(hidden_markov._runs(np.array([3, 4, 5, 9, 10, 20])), [3, 2, 1])


def test_hmmlearn_calls_it_converged_when_it_ran_out_of_steps(calm_and_stress):
    """So that a run is asked for its last gain instead."""
    from hmmlearn.hmm import GaussianHMM

    states = calm_and_stress[0]
    rows = states[list(SPEC.columns)].to_numpy() * 100
    model = GaussianHMM(3, n_iter=10, tol=1e-9, random_state=0).fit(rows)
    assert model.monitor_.converged
    spec = HiddenMarkovSpec(n_states=3, max_iterations=10, tolerance=1e-9, restarts=2)
    with pytest.raises(ModelError, match="AK-M124") as refused:
        spec.fit(states, seed=0)
    assert "run 1: not converged after 10 steps" in str(refused.value)


def test_a_regime_that_is_hardly_ever_there_is_refused(calm_and_stress):
    states = calm_and_stress[0].copy()
    states.loc[100, "market_return"] = 5.0
    with pytest.raises(ModelError, match="AK-M124") as refused:
        SPEC.fit(states, seed=0)
    assert "of the sessions" in str(refused.value)


def test_a_regime_without_spread_is_refused():
    states, path = market(400)
    states["market_return"] = np.where(path == 1, 0.01, -0.01)
    states.loc[0, "market_return"] = 0.0
    with pytest.raises(ModelError, match="AK-M124") as refused:
        SPEC.fit(states, seed=0)
    assert "a variance of" in str(refused.value)


@pytest.mark.parametrize(
    ("value", "code"), [(np.nan, "AK-M122"), (0.01, "AK-M123")], ids=["none", "one"]
)
def test_a_state_with_nothing_to_tell_is_refused(calm_and_stress, value, code):
    states = calm_and_stress[0].assign(market_volatility=value)
    with pytest.raises(ModelError, match=code) as refused:
        SPEC.fit(states, seed=0)
    assert "market_volatility" in str(refused.value)


@pytest.mark.parametrize(
    ("value", "code"), [(np.nan, "AK-M122"), (0.01, "AK-M123")], ids=["none", "one"]
)
def test_a_state_that_puts_nothing_in_order_is_refused(calm_and_stress, value, code):
    states = calm_and_stress[0].assign(market_volatility=value)
    with pytest.raises(ModelError, match=code) as refused:
        HiddenMarkovSpec().fit(states, seed=0)
    assert "market_volatility" in str(refused.value)


def test_returns_alone_tell_the_regimes(calm_and_stress):
    states, path = calm_and_stress
    found = HiddenMarkovSpec().fit(states, seed=0).probabilities(states)
    assert (found.argmax(axis=1) == path).mean() > 0.9


def test_too_few_sessions_are_refused(calm_and_stress):
    with pytest.raises(ModelError, match="AK-M122") as refused:
        SPEC.fit(calm_and_stress[0][:200], seed=0)
    assert "200 of 200 sessions" in str(refused.value)


def test_a_state_nobody_measures_is_refused_by_its_nearest_name(calm_and_stress):
    spec = SPEC.model_copy(update={"columns": ("market_volatilty",)})
    with pytest.raises(ConfigError, match="AK-C002") as refused:
        spec.fit(calm_and_stress[0], seed=0)
    assert "market_volatility" in str(refused.value)


def test_without_hmmlearn_the_other_detectors_are_recommended(
    calm_and_stress, monkeypatch
):
    monkeypatch.setitem(__import__("sys").modules, "hmmlearn", None)
    with pytest.raises(ConfigError, match="AK-C146"):
        SPEC.fit(calm_and_stress[0], seed=0)
