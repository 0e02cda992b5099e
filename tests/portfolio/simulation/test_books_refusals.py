"""What no book can be kept on, refused by code."""

import numpy as np
import pytest

from alpha_kedro.core.errors import AlphaKedroError
from alpha_kedro.portfolio.simulation import (
    Books,
    Order,
    SimulationSpec,
    Tape,
    run_many,
    run_targets,
    simulate,
)
from tests.portfolio.toy_markets import FREE, wide

PRICES = wide({"A": [10.0, 11, 12], "B": [10.0, 11, 12]})
WEIGHTS = wide({"A": [0.5, np.nan, np.nan]})
MARKET = {"open": PRICES, "close": PRICES}
LIMIT = {"max_adv_share": 0.1}


def refused(code, call, *args, **settings):
    with pytest.raises(AlphaKedroError) as refusal:
        call(*args, **settings)
    assert refusal.value.code == code
    return refusal.value


@pytest.mark.parametrize(
    ("code", "more", "terms"),
    [
        ("AK-C154", {}, {"fill": "vwap"}),
        ("AK-C154", {"high": PRICES}, {"fill": "vwap"}),
        ("AK-C154", {}, {"dividends": "cash"}),
        ("AK-C154", {}, LIMIT | {"capital": 1e6}),
        ("AK-C155", {"dollar_volume": PRICES}, LIMIT),
        ("AK-C156", {"dividend": PRICES}, {}),
        ("AK-S050", {"dividend": -PRICES}, {"dividends": "cash"}),
        ("AK-S050", {"dividend": PRICES * np.inf}, {"dividends": "cash"}),
        ("AK-C040", {}, {"lag": 0}),
        ("AK-C040", {}, {"lag": 0, "fill": "close"}),
        ("AK-C003", {}, {"fill": "low"}),
        ("AK-C003", {}, {"capital": 0.0}),
        ("AK-C003", {}, {"max_adv_share": 1.5}),
        ("AK-C003", {}, {"order_life": 0}),
        ("AK-C003", {}, {"financing_bps_annual": -1.0}),
        ("AK-C003", {}, {"cash_bps_annual": float("nan")}),
        ("AK-C003", {}, {"delisting": -0.3}),
    ],
)
def test_terms_that_cannot_be_met(code, more, terms):
    refused(code, simulate, WEIGHTS, MARKET | more, FREE, **terms)


def test_a_misspelt_term_names_the_nearest():
    error = refused("AK-C003", simulate, WEIGHTS, PRICES, order_live=2)
    assert "order_life" in str(error)


def test_weights_without_a_column_are_no_frame():
    refused("AK-S007", simulate, WEIGHTS[[]], PRICES)


def books_of():
    spec, close = SimulationSpec(), PRICES.to_numpy()
    tape = Tape.of({"open": close, "close": close}, spec=spec)
    return Books(tape, FREE.rates(close.shape), spec)


@pytest.mark.parametrize(
    ("code", "order"),
    [
        ("AK-S005", Order(np.array([np.nan, 0]))),
        ("AK-S005", Order(np.array([np.inf, 0]))),
        ("AK-S053", Order(np.zeros(3))),
        ("AK-S053", Order(np.zeros(2), keep=np.zeros(1, bool))),
    ],
)
def test_orders_that_cannot_be_filled(code, order):
    refused(code, books_of().advance, 1, order)


def test_an_order_needs_a_session_to_be_filled_in():
    books = books_of()
    refused("AK-S051", books.advance, 0, Order(np.zeros(2)))
    books.advance(3)
    refused("AK-S051", books.advance, 4, Order(np.zeros(2)))


@pytest.mark.parametrize("row", [-1, 1, 3])
def test_holdings_of_a_session_to_come(row):
    books = books_of()
    books.advance(1)
    refused("AK-S054", books.holdings, row)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1.5])
def test_exit_returns_that_cannot_be(wrong):
    gone = PRICES.to_numpy().copy()
    gone[1:, 0] = np.nan
    spec = SimulationSpec(delisted_after=1)
    prices = {"open": gone, "close": gone}
    exits = np.array([wrong, 0.0])
    refused("AK-S052", Tape.of, prices, spec=spec, exit_returns=exits)


@pytest.mark.parametrize(
    ("code", "rows", "targets"),
    [
        ("AK-S055", [1, 0], np.zeros((2, 2))),
        ("AK-S055", [1, 1], np.zeros((2, 2))),
        ("AK-S055", [0, 3], np.zeros((2, 2))),
        ("AK-S055", [-1, 0], np.zeros((2, 2))),
        ("AK-S056", [0, 1], np.zeros((1, 2))),
        ("AK-S056", [0, 1], np.zeros((2, 3))),
        ("AK-S005", [0, 1], np.full((2, 2), np.nan)),
    ],
)
def test_runs_of_decisions_that_do_not_fit(code, rows, targets):
    books = books_of()
    given = (books.tape, FREE.rates(books.tape.shape), books.spec, np.array(rows))
    refused(code, run_targets, *given, targets)
    refused(code, run_many, *given, [targets])


def test_no_decision_at_all_is_a_book_of_cash():
    books = books_of()
    rates = FREE.rates(books.tape.shape)
    idle = run_targets(
        books.tape, rates, books.spec, np.empty(0, int), np.empty((0, 2))
    )
    assert idle.nav.tolist() == [1, 1, 1]
    assert simulate(WEIGHTS * np.nan, PRICES).nav.tolist() == [1, 1, 1]
