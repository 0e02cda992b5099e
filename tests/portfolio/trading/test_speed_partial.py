"""A part of the way, by hand; who is closed, who is left, and what stays neutral."""

import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.trading import Partial
from tests.portfolio.trading.speed_markets import (
    drifted,
    held,
    lively,
    neutral_book,
    state,
)


def partial(**changes):
    return Partial.parse({"rate": 0.25} | changes, "overlays.0")


def test_a_quarter_of_the_way_by_hand():
    aim = np.array([0.4, -0.4, 0.0, 0.0])
    moved = partial().apply(aim, held(0.0, -0.4, 0.2, -0.2), state())
    np.testing.assert_allclose(moved.weights, [0.1, -0.4, 0.15, -0.15])
    assert moved.weights[1] == -0.4  # to the bit: no order
    assert moved.notes == {}


def test_the_whole_way_is_the_aim():
    aim, account = neutral_book(), Account(drifted(neutral_book(seed=9)))
    there = partial(rate=1.0).apply(aim, account, lively())
    np.testing.assert_allclose(there.weights, aim, atol=1e-16)


def test_an_empty_book_is_bought_at_once_unless_it_is_to_be_built_up():
    aim = np.array([0.5, -0.5, 0.0, 0.0])
    at_once = partial().apply(aim, held(0, 0, 0, 0), state())
    np.testing.assert_array_equal(at_once.weights, aim)
    assert at_once.notes == {"bought_at_once": 1}
    slowly = partial(ramp=True).apply(aim, held(0, 0, 0, 0), state())
    np.testing.assert_allclose(slowly.weights, aim / 4)


def test_a_name_that_left_the_universe_is_closed_whole_and_a_hedge_is_not():
    aim = np.array([0.5, 0.0, 0.0, -0.4])
    market = state(universe=[True, True, False, False])
    moved = partial().apply(aim, held(0.1, 0.2, 0.3, -0.2), market)
    np.testing.assert_allclose(moved.weights, [0.2, 0.15, 0.0, -0.25])
    assert moved.notes == {"left_universe": 1}


def test_a_halted_name_keeps_what_it_holds():
    aim = np.array([0.5, 0.0, 0.3, 0.0])
    market = state(tradable=[False, False, True, True])
    moved = partial().apply(aim, held(0.1, 0.0, 0.3, 0.0), market)
    np.testing.assert_array_equal(moved.weights, [0.1, 0.0, 0.3, 0.0])
    assert moved.notes == {"halted": 1}


def test_the_last_crumb_of_a_position_is_closed():
    moved = partial(dust=0.01).apply(
        np.array([0.0, 0.0, 0.0, 1.0]), held(0.012, 0.2, -0.009, 1.0), state()
    )
    np.testing.assert_allclose(moved.weights, [0.0, 0.15, 0.0, 1.0])
    assert moved.notes == {"dust": 2}


def test_drift_breaks_neutrality_and_the_legs_are_brought_back_by_hand():
    # Trades of a quarter: 0.1, -0.1, 0.05, -0.1. Net -0.1 is to become 0: purchases of
    # 0.15 are to be larger and sales of 0.2 smaller by one factor, s = 0.1 / 0.35.
    aim = np.array([0.5, -0.5, 0.1, -0.1])
    account = held(0.1, -0.1, -0.1, 0.3)
    net = 0.2 - 0.05
    loose = partial().apply(aim, account, state())
    assert loose.weights.sum() == pytest.approx(net)
    neutral = partial(neutral="book").apply(aim, account, state())
    assert abs(neutral.weights.sum()) < 1e-15
    trades, before = (
        neutral.weights - account.holdings,
        loose.weights - account.holdings,
    )
    factor = trades / before
    s = net / np.abs(before).sum()
    np.testing.assert_allclose(factor, np.where(before > 0, 1 - s, 1 + s))


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_sectors_stay_neutral_however_slow(rate):
    account, market = Account(drifted(neutral_book(seed=8))), lively()
    aim = neutral_book()
    loose = partial(rate=rate).apply(aim, account, market).weights
    kept = partial(rate=rate, neutral="sector").apply(aim, account, market)
    for sector in (0, 1):
        inside = market.groups == sector
        assert abs(loose[inside].sum()) > 1e-4
        assert abs(kept.weights[inside].sum()) < 1e-14
    assert "not_neutral" not in kept.notes
    turned = np.sign(kept.weights - account.holdings) != np.sign(
        loose - account.holdings
    )
    assert turned.mean() < 0.1


def test_what_cannot_be_brought_back_is_counted():
    account = held(0.3, -0.2, 0.1, -0.1)
    market = state(groups=[0, 0, 1, 1], tradable=[False, False, True, True])
    aim = np.array([0.2, -0.2, 0.2, -0.2])
    kept = partial(neutral="sector").apply(aim, account, market)
    assert kept.notes == {"halted": 1, "not_neutral": 1}


def test_a_slow_book_is_smaller_than_its_aims_unless_it_aims_further():
    rng = np.random.default_rng(0)
    market = lively()
    for gross, expected in (("free", 0.75), ("aim", 1.0)):
        holdings, sizes = np.zeros(40), []
        for _ in range(60):
            aim = neutral_book(seed=int(rng.integers(1 << 30)), gross=1.0)
            rule = partial(gross=gross, neutral="sector")
            holdings = rule.apply(aim, Account(holdings), market).weights
            sizes.append(np.abs(holdings).sum())
        size = np.mean(sizes[20:])
        assert (
            size < expected if gross == "free" else size == pytest.approx(1, abs=0.02)
        )


@pytest.mark.parametrize(
    "block", [{"rate": 0.0}, {"rate": 1.5}, {"neutral": "country"}]
)
def test_nonsense_is_refused(block):
    with pytest.raises(ConfigError, match="AK-C003"):
        partial(**block)
