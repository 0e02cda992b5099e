import numpy as np
import pytest

from alpha_kedro.core.kernels import kernel
from alpha_kedro.portfolio.costs import CostRates, NextRates, bill, charge, impact_bill
from alpha_kedro.portfolio.costs.rates import KnownRates, charged_rates, checked

RATES = {"trading": 0.0005, "borrow": 0.0001, "impact": 0.02}


@kernel
def billed(trades, held, trading, borrow, impact):
    costs = np.empty(len(trades))
    for i in range(len(trades)):
        costs[i] = bill(trades[i], held[i], trading, borrow, impact)
    return costs


@kernel
def moved(trades, impact):
    costs = np.empty(len(trades))
    for i in range(len(trades)):
        costs[i] = impact_bill(trades[i], impact)
    return costs


def orders(n=2_000, seed=0):
    rng = np.random.default_rng(seed)
    trades, held = rng.normal(size=(2, n)) * 10.0 ** rng.integers(-9, 3, (2, n))
    trades[:4], held[2:6] = [0.0, -0.0, 0.0, 1.0], [0.0, -0.0, 1.0, -1.0]
    return trades, held


def test_a_bill_by_hand():
    # Buys .04 at 5 bps, moves the price by .02 sqrt(.04), is still short .25.
    expected = 0.04 * 0.0005 + 0.02 * 0.2 * 0.04 + 0.25 * 0.0001
    assert bill(0.04, -0.25, *RATES.values()) == pytest.approx(expected, rel=1e-14)
    assert bill(-0.04, 0.25, *RATES.values()) == pytest.approx(
        expected - 0.25 * 0.0001, rel=1e-14
    )


def test_the_vector_the_formula_and_the_kernel_are_one_to_the_bit():
    trades, held = orders()
    vector = charge(trades, held, **RATES)
    assert np.array_equal(vector, billed(trades, held, *RATES.values()))
    each = [bill(*pair, *RATES.values()) for pair in zip(trades, held, strict=True)]
    assert np.array_equal(vector, each)


def test_the_parts_of_a_bill_are_bills():
    trades, held = orders()
    only = charge(trades, held, trading=0.0, borrow=0.0, impact=0.02)
    assert np.array_equal(only, moved(trades, 0.02))


def test_a_bill_is_never_negative_and_unknown_where_the_order_is():
    trades, held = orders()
    assert (charge(trades, held, **RATES) >= 0).all()
    unknown = charge(np.array([np.nan, 1.0]), np.array([1.0, np.nan]), **RATES)
    assert np.isnan(unknown).all()
    assert np.isnan(bill(1.0, np.nan, *RATES.values()))


def test_without_impact_an_order_split_in_two_costs_the_same_and_with_it_less():
    whole, half = np.array([0.1]), np.array([0.05])
    none = np.zeros(1)
    flat = {"trading": 0.0005, "borrow": 0.0}
    assert charge(whole, none, **flat) == 2 * charge(half, none, **flat)
    steep = flat | {"impact": 0.02}
    assert charge(whole, none, **steep) > 2 * charge(half, none, **steep)


def test_marginal_cost_is_the_derivative():
    rates = NextRates(np.array([0.001, 0.002]), np.zeros(2), np.array([0.05, 0.0]))
    trades, step = np.array([0.03, -0.02]), 1e-6
    away = np.sign(trades) * step
    slope = rates.cost_of(trades + away) - rates.cost_of(trades - away)
    np.testing.assert_allclose(rates.marginal(trades), slope / (2 * step), rtol=1e-8)


def test_rates_given_without_impact_have_none():
    rates = CostRates(trading=np.ones((3, 2)), borrow=np.zeros((3, 2)))
    assert rates.impact.shape == (3, 2)
    assert not rates.impact.any()
    assert rates.since(1).trading.shape == (2, 2)


def test_what_is_billed_is_what_was_known_one_close_before():
    rows = np.arange(8.0).reshape(4, 2)
    known = KnownRates(CostRates(rows, rows + 10, rows + 20))
    assert np.array_equal(known.at_close.trading, rows[1:])
    for decision in range(2):
        ahead = known.next_fill(decision)
        billed_then = charged_rates(known).since(decision + 1)
        for name, rate in vars(ahead).items():
            assert np.array_equal(rate, vars(billed_then)[name][0])


def test_impact_of_a_larger_book_is_larger_by_the_root():
    rows = np.ones((3, 2))
    known = KnownRates(CostRates(rows, rows, rows))
    assert known.next_fill(0, nav=4.0).impact.tolist() == [2.0, 2.0]
    assert known.next_fill(0, nav=4.0).trading.tolist() == [1.0, 1.0]
    assert known.next_fill(0, nav=-1.0).impact.tolist() == [0.0, 0.0]


def test_rates_given_as_charged_were_known_one_close_before():
    rows = np.arange(6.0).reshape(3, 2)
    known = KnownRates.behind(CostRates(rows, rows))
    assert np.array_equal(known.charged.trading, rows)
    assert np.array_equal(known.next_fill(0).trading, rows[1])
    assert np.array_equal(known.next_fill(2).trading, rows[2])


def test_a_repeated_number_is_looked_at_once():
    endless = np.broadcast_to(0.1, (1_000_000, 100_000))
    checked(CostRates(endless, endless, endless), endless.shape)
