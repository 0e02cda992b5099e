import numpy as np
import pytest

from alpha_kedro.portfolio import MarketState, StrategySpec, decide, tie_keys

DAY = np.datetime64("2024-01-05", "us")
TICKERS = np.array(["A", "B", "C", "D"], dtype=object)
SPEC = StrategySpec(model="any", min_names=2, name_cap=1.0, neutral="dollar")


def state(tradable=(True,) * 4, universe=(True,) * 4):
    return MarketState(
        tickers=TICKERS,
        universe=np.array(universe),
        groups=np.zeros(4, dtype=np.int64),
        tradable=np.array(tradable),
    )


def test_a_decision_is_the_target_weights_of_its_scores():
    scores = np.array([4.0, 3.0, 2.0, 1.0])
    targets = decide(DAY, scores, np.zeros(4), state(), spec=SPEC)
    np.testing.assert_allclose(targets.weights, [1, 0, 0, -1])
    assert targets.notes == {}


def test_a_held_name_that_cannot_be_traded_is_counted_as_stuck():
    scores = np.array([4.0, 3.0, 2.0, 1.0])
    held = np.array([0.4, 0.0, 0.0, -0.4])
    halted = state((False, True, True, True))
    targets = decide(DAY, scores, held, halted, spec=SPEC)
    np.testing.assert_allclose(targets.weights, [0, 1, 0, -1])
    assert targets.notes == {"not_tradable": 1, "stuck": 1}


def test_a_name_outside_the_universe_is_neither_wanted_nor_missed():
    scores = np.array([4.0, 3.0, np.nan, 1.0])
    members = state(universe=(False, True, True, True))
    targets = decide(DAY, scores, np.zeros(4), members, spec=SPEC)
    np.testing.assert_allclose(targets.weights, [0, 1, 0, -1])
    assert targets.notes == {"unscored": 1}


@pytest.mark.parametrize("field", ["tickers", "universe", "groups", "tradable"])
def test_the_market_state_cannot_be_written_to(field):
    with pytest.raises(ValueError, match="read-only"):
        getattr(state(), field)[0] = 0


def test_tie_keys_depend_on_name_date_and_seed_alone():
    keys = tie_keys(TICKERS, DAY, seed=1)
    np.testing.assert_array_equal(tie_keys(TICKERS[::-1], DAY, seed=1), keys[::-1])
    evening = DAY + np.timedelta64(20, "h")
    np.testing.assert_array_equal(tie_keys(TICKERS, evening, seed=1), keys)
    assert (tie_keys(TICKERS, DAY, seed=2) != keys).all()
    assert (tie_keys(TICKERS, DAY + np.timedelta64(1, "D"), seed=1) != keys).all()


def test_tie_keys_are_the_same_on_every_machine():
    frozen = [1246846197056608596, 16048824703295638368]
    assert tie_keys(TICKERS[:2], DAY).tolist() == frozen
