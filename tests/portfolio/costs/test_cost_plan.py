import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.portfolio.costs import (
    NextRates,
    charge,
    charged_rates,
    known_rates,
    plan,
)
from alpha_kedro.portfolio.simulation import simulate
from tests.portfolio.costs.cost_markets import cost_panel
from tests.portfolio.costs.test_cost_known import CAPITAL, FULL


def test_the_plan_is_the_bill_when_orders_are_filled_as_planned():
    panel = cost_panel()
    rng = np.random.default_rng(0)
    known, tickers = known_rates(panel, FULL, capital=CAPITAL), panel.tickers
    for decision, nav in ((3, 1.0), (30, 0.7), (58, 2.5)):
        holdings, trades = rng.normal(size=(2, 8)) / 10
        planned = plan(
            *(trades, holdings, known.next_fill(decision, nav=nav)),
            tickers=tickers,
            commission=FULL.commission,
        )
        rates = charged_rates(known).since(decision + 1)
        billed = charge(
            *(trades * nav, (holdings + trades) * nav),
            **{name: rate[0] for name, rate in vars(rates).items()},
        )
        np.testing.assert_allclose(planned["cost"] * nav, billed, rtol=1e-13)


def test_at_the_starting_nav_the_plan_is_the_bill_to_the_bit():
    panel = cost_panel()
    known = known_rates(panel, FULL, capital=CAPITAL)
    trades, holdings = np.random.default_rng(0).normal(size=(2, 8)) / 10
    planned = plan(trades, holdings, known.next_fill(20), tickers=panel.tickers)
    rates = {name: rate[21] for name, rate in vars(charged_rates(known)).items()}
    billed = charge(trades, holdings + trades, **rates)
    assert np.array_equal(planned["cost"], billed)


def test_a_plan_names_what_each_order_costs_and_why():
    rates = NextRates(np.full(3, 8e-4), np.full(3, 1e-4), np.full(3, 0.01))
    table = plan(
        np.array([0.04, 0.0, -0.09]),
        np.array([0.0, 0.2, 0.0]),
        rates,
        tickers=["A", "B", "C"],
        commission=5e-4,
    )
    assert table["ticker"].tolist() == ["A", "C"]
    parts = table[["commission", "spread", "impact", "borrow"]]
    expected = [
        [0.04 * 5e-4, 0.04 * 3e-4, 0.01 * 0.008, 0.0],
        [0.09 * 5e-4, 0.09 * 3e-4, 0.01 * 0.027, 0.09e-4],
    ]
    np.testing.assert_allclose(parts, expected, rtol=1e-12)
    np.testing.assert_allclose(table["cost"], parts.sum(axis=1), rtol=1e-14)


@pytest.mark.parametrize("wrong", [np.zeros(2), np.array([0.1, np.nan, 0.0])])
def test_a_plan_whose_parts_do_not_fit_is_refused(wrong):
    rates = NextRates(np.zeros(3), np.zeros(3), np.zeros(3))
    with pytest.raises(SimulationError, match="AK-S009") as refused:
        plan(wrong, np.zeros(3), rates, tickers=list("ABC"))
    assert refused.value.where[0].startswith("trades")


def test_no_orders_cost_nothing():
    rates = NextRates(np.zeros(2), np.zeros(2), np.zeros(2))
    assert plan(np.zeros(2), np.ones(2), rates, tickers=["A", "B"]).empty


def test_the_books_charge_what_was_planned():
    panel = cost_panel(40, 8, gaps=0.0)
    known = known_rates(panel, FULL, capital=CAPITAL)
    dates = pd.DatetimeIndex(panel.dates, name="date")
    still = pd.DataFrame(1.0, index=dates, columns=panel.tickers)
    weights = np.array([0.2, -0.1, 0.05, -0.15, 0.1, 0.0, -0.05, 0.1])
    decision = pd.DataFrame([weights], index=dates[[20]], columns=panel.tickers)
    books = simulate(decision, still, charged_rates(known))
    planned = plan(weights, 0 * weights, known.next_fill(20), tickers=panel.tickers)
    billed = books.costs.loc[dates[21], planned["ticker"]]
    np.testing.assert_allclose(planned["cost"], billed, rtol=1e-13)
    assert planned["impact"].sum() == pytest.approx(books.bills["impact"].iloc[21])
