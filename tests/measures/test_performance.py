"""Return, risk and cost of small series computed by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.measures import (
    annual_return,
    annual_total,
    annual_volatility,
    breakeven_cost_bps,
    calmar_ratio,
    cost_drag,
    drawdown,
    max_drawdown,
    sharpe_ratio,
)

RETURNS = st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=30)
# Net asset values 1.0, 1.2, 0.9, 1.3.
UP_DOWN_UP = np.array([0.2, -0.25, 1.3 / 0.9 - 1])


def test_the_annual_return_compounds():
    assert annual_return([0.1, 0.1], periods_per_year=1) == pytest.approx(0.1)
    assert annual_return([0.5, -0.5], periods_per_year=2) == pytest.approx(-0.25)
    assert annual_return(UP_DOWN_UP, periods_per_year=3) == pytest.approx(0.3)


def test_a_total_loss_is_minus_one_and_a_debt_has_no_growth_rate():
    assert annual_return([0.1, -1.0]) == -1.0
    assert annual_return([0.1, -1.5, 0.2]).reason.startswith("a return below -100 %")


def test_volatility_is_annualised_with_the_root_of_time():
    assert annual_volatility([0.0, 0.01, 0.02]) == pytest.approx(0.01 * math.sqrt(252))
    assert annual_volatility([0.01, 0.01]) == 0


def test_turnover_and_cost_are_summed_over_a_year():
    assert annual_total([0.0, 0.1, 0.2, 0.1]) == pytest.approx(25.2)
    assert annual_total([]).reason == "0 values, at least 1 needed"


def test_the_drawdown_of_a_known_path():
    np.testing.assert_allclose(drawdown(UP_DOWN_UP), [0, -0.25, 0])
    assert max_drawdown(UP_DOWN_UP) == pytest.approx(-0.25)
    assert calmar_ratio(UP_DOWN_UP, periods_per_year=3) == pytest.approx(0.3 / 0.25)


def test_a_loss_in_the_first_period_is_a_drawdown():
    np.testing.assert_allclose(drawdown([-0.1, 0.0]), [-0.1, -0.1])


def test_a_missing_return_leaves_the_drawdown_unknown_from_there_on():
    np.testing.assert_array_equal(drawdown([0.1, np.nan, 0.1]), [0, np.nan, np.nan])
    assert max_drawdown([0.1, np.nan, 0.1]).reason == "1 of 3 values are missing"


@settings(max_examples=40, deadline=None)
@given(RETURNS)
def test_the_drawdown_equals_a_slow_twin(returns):
    value, peak, expected = 1.0, 1.0, []
    for each in returns:
        value *= 1 + each
        peak = max(peak, value)
        expected.append(value / peak - 1)
    np.testing.assert_allclose(drawdown(returns), expected, atol=1e-12)
    assert -1 <= max_drawdown(returns) <= 0


def test_calmar_says_why_it_is_missing():
    assert calmar_ratio([0.1, 0.1]).reason == "no drawdown"
    assert calmar_ratio([0.1, -1.5]).reason.startswith("a return below")
    assert calmar_ratio([0.1]).reason == "1 values, at least 2 needed"


def test_the_cost_drag_is_the_sharpe_ratio_lost():
    gross = np.array([0.01, -0.005, 0.02, 0.0])
    net = gross - 0.001
    assert cost_drag(gross, net) == pytest.approx(
        sharpe_ratio(gross) - sharpe_ratio(net)
    )
    assert cost_drag(gross, gross) == 0
    assert cost_drag([0.0, 0.0], net[:2]).reason == "zero volatility"


def test_the_breakeven_cost_of_one_trade_is_its_gain():
    # Half of NAV traded on a day that gains one percent: 0.01 / 0.5 = 200 bps.
    assert breakeven_cost_bps([0.01, 0.0], [0.5, 0.0]) == pytest.approx(200.0)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-0.05, 0.1), min_size=2, max_size=30),
    st.floats(0.01, 3.0),
)
def test_nothing_is_left_at_the_breakeven_cost(returns, traded):
    gross = np.array(returns)
    amounts = np.full(len(gross), traded)
    cost = breakeven_cost_bps(gross, amounts)
    if np.prod(1 + gross) > 1 + 1e-9:
        net = gross - cost / 10_000 * amounts
        assert np.prod(1 + net) == pytest.approx(1.0, abs=1e-8)
    elif np.prod(1 + gross) < 1 - 1e-9:
        assert math.isnan(cost)


def test_a_breakeven_cost_that_does_not_exist_says_why():
    assert breakeven_cost_bps([0.1, 0.1], [0.0, 0.0]).reason == "nothing was traded"
    assert "not positive" in breakeven_cost_bps([-0.1, 0.05], [1.0, 1.0]).reason
    assert "missing" in breakeven_cost_bps([np.nan, 0.05], [1.0, 1.0]).reason
