"""Terms of filling orders, each on a ledger that can be checked by hand."""

import numpy as np
import pytest

from alpha_kedro.portfolio.costs import CostRates, CostSpec
from alpha_kedro.portfolio.simulation import (
    Books,
    Order,
    SimulationSpec,
    Tape,
    run_targets,
    simulate,
)
from tests.portfolio.toy_markets import FREE, wide

NAN = np.nan
FLAT = wide({"A": [10.0] * 4, "B": [10.0] * 4})


def noted(books, note):
    chosen = books.notes.loc[books.notes["note"] == note]
    rows = books.returns.index.get_indexer(chosen["date"])
    return dict(zip(rows.tolist(), chosen["count"], strict=True))


def flat_market(**more):
    return {"open": FLAT, "close": FLAT} | more


def bought(**weights):
    """One decision on the first session."""
    return wide({name: [weight, NAN, NAN, NAN] for name, weight in weights.items()})


def test_dividends_in_cash_are_paid_to_longs_and_by_shorts():
    prices = wide({"A": [10, 10, 9.6, 9.6], "B": [10, 10, 10, 10]})
    dividends = wide({"A": [0.7, 0.7, 0.4, NAN], "B": [0, 0, 0.2, 0]})
    market = {"open": prices, "close": prices, "dividend": dividends}
    books = simulate(bought(A=0.5, B=-0.5), market, FREE, dividends="cash")
    # 0.05 units each way from session 2 on: the dividend of that day is not theirs.
    # Session 3: A falls by its dividend of 0.4, which comes in cash; B costs 0.01.
    np.testing.assert_allclose(books.nav, [1, 1, 0.99, 0.99], rtol=1e-15)
    np.testing.assert_allclose(books.contributions["A"], 0, atol=1e-16)
    np.testing.assert_allclose(books.contributions["B"], [0, 0, -0.01, 0], atol=1e-16)
    np.testing.assert_allclose(books.holdings["A"], [0, 0.5, 0.48 / 0.99, 0.48 / 0.99])


def test_interest_on_cash_on_shorts_and_on_what_was_borrowed():
    books = simulate(
        bought(A=1.5, B=-0.5),
        FLAT,
        FREE,
        cash_bps_annual=252.0,  # 1 bp a session
        financing_bps_annual=504.0,  # 2 bp
        short_rebate_bps_annual=126.0,  # half a bp
    )
    # Session 1 has no close before it. Session 2: 1.5 bought with 1 of its own and 0.5
    # borrowed (the 0.5 from the short is collateral). Session 3: the debit has grown by
    # what session 2 cost.
    nav_1 = 1.0
    nav_2 = nav_1 * (1 - 0.5 * 2e-4 + 0.5 * 0.5e-4)
    debit = 0.5 * nav_1 + (nav_1 - nav_2)
    nav_3 = nav_2 - debit * 2e-4 + 0.5 * nav_1 * 0.5e-4
    np.testing.assert_allclose(books.nav[:3], [nav_1, nav_2, nav_3], rtol=1e-15)
    earned = [0, 0.25e-4, 0.5 * nav_1 * 0.5e-4 / nav_2]
    np.testing.assert_allclose(books.returns["gross_return"][:3], earned, rtol=1e-12)
    paid = [0, 1e-4, debit * 2e-4 / nav_2]
    np.testing.assert_allclose(books.bills["financing"][:3], paid, rtol=1e-12)
    np.testing.assert_array_equal(books.returns["cost"], books.bills["financing"])
    assert (books.contributions == 0).all(axis=None)


