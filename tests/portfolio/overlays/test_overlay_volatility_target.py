import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.portfolio.overlays import VolatilityTarget
from alpha_kedro.portfolio.overlays.volatility_target import book_volatility
from tests.portfolio.overlays.overlay_markets import (
    account_of,
    book,
    cash,
    closes_of,
    draw_returns,
    market_of,
)

YEAR = np.sqrt(252)
WIDE = {"max_leverage": 20.0}


def alternating(n_sessions, *sizes):
    """Returns of one size whose sign turns every session."""
    sign = np.where(np.arange(n_sessions) % 2, -1.0, 1.0)
    return sign[:, None] * np.array(sizes)


def test_a_book_of_known_volatility_is_scaled_by_hand():
    # Ten returns of +1 % and -1 % in turn: deviation 1 % x sqrt(10 / 9).
    market = market_of(returns=alternating(10, 0.01, 0.0))
    spread = 0.01 * np.sqrt(10 / 9) * YEAR
    target = VolatilityTarget(annual_volatility=spread / 2, window=10)
    adjusted = target.apply(book(1.0, 0.0), cash(2), market)
    np.testing.assert_allclose(adjusted.weights, [0.5, 0.0])
    assert adjusted.notes == {}


def test_the_estimate_is_the_quadratic_form_of_the_covariance():
    returns = draw_returns(60, 4, seed=1)
    weights = book(0.4, -0.3, 0.2, 0.1)
    expected, unknown = book_volatility(weights, market_of(returns=returns), 60)
    covariance = np.cov(returns, rowvar=False, ddof=1)
    assert expected == pytest.approx(np.sqrt(weights @ covariance @ weights))
    assert unknown == 0


def test_the_book_has_the_volatility_that_is_wanted_of_it():
    market = market_of(returns=draw_returns(60, 4, seed=2))
    adjusted = VolatilityTarget(annual_volatility=0.12, **WIDE).apply(
        book(0.1, 0.2, -0.1, -0.2), cash(), market
    )
    scaled, _ = book_volatility(adjusted.weights, market, 60)
    assert scaled * YEAR == pytest.approx(0.12)


def test_the_bounds_are_of_the_gross_exposure():
    market = market_of(returns=alternating(60, 0.01, -0.01))
    calm = VolatilityTarget(annual_volatility=2.0, max_leverage=1.5)
    adjusted = calm.apply(book(0.5, -0.5), cash(2), market)
    np.testing.assert_allclose(adjusted.weights, [0.75, -0.75])
    assert adjusted.notes == {"at_max_leverage": 1}
    wild = VolatilityTarget(annual_volatility=0.001, min_leverage=0.5)
    adjusted = wild.apply(book(0.5, -0.5), cash(2), market)
    np.testing.assert_allclose(adjusted.weights, [0.25, -0.25])
    assert adjusted.notes == {"at_min_leverage": 1}


def test_a_book_at_its_bound_keeps_its_bits():
    weights = book(0.1 + 0.2, -0.7)
    market = market_of(returns=alternating(60, 0.001, 0.001))
    full = VolatilityTarget(max_leverage=float(np.abs(weights).sum()))
    assert full.apply(weights, cash(2), market).weights is weights


def test_a_flat_book_stays_flat():
    weights = book(0, 0, 0, 0)
    market = market_of(returns=draw_returns(60, 4))
    assert VolatilityTarget().apply(weights, cash(), market).weights is weights


def test_a_name_without_a_history_is_as_risky_as_the_rest_and_counted():
    close = closes_of(alternating(20, 0.01, 0.01, 0.01))
    close[:10, 2] = np.nan
    market = market_of(3, close=close)
    known, none = book_volatility(book(0.5, 0.3, 0), market, 20)
    all_of_it, unknown = book_volatility(book(0.5, 0.3, 0.2), market, 20)
    assert (none, unknown) == (0, 1)
    assert all_of_it == pytest.approx(known / 0.8)
    adjusted = VolatilityTarget(window=20).apply(book(0.5, 0.3, 0.2), cash(3), market)
    assert adjusted.notes["no_volatility"] == 1


@pytest.mark.parametrize("returns", [None, np.zeros((60, 4)), draw_returns(5, 4)])
def test_a_book_of_which_nothing_is_known_stays_as_it_is(returns):
    weights = book(0.25, 0.25, 0.25, 0.25)
    adjusted = VolatilityTarget().apply(weights, cash(), market_of(returns=returns))
    assert adjusted.weights is weights
    assert adjusted.notes == {"not_estimated": 1}


def test_what_is_stuck_counts_as_held_and_is_not_scaled():
    market = market_of(returns=alternating(10, 0.01, 0.01), tradable=[False, True])
    spread = 0.01 * np.sqrt(10 / 9) * YEAR
    target = VolatilityTarget(annual_volatility=spread / 2, window=10)
    adjusted = target.apply(book(0.0, 0.5), account_of([0.5, 0.5]), market)
    np.testing.assert_allclose(adjusted.weights, [0.0, 0.25])
    assert adjusted.notes == {"stuck": 1}


def test_realized_volatility_is_that_of_the_nav_at_the_new_exposure():
    nav = np.cumprod([1.0, *alternating(20, 0.02)[:, 0] + 1])
    own = VolatilityTarget(method="realized", window=20, annual_volatility=0.1)
    adjusted = own.apply(book(1.0, 0.0), account_of([0.5, 0.5], nav), market_of(2))
    spread = np.std(alternating(20, 0.02), ddof=1) * YEAR
    np.testing.assert_allclose(adjusted.weights, [0.1 / spread, 0.0])
    half = own.apply(book(1.0, 0.0), account_of([0.25, -0.25], nav), market_of(2))
    np.testing.assert_allclose(half.weights, [0.1 / (2 * spread), 0.0])


def test_until_the_book_has_a_history_that_of_its_names_stands_in():
    market = market_of(returns=draw_returns(60, 4, seed=3))
    weights = book(0.25, 0.25, 0.25, 0.25)
    young = account_of([0.25] * 4, [1.0, 1.01])
    own = VolatilityTarget(method="realized").apply(weights, young, market)
    names = VolatilityTarget(method="book").apply(weights, young, market)
    np.testing.assert_array_equal(own.weights, names.weights)
    assert own.notes["short_history"] == 1


def test_no_close_before_the_window_is_read():
    returns = draw_returns(200, 4, seed=4)
    market = market_of(returns=returns)
    garbled = np.array(market.close)
    garbled[:-61] = 7.0
    weights = book(0.4, -0.3, 0.2, 0.1)
    target = VolatilityTarget(window=60)
    straight = target.apply(weights, cash(), market).weights
    other = market_of(close=garbled, dates=market.dates)
    np.testing.assert_array_equal(
        target.apply(weights, cash(), other).weights, straight
    )
    garbled[-61] *= 2  # the first close of the window, seen to be read
    moved = target.apply(weights, cash(), market_of(close=garbled)).weights
    assert (moved != straight).any()


def test_bounds_that_contradict_each_other_are_refused():
    with pytest.raises(ConfigError, match="min_leverage 2 above max_leverage 1"):
        VolatilityTarget.parse({"min_leverage": 2.0, "max_leverage": 1.0}, "overlays")
