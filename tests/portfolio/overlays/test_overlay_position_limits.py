import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.portfolio.overlays import PositionLimits
from alpha_kedro.portfolio.overlays.filling import shared_out
from tests.portfolio.overlays.overlay_markets import account_of, book, cash, market_of


def test_what_is_shared_out_by_hand():
    low, high = np.full(4, 0.1), np.full(4, 0.4)
    shape = np.array([6.0, 2.0, 1.0, 1.0])
    # The first at .4; the other .6 as 2 : 1 : 1.
    np.testing.assert_allclose(
        shared_out(shape, 1.0, low, high), [0.4, 0.3, 0.15, 0.15]
    )
    # The heavier side is settled first: the last two at .1, then .6 and .2 of .8.
    np.testing.assert_allclose(
        shared_out(np.array([6.0, 2.0, 0.1, 0.1]), 0.8, low, high), [0.4, 0.2, 0.1, 0.1]
    )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), part=st.floats(0.01, 0.99))
def test_shares_are_the_clipped_multiple_of_what_was_wanted(seed, part):
    rng = np.random.default_rng(seed)
    shape, low = rng.exponential(size=12), rng.uniform(0, 0.05, 12)
    high = low + rng.exponential(0.1, 12)
    total = low.sum() + part * (high - low).sum()
    below, above = 0.0, high.max() / shape.min()
    for _ in range(200):  # the slow twin: bisection on the multiple
        middle = (below + above) / 2
        short = np.clip(middle * shape, low, high).sum() < total
        below, above = (middle, above) if short else (below, middle)
    np.testing.assert_allclose(
        shared_out(shape, total, low, high),
        np.clip(above * shape, low, high),
        atol=1e-9,
    )


def test_what_a_name_cannot_hold_goes_to_the_others_of_its_leg():
    limits = PositionLimits(max=0.5)
    adjusted = limits.apply(book(0.6, 0.2, 0.1, 0.1, -0.4, -0.3), cash(6), market_of(6))
    np.testing.assert_allclose(adjusted.weights, [0.5, 0.25, 0.125, 0.125, -0.4, -0.3])
    assert adjusted.notes == {"over_max": 1}


def test_or_stays_in_cash():
    limits = PositionLimits(max=0.5, min=0.15, redistribute=False)
    adjusted = limits.apply(book(0.6, 0.2, 0.1, -0.05), cash(), market_of())
    np.testing.assert_allclose(adjusted.weights, [0.5, 0.2, 0, 0])
    assert adjusted.notes == {"over_max": 1, "dropped": 2}


@pytest.mark.parametrize(
    ("least", "kept"),
    [
        (0.1, 3),  # .5 .3 .15 over .95: the third gets .158
        (0.16, 2),  # not enough: .5 .3 over .8
        (0.4, 1),  # .3 over .8 is .375
    ],
)
def test_the_smallest_are_dropped_until_the_others_reach_the_minimum(least, kept):
    weights = book(0.5, 0.3, 0.15, 0.05)
    limits = PositionLimits(max=1.0, min=least)
    adjusted = limits.apply(weights, cash(), market_of())
    expected = np.where(np.arange(4) < kept, weights, 0)
    np.testing.assert_allclose(adjusted.weights, expected / expected.sum())
    assert adjusted.notes == {"dropped": 4 - kept}


def test_among_equal_weights_what_is_held_stays():
    limits = PositionLimits(max=1.0, min=0.5)
    held = account_of([0, 0.1, 0, 0.2])
    adjusted = limits.apply(book(0.25, 0.25, 0.25, 0.25), held, market_of())
    np.testing.assert_allclose(adjusted.weights, [0, 0.5, 0, 0.5])


def test_or_all_of_them_are_raised_to_it():
    limits = PositionLimits(max=1.0, min=0.15, below_min="raise")
    adjusted = limits.apply(book(0.5, 0.4, 0.05, 0.05), cash(), market_of())
    np.testing.assert_allclose(adjusted.weights, [0.7 * 5 / 9, 0.7 * 4 / 9, 0.15, 0.15])
    assert adjusted.notes == {"raised": 2}
    loose = limits.model_copy(update={"redistribute": False})
    adjusted = loose.apply(book(0.5, 0.4, 0.05, 0.05), cash(), market_of())
    np.testing.assert_allclose(adjusted.weights, [0.5, 0.4, 0.15, 0.15])


