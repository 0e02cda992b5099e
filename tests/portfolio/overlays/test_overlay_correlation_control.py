import numpy as np
import pytest

from alpha_kedro.portfolio.overlays import CorrelationControl
from tests.portfolio.overlays.overlay_markets import (
    book,
    cash,
    closes_of,
    draw_returns,
    market_of,
)


def twins(*, seed=0):
    """Four names of which the first two move as one and the others do not."""
    returns = draw_returns(60, 4, seed=seed)
    returns[:, 1] = returns[:, 0] + 0.1 * returns[:, 1]
    return returns


def test_of_two_names_alike_the_weaker_is_cut():
    adjusted = CorrelationControl().apply(
        book(0.2, 0.3, 0.25, 0.25), cash(), market_of(returns=twins())
    )
    np.testing.assert_array_equal(adjusted.weights, [0, 0.3, 0.25, 0.25])
    assert adjusted.notes == {"too_alike": 1}


def test_what_is_freed_may_go_to_the_rest_of_the_leg():
    adjusted = CorrelationControl(redistribute=True).apply(
        book(0.2, 0.3, 0.25, -0.25), cash(), market_of(returns=twins())
    )
    np.testing.assert_allclose(
        adjusted.weights, [0, 0.3 * 0.75 / 0.55, 0.25 * 0.75 / 0.55, -0.25]
    )


def test_or_the_two_share_the_place_of_the_stronger():
    adjusted = CorrelationControl(action="share").apply(
        book(0.2, 0.3, 0.25, 0.25), cash(), market_of(returns=twins())
    )
    np.testing.assert_allclose(adjusted.weights, [0.12, 0.18, 0.25, 0.25])
    assert adjusted.notes == {"too_alike": 1}


def test_a_long_and_a_short_of_names_alike_are_a_hedge():
    weights = book(0.2, -0.3, 0.25, 0.25)
    market = market_of(returns=twins())
    assert CorrelationControl().apply(weights, cash(), market).weights is weights


def test_a_long_and_a_short_of_opposite_names_are_one_bet():
    returns = twins()
    returns[:, 1] *= -1
    adjusted = CorrelationControl().apply(
        book(0.2, -0.3, 0.25, 0.25), cash(), market_of(returns=returns)
    )
    np.testing.assert_array_equal(adjusted.weights, [0, -0.3, 0.25, 0.25])


def test_a_name_alike_to_one_that_was_cut_stays():
    rng = np.random.default_rng(3)
    first, last = rng.normal(size=(2, 60)) * 0.01
    middle = first + last  # correlates at .7 with both, they with one another at none
    chain = np.column_stack([first, middle, last])
    control = CorrelationControl(max_correlation=0.5)
    adjusted = control.apply(book(0.5, 0.3, 0.2), cash(3), market_of(returns=chain))
    np.testing.assert_array_equal(adjusted.weights, [0.5, 0, 0.2])


def test_a_name_without_a_history_is_left_alone_and_counted():
    close = closes_of(twins())
    close[:30, 0] = np.nan
    weights = book(0.2, 0.3, 0.25, 0.25)
    adjusted = CorrelationControl().apply(weights, cash(), market_of(close=close))
    assert adjusted.weights is weights
    assert adjusted.notes == {"no_correlation": 1}


@pytest.mark.parametrize("returns", [None, np.zeros((60, 4))])
def test_of_a_market_without_a_past_all_are_kept(returns):
    weights = book(0.2, 0.3, 0.25, 0.25)
    adjusted = CorrelationControl().apply(weights, cash(), market_of(returns=returns))
    assert adjusted.weights is weights
    assert adjusted.notes == {"no_correlation": 4}


@pytest.mark.parametrize("seed", range(4))
def test_no_two_of_what_is_kept_are_alike(seed):
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 30))
    returns = 0.01 * (factors + 0.4 * rng.normal(size=(60, 30)))
    weights = rng.normal(0, 0.05, 30)
    market = market_of(returns=returns)
    adjusted = CorrelationControl().apply(weights, cash(30), market).weights
    kept = np.flatnonzero(adjusted)
    alike = np.corrcoef(returns[:, kept] * np.sign(weights[kept]), rowvar=False)
    np.fill_diagonal(alike, 0)
    assert 2 < len(kept) < 30
    assert alike.max() <= 0.8
    for cut in np.flatnonzero(adjusted == 0):
        own = returns[:, cut] * np.sign(weights[cut])
        stronger = kept[np.abs(weights[kept]) > abs(weights[cut])]
        likeness = [
            np.corrcoef(own, returns[:, k] * np.sign(weights[k]))[0, 1]
            for k in stronger
        ]
        assert max(likeness) > 0.8