def test_an_order_takes_no_more_than_its_share_of_the_volume_and_is_worked_on():
    prices = wide({"A": [10, 10, 11, 12, 12], "B": [10] * 5})
    volume = wide({"A": [2000, 3000, 9999, 0, 0], "B": [1e6] * 5})
    market = {"open": prices, "close": prices, "dollar_volume": volume}
    books = simulate(
        wide({"A": [0.5] + [NAN] * 4, "B": [0.1] + [NAN] * 4}),
        market,
        FREE,
        capital=1000.0,
        max_adv_share=0.1,
        adv_window=2,
        order_life=2,
    )
    # Session 2: 10 % of 2,000 of a NAV of 1,000: 0.2 of the 0.5, 0.02 units of 0.05.
    # Session 3: the rest is worth 0.33, 10 % of the mean 2,500 is 0.25. Then it lapses.
    units = 0.02 + 0.25 / 11
    nav_3 = 1 + 0.02 * 1
    nav_4 = nav_3 + units * 1
    np.testing.assert_allclose(books.nav, [1, 1, nav_3, nav_4, nav_4], rtol=1e-15)
    np.testing.assert_allclose(books.trades["A"], [0, 0.2, 0.25 / nav_3, 0, 0])
    np.testing.assert_allclose(books.trades["B"], [0, 0.1, 0, 0, 0])
    assert noted(books, "partly_filled") == {1: 1, 2: 1}
    assert noted(books, "unfilled") == {2: 1}


def test_an_order_that_lives_long_enough_is_filled_to_the_last_unit():
    volume = wide({"A": [2000.0] * 4, "B": [2000.0] * 4})
    market = flat_market(dollar_volume=volume)
    terms = {"capital": 1000.0, "max_adv_share": 0.1, "order_life": 3}
    books = simulate(bought(A=0.5), market, FREE, **terms)
    np.testing.assert_allclose(books.holdings["A"], [0, 0.2, 0.4, 0.5], rtol=1e-15)
    assert noted(books, "unfilled") == {}


def test_a_halted_name_is_bought_once_it_trades_again_if_the_order_lives():
    traded = wide({"A": [1, 0, 1, 1], "B": [1, 1, 1, 1]}).astype(bool)
    books = simulate(bought(A=0.5), flat_market(traded=traded), FREE, order_life=2)
    np.testing.assert_allclose(books.holdings["A"], [0, 0, 0.5, 0.5])
    assert books.notes.empty


def test_the_next_decision_replaces_what_is_left_of_the_last_order():
    traded = wide({"A": [1, 0, 0, 1], "B": [1, 1, 1, 1]}).astype(bool)
    weights = wide({"A": [0.5, 0.2, NAN, NAN], "B": [0.3, 0.3, NAN, NAN]})
    books = simulate(weights, flat_market(traded=traded), FREE, order_life=3)
    np.testing.assert_allclose(books.holdings["A"], [0, 0, 0, 0.2])
    assert noted(books, "unfilled") == {2: 1}


def test_an_order_still_worked_on_at_the_end_is_counted():
    traded = wide({"A": [1, 0, 0, 0], "B": [1, 1, 1, 1]}).astype(bool)
    books = simulate(bought(A=0.5), flat_market(traded=traded), FREE, order_life=9)
    assert noted(books, "unfilled") == {3: 1}


def test_a_name_that_never_had_a_price_cannot_be_worked_on():
    prices = wide({"A": [NAN, NAN, 10, 10], "B": [10] * 4})
    books = simulate(bought(A=0.5), prices, FREE, order_life=3)
    assert (books.holdings["A"] == 0).all()
    assert noted(books, "unfilled") == {1: 1}


OPENS = wide({"A": [10, 20, 30, 40]})
CLOSE = wide({"A": [10, 24, 48, 48]})
BARS = {
    "open": OPENS,
    "close": CLOSE,
    "high": wide({"A": [10, 30, 48, 50]}),
    "low": wide({"A": [10, 15, 30, 40]}),
}


