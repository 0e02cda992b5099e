"""The books of one portfolio: units and cash, marked twice a session.

At each open

1. positions are marked at the open; a delisted name is given up for what it is worth;
2. if orders are due, every name that trades is traded to its target share of the NAV
   before costs, short only as far as it can be borrowed; what is not filled is counted;
3. the session is charged: the trades, and the borrow on the short value now held.

At each close positions are marked again. Cash earns nothing. Prices are total-return
prices, so a dividend is reinvested in the name that paid it. When the NAV is gone it
stays at zero: a loss beyond the equity is the lender's.
"""

from dataclasses import dataclass

import numpy as np

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.portfolio.costs import CostRates, charge
from alpha_kedro.portfolio.tape import Tape

_TOLERANCE = 1e-12


@dataclass(frozen=True, order=True)
class Event:
    """Something a reader of the books should know."""

    row: int
    note: str
    count: int


class Ledger:
    """Books kept session by session, in float64; the NAV starts at 1.

    Parameters
    ----------
    tape
        Prices to fill and mark at.
    rates
        Cost rates on the same axes.

    Attributes
    ----------
    nav
        (n_dates,) net asset value at the close.
    turnover
        (n_dates,) half the sum of absolute trades, share of the NAV at the trade.
    trades
        (n_dates, n_tickers) signed traded value, share of the NAV at the trade.
    costs
        (n_dates, n_tickers) value charged.
    holdings
        (n_dates, n_tickers) position at the close, share of NAV.
    events
        What was left unfilled, given up or wiped out.
    """

    def __init__(self, tape: Tape, rates: CostRates) -> None:
        n_dates, n_tickers = tape.shape
        self.tape = tape
        self.rates = rates
        self.nav = np.zeros(n_dates)
        self.turnover = np.zeros(n_dates)
        self.trades = np.zeros(tape.shape)
        self.costs = np.zeros(tape.shape)
        self.holdings = np.zeros(tape.shape)
        self.events: list[Event] = []
        self._cash = 1.0
        self._units = np.zeros(n_tickers)
        self._units_held = np.zeros(tape.shape)
        self._ruined = n_dates  # row of the wipe-out, past the end while there is none

    def open(self, row: int, target: Float | None = None) -> None:
        """Mark at the open, trade to ``target`` if orders are due, charge the session.

        Parameters
        ----------
        row
            The session; sessions come one after the other.
        target
            (n_tickers,) target share of NAV, without NaN; None where no order is due.
        """
        self._give_up(row)
        values = self._units * self.tape.open[row]
        nav = float(self._cash + values.sum())
        if nav > 0:
            none = np.zeros_like(values)
            trades = none if target is None else self._orders(row, target * nav, values)
            nav -= self._book(row, trades, values, nav, price=self.tape.open[row])
        self._check_solvency(row, nav)
        self._units_held[row] = self._units

    def close(self, row: int) -> None:
        """Mark at the close and write down the NAV and the holdings."""
        values = self._units * self.tape.close[row]
        nav = float(self._cash + values.sum())
        self._check_solvency(row, nav)
        if nav > 0:
            self.nav[row] = nav
            self.holdings[row] = values / nav

    def liquidate(self, row: int) -> None:
        """Sell at the close of ``row`` what could be traded that session, at a cost."""
        if row >= self._ruined:
            return
        nav = self.nav[row]
        values = self._units * self.tape.close[row]
        trades = self._orders(row, np.zeros_like(values), values)
        self._book(row, trades, values, nav, price=self.tape.close[row], borrow=False)
        self.close(row)

    def statement(self) -> dict[str, Float]:
        """Return the returns of every session, from price changes and costs.

        Returns
        -------
        dict
            The columns of the returns table, each (n_dates,), and under ``costs`` the
            (n_dates, n_tickers) costs as shares of the NAV before the session, which
            sum to ``cost``. ``net_return = gross_return - cost``, except that the
            session of a wipe-out returns -1: costs take no more than is left.

        Raises
        ------
        SimulationError
            ``AK-S001`` where price changes and costs do not explain the change of the
            NAV, which was kept in cash and values instead.
        """
        pnl = self._gross_pnl()
        before = np.append(1.0, self.nav[:-1])
        self._check_identity(pnl, before)
        alive = np.where(before > 0, before, np.inf)
        gross, costs = pnl / alive, self.costs / alive[:, np.newaxis]
        self._cap_the_loss(gross, costs)
        net = gross - costs.sum(axis=1)
        net[self._ruined : self._ruined + 1] = -1.0
        return {
            "gross_return": gross,
            "cost": costs.sum(axis=1),
            "net_return": net,
            "turnover": self.turnover,
            "gross_exposure": np.abs(self.holdings).sum(axis=1),
            "net_exposure": self.holdings.sum(axis=1),
            "nav": np.cumprod(1 + net),
            "costs": costs,
        }

    def _give_up(self, row: int) -> None:
        gone = (self.tape.given_up == row) & (self._units != 0)
        if gone.any():
            self._cash += float((self._units * self.tape.open[row])[gone].sum())
            self._units = np.where(gone, 0.0, self._units)
            self._note(row, "delisted", gone)

    def _orders(self, row: int, wanted: Float, values: Float) -> Float:
        """Return the trades that can be filled and count what is left of the others.

        A long in a name that cannot be borrowed is still sold, down to nothing: without
        any trade the book would stay on the wrong side.
        """
        lowest = np.where(self.tape.shortable[row], -np.inf, np.minimum(values, 0.0))
        reached = np.where(self.tape.fillable[row], np.maximum(wanted, lowest), values)
        self._note(row, "unfilled", reached != wanted)
        return reached - values

    def _book(
        self,
        row: int,
        trades: Float,
        values: Float,
        nav: float,
        *,
        price: Float,
        borrow: bool = True,
    ) -> float:
        """Book the trades and what the session costs; return the cost."""
        held = values + trades
        costs = charge(
            trades,
            held,
            trading=self.rates.trading[row],
            borrow=self.rates.borrow[row] if borrow else 0.0,
        )
        self._units = np.divide(held, price, out=self._units.copy(), where=trades != 0)
        self._cash -= float(trades.sum() + costs.sum())
        self.trades[row] += trades / nav
        self.turnover[row] += np.abs(trades).sum() / (2 * nav)
        self.costs[row] += costs
        return float(costs.sum())

    def _check_solvency(self, row: int, nav: float) -> None:
        if nav <= 0 and row < self._ruined:
            self._ruined = row
            self._units = np.zeros_like(self._units)
            self._cash = self.nav[row] = self.holdings[row] = 0.0
            self._note(row, "wiped_out", np.ones(1, dtype=bool))

    def _note(self, row: int, note: str, where: Bool) -> None:
        if where.any():
            self.events.append(Event(row, note, int(np.count_nonzero(where))))

    def _gross_pnl(self) -> Float:
        opens, close, units = self.tape.open, self.tape.close, self._units_held
        pnl: Float = np.einsum("ij,ij->i", units, close - opens)
        pnl[1:] += np.einsum("ij,ij->i", units[:-1], opens[1:] - close[:-1])
        return pnl

    def _cap_the_loss(self, gross: Float, costs: Float) -> None:
        """Take no more than the equity on the day it is wiped out, costs last."""
        row = self._ruined
        if row < len(gross):
            gross[row] = max(gross[row], -1.0)
            left, charged = 1 + gross[row], costs[row].sum()
            costs[row] *= left / charged if charged > left else 1.0

    def _check_identity(self, pnl: Float, before: Float) -> None:
        gap = np.abs(pnl - self.costs.sum(axis=1) - (self.nav - before))
        worth = np.einsum(
            "ij,ij->i", np.abs(self._units_held), self.tape.open + self.tape.close
        )
        broken = np.flatnonzero(~(gap <= _TOLERANCE * (before + worth)))
        broken = broken[broken < self._ruined]
        if len(broken):
            raise SimulationError(
                "AK-S001",
                "the ledger does not add up: PnL - costs is not the change of the NAV",
                where=[f"session {row}" for row in broken],
                got=f"a gap of {gap[broken[0]]:.3g} of the starting NAV",
                wanted=f"at most {_TOLERANCE:g} of what is held",
                fix="a fault of the engine: report it with the inputs",
            )
