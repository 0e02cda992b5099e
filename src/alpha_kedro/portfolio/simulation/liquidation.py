"""The end of a book that is sold rather than marked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.costs import charge
from alpha_kedro.portfolio.simulation.events import Event
from alpha_kedro.portfolio.simulation.records import AT_CLOSE
from alpha_kedro.portfolio.simulation.sessions import at

if TYPE_CHECKING:
    from alpha_kedro.portfolio.simulation.books import Books


@dataclass(frozen=True, eq=False)
class Sale:
    """What was sold at the last close.

    Attributes
    ----------
    trades, costs
        (n_tickers,) signed traded value and what it cost, in units of the starting NAV.
    left
        (n_tickers,) units that could not be sold.
    nav
        Before the sale.
    """

    trades: Float
    costs: Float
    left: Float
    nav: float


def sell_out(books: "Books", row: int) -> Sale | None:
    """Sell at the close of ``row`` what could be traded that session, at a cost.

    The limit by volume holds; a book that is gone sells nothing.
    """
    nav, units, series = float(books.nav[row]), books.state.units, books.series
    if not nav > 0:
        return None
    close = books.tape.close[row]
    values, largest = units * close, at(books.tape.largest, row)
    trades = np.copysign(np.minimum(np.abs(values), largest), -values)
    trades = np.where(at(books.tape.fillable, row), trades, 0.0)
    part = (trades != 0) & (trades != -values)
    left = np.where(trades == 0, units, 0.0)
    left[part] = (values + trades)[part] / close[part]
    impact = at(books.rates.impact, row)
    costs = charge(
        trades, values, trading=at(books.rates.trading, row), borrow=0.0, impact=impact
    )
    moved = charge(trades, values, trading=0.0, borrow=0.0, impact=impact).sum()
    series.turnover[row] += np.abs(trades).sum() / (2 * nav)
    series.impact[row] += moved
    series.trading[row] += max(costs.sum() - moved, 0.0)
    books.state.cash[0] -= trades.sum() + costs.sum()
    units[:] = left
    _mark(books, row, left * close)
    books.note(_events(row, trades, left))
    return Sale(trades, costs, left, nav)


def _mark(books: "Books", row: int, values: Float) -> None:
    series, nav = books.series, float(books.state.cash[0] + values.sum())
    if not nav > 0:
        books.state.ruin[:] = row, AT_CLOSE
        books.state.units[:] = 0.0
        values, nav = np.zeros_like(values), 0.0
    series.nav[row] = nav
    series.gross[row] = np.abs(values).sum() / nav if nav else 0.0
    series.net[row] = values.sum() / nav if nav else 0.0


def _events(row: int, trades: Float, left: Float) -> list[Event]:
    counts = {"liquidated": trades, "unfilled": left}
    return [
        Event(row, note, int(np.count_nonzero(names)))
        for note, names in counts.items()
        if names.any()
    ]