@pytest.mark.parametrize(
    ("fill", "price"), [("open", 20), ("close", 24), ("vwap", (30 + 15 + 24) / 3)]
)
def test_the_price_of_the_fill(fill, price):
    books = simulate(bought(A=1), BARS, CostSpec(cost_bps=100.0), fill=fill)
    nav = [1, 24 / price - 0.01, 48 / price - 0.01, 48 / price - 0.01]
    np.testing.assert_allclose(books.nav, nav, rtol=1e-14)
    np.testing.assert_allclose(books.trades["A"], [0, 1, 0, 0])
    gross = [0, 24 / price - 1, (48 - 24) / price / nav[1], 0]
    np.testing.assert_allclose(books.contributions["A"], gross, atol=1e-15)


def test_a_second_fill_at_the_close_earns_what_was_held_until_then():
    weights = wide({"A": [1, 0.5, NAN, NAN]})
    books = simulate(weights, BARS, FREE, fill="close")
    # Held whole from 24 to 48, then halved at 48.
    np.testing.assert_allclose(books.nav, [1, 1, 2, 2])
    np.testing.assert_allclose(books.holdings["A"], [0, 1, 0.5, 0.5])


def test_a_missing_range_refuses_a_fill_at_the_proxy_or_takes_the_close():
    bars = BARS | {"high": wide({"A": [10, NAN, 48, 50]})}
    refused = simulate(bought(A=1), bars, FREE, fill="vwap")
    np.testing.assert_allclose(refused.nav, 1)
    assert noted(refused, "unfilled") == {1: 1}
    at_close = simulate(bought(A=1), bars, FREE, fill="vwap", missing_open="close")
    np.testing.assert_allclose(at_close.nav, [1, 1, 2, 2])


def test_impact_grows_with_the_power_of_three_halves():
    none = np.zeros((4, 2))
    rates = CostRates(trading=none, borrow=none, impact=none + 0.1)
    books = simulate(bought(A=0.25, B=-0.04), FLAT, rates)
    cost = 0.1 * (0.25 * 0.5 + 0.04 * 0.2)
    np.testing.assert_allclose(books.nav, [1, 1 - cost, 1 - cost, 1 - cost])
    np.testing.assert_allclose(books.bills["impact"], [0, cost, 0, 0])
    np.testing.assert_allclose(books.costs["A"], [0, 0.0125, 0, 0])


def test_every_kind_of_cost_has_its_column():
    spec = CostSpec(cost_bps=100.0, borrow_bps_annual=252.0)
    books = simulate(bought(A=0.5, B=-0.5), FLAT, spec)
    bills = books.bills
    np.testing.assert_allclose(bills["trading"], [0, 0.01, 0, 0], atol=1e-18)
    left = 1 - 0.01 - 0.5e-4
    np.testing.assert_allclose(bills["borrow"][:3], [0, 0.5e-4, 0.5e-4 / left])
    assert list(bills) == ["trading", "impact", "borrow", "financing"]
    np.testing.assert_allclose(bills.sum(axis=1), books.returns["cost"], rtol=1e-15)


def test_a_name_whose_shares_cannot_be_had_is_sold_down_to_nothing_only():
    costs = CostSpec(
        cost_bps=0.0,
        borrow_bps_annual=0.0,
        hard_to_borrow={"not_available": ("B",)},
    )
    weights = wide({"A": [-0.2, NAN, -0.2, NAN], "B": [0.5, NAN, -0.5, NAN]})
    books = simulate(weights, FLAT, costs)
    np.testing.assert_allclose(books.holdings["B"], [0, 0.5, 0.5, 0])
    np.testing.assert_allclose(books.holdings["A"], [0, -0.2, -0.2, -0.2])
    assert noted(books, "unfilled") == {3: 1}


