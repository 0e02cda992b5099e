"""A smaller book in wilder markets: by hand."""

import numpy as np
import pytest

from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.trading import TypicalVolatility
from tests.portfolio.trading.speed_markets import lively, neutral_book, state

NOTHING = Account(np.zeros(40))


def test_twice_as_wild_half_as_large():
    market, aim = lively(), neutral_book()
    median = np.median(market.volatility(60))
    for power, factor in ((1.0, 0.5), (0.0, 1.0), (2.0, 0.25)):
        rule = TypicalVolatility(volatility=median / 2, power=power)
        scaled = rule.apply(aim, NOTHING, market)
        np.testing.assert_allclose(scaled.weights, factor * aim)
        assert scaled.notes == {}


def test_names_outside_the_universe_say_nothing_and_calm_has_a_limit():
    inside = np.arange(40) < 10
    market = lively(universe=inside)
    median = np.median(market.volatility(60)[inside])
    aim = neutral_book()
    same = TypicalVolatility(volatility=median).apply(aim, NOTHING, market)
    np.testing.assert_allclose(same.weights, aim)
    calm = TypicalVolatility(volatility=5 * median).apply(aim, NOTHING, market)
    np.testing.assert_allclose(calm.weights, 2 * aim)
    assert calm.notes == {"most_reached": 1}


def test_without_a_past_it_changes_nothing_and_says_so():
    aim = np.array([0.5, -0.5, 0.0, 0.0])
    same = TypicalVolatility().apply(aim, Account(np.zeros(4)), state())
    np.testing.assert_array_equal(same.weights, aim)
    assert same.notes == {"no_volatility": 1}


@pytest.mark.parametrize("window", [20, 60])
def test_only_the_window_is_read(window):
    close = lively().close.copy()
    close[: -(window + 1)] *= 3.0
    close[:50] = np.nan
    aim, rule = neutral_book(), TypicalVolatility(window=window)
    np.testing.assert_array_equal(
        rule.apply(aim, NOTHING, lively(close=close)).weights,
        rule.apply(aim, NOTHING, lively()).weights,
    )
