"""Hard to get in and easy to stay: by hand, and what it saves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction import Hysteresis
from alpha_kedro.portfolio.ties import tie_keys
from tests.portfolio.trading.speed_markets import held, lively, state

DAY = np.datetime64("2024-01-05", "us")


def legs(**changes):
    loose = {"min_names": 2, "name_cap": 1.0, "neutral": "dollar"}
    return Hysteresis.parse(loose | changes, "strategies.test")


def built(spec, scores, account=None, market=None):
    scores = np.array(scores, dtype=float)
    market = market or state(len(scores))
    account = account or Account(np.zeros(len(scores)))
    ties = tie_keys(market.tickers, DAY)
    return spec.aim(scores, account, market, tie_break=ties)


def test_without_holdings_the_best_and_worst_enter():
    aim = built(legs(enter=0.2, leave=0.5), [5, 1, 4, 2, 3])
    np.testing.assert_allclose(aim.weights, [1, -1, 0, 0, 0])
    assert aim.notes == {}


def test_a_name_stays_until_it_is_middling_by_hand():
    # Ten names, best first. Those held long at places 3, 5 and 6: the half is 5 names.
    scores = np.arange(10, 0, -1.0)
    account = Account(np.array([0, 0, 0.3, 0, 0.3, 0.3, -0.3, 0, -0.3, 0]))
    aim = built(legs(enter=0.1, leave=0.5), scores, account)
    np.testing.assert_allclose(
        aim.weights, [1 / 3, 0, 1 / 3, 0, 1 / 3, 0, -1 / 3, 0, -1 / 3, -1 / 3]
    )
    assert aim.notes == {"stayed": 4}


def test_it_is_the_last_aim_that_says_who_is_in_and_not_what_is_left_of_it():
    scores = np.arange(10, 0, -1.0)
    left = np.array([0, 0, 0.3, 0.01, 0, 0, 0, 0, 0, -0.3])
    wanted = np.array([[0, 0.5, 0.5, 0, 0, 0, 0, 0, 0, -1.0]])
    aim = built(legs(), scores, Account(left, past_aims=wanted))
    np.testing.assert_array_equal(np.sign(aim.weights), [1, 1, 1, *[0] * 6, -1])
    forgotten = built(legs(), scores, Account(left))
    np.testing.assert_array_equal(
        np.sign(forgotten.weights), [1, 0, 1, 1, *[0] * 5, -1]
    )


def test_a_name_may_change_sides_and_never_stands_on_both():
    scores = np.arange(10, 0, -1.0)
    turned = Account(np.array([-1.0, 0, 0, 0, 0, 0, 0, 0, 0, 1.0]))
    aim = built(legs(leave=0.9), scores, turned)
    np.testing.assert_allclose(aim.weights, [1, *[0] * 8, -1])


def test_sectors_have_equal_legs_by_their_number_of_names():
    scores = [1, 2, 3, 4, 5, 6, 60, 50]
    account = held(0, 0, 0, 0.4, 0, 0, 0, 0)
    market = state(8, groups=[0] * 6 + [1] * 2)
    aim = built(legs(neutral="sector", enter=0.1, leave=0.5), scores, account, market)
    big, small = 6 / 8, 2 / 8
    np.testing.assert_allclose(
        aim.weights, [-big, 0, 0, big / 2, 0, big / 2, small, -small]
    )


def test_quiet_names_weigh_more_where_that_is_asked_for():
    market = lively(groups=np.zeros(40, int))
    scores = np.random.default_rng(0).normal(size=40)
    spec = legs(weighting="inverse_volatility", enter=0.2)
    aim = built(spec, scores, market=market)
    long = aim.weights > 0
    spread = market.volatility(60)
    np.testing.assert_allclose(
        aim.weights[long], (1 / spread[long]) / (1 / spread[long]).sum()
    )
    assert aim.weights[~long].sum() == pytest.approx(-1)


def test_names_that_cannot_be_held_are_counted():
    market = state(
        8,
        groups=[0, 0, 0, 0, 0, 0, 0, -1],
        tradable=[True] * 6 + [False, True],
        universe=[False] + [True] * 7,
    )
    scores = [9, np.nan, 1, 2, 3, 4, 5, 6]
    aim = built(legs(neutral="sector"), scores, market=market)
    np.testing.assert_array_equal(np.sign(aim.weights), [0, 0, -1, 0, 0, 1, 0, 0])
    assert aim.notes == {"unscored": 1, "not_tradable": 1, "no_sector": 1}


def test_a_cap_leaves_cash_in_both_legs_alike():
    aim = built(legs(enter=0.2, name_cap=0.3), np.arange(10.0))
    np.testing.assert_allclose(np.sort(aim.weights), [-0.3, -0.3, *[0] * 6, 0.3, 0.3])
    assert aim.notes == {"over_name_cap": 4, "under_invested": 1}


def test_flat_books_say_why():
    assert built(legs(min_names=5), [1, 2, 3]).notes == {"too_few_names": 1}
    constant = built(legs(), [1, 1, 1, 1])
    assert not constant.weights.any()
    assert constant.notes == {"constant_scores": 1}
    market = state(3, groups=[0, 1, 2])
    alone = built(legs(neutral="sector"), [1, 2, 3], market=market)
    assert alone.notes == {"small_group": 3}


def test_one_leg_alone():
    aim = built(legs(short_gross=0.0, enter=0.25), [1, 2, 3, 4])
    np.testing.assert_allclose(aim.weights, [0, 0, 0, 1])


def test_it_trades_less_than_a_quantile_book_on_the_same_scores():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=200)
    changes = {}
    for leave in (0.1, 0.5):
        rng, weights, changed = np.random.default_rng(1), np.zeros(200), []
        own = scores
        for _ in range(40):
            own = 0.8 * own + 0.6 * rng.normal(size=200)
            after = built(legs(enter=0.1, leave=leave), own, Account(weights)).weights
            changed.append(np.abs(after - weights).sum() / 2)
            weights = after
        changes[leave] = np.mean(changed[1:])
    assert changes[0.5] < 0.6 * changes[0.1]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(4, 60), st.floats(0.05, 0.5))
def test_every_sector_is_neutral_and_the_order_of_names_does_not_matter(seed, n, enter):
    rng = np.random.default_rng(seed)
    scores, before = rng.normal(size=n).round(1), rng.normal(size=n)
    groups = rng.integers(0, 3, n)
    spec = legs(neutral="sector", enter=enter, leave=max(enter, 0.5))
    market = state(n, groups=groups)
    ties = tie_keys(market.tickers, DAY)
    aim = spec.aim(scores, Account(before), market, tie_break=ties)
    for sector in range(3):
        assert abs(aim.weights[groups == sector].sum()) < 1e-12
    order = rng.permutation(n)
    turned = spec.aim(
        scores[order],
        Account(before[order]),
        state(n, groups=groups[order]),
        tie_break=ties[order],
    )
    np.testing.assert_allclose(turned.weights, aim.weights[order], atol=1e-14)


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"enter": 0.4, "leave": 0.2}, "outside"),
        ({"enter": 0.4, "leave": 0.7}, "outside"),
        ({"long_gross": 0.0, "short_gross": 0.0}, "both 0"),
        ({"long_gross": 2.0}, "needs long_gross = short_gross"),
    ],
)
def test_shares_and_legs_have_to_fit(block, words):
    with pytest.raises(ConfigError, match=words):
        legs(**block)