def test_a_minimum_that_takes_more_than_the_leg_names_both():
    limits = PositionLimits(max=0.5, min=0.3, below_min="raise")
    with pytest.raises(SimulationError, match="AK-S031") as refusal:
        limits.apply(book(0.25, 0.25, 0.25, 0.25), cash(), market_of())
    assert "position_limits: 4 names x min 0.3 = 1.2" in str(refusal.value)
    assert "gross of the long leg: 1" in str(refusal.value)


def test_a_leg_without_room_stays_in_cash_or_is_refused():
    weights = book(0.7, 0.3, -0.1, -0.1)
    adjusted = PositionLimits(max=0.4).apply(weights, cash(), market_of())
    np.testing.assert_allclose(adjusted.weights, [0.4, 0.4, -0.1, -0.1])
    assert adjusted.notes == {"over_max": 1, "left_in_cash": 1}
    strict = PositionLimits(max=0.4, must_place=True)
    with pytest.raises(SimulationError, match="AK-S031") as refusal:
        strict.apply(weights, cash(), market_of())
    assert "2 names of at least min 0 x max 0.4 = 0.8" in str(refusal.value)


def test_a_leg_in_which_nobody_reaches_the_minimum_is_given_up():
    adjusted = PositionLimits(max=0.5, min=0.3).apply(
        book(0.6, 0.4, -0.1, -0.1), cash(), market_of()
    )
    np.testing.assert_allclose(adjusted.weights, [0.5, 0.5, 0, 0])
    assert adjusted.notes == {"over_max": 1, "dropped": 2, "left_in_cash": 1}


def test_names_halted_or_outside_the_universe_are_left_alone():
    market = market_of(
        tradable=[True, False, True, True], universe=[True, True, False, True]
    )
    weights = book(0.3, 0.4, -0.6, 0.05)
    limits = PositionLimits(max=0.2, min=0.1, redistribute=False)
    adjusted = limits.apply(weights, account_of([0, 0.4, 0, 0]), market)
    np.testing.assert_allclose(adjusted.weights, [0.2, 0.4, -0.6, 0])
    stuck = limits.breach(adjusted.weights, account_of([0, 0.4, 0, 0]), market)
    assert (stuck.count, "B first" in stuck.what) == (1, True)


def test_a_book_within_its_limits_keeps_its_bits():
    weights = book(0.1, 0.05, -0.1, 0)
    adjusted = PositionLimits(max=0.1, min=0.05).apply(weights, cash(), market_of())
    assert adjusted.weights is weights
    assert adjusted.notes == {}


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_any_book_is_within_its_limits_and_as_large_as_there_is_room(seed):
    rng = np.random.default_rng(seed)
    weights = rng.normal(0, 0.03, 60)
    limits = PositionLimits(max=0.06, min=0.02)
    adjusted = limits.apply(weights, cash(60), market_of(60)).weights
    size = np.abs(adjusted[adjusted != 0])
    assert size.max() <= 0.06 + 1e-9
    assert size.min() >= 0.02 - 1e-9
    for leg in (weights > 0, weights < 0):
        wanted, names = np.abs(weights[leg]).sum(), np.count_nonzero(adjusted[leg])
        expected = min(wanted, names * 0.06)
        assert np.abs(adjusted[leg]).sum() == pytest.approx(expected)
    assert (adjusted * weights >= 0).all()


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_as_many_names_are_kept_as_can_be(seed):
    rng = np.random.default_rng(seed)
    size = np.sort(rng.exponential(0.1, 9))[::-1]
    limits = PositionLimits(max=0.4, min=0.08)
    adjusted = limits.apply(size, cash(9), market_of(9)).weights
    reaching = [
        n
        for n in range(1, 10)
        if shared_out(size[:n], size.sum(), np.zeros(n), np.full(n, 0.4)).min() >= 0.08
    ]
    assert np.count_nonzero(adjusted) == max(reaching, default=0)


def test_a_minimum_above_the_maximum_is_refused():
    with pytest.raises(ConfigError, match=r"min 0\.2 above max 0\.1"):
        PositionLimits.parse({"min": 0.2}, "overlays")
