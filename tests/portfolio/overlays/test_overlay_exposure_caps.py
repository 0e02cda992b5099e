import numpy as np
import pytest

from alpha_kedro.portfolio.overlays import CashFloor, LeverageCap, NetCap
from tests.portfolio.overlays.overlay_markets import account_of, book, cash, market_of


def test_both_legs_are_scaled_to_the_largest_gross():
    adjusted = LeverageCap(gross=1.0).apply(
        book(0.8, 0.4, -0.4, -0.4), cash(), market_of()
    )
    np.testing.assert_allclose(adjusted.weights, [0.4, 0.2, -0.2, -0.2])
    assert adjusted.notes == {"over_cap": 1}


def test_the_leg_in_excess_is_scaled_to_the_largest_net():
    adjusted = NetCap(net=0.1).apply(book(0.6, 0.3, -0.3, 0), cash(), market_of())
    np.testing.assert_allclose(adjusted.weights, [0.8 / 3, 0.4 / 3, -0.3, 0])
    short = NetCap(net=0.1).apply(book(-0.6, -0.3, 0.3, 0), cash(), market_of())
    np.testing.assert_allclose(short.weights, [-0.8 / 3, -0.4 / 3, 0.3, 0])


def test_cash_is_left_by_selling_longs():
    adjusted = CashFloor(cash=0.25).apply(book(0.6, 0.4, 0, 0), cash(), market_of())
    np.testing.assert_allclose(adjusted.weights, [0.45, 0.3, 0, 0])
    hedged = book(0.9, 0.3, -0.45, 0)  # a quarter of NAV is in cash
    assert CashFloor(cash=0.25).apply(hedged, cash(), market_of()).weights is hedged


@pytest.mark.parametrize(
    "limit", [LeverageCap(gross=1.0), NetCap(net=0.5), CashFloor(cash=0.5)]
)
def test_a_book_within_its_limit_keeps_its_bits(limit):
    weights = book(0.1 + 0.2, 0.2, -0.1, 0.1)
    adjusted = limit.apply(weights, cash(), market_of())
    assert adjusted.weights is weights
    assert adjusted.notes == {}
    assert limit.breach(weights, cash(), market_of()) is None


@pytest.mark.parametrize(
    ("limit", "others"),
    [
        (LeverageCap(gross=1.0), [0.35, 0.35]),
        (NetCap(net=0.9), [0.3, 0.3]),
        (CashFloor(cash=0.1), [0.3, 0.3]),
    ],
)
def test_the_others_make_room_for_what_cannot_be_sold_and_say_so(limit, others):
    halted = market_of(3, tradable=[False, True, True])
    stuck = account_of([0.3, 0.2, 0.2])
    weights = book(0.0, 0.6, 0.6)
    adjusted = limit.apply(weights, stuck, halted)
    np.testing.assert_allclose(adjusted.weights, [0.0, *others])
    assert adjusted.notes == {"over_cap": 1, "stuck": 1}
    assert limit.breach(adjusted.weights, stuck, halted) is None


def test_what_is_stuck_alone_may_be_too_much():
    halted = market_of(3, tradable=[False, True, True])
    stuck = account_of([1.2, 0.0, 0.0])
    limit = LeverageCap(gross=1.0)
    adjusted = limit.apply(book(0.0, 0.5, -0.5), stuck, halted)
    np.testing.assert_array_equal(adjusted.weights, [0, 0, 0])
    assert "gross exposure 1.2" in limit.breach(adjusted.weights, stuck, halted).what


@pytest.mark.parametrize("seed", range(5))
def test_any_book_is_within_afterwards_and_no_name_larger(seed):
    rng = np.random.default_rng(seed)
    weights = rng.normal(0, 0.2, 20)
    halted = market_of(20, tradable=rng.random(20) < 0.9)
    held = account_of(rng.normal(0, 0.02, 20))
    for limit in (LeverageCap(gross=1.5), NetCap(net=0.05), CashFloor(cash=1.0)):
        adjusted = limit.apply(weights, held, halted).weights
        assert limit.breach(adjusted, held, halted) is None
        assert (np.abs(adjusted) <= np.abs(weights)).all()
        assert (adjusted * weights >= 0).all()
        np.testing.assert_array_equal(
            adjusted[~halted.tradable], weights[~halted.tradable]
        )
