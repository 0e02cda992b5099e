import numpy as np
import pytest

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.portfolio.overlays import LiquidityLimit, MinimumTrade, TurnoverCap
from tests.portfolio.overlays.overlay_markets import (
    account_of,
    book,
    cash,
    draw_returns,
    market_of,
)


def test_trades_are_done_in_the_same_part():
    held = account_of([0.5, 0.5, 0.0, 0.0])
    # Trades of -.5, .1, .3, .1: one-way .5, of which .2 may be done.
    adjusted = TurnoverCap(one_way=0.2).apply(book(0, 0.6, 0.3, 0.1), held, market_of())
    np.testing.assert_allclose(adjusted.weights, [0.3, 0.54, 0.12, 0.04])
    assert adjusted.notes == {"capped": 1}


def test_or_the_small_ones_are_given_up_first():
    held = account_of([0.5, 0.5, 0.0, 0.0])
    capped = TurnoverCap(one_way=0.2, method="least_gain_first")
    # Of .5, .1, .3, .1 cut .2 each: .3 and .1 are left, twice .2 in all.
    adjusted = capped.apply(book(0, 0.6, 0.3, 0.1), held, market_of())
    np.testing.assert_allclose(adjusted.weights, [0.2, 0.5, 0.1, 0.0])
    assert adjusted.notes == {"capped": 1, "trades_given_up": 2}
    assert (adjusted.weights == held.holdings)[[1, 3]].all()  # to the bit: no order


def test_the_nearest_book_is_nearer_than_any_other_within_the_cap():
    rng = np.random.default_rng(2)
    held, weights = account_of(rng.normal(0, 0.1, 6)), rng.normal(0, 0.1, 6)
    market = market_of(6)
    nearest = TurnoverCap(one_way=0.1, method="least_gain_first").apply(
        weights, held, market
    )
    best = np.sum((nearest.weights - weights) ** 2)
    for _ in range(2_000):
        trades = rng.normal(0, 0.1, 6)
        trades *= 0.2 / np.abs(trades).sum()
        assert np.sum((held.holdings + trades - weights) ** 2) >= best - 1e-15


@pytest.mark.parametrize("method", ["proportional", "least_gain_first"])
def test_a_first_book_is_built_over_several_decisions(method):
    capped = TurnoverCap(one_way=0.2, method=method)
    held, weights, market = cash(), book(0.4, 0.3, 0.2, 0.1), market_of()
    steps = 0
    while not np.array_equal(held.holdings, weights):
        held = account_of(capped.apply(weights, held, market).weights)
        steps += 1
    assert steps == 3


@pytest.mark.parametrize("method", ["proportional", "least_gain_first"])
def test_a_book_within_the_cap_keeps_its_bits(method):
    weights = book(0.1 + 0.2, 0.1, 0, 0)
    capped = TurnoverCap(one_way=0.2, method=method)
    assert capped.apply(weights, cash(), market_of()).weights is weights


def test_what_cannot_be_traded_is_no_turnover():
    halted = market_of(tradable=[False, True, True, True])
    held = account_of([1.0, 0.0, 0.0, 0.0])
    capped = TurnoverCap(one_way=0.1)
    adjusted = capped.apply(book(0, 0.4, 0, 0), held, halted)
    np.testing.assert_allclose(adjusted.weights, [0, 0.2, 0, 0])


def test_small_changes_are_left_undone_to_the_bit():
    held = account_of([0.1 + 0.2, 0.2, 0.002, 0.0])
    adjusted = MinimumTrade(share=0.01).apply(
        book(0.305, 0.25, 0.0, 0.004), held, market_of()
    )
    np.testing.assert_array_equal(adjusted.weights, [held.holdings[0], 0.25, 0, 0])
    assert adjusted.notes == {"too_small": 2}


def test_dust_is_swept_out_or_left_lying():
    held = account_of([0.002, 0.5, 0, 0])
    weights = book(0.0, 0.6, 0, 0)
    swept = MinimumTrade(share=0.01).apply(weights, held, market_of())
    assert swept.weights is weights
    left = MinimumTrade(share=0.01, always_close=False).apply(
        weights, held, market_of()
    )
    np.testing.assert_array_equal(left.weights, [0.002, 0.6, 0, 0])


def test_positions_are_cut_to_so_many_days_of_volume():
    # 0.05 days x 1 million over 200,000: a quarter of NAV.
    market = market_of(returns=draw_returns(30, 4), capital=200_000.0)
    adjusted = LiquidityLimit(max_days=0.05).apply(
        book(0.5, -0.3, 0.2, 0), cash(), market
    )
    np.testing.assert_allclose(adjusted.weights, [0.25, -0.25, 0.2, 0])
    assert adjusted.notes == {"over_limit": 2}
    again = LiquidityLimit(max_days=0.05).apply(adjusted.weights, cash(), market)
    assert again.weights is adjusted.weights


def test_only_the_volume_of_the_window_counts_and_none_is_no_market():
    volume = np.full((31, 4), 1e6)
    volume[:11] = 1e12
    volume[11:, 1] = np.nan
    market = market_of(
        returns=draw_returns(30, 4), dollar_volume=volume, capital=200_000.0
    )
    adjusted = LiquidityLimit(max_days=0.05).apply(
        book(0.5, 0.3, 0.2, 0), cash(), market
    )
    np.testing.assert_allclose(adjusted.weights, [0.25, 0, 0.2, 0])
    assert adjusted.notes == {"over_limit": 2, "no_volume": 1}


def test_without_capital_days_of_volume_mean_nothing():
    with pytest.raises(SimulationError, match="AK-S030"):
        LiquidityLimit().apply(book(0.5, 0, 0, 0), cash(), market_of())


def test_a_book_that_is_wiped_out_holds_nothing_too_large():
    market = market_of(returns=draw_returns(30, 4), capital=0.0)
    weights = book(0.5, 0, 0, 0)
    assert LiquidityLimit().apply(weights, cash(), market).weights is weights
