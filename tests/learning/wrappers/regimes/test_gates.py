"""Gates by hand: a band that is crossed, a threshold that is passed."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning.wrappers.regimes.gates import (
    TrendGate,
    TrendGateSpec,
    VolatilityGate,
    VolatilityGateSpec,
)
from alpha_kedro.learning.wrappers.regimes.spec import RegimesSpec
from tests.learning.wrappers.regimes.chains import later_garbled, market

nan = np.nan


def states(**columns):
    n = len(next(iter(columns.values())))
    dates = pd.bdate_range("2020-01-01", periods=n).as_unit("us")
    return pd.DataFrame({"date": dates} | columns)


def test_a_trend_has_to_leave_the_band_on_its_other_side():
    trend = [nan, -0.01, 0.01, 0.05, -0.01, -0.03, 0.01, nan, 0.03]
    gate = TrendGate(band=0.02, shares=(0.7, 0.3))
    sides = gate.regimes(states(trend=trend))
    assert sides.tolist() == [-1, 1, 1, 0, 0, 1, 1, 1, 0]
    found = gate.probabilities(states(trend=trend))
    assert_array_equal(found[:4], [[0.7, 0.3], [0, 1], [0, 1], [1, 0]])


def test_without_a_band_the_sign_decides():
    gate = TrendGate(band=0.0, shares=(0.5, 0.5))
    assert gate.regimes(states(trend=[0.0, 0.1, -0.1, 0.0])).tolist() == [0, 0, 1, 1]


def test_a_gate_learns_how_often_the_market_was_above():
    gate = TrendGateSpec(band=0.0).fit(states(trend=[nan, 0.1, 0.1, -0.1, 0.1]), seed=0)
    assert gate.shares == (0.75, 0.25)
    assert gate.facts == {"band": 0.0}


def test_thresholds_are_quantiles_of_the_sessions_fitted():
    values = np.arange(101) / 100
    spec = VolatilityGateSpec(quantiles=[0.5, 0.9], min_sessions=20)
    gate = spec.fit(states(market_volatility=values), seed=0)
    assert_allclose(gate.thresholds, [0.5, 0.9])
    assert gate.n_regimes == 3
    asked = states(market_volatility=[nan, 0.5, 0.6, nan, 2.0, 0.1])
    assert gate.regimes(asked).tolist() == [-1, 0, 1, 1, 2, 0]
    assert_allclose(gate.shares, np.array([51, 40, 10]) / 101)


def test_a_threshold_may_trail_the_volatility():
    rng = np.random.default_rng(0)
    values = pd.Series(rng.lognormal(sigma=0.3, size=300) * np.linspace(1, 5, 300))
    spec = VolatilityGateSpec(quantiles=0.75, lookback=60)
    gate = spec.fit(states(market_volatility=values), seed=0)
    trailing = values.rolling(60).quantile(0.75).fillna(gate.thresholds[0])
    wanted = (values > trailing).astype(int)
    found = gate.regimes(states(market_volatility=values))
    assert found.tolist() == wanted.tolist()
    # A threshold that stays where it is finds the late, restless years restless.
    fixed = gate.model_copy(update={"lookback": None})
    late = states(market_volatility=values)
    assert fixed.regimes(late)[200:].mean() > found[200:].mean() + 0.1


GATES = {
    "trend": TrendGateSpec(),
    "volatility": VolatilityGateSpec(),
    "trailing": VolatilityGateSpec(lookback=50, quantiles=(0.4, 0.8)),
}


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("cut", [1, 120, 399])
@pytest.mark.parametrize("change", ["cut", "garbled"])
def test_a_date_is_told_by_the_states_up_to_it(name, cut, change):
    known, _ = market(400)
    gate = GATES[name].fit(known, seed=0)
    other = known[:cut] if change == "cut" else later_garbled(known, cut)
    before = gate.probabilities(known)
    assert_array_equal(gate.probabilities(other)[:cut], before[:cut])
    assert_allclose(before.sum(axis=1), 1.0)
    if change == "garbled" and name == "trend" and cut == 120:
        assert (gate.probabilities(other) != before).any()


@pytest.mark.parametrize("name", GATES)
def test_a_gate_comes_back_from_its_text(name):
    known, _ = market(300)
    gate = GATES[name].fit(known, seed=0)
    again = type(gate).model_validate_json(gate.model_dump_json())
    assert again == gate
    assert_array_equal(again.probabilities(known), gate.probabilities(known))


def test_states_that_tell_nothing_are_refused():
    with pytest.raises(ModelError, match="AK-M122"):
        TrendGateSpec().fit(states(trend=[nan, nan]), seed=0)
    with pytest.raises(ModelError, match="AK-M122"):
        VolatilityGateSpec().fit(states(market_volatility=[0.1, 0.2]), seed=0)
    with pytest.raises(ModelError, match="AK-M123"):
        VolatilityGateSpec().fit(states(market_volatility=[0.1] * 300), seed=0)
    with pytest.raises(ConfigError, match="AK-C002"):
        TrendGateSpec().fit(states(trendy=[0.1]), seed=0)


def test_no_session_has_no_regime():
    gate = VolatilityGate(
        quantiles=(0.5,), lookback=None, thresholds=(1.0,), shares=(0.5, 0.5)
    )
    nobody = states(market_volatility=np.array([], dtype=np.float64))
    assert gate.probabilities(nobody).shape == (0, 2)


@pytest.mark.parametrize(
    "block",
    [{"quantiles": [0.9, 0.5]}, {"quantiles": [0.5, 0.5]}, {"quantiles": [1.0]}],
)
def test_quantiles_ascend_between_0_and_1(block):
    with pytest.raises(ConfigError, match="AK-C003"):
        RegimesSpec.parse({"detector": "volatility", "volatility": block}, "regimes")
