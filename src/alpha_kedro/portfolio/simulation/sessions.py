"""One session after the other, compiled: units and cash, marked three times a session.

At each open

1. dividends on what was held overnight are paid, by shorts too, where they are cash;
2. positions are marked at the open; a delisted name is given up for what it is worth.

At the fill, which is the open unless asked otherwise,

3. positions are marked; if an order is due, or an earlier one still worked, every name
   that trades is traded towards its target share of the NAV before costs, short only as
   far as it can be borrowed and no more than the market bears; the rest is counted;
4. the session is charged: the trades, the borrow on the short value now held, and
   interest. The proceeds of shorts stand apart as their collateral: they earn the
   rebate, cash beyond them earns interest, and a debit beside them pays financing.

At the close positions are marked again. When the NAV is gone it stays at zero: a loss
beyond the equity is the lender's. Sums run in the order of the columns.
"""

from typing import TypeVar

import numpy as np

from alpha_kedro.core.kernels import Formula, kernel
from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.portfolio.costs.charge import bill, impact_bill
from alpha_kedro.portfolio.simulation.records import (
    AT_CLOSE,
    AT_FILL,
    AT_OPEN,
    Access,
    After,
    Before,
    Kept,
    Marks,
    Orders,
    Rates,
    Series,
    State,
    Terms,
)

Table = TypeVar("Table", Float, Bool)


@kernel
def keep_books(
    marks: Marks,
    access: Access,
    rates: Rates,
    terms: Terms,
    orders: Orders,
    state: State,
    series: Series,
    kept: Kept,
    start: int,
    stop: int,
) -> int:
    """Keep the books from session ``start`` to before ``stop``.

    Returns
    -------
    int
        How many rows of ``kept`` were written.
    """
    n_orders, n_kept = len(orders.rows), 0
    due = np.searchsorted(orders.rows, start)
    units = state.units
    for row in range(start, stop):
        if state.ruin[0] >= 0:
            break
        before = _before(units, marks, row)
        paid = _dividends(units, marks.dividends, row)
        cash = state.cash[0] + paid
        series.pnl[row] = before.gain + paid
        if not cash + before.at_open > 0:
            _ruin(state, row, AT_OPEN)
            break
        nav = cash + before.at_fill
        series.fill_nav[row] = nav
        if not nav > 0:
            _ruin(state, row, AT_FILL)
            break
        if access.endings[row] > 0:  # what is dead has the same price at the fill
            cash += _give_up(units, access.given_up, marks.open[row], series, row)
        cost, changed = 0.0, series.delisted[row] > 0
        is_new = bool(due < n_orders and orders.rows[due] == row)
        if is_new:
            _take(orders, orders.places[due], nav, terms.order_life, state, series, row)
            due += 1
        if state.left[0] > 0:
            prices = marks.fill[row]
            traded, cost = _fill(prices, access, rates, is_new, state, series, row)
            series.turnover[row] /= 2 * nav
            cash -= traded + cost
            changed = changed or series.turnover[row] > 0
        if changed and n_kept < len(kept.rows):
            kept.rows[n_kept] = row
            kept.units[n_kept] = units
            n_kept += 1
        after = _after(units, marks, rates, row)
        interest = _interest(cash, after.short, terms, series, row) if row else 0.0
        series.borrow[row] = after.borrow
        series.worth[row] = after.worth
        cash += interest - after.borrow
        if not nav + interest - cost - after.borrow > 0:
            _ruin(state, row, AT_FILL)
            break
        series.pnl[row] += after.gain
        nav = cash + after.at_close
        if not nav > 0:
            _ruin(state, row, AT_CLOSE)
            break
        state.cash[0] = cash
        series.nav[row] = nav
        series.gross[row] = after.gross / nav
        series.net[row] = after.at_close / nav
    return n_kept


@Formula
def at(table: Table, row: int) -> Table:
    """Return the row of a table of which one row may stand for all."""
    found: Table = table[row] if len(table) > 1 else table[0]
    return found


@Formula
def _before(units: Float, marks: Marks, row: int) -> Before:
    """Mark the units of the last close, at the open and at the fill."""
    last, opens, fill = marks.close[max(row - 1, 0)], marks.open[row], marks.fill[row]
    at_open, at_fill, gain = 0.0, 0.0, 0.0
    for name in range(len(units)):
        held = units[name]
        at_open += held * opens[name]
        at_fill += held * fill[name]
        gain += held * (fill[name] - last[name])
    return Before(at_open, at_fill, gain)


@Formula
def _after(units: Float, marks: Marks, rates: Rates, row: int) -> After:
    """Mark the units there are now, at the fill and at the close."""
    fill, close, fee = marks.fill[row], marks.close[row], at(rates.borrow, row)
    at_close, gain, gross, worth, short, borrow = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for name in range(len(units)):
        held = units[name]
        value, closing = held * fill[name], held * close[name]
        at_close += closing
        gain += held * (close[name] - fill[name])
        gross += abs(closing)
        worth += abs(value)
        short += max(-value, 0.0)
        borrow += bill(0.0, value, 0.0, fee[name], 0.0)
    return After(at_close, gain, gross, worth + gross, short, borrow)


