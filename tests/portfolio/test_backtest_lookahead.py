"""Detectors of looking ahead, each of which has to catch a planted leak."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.panel import Panel
from alpha_kedro.portfolio import (
    CostSpec,
    SimulationSpec,
    StrategySpec,
    run_backtest,
    simulate,
)
from tests.portfolio.toy_markets import last_return_scores, random_panel, two_sectors

SPEC = StrategySpec(model="any", name_cap=0.5)


def garbled(panel, rows, *, seed=99):
    """Replace the prices of some sessions by noise of the same shape."""
    rng = np.random.default_rng(seed)
    fields = dict(panel.fields)
    for name in ("open", "close"):
        fields[name] = panel[name].copy()
        fields[name][rows] *= rng.uniform(0.5, 2.0, fields[name][rows].shape)
    return Panel(panel.axes, fields)


def ran(panel, scores, *, sectors=None, exit_returns=None):
    return run_backtest(
        panel,
        scores,
        sectors=two_sectors(panel) if sectors is None else sectors,
        exit_returns=exit_returns,
        spec=SPEC,
        costs=CostSpec(),
        simulation=SimulationSpec(),
    )


def until(result, date):
    """Everything a run says about the sessions up to a date."""
    books = result.simulation
    tables = (books.returns, books.trades, books.costs, books.holdings)
    tables = (table.reset_index() for table in tables)
    return [
        table[table["date"] <= date].reset_index(drop=True)
        for table in (result.weights, *tables)
    ]


def same(left, right):
    return all(a.equals(b) for a, b in zip(left, right, strict=True))


def future_is_invisible(panel, score, cut):
    """Garble all that follows a session; what was done up to it must not change."""
    changed = garbled(panel, slice(cut + 1, None))
    day = panel.dates[cut]
    return same(
        until(ran(panel, score(panel)), day), until(ran(changed, score(changed)), day)
    )


def leaking_scores(panel):
    """Score by the return of the session to come."""
    close = panel["close"]
    returns = np.full(close.shape, np.nan)
    returns[:-1] = close[1:] / close[:-1] - 1
    decisions = np.zeros(close.shape, dtype=bool)
    decisions[5::5] = True
    return Panel(panel.axes, {"score": returns}).to_table(decisions)


@pytest.mark.parametrize("cut", [9, 10, 11, 40, 76, 78])
def test_the_future_changes_nothing_that_was_done(cut):
    panel = random_panel(gaps=0.05)
    assert future_is_invisible(panel, last_return_scores, cut)


def test_a_score_that_knows_tomorrow_is_caught():
    assert not future_is_invisible(random_panel(), leaking_scores, 10)


def test_a_delisting_is_not_in_the_books_before_it_could_be_known():
    panel = random_panel()
    fields = {name: panel[name].copy() for name in ("open", "close", "traded")}
    for name, nothing in (("open", np.nan), ("close", np.nan), ("traded", False)):
        fields[name][30:, :4] = nothing
    dead = Panel(panel.axes, fields)
    halted = {name: field.copy() for name, field in fields.items()}
    for name, field in halted.items():
        field[45:] = panel[name][45:]
    back = Panel(panel.axes, halted)
    # Last bar in row 29 and ten sessions of absence: the loss is booked in row 39.
    eve, day = panel.dates[38], panel.dates[39]
    scores = last_return_scores(dead)
    assert same(until(ran(dead, scores), eve), until(ran(back, scores), eve))
    assert not same(until(ran(dead, scores), day), until(ran(back, scores), day))
    books = ran(dead, scores).simulation
    given_up = books.notes.query("note == 'delisted'")
    assert given_up["date"].tolist() == [day]
    assert not books.holdings.loc[day:, dead.tickers[:4]].any(axis=None)


def test_what_a_position_fetches_in_the_end_is_in_no_decision():
    panel = random_panel()
    fields = {name: panel[name].copy() for name in ("open", "close", "traded")}
    for name, nothing in (("open", np.nan), ("close", np.nan), ("traded", False)):
        fields[name][30:, :4] = nothing
    dead = Panel(panel.axes, fields)
    scores, n_tickers = last_return_scores(dead), len(panel.tickers)
    one, other = (
        ran(
            dead,
            scores,
            exit_returns=np.random.default_rng(k).uniform(-1, 1, n_tickers),
        )
        for k in (1, 2)
    )
    assert one.weights.equals(other.weights)
    eve, day = panel.dates[38], panel.dates[39]
    assert same(until(one, eve), until(other, eve))
    assert not same(until(one, day), until(other, day))


def trades_ignore_their_own_day(close, *, lag, row=21):
    """Garble what the score sees of one session; the fills of that session must stay.

    The books are kept at the true prices both times, so only a decision can differ.
    """

    def trades(seen):
        returns = seen.pct_change(fill_method=None).rank(axis=1)
        weights = returns.sub(returns.mean(axis=1), axis=0) / 100
        return simulate(weights, close, lag=lag).trades.iloc[row]

    changed = close.copy()
    changed.iloc[row] = close.iloc[row].to_numpy()[::-1]
    return trades(close).equals(trades(changed))


def test_orders_filled_at_the_close_they_were_decided_on_are_caught():
    panel = random_panel()
    close = pd.DataFrame(panel["close"], index=panel.dates, columns=panel.tickers)
    assert trades_ignore_their_own_day(close, lag=1)
    assert not trades_ignore_their_own_day(close, lag=0)


def first_fill_ignores_its_own_day(panel, score):
    """Garble the session of the first fill; what is bought, as a share, must stay."""
    day = panel.dates[6]
    runs = [ran(p, score(p)) for p in (panel, garbled(panel, 6))]
    trades = [run.simulation.trades.loc[day] for run in runs]
    # Trades are rebuilt from units and prices: the same but for rounding.
    return trades[0].any() and np.allclose(*trades, rtol=1e-12, atol=1e-15)


def test_a_session_changes_no_order_that_is_filled_in_it():
    assert first_fill_ignores_its_own_day(random_panel(), last_return_scores)


def test_an_order_that_knows_its_own_session_is_caught():
    assert not first_fill_ignores_its_own_day(random_panel(), leaking_scores)


def test_costs_of_a_day_do_not_know_the_next():
    panel = random_panel()
    cut = 30
    changed = garbled(panel, slice(cut + 1, None))
    costs = [ran(p, last_return_scores(p)).simulation.costs for p in (panel, changed)]
    day = panel.dates[cut]
    assert costs[0].loc[:day].equals(costs[1].loc[:day])
    assert not costs[0].equals(costs[1])
