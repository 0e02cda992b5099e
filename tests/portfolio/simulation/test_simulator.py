"""Ledgers small enough to be checked by hand."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import AlphaKedroError, ConfigError, SimulationError
from alpha_kedro.portfolio import CostSpec, simulate
from alpha_kedro.portfolio.simulation import Books, Order, SimulationSpec, Tape
from tests.portfolio.toy_markets import FREE, wide

NAN = np.nan


def noted(books, note):
    return books.notes.loc[books.notes["note"] == note]


def test_a_long_position_is_filled_at_the_next_open_and_marked_at_closes():
    opens = wide({"A": [10, 20, 30]})
    close = wide({"A": [10, 25, 40]})
    books = simulate(wide({"A": [1, NAN, NAN]}), {"open": opens, "close": close}, FREE)
    # Bought at 20: worth 25/20 that evening and 40/20 the next.
    np.testing.assert_allclose(books.nav, [1, 1.25, 2], rtol=1e-15)
    np.testing.assert_allclose(books.returns["net_return"], [0, 0.25, 0.6])
    np.testing.assert_allclose(books.trades["A"], [0, 1, 0])


def test_every_column_of_a_long_short_week_with_costs():
    prices = wide({"L": [10, 10, 11, 11], "S": [10, 10, 10, 12]})
    weights = wide({"L": [0.5, NAN, 0.0, NAN], "S": [-0.5, NAN, 0.0, NAN]})
    books = simulate(weights, prices, CostSpec(cost_bps=100.0, borrow_bps_annual=252.0))
    # Session 2: trades 0.5 + 0.5 at 1 %, borrow 0.5 at 1 bp a session.
    cost_2 = 0.01 + 0.5 * 1e-4
    nav_2 = 1 - cost_2
    # Session 3: the long earns 10 % of 0.5; the short is worth 0.5 still.
    nav_3 = nav_2 + 0.05 - 0.5 * 1e-4
    # Session 4: the short loses 20 % of 0.5, then 0.55 and 0.6 are traded away.
    cost_4 = 0.01 * (0.55 + 0.6)
    nav_4 = nav_3 - 0.1 - cost_4
    np.testing.assert_allclose(books.nav, [1, nav_2, nav_3, nav_4], rtol=1e-14)
    table = books.returns
    np.testing.assert_allclose(
        table["cost"], [0, cost_2, 0.5e-4 / nav_2, cost_4 / nav_3], rtol=1e-13
    )
    np.testing.assert_allclose(
        table["gross_return"], [0, 0, 0.05 / nav_2, -0.1 / nav_3], atol=1e-15
    )
    np.testing.assert_allclose(
        table["turnover"], [0, 0.5, 0, (0.55 + 0.6) / 2 / (nav_3 - 0.1)], rtol=1e-13
    )
    np.testing.assert_allclose(
        table["gross_exposure"], [0, 1 / nav_2, 1.05 / nav_3, 0], rtol=1e-13
    )
    np.testing.assert_allclose(
        table["net_exposure"], [0, 0, 0.05 / nav_3, 0], atol=1e-15
    )


def test_net_is_gross_minus_cost_and_the_nav_compounds_it():
    prices = wide({"A": [10, 11, 9, 12, 10], "B": [7, 7.5, 8, 6, 7]})
    weights = wide({"A": [1, NAN, 0.2, NAN, NAN], "B": [-0.5, NAN, 0.3, NAN, NAN]})
    table = simulate(weights, prices).returns
    assert (table["net_return"] == table["gross_return"] - table["cost"]).all()
    np.testing.assert_array_equal(table["nav"], (1 + table["net_return"]).cumprod())


def test_holdings_drift_and_turnover_is_counted_from_the_drifted_book():
    prices = wide({"A": [1, 1, 3, 3], "B": [1, 1, 1, 1]})
    weights = wide({"A": [0.5, NAN, 0.5, NAN], "B": [0.5, NAN, 0.5, NAN]})
    books = simulate(weights, prices, FREE)
    np.testing.assert_allclose(books.holdings.iloc[2], [0.75, 0.25])
    # The target is the same twice, yet a quarter of the book changes hands.
    np.testing.assert_allclose(books.returns["turnover"], [0, 0.5, 0, 0.25])


def test_the_first_session_is_charged_and_the_end_only_when_asked():
    prices = wide({"A": [10, 10, 10]})
    weights = wide({"A": [1, NAN, NAN]})
    costs = CostSpec(cost_bps=100.0)
    held = simulate(weights, prices, costs)
    np.testing.assert_allclose(held.nav, [1, 0.99, 0.99])
    sold = simulate(weights, prices, costs, liquidate_at_end=True)
    np.testing.assert_allclose(sold.nav, [1, 0.99, 0.98])
    np.testing.assert_allclose(sold.returns["turnover"], [0, 0.5, 0.5 / 0.99])
    assert (sold.holdings.iloc[-1] == 0).all()


def test_bought_and_liquidated_on_one_day_is_turned_over_twice():
    prices = wide({"A": [10, 10]})
    books = simulate(wide({"A": [1, NAN]}), prices, FREE, liquidate_at_end=True)
    np.testing.assert_allclose(books.returns["turnover"], [0, 1.0])


def test_a_halted_name_is_not_traded_and_its_order_is_counted():
    prices = wide({"A": [10, 10, 10, 20], "B": [10, 10, 10, 10]})
    traded = wide({"A": [1, 0, 1, 1], "B": [1, 1, 1, 1]}).astype(bool)
    weights = wide({"A": [0.5, NAN, NAN, NAN], "B": [0.5, NAN, NAN, NAN]})
    market = {"open": prices, "close": prices, "traded": traded}
    books = simulate(weights, market, FREE)
    assert (books.holdings["A"] == 0).all()
    np.testing.assert_allclose(books.nav, 1)
    assert noted(books, "unfilled")["count"].tolist() == [1]


def test_a_halted_position_is_carried_until_the_next_decision():
    prices = wide({"A": [10, 10, 10, 10, 10]})
    traded = wide({"A": [1, 1, 0, 1, 1]}).astype(bool)
    weights = wide({"A": [1, 0, NAN, 0, NAN]})
    market = {"open": prices, "close": prices, "traded": traded}
    books = simulate(weights, market, FREE)
    np.testing.assert_allclose(books.holdings["A"], [0, 1, 1, 1, 0])


def test_a_missing_open_refuses_the_fill():
    opens, close = wide({"A": [10, NAN, 10]}), wide({"A": [10, 12, 15]})
    books = simulate(wide({"A": [1, NAN, NAN]}), {"open": opens, "close": close}, FREE)
    np.testing.assert_allclose(books.nav, 1)
    assert noted(books, "unfilled")["count"].sum() == 1


def test_a_gap_is_marked_at_the_last_price_and_its_return_comes_afterwards():
    prices = wide({"A": [10, 10, NAN, NAN, 15]})
    books = simulate(wide({"A": [1, NAN, NAN, NAN, NAN]}), prices, FREE)
    np.testing.assert_allclose(books.nav, [1, 1, 1, 1, 1.5])
    assert noted(books, "delisted").empty


def test_a_delisted_name_is_given_up_once_its_absence_has_lasted():
    prices = wide({"A": [10, 10, 20, NAN, NAN, NAN], "B": [1] * 6})
    weights = wide({"A": [1] + [NAN] * 5, "B": [0] + [NAN] * 5})
    books = simulate(weights, prices, FREE, delisted_after=2, delisting_return=-0.5)
    # Last price 20 in session 3; given up for 10 in session 5, cash from then on.
    np.testing.assert_allclose(books.nav, [1, 1, 2, 2, 1, 1])
    np.testing.assert_allclose(books.holdings["A"], [0, 1, 1, 1, 0, 0])
    assert noted(books, "delisted")["date"].tolist() == [prices.index[4]]
    assert (books.trades.iloc[4] == 0).all()


def test_a_name_whose_exit_is_known_leaves_at_it_and_the_others_at_the_assumption():
    prices = wide({"A": [10, 10, NAN, NAN], "B": [10, 10, NAN, NAN]})
    weights = wide({"A": [0.5] + [NAN] * 3, "B": [0.5] + [NAN] * 3})
    books = simulate(
        weights, prices, FREE, delisted_after=1, exit_returns=pd.Series({"B": -1.0})
    )
    np.testing.assert_allclose(books.nav, [1, 1, 0.35, 0.35])


def test_a_short_in_a_delisted_name_gains_what_the_long_loses():
    prices = wide({"A": [10, 10, 10, NAN, NAN]})
    books = simulate(wide({"A": [-1] + [NAN] * 4}), prices, FREE, delisted_after=1)
    np.testing.assert_allclose(books.nav, [1, 1, 1, 1.3, 1.3])


def test_an_absence_at_the_end_that_has_not_lasted_is_carried():
    prices = wide({"A": [10, 10, 20, NAN, NAN]})
    books = simulate(wide({"A": [1] + [NAN] * 4}), prices, FREE, delisted_after=3)
    np.testing.assert_allclose(books.nav, [1, 1, 2, 2, 2])


def test_a_name_that_cannot_be_borrowed_is_not_sold_short_but_can_be_covered():
    prices = wide({"A": [10] * 5})
    shortable = wide({"A": [1, 1, 0, 0, 0]}).astype(bool)
    weights = wide({"A": [-0.5, -1.0, -0.2, NAN, NAN]})
    market = {"open": prices, "close": prices, "shortable": shortable}
    books = simulate(weights, market, FREE)
    # Sold to -0.5, not to -1.0; -0.2 is less short but short all the same.
    np.testing.assert_allclose(books.holdings["A"], [0, -0.5, -0.5, -0.2, -0.2])


def test_a_long_that_should_turn_short_is_sold_where_it_cannot_be_borrowed():
    prices = wide({"A": [10] * 4})
    market = {"open": prices, "close": prices, "shortable": prices < 0}
    books = simulate(wide({"A": [0.5, -0.5, NAN, NAN]}), market, FREE)
    np.testing.assert_allclose(books.holdings["A"], [0, 0.5, 0, 0])
    assert noted(books, "unfilled")["date"].tolist() == [prices.index[2]]


def test_a_wiped_out_book_stays_at_zero_for_ever():
    prices = wide({"A": [10, 10, 21, 5, 1]})
    weights = wide({"A": [-1, NAN, NAN, -1, NAN]})
    books = simulate(weights, prices, FREE)
    np.testing.assert_array_equal(books.nav, [1, 1, 0, 0, 0])
    np.testing.assert_array_equal(books.returns["net_return"], [0, 0, -1, 0, 0])
    assert (books.holdings.iloc[2:] == 0).all(axis=None)
    assert noted(books, "wiped_out")["date"].tolist() == [prices.index[2]]


def test_a_loss_between_open_and_close_can_wipe_out_too():
    opens, close = wide({"A": [10, 10, 10]}), wide({"A": [10, 30, 5]})
    books = simulate(wide({"A": [-1, NAN, NAN]}), {"open": opens, "close": close}, FREE)
    np.testing.assert_array_equal(books.nav, [1, 0, 0])


def test_costs_take_no_more_than_is_left():
    prices = wide({"A": [10, 10, 12]})
    books = simulate(wide({"A": [30, NAN, NAN]}), prices, CostSpec(cost_bps=1000.0))
    last = books.returns.iloc[1]
    assert (last["cost"], last["net_return"], last["nav"]) == (1.0, -1.0, 0.0)
    assert books.costs.iloc[1].sum() == 1.0


def test_a_rebound_after_the_wipe_out_brings_nothing_back():
    opens, close = wide({"A": [10, 10, 25]}), wide({"A": [10, 10, 11]})
    books = simulate(wide({"A": [-1, NAN, NAN]}), {"open": opens, "close": close}, FREE)
    np.testing.assert_array_equal(books.nav, [1, 1, 0])


def test_lag_zero_fills_at_the_price_of_the_decision():
    prices = wide({"A": [10, 20, 20]})
    books = simulate(wide({"A": [1, NAN, 0]}), prices, FREE, lag=0)
    np.testing.assert_allclose(books.nav, [1, 2, 2])
    np.testing.assert_allclose(books.holdings["A"], [1, 1, 0])


def test_lag_two_waits_a_session_more():
    prices = wide({"A": [10, 20, 40, 80]})
    books = simulate(wide({"A": [1, NAN, NAN, NAN]}), prices, FREE, lag=2)
    np.testing.assert_allclose(books.nav, [1, 1, 1, 2])


def test_a_decision_on_the_last_session_is_noted_as_not_filled():
    prices = wide({"A": [10, 20]})
    books = simulate(wide({"A": [NAN, 1]}), prices, FREE)
    assert noted(books, "beyond_the_end")["date"].tolist() == [prices.index[-1]]


def test_a_row_of_nan_is_no_decision_and_an_absent_ticker_is_a_target_of_zero():
    prices = wide({"A": [10] * 4, "B": [10] * 4})
    weights = wide({"A": [0.5, NAN, 0.3, NAN], "B": [0.5, NAN, NAN, NAN]})
    books = simulate(weights, prices, FREE)
    np.testing.assert_allclose(books.holdings["A"], [0, 0.5, 0.5, 0.3])
    np.testing.assert_allclose(books.holdings["B"], [0, 0.5, 0.5, 0])


def test_a_dividend_in_the_price_is_reinvested_in_the_name():
    total_return = wide({"A": [10, 10, 10 * 1.02]})
    books = simulate(wide({"A": [0.5, NAN, NAN]}), total_return, FREE)
    np.testing.assert_allclose(books.holdings["A"].iloc[-1], 0.51 / 1.01)


def test_the_ledger_notices_when_cash_goes_missing():
    prices = np.array([[10.0], [11.0], [12.0]])
    spec = SimulationSpec()
    tape = Tape.of({"open": prices, "close": prices}, spec=spec)
    books = Books(tape, CostSpec().rates((3, 1)), spec)
    books.advance(2, Order(np.ones(1)))
    books.state.cash[0] -= 1e-9
    books.advance(3)
    with pytest.raises(SimulationError, match="AK-S001") as refusal:
        books.statement()
    assert refusal.value.where == ["session 2"]


PRICES = wide({"A": [10, 11, 12]})


@pytest.mark.parametrize(
    ("code", "weights", "prices", "settings"),
    [
        ("AK-C040", PRICES, {"open": PRICES, "close": PRICES}, {"lag": 0}),
        ("AK-C041", PRICES, {"open": PRICES, "closing": PRICES}, {}),
        ("AK-C003", PRICES, PRICES, {"lag": -1}),
        ("AK-C003", PRICES, PRICES, {"delisting_return": -1.5}),
        ("AK-S003", PRICES.shift(freq="1000D"), PRICES, {}),
        ("AK-S004", PRICES.rename(columns={"A": "Z"}), PRICES, {}),
        ("AK-S005", PRICES * np.inf, PRICES, {}),
        ("AK-S006", PRICES, PRICES * 0, {}),
        ("AK-S006", PRICES, -PRICES, {}),
        ("AK-S006", PRICES, PRICES * np.inf, {}),
        ("AK-S007", PRICES.reset_index(drop=True), PRICES, {}),
        ("AK-S007", PRICES, PRICES.tz_localize("UTC"), {}),
        ("AK-S007", PRICES, pd.concat([PRICES, PRICES]), {}),
        ("AK-S007", PRICES, pd.concat([PRICES, PRICES], axis=1), {}),
        ("AK-S007", PRICES, PRICES.iloc[:0], {}),
    ],
)
def test_what_cannot_be_traded_is_refused_by_code(code, weights, prices, settings):
    kind = ConfigError if code.startswith("AK-C") else SimulationError
    with pytest.raises(kind) as refusal:
        simulate(weights, prices, **settings)
    assert isinstance(refusal.value, AlphaKedroError)
    assert refusal.value.code == code
