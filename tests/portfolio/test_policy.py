from dataclasses import replace

import numpy as np
import pytest

from alpha_kedro.portfolio import (
    Account,
    MarketState,
    StrategySpec,
    decide,
    tie_keys,
)

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


# Tranches: each decision invests its share and holds it as long.


def aims_of(spec, scores, past):
    account = Account(np.zeros(4), past_aims=np.array(past).reshape(-1, 4))
    return decide(DAY, scores, account, state(), spec=spec)


BEST = {"model": "any", "kind": "top_n", "top_n": {"n": 1}}


def test_a_tranche_is_a_share_of_nav_and_the_rest_is_cash_until_it_is_filled():
    spec = StrategySpec.parse(BEST | {"tranches": 3}, "s")
    ascending = np.arange(4.0)
    one, two = [1.0, 0, 0, 0], [0, 1.0, 0, 0]
    first = aims_of(spec, ascending, [])
    np.testing.assert_allclose(first.weights, [0, 0, 0, 1 / 3])
    np.testing.assert_allclose(first.aim, [0, 0, 0, 1])
    second = aims_of(spec, ascending, [one])
    np.testing.assert_allclose(second.weights, [1 / 3, 0, 0, 1 / 3])
    third = aims_of(spec, ascending, [one, two])
    np.testing.assert_allclose(third.weights, [1 / 3, 1 / 3, 0, 1 / 3])
    later = aims_of(spec, ascending, [one, one, two])
    np.testing.assert_allclose(later.weights, [1 / 3, 1 / 3, 0, 1 / 3])
    assert third.weights.sum() == pytest.approx(1.0)


def test_what_a_tranche_had_in_a_name_that_left_is_cash():
    spec = StrategySpec.parse(BEST | {"tranches": 2}, "s")
    account = Account(np.zeros(4), past_aims=np.array([[1.0, 0, 0, 0]]))
    members = state(universe=(False, True, True, True))
    scores = np.array([np.nan, 1.0, 2.0, 3.0])
    targets = decide(DAY, scores, account, members, spec=spec)
    np.testing.assert_allclose(targets.weights, [0, 0, 0, 0.5])
    assert targets.notes == {"left_tranche": 1}


def test_overlays_come_after_tranches_in_their_order():
    half = {"kind": "leverage_cap", "gross": 0.25}
    spec = StrategySpec.parse(BEST | {"tranches": 2, "overlays": [half]}, "s")
    targets = aims_of(spec, np.arange(4.0), [[1.0, 0, 0, 0]])
    np.testing.assert_allclose(targets.weights, [0.125, 0, 0, 0.125])
    np.testing.assert_allclose(targets.aim, [0, 0, 0, 1])
    assert targets.changes == {"leverage_cap": pytest.approx(0.375)}
    part = {"kind": "partial", "rate": 0.5}
    account = Account(np.array([0.0, 0, 0, 0.2]))
    for order, wanted in (([part, half], 0.25), ([half, part], 0.225)):
        ordered = StrategySpec.parse(BEST | {"overlays": order}, "s")
        targets = decide(DAY, np.arange(4.0), account, state(), spec=ordered)
        assert targets.weights[3] == pytest.approx(wanted)
        assert list(targets.changes) == [each["kind"] for each in order]


def test_scores_are_averaged_before_they_are_ranked_where_asked_for():
    block = BEST | {"score_half_life": 1.0}
    spec = StrategySpec.parse(block, "s")
    known = replace(
        state(),
        close=np.ones((3, 4)),
        past_scores=np.array([[3.0, 4.0, 1.0, 2.0]] * 2),
        past_decisions=np.array([0, 1]),
    )
    today = np.array([1.0, 2.5, 3.0, 2.0])
    now = decide(DAY, today, np.zeros(4), known, spec=StrategySpec.parse(BEST, "s"))
    averaged = decide(DAY, today, np.zeros(4), known, spec=spec)
    np.testing.assert_allclose(now.weights, [0, 0, 1, 0])
    np.testing.assert_allclose(averaged.weights, [0, 1, 0, 0])


def test_an_account_without_a_memory_is_as_good_as_holdings_alone():
    scores, held = np.arange(4.0), np.array([0.1, 0.2, 0, 0])
    one = decide(DAY, scores, held, state(), spec=SPEC)
    other = decide(DAY, scores, Account(held), state(), spec=SPEC)
    assert np.array_equal(one.weights, other.weights)
    with pytest.raises(ValueError, match="read-only"):
        Account(held).holdings[0] = 1.0


def test_an_account_tells_what_it_earned_even_when_nothing_is_left():
    account = Account(np.zeros(1), np.array([1.0, 1.1, 0.0, 0.0]))
    np.testing.assert_allclose(account.returns, [0.1, -1.0, 0.0])
    assert len(Account(np.zeros(1)).returns) == 0