def test_the_final_sale_is_noted_and_ends_where_the_volume_ends():
    volume = wide({"A": [2000, 9000, 2000, 2000], "B": [9000.0] * 4})
    books = simulate(
        bought(A=0.15, B=-0.5),
        flat_market(dollar_volume=volume),
        CostSpec(cost_bps=100.0, borrow_bps_annual=0.0),
        liquidate_at_end=True,
        capital=1000.0,
        max_adv_share=0.05,
        adv_window=1,
        order_life=2,
    )
    # A: 0.1 in session 2, 0.05 more in session 3; of that 0.1 can be sold at the end.
    # B: 0.45 short, then 0.5; 0.45 of it can be bought back.
    assert noted(books, "liquidated") == {3: 2}
    assert noted(books, "unfilled") == {3: 2}
    nav = books.nav.iloc[-1]
    np.testing.assert_allclose(nav, 1 - 0.0065 - 0.0055, rtol=1e-14)
    np.testing.assert_allclose(books.holdings.iloc[-1], [0.05 / nav, -0.05 / nav])
    sold = books.trades.iloc[-1] * books.nav.iloc[-2]
    np.testing.assert_allclose(sold, [-0.1, 0.45], rtol=1e-14)
    costs = books.costs.iloc[-1] * books.nav.iloc[-2]
    np.testing.assert_allclose(costs, [0.001, 0.0045], rtol=1e-14)


def test_a_kept_name_is_not_traded_and_drifts_on():
    close = np.array([[10.0, 10], [10, 10], [20, 10], [20, 10]])
    spec = SimulationSpec()
    tape = Tape.of({"open": close, "close": close}, spec=spec)
    rates = CostSpec(cost_bps=100.0, borrow_bps_annual=0.0).rates(close.shape)
    targets = np.array([[0.5, 0.5], [0.1, 0.2]])
    keep = np.array([[False, False], [True, False]])
    books = run_targets(tape, rates, spec, np.array([0, 1]), targets, keep)
    told = books.statement()
    assert told.trades[2, 0] == 0
    assert told.costs[2, 0] == 0
    # 0.05 units of A from session 2 on, worth 1 in session 3 of a NAV of 1.49.
    assert books.units_at(3)[0] == books.units_at(1)[0] == 0.05
    np.testing.assert_allclose(told.trades[2, 1], 0.2 - 0.5 / 1.49, rtol=1e-14)


def test_books_advance_by_segments_and_remember_every_close():
    close = np.array([[10.0], [20], [10], [40]])
    spec = SimulationSpec()
    tape = Tape.of({"open": close, "close": close}, spec=spec)
    books = Books(tape, FREE.rates(close.shape), spec)
    books.advance(1)
    assert books.holdings(0).tolist() == [0]
    books.advance(2, Order(np.array([0.5])))
    books.advance(2)  # nothing is left to do
    assert books.holdings(1).tolist() == [0.5]
    books.advance(99)
    np.testing.assert_allclose(books.nav, [1, 1, 0.75, 1.5])
    np.testing.assert_allclose(books.holdings(2), 0.25 / 0.75)
    np.testing.assert_allclose(books.holdings(1), 0.5)
    assert books.done == 4


def test_a_book_lost_at_a_fill_inside_the_session_stays_lost():
    bars = {
        "open": wide({"A": [10, 10, 12, 1]}),
        "high": wide({"A": [10, 10, 60, 1]}),
        "low": wide({"A": [10, 10, 12, 1]}),
        "close": wide({"A": [10, 10, 11, 1]}),
    }
    books = simulate(bought(A=-1), bars, FREE, fill="vwap")
    np.testing.assert_array_equal(books.nav, [1, 1, 0, 0])
    np.testing.assert_array_equal(books.contributions["A"], [0, 0, -1, 0])
    assert noted(books, "wiped_out") == {2: 1}
    assert (books.holdings.iloc[2:] == 0).all(axis=None)


def test_dividends_owed_by_a_short_can_take_everything():
    prices = wide({"A": [10, 10, 10, 10]})
    owed = wide({"A": [0, 0, 25, 0]})
    market = {"open": prices, "close": prices, "dividend": owed}
    books = simulate(bought(A=-0.5), market, FREE, dividends="cash")
    np.testing.assert_array_equal(books.nav, [1, 1, 0, 0])
