import numpy as np
import pytest

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.portfolio.overlays import BetaHedge, SectorHedge
from tests.portfolio.overlays.overlay_markets import (
    account_of,
    book,
    cash,
    closes_of,
    draw_returns,
    market_of,
)

OUTSIDE = [True, True, True, False]
SHORT = {"window": 60}


def with_betas(*betas, seed=0):
    """Names that move with the last column, to the dot."""
    fund = draw_returns(60, 1, seed=seed)
    return np.hstack([fund * beta for beta in (*betas, 1.0)])


def market_hedged(returns=None, **known):
    tickers = np.array(["A", "B", "C", "SPY"], dtype=object)
    returns = with_betas(0.5, 1.0, 2.0) if returns is None else returns
    return market_of(
        returns=returns, **({"tickers": tickers, "universe": OUTSIDE} | known)
    )


def test_the_beta_of_the_book_is_sold_by_hand():
    hedge = BetaHedge(**SHORT)
    adjusted = hedge.apply(book(0.4, 0.4, 0.2, 0), cash(), market_hedged())
    # .4 x .5 + .4 x 1 + .2 x 2 = 1
    np.testing.assert_allclose(adjusted.weights, [0.4, 0.4, 0.2, -1.0])
    assert adjusted.notes == {}


def test_a_part_of_it_or_down_to_a_target():
    weights = book(0.4, 0.4, 0.2, 0)
    half = BetaHedge(part=0.5, **SHORT).apply(weights, cash(), market_hedged())
    assert half.weights[3] == pytest.approx(-0.5)
    some = BetaHedge(target=0.3, **SHORT).apply(weights, cash(), market_hedged())
    assert some.weights[3] == pytest.approx(-0.7)


def test_a_book_without_beta_keeps_its_bits():
    weights = book(0.0, 0.0, 0.0, 0.0)
    adjusted = BetaHedge(**SHORT).apply(weights, cash(), market_hedged())
    assert adjusted.weights is weights


def test_a_hedge_that_is_held_is_sized_anew_and_not_on_top():
    held = account_of([0.4, 0.4, 0.2, -1.0])
    adjusted = BetaHedge(**SHORT).apply(book(0.4, 0.4, 0.2, 0), held, market_hedged())
    np.testing.assert_allclose(adjusted.weights, [0.4, 0.4, 0.2, -1.0])


def test_hedged_twice_is_hedged_once():
    hedge = BetaHedge(**SHORT)
    once = hedge.apply(book(0.4, 0.4, 0.2, 0), cash(), market_hedged()).weights
    twice = hedge.apply(once, cash(), market_hedged()).weights
    np.testing.assert_allclose(twice, once, atol=1e-15)


def test_a_name_without_a_history_has_a_beta_of_one_and_is_counted():
    close = closes_of(with_betas(0.5, 1.0, 2.0))
    close[:40, 2] = np.nan
    adjusted = BetaHedge(**SHORT).apply(
        book(0.4, 0.4, 0.2, 0), cash(), market_hedged(close=close)
    )
    assert adjusted.weights[3] == pytest.approx(-0.8)
    assert adjusted.notes == {"no_beta": 1}


def test_what_is_stuck_is_hedged_as_it_is_held():
    halted = market_hedged(tradable=[True, True, False, True])
    held = account_of([0, 0, 0.1, 0])
    adjusted = BetaHedge(**SHORT).apply(book(0.4, 0.4, 0.0, 0), held, halted)
    assert adjusted.weights[3] == pytest.approx(-0.8)


def test_no_close_before_the_window_is_read():
    returns = np.vstack([with_betas(3.0, -2.0, 0.1, seed=9), with_betas(0.5, 1.0, 2.0)])
    adjusted = BetaHedge(**SHORT).apply(
        book(0.4, 0.4, 0.2, 0), cash(), market_hedged(returns)
    )
    assert adjusted.weights[3] == pytest.approx(-1.0)


def test_a_hedge_that_is_no_column_says_what_to_do():
    with pytest.raises(SimulationError, match="AK-S032") as refusal:
        BetaHedge(hedge="SPX").apply(book(1, 0, 0, 0), cash(), market_hedged())
    assert "'SPY'?" in str(refusal.value)
    assert "outside the universe" in str(refusal.value)


@pytest.mark.parametrize(
    "known",
    [
        {"tradable": [True, True, True, False]},
        {"close": closes_of(with_betas(0.5, 1.0, 2.0))[40:]},
    ],
)
def test_a_hedge_without_a_price_is_refused_or_skipped(known):
    weights, market = book(0.4, 0.4, 0.2, 0), market_hedged(**known)
    with pytest.raises(SimulationError, match="AK-S033"):
        BetaHedge(**SHORT).apply(weights, cash(), market)
    skipped = BetaHedge(without_price="skip", **SHORT).apply(weights, cash(), market)
    assert skipped.weights is weights
    assert skipped.notes == {"not_hedged": 1}


def two_sectors(**known):
    """A and B move with XLE, C and D with XLF."""
    energy, money = draw_returns(60, 2, seed=4).T
    returns = np.column_stack([energy, 2 * energy, money, 0.5 * money, energy, money])
    tickers = np.array(["A", "B", "C", "D", "XLE", "XLF"], dtype=object)
    state = {"tickers": tickers, "universe": [True] * 4 + [False] * 2}
    sectors = {"groups": [0, 0, 1, 1, 0, 1]}
    return market_of(returns=returns, **(state | sectors | known))


FUNDS = SectorHedge(hedges=("XLE", "XLF"), **SHORT)


def test_every_sector_is_sold_with_its_own_fund():
    adjusted = FUNDS.apply(book(0.3, 0.1, -0.2, 0.2, 0, 0), cash(6), two_sectors())
    np.testing.assert_allclose(
        adjusted.weights, [0.3, 0.1, -0.2, 0.2, -0.5, 0.1], atol=1e-15
    )
    assert adjusted.notes == {}
    assert FUNDS.instruments == ("XLE", "XLF")


def test_a_sector_without_a_fund_is_counted():
    one = SectorHedge(hedges=("XLE",), **SHORT)
    adjusted = one.apply(book(0.3, 0.1, -0.2, 0.2, 0, 0), cash(6), two_sectors())
    np.testing.assert_allclose(adjusted.weights, [0.3, 0.1, -0.2, 0.2, -0.5, 0])
    assert adjusted.notes == {"no_fund": 2}


def test_a_fund_without_a_price_is_refused_or_skipped():
    dark = two_sectors(tradable=[True] * 5 + [False])
    weights = book(0.3, 0.1, -0.2, 0.2, 0, 0)
    with pytest.raises(SimulationError, match="AK-S033") as refusal:
        FUNDS.apply(weights, cash(6), dark)
    assert "XLF" in str(refusal.value)
    skipped = FUNDS.model_copy(update={"without_price": "skip"})
    adjusted = skipped.apply(weights, cash(6), dark)
    np.testing.assert_allclose(adjusted.weights, [0.3, 0.1, -0.2, 0.2, -0.5, 0])
    assert adjusted.notes == {"not_hedged": 1}


@pytest.mark.parametrize("groups", [[0, 0, 1, 1, -1, 1], [0, 0, 1, 1, 0, 0]])
def test_funds_of_no_sector_or_of_the_same_are_refused(groups):
    with pytest.raises(SimulationError, match="AK-S034") as refusal:
        FUNDS.apply(book(0.3, 0, 0, 0, 0, 0), cash(6), two_sectors(groups=groups))
    assert "XLE" in str(refusal.value)
