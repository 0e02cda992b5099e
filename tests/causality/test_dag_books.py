"""Books of every kind through the whole DAG: a later input moves none before it.

`tests.causality.books.LIBRARY` has every construction, overlay and rule how fast to
trade; what is compared is all that backtesting writes of single sessions, and the lines
that benchmarks are drawn as.
"""

from typing import get_args

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.portfolio.construction import RiskWeights
from alpha_kedro.portfolio.overlays import AnyOverlay
from alpha_kedro.portfolio.strategy import Kind
from alpha_kedro.portfolio.trading import AnyTradingRule
from tests.causality.books import (
    ABSENCE,
    BOOKS,
    DATED,
    before_the_books,
    market_of_books,
    other_future,
    run_books,
    run_books_alone,
    settings,
)
from tests.causality.dag import assert_same_until, cut_off_after, garbled_on

ROUNDING = 1e-9


@pytest.fixture(scope="module")
def whole():
    return run_books(market_of_books())


@pytest.fixture(scope="module")
def sessions():
    return pd.DatetimeIndex(np.unique(market_of_books().bars["date"]))


@pytest.fixture(scope="module")
def cuts(whole, sessions):
    """A day of a decision, a day without one, and the last day but a few."""
    decided = whole["weights"]["date"].unique()
    midweek = sessions[sessions.get_loc(decided[60]) + 2]
    assert midweek not in decided
    return decided[40], midweek, sessions[-15]


def overlays_of(strategies):
    return {each.kind for book in strategies for each in book.overlays}


def test_every_construction_overlay_and_rule_stands_in_a_book():
    books = [settings().strategy_library[name] for name in settings().strategies]
    unions = [get_args(union)[0] for union in (AnyOverlay, AnyTradingRule)]
    every = [each for union in unions for each in get_args(union)]
    assert {book.kind for book in books} == set(get_args(Kind))
    assert overlays_of(books) == {each.model_fields["kind"].default for each in every}
    sized = {book.construction.kind for book in books if book.kind == "risk_weights"}
    assert sized == set(get_args(RiskWeights.model_fields["kind"].annotation))
    assert {book.tranches for book in books} > {1}
    assert "measured" in {book.score_half_life for book in books}


def test_every_book_trades_and_every_overlay_changes_something(whole, cuts):
    """A book that never traded, or a limit that never bound, would hide anything."""
    before = {name: whole[name][whole[name]["date"] <= cuts[1]] for name in DATED}
    traded = before["returns"].groupby("strategy")["turnover"].sum()
    assert set(traded.index) == set(BOOKS["strategies"])
    assert (traded > 0.3).all(), traded.to_dict()
    changed = (
        before["overlay_changes"].groupby(["strategy", "overlay"])["changed"].sum()
    )
    assert (changed > 0.001).all(), changed.to_dict()
    paid = before["bills"].sum(numeric_only=True)
    assert (paid[["trading", "impact", "borrow"]] > 0).all(), paid.to_dict()


@pytest.fixture(scope="module")
def elsewhere(cuts):
    return run_books(other_future(market_of_books(), cuts[0]))


def test_another_future_moves_nothing_of_the_past(elsewhere, whole, cuts):
    assert_same_until(elsewhere, whole, cuts[0], names=DATED)


@pytest.mark.parametrize("place", [1, 2])
def test_nor_does_it_after_another_day(whole, cuts, place):
    seen = run_books(other_future(market_of_books(), cuts[place]))
    assert_same_until(seen, whole, cuts[place], names=DATED)


def test_another_future_does_move_the_future(elsewhere, whole):
    for name in DATED:
        with pytest.raises(AssertionError):
            assert_same_until(elsewhere, whole, pd.Timestamp.max, names=[name])
    assert moved_books(elsewhere["weights"], whole["weights"]) == set(
        BOOKS["strategies"]
    )


def moved_books(one, other):
    """The strategies that hold anything else in one of two tables."""
    tables = (dict(tuple(table.groupby("strategy"))) for table in (one, other))
    first, second = tables
    return {
        name
        for name in first
        if not np.array_equal(first[name]["weight"], second[name]["weight"])
    }


def test_another_future_moves_no_line_that_books_are_held_against(cuts):
    chosen = settings("quintiles", "trend")
    one, other = (
        run_books_alone(before_the_books(inputs), chosen, only_to=("evidence",))
        for inputs in (market_of_books(), other_future(market_of_books(), cuts[1]))
    )
    assert_same_until(one, other, cuts[1], names=["lines"])
    past = other["lines"][other["lines"]["date"] <= cuts[1]]
    assert past.groupby(["line", "benchmark"])["value"].count().min() > 300


def test_a_history_cut_off_has_the_same_books(whole, sessions, cuts):
    seen = run_books(cut_off_after(market_of_books(), cuts[0]))
    assert_same_until(seen, whole, cuts[0], names=["weights"], rtol=ROUNDING)
    # The ledger writes a name off once its absence has lasted.
    known = sessions[sessions.get_loc(cuts[0]) - ABSENCE]
    told = ["returns", "bills", "overlay_changes", "universe_returns"]
    assert_same_until(seen, whole, known, names=told, rtol=ROUNDING)


def test_what_a_session_costs_is_known_before_its_open(whole, sessions, cuts):
    """Nonsense in a day's bars, but for the open, moves no cost of trading on it."""
    fill = sessions[sessions.get_loc(cuts[0]) + 1]
    seen = run_books(garbled_on(market_of_books(), fill, but_the_open=True))
    assert same_costs(trading_costs(seen, fill), trading_costs(whole, fill))


def same_costs(one, other):
    # A share of NAV is rebuilt from amounts: the same but for rounding.
    return np.allclose(one, other, rtol=1e-12, atol=1e-18)


def trading_costs(tables, day):
    """What was paid for trading on a day, and how much was traded."""
    bills = tables["bills"].query("date == @day").set_index("strategy")
    traded = tables["returns"].query("date == @day").set_index("strategy")["turnover"]
    assert bills["impact"].sum() > 0
    return bills[["trading", "impact"]].assign(turnover=traded)