@Formula
def _dividends(units: Float, dividends: Float, row: int) -> float:
    paid = 0.0
    if len(dividends) > 0:
        for name in range(len(units)):
            paid += units[name] * dividends[row, name]
    return paid


@Formula
def _give_up(
    units: Float, given_up: Int, opens: Float, series: Series, row: int
) -> float:
    """Turn dead names into cash; return what they leave."""
    proceeds = 0.0
    for name in range(len(units)):
        if given_up[name] == row and units[name] != 0:
            proceeds += units[name] * opens[name]
            units[name] = 0.0
            series.delisted[row] += 1
    return proceeds


@Formula
def _take(
    orders: Orders,
    place: int,
    nav: float,
    life: int,
    state: State,
    series: Series,
    row: int,
) -> None:
    """Replace what is left of the last order by the next one."""
    weights = orders.targets[place]
    for name in range(len(weights)):
        if state.left[0] > 0 and state.waiting[name]:
            series.unfilled[row] += 1
        weight = weights[name]
        state.wanted[name] = weight * nav if weight == weight else 0.0
        state.waiting[name] = len(orders.keep) == 0 or not orders.keep[place, name]
    state.left[0] = life


@Formula
def _fill(
    prices: Float,
    access: Access,
    rates: Rates,
    is_new: bool,
    state: State,
    series: Series,
    row: int,
) -> tuple[float, float]:
    """Trade what can be traded; return its signed value and its cost."""
    if not is_new:
        for name in range(len(prices)):
            state.wanted[name] = state.aims[name] * prices[name]
    missed, series.partly_filled[row] = _trade(prices, access, rates, state, row)
    traded, amount, cost, moved = 0.0, 0.0, 0.0, 0.0
    for name in range(len(prices)):
        trade = state.trades[name]
        traded += trade
        amount += abs(trade)
        cost += state.bills[name]
    if rates.moves:
        impact = at(rates.impact, row)
        for name in range(len(prices)):
            moved += impact_bill(state.trades[name], impact[name])
    series.turnover[row] = amount
    series.impact[row] = moved
    series.trading[row] = max(cost - moved, 0.0)
    if is_new and missed > 0 and state.left[0] > 1:
        missed -= _work_on(prices, state, series, row)
    state.left[0] = state.left[0] - 1 if missed > 0 else 0
    if state.left[0] == 0:
        series.unfilled[row] += missed
    return traded, cost


@Formula
def _trade(
    prices: Float, access: Access, rates: Rates, state: State, row: int
) -> tuple[int, int]:
    """Move the units of every waiting order as far as can be, and bill it.

    Count what still waits, and what the volume cut. Without a branch or a sum of
    values, so that several names go through at a time.
    """
    fillable, shortable = at(access.fillable, row), at(access.shortable, row)
    trading, impact = at(rates.trading, row), at(rates.impact, row)
    largest, units, waiting = at(access.largest, row), state.units, state.waiting
    n_waiting, n_cut = 0, 0
    for name in range(len(prices)):
        value, wanted = units[name] * prices[name], state.wanted[name]
        lowest = 0.0 if value > 0 else value  # where nothing more can be borrowed
        reached = wanted if shortable[name] | (wanted > lowest) else lowest
        reached = reached if fillable[name] & waiting[name] else value
        trade, most = reached - value, largest[name]
        cut = most if trade > most else (-most if trade < -most else trade)
        reached = reached if cut == trade else value + cut
        units[name] = units[name] if cut == 0 else reached / prices[name]
        state.trades[name] = cut
        state.bills[name] = bill(cut, 0.0, trading[name], 0.0, impact[name])
        waiting[name] = waiting[name] & (reached != wanted)
        n_waiting += waiting[name]
        n_cut += cut != trade
    return n_waiting, n_cut


@Formula
def _work_on(prices: Float, state: State, series: Series, row: int) -> int:
    """Turn what orders wait for into units; give up, and count, what has no price."""
    lapsed = 0
    for name in range(len(prices)):
        if state.waiting[name] and prices[name] == 0:
            state.waiting[name] = False
            lapsed += 1
        elif state.waiting[name]:
            state.aims[name] = state.wanted[name] / prices[name]
    series.unfilled[row] += lapsed
    return lapsed


@Formula
def _interest(
    cash: float, short: float, terms: Terms, series: Series, row: int
) -> float:
    """Return interest earned less paid since the close before; see the module."""
    free = cash - short
    credit, debit = (free, 0.0) if free >= 0 else (0.0, -free)
    series.interest[row] = credit * terms.cash + short * terms.rebate
    series.financing[row] = debit * terms.financing
    return float(series.interest[row] - series.financing[row])


@Formula
def _ruin(state: State, row: int, moment: int) -> None:
    state.ruin[0], state.ruin[1] = row, moment
    state.units[:] = 0.0
    state.cash[0] = 0.0
