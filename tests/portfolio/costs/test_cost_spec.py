"""What the parameters say of costs, and rates that are given instead."""

import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.portfolio import CostRates, CostSpec, charge, simulate
from tests.portfolio.toy_markets import wide


def test_trades_are_charged_one_way_and_shorts_pay_to_borrow():
    trades = np.array([100.0, -50.0, 0.0])
    positions = np.array([100.0, -50.0, -200.0])
    costs = charge(trades, positions, trading=0.0005, borrow=0.0001)
    np.testing.assert_allclose(costs, [0.05, 0.025 + 0.005, 0.02], rtol=1e-15)


def test_rates_are_decimals_and_the_borrow_is_per_session():
    rates = CostSpec(cost_bps=5.0, borrow_bps_annual=50.0).rates((2, 3))
    assert rates.trading.shape == rates.borrow.shape == (2, 3)
    assert rates.trading[0, 0] == pytest.approx(0.0005, rel=1e-15)
    assert rates.borrow[1, 2] == pytest.approx(0.005 / 252, rel=1e-15)


@pytest.mark.parametrize("wrong", [-1.0, 1001.0, float("nan"), float("inf"), "5"])
def test_a_cost_out_of_range_is_refused_by_its_key(wrong):
    with pytest.raises(ConfigError, match=r"costs\.cost_bps"):
        CostSpec.parse({"cost_bps": wrong}, "costs")


def test_a_misspelt_cost_names_the_nearest_key():
    with pytest.raises(ConfigError, match="did you mean 'cost_bps'"):
        CostSpec.parse({"cost_bp": 5.0}, "costs")


def test_rates_per_name_and_session_are_charged_where_they_stand():
    prices = wide({"A": [1, 1, 1], "B": [1, 1, 1]})
    weights = wide({"A": [0.5, 0.0, np.nan], "B": [0.5, 0.0, np.nan]})
    trading = np.array([[9.0, 9.0], [0.01, 0.02], [0.03, 0.04]])
    books = simulate(weights, prices, CostRates(trading, np.zeros((3, 2))))
    first = [0.5 * 0.01, 0.5 * 0.02]
    np.testing.assert_allclose(books.costs.iloc[1], first, rtol=1e-14)
    sold = 0.5 / (1 - sum(first))
    np.testing.assert_allclose(books.costs.iloc[2], [sold * 0.03, sold * 0.04])


@pytest.mark.parametrize(
    "rate", [np.full((2, 1), -0.1), np.full((2, 1), np.nan), np.full((1, 2), 0.1)]
)
def test_rates_that_cannot_be_charged_are_refused(rate):
    prices = wide({"A": [1, 1]})
    with pytest.raises(ConfigError, match="AK-C042"):
        simulate(prices, prices, CostRates(rate, np.zeros((2, 1))))
