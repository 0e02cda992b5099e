"""The books of one portfolio, kept segment by segment."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.kernels import dense
from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.portfolio.costs import CostRates
from alpha_kedro.portfolio.simulation.events import Event, events_of
from alpha_kedro.portfolio.simulation.layout import (
    empty_series,
    first_state,
    laid_out,
    no_orders,
    rates_of,
    refuse_not_finite,
    terms_of,
)
from alpha_kedro.portfolio.simulation.liquidation import Sale, sell_out
from alpha_kedro.portfolio.simulation.records import Kept, Orders
from alpha_kedro.portfolio.simulation.sessions import keep_books
from alpha_kedro.portfolio.simulation.spec import SimulationSpec
from alpha_kedro.portfolio.simulation.statement import Statement
from alpha_kedro.portfolio.simulation.tape import Tape

_COUNTED = ("unfilled", "partly_filled", "delisted")


@dataclass(frozen=True, eq=False)
class Order:
    """What a decision asks for.

    Attributes
    ----------
    weights
        (n_tickers,) target share of NAV, finite.
    keep
        (n_tickers,) names that are left alone: no order, no cost. None: no name is.
    """

    weights: Float
    keep: Bool | None = None


class Books:
    """Units and cash, in float64; the NAV starts at 1.

    Parameters
    ----------
    tape
        Prices to fill and mark at.
    charges
        Cost rates on the same axes.
    spec
        On which terms orders are filled.
    retrace
        Keeps the same books over again. Where it is given no units are written down,
        which hundreds of books could not afford: they are made when asked for.

    Attributes
    ----------
    nav
        (n_dates,) net asset value at the close, 0 for sessions to come.
    done
        Sessions the books have been kept for.
    """

    def __init__(
        self,
        tape: Tape,
        charges: CostRates,
        spec: SimulationSpec,
        *,
        retrace: Callable[[], "Books"] | None = None,
    ) -> None:
        n_dates, n_tickers = tape.shape
        self.tape = tape
        self.spec = spec
        self.rates = rates_of(charges)
        self.series = empty_series(n_dates)
        self.done = 0
        self.sale: Sale | None = None
        self.state = first_state(n_tickers)
        self._marks, self._access, self._terms = tape.marks, tape.access, terms_of(spec)
        self._retrace = retrace
        self._blocks = [(np.zeros(1, np.int64), np.zeros((1, n_tickers)))]
        self._noted: list[Event] = []

    @property
    def nav(self) -> Float:
        """Return (n_dates,) net asset value at the close."""
        return self.series.nav

    def advance(self, stop: int, order: Order | None = None) -> None:
        """Keep the books of every session before ``stop`` that has not been kept.

        Parameters
        ----------
        stop
            The first session left to come.
        order
            Filled in the next session; it replaces what is left of the last one.

        Raises
        ------
        SimulationError
            ``AK-S005`` for weights that are not finite, ``AK-S051`` for an order with
            no session left to fill it, ``AK-S053`` for weights of another shape.
        """
        if order is None:
            orders = no_orders(len(self.state.units))
        else:
            orders = self._orders_of(order, stop)
        if stop > self.done:
            self.follow(orders, stop)

    def follow(self, orders: Orders, stop: int) -> None:
        """Keep the books up to before ``stop`` under orders laid out beforehand."""
        stop = min(stop, self.tape.shape[0])
        kept = self._room_for(orders, stop)
        n_kept = keep_books(
            self._marks,
            self._access,
            self.rates,
            self._terms,
            orders,
            self.state,
            self.series,
            kept,
            self.done,
            stop,
        )
        if n_kept:
            self._blocks.append((kept.rows[:n_kept], kept.units[:n_kept]))
            self.__dict__.pop("units", None)
        self.done = stop

    def note(self, events: list[Event]) -> None:
        """Write down what the sessions do not know."""
        self._noted += events

    def holdings(self, row: int) -> Float:
        """Return (n_tickers,) drifted weights at the close of ``row``, share of NAV.

        Raises
        ------
        SimulationError
            ``AK-S054`` for a session that lies ahead.
        """
        if not 0 <= row < self.done:
            raise SimulationError(
                "AK-S054",
                "holdings of a session the books have not been kept for",
                got=f"session {row} of {self.done}",
                fix="advance the books past that session first",
            )
        nav = self.nav[row]
        units = self.state.units if row == self.done - 1 else self.units_at(row)
        if not nav > 0:
            return np.zeros(len(units))
        held: Float = units * self.tape.close[row] / nav
        return held

    def units_at(self, row: int) -> Float:
        """Return (n_tickers,) units held at the close of ``row``."""
        kept = self.units
        held: Float = kept.units[np.searchsorted(kept.rows, row, side="right") - 1]
        return held

    @cached_property
    def units(self) -> Kept:
        """Return the units held from each session that changed them on.

        The first entry is the empty book, before anything is traded; a final
        liquidation is not among them.
        """
        if self._retrace is not None:
            return self._retrace().units
        rows, units = zip(*self._blocks, strict=True)
        return Kept(np.concatenate(rows), np.concatenate(units))

    @property
    def events(self) -> list[Event]:
        """Return what was left unfilled, cut, given up, sold at the end or lost."""
        found = list(self._noted)
        for note in _COUNTED:
            found += events_of(note, getattr(self.series, note))
        if self.state.ruin[0] >= 0:
            found.append(Event(int(self.state.ruin[0]), "wiped_out", 1))
        elif self.done == self.tape.shape[0] and self.state.left[0] > 0:
            waiting = int(np.count_nonzero(self.state.waiting))
            found.append(Event(self.done - 1, "unfilled", waiting))
        return found

    def statement(self) -> Statement:
        """Return the returns of every session, from price changes and costs.

        Raises
        ------
        SimulationError
            ``AK-S001`` where price changes and costs do not explain the change of the
            NAV, which was kept in cash and values instead.

        Notes
        -----
        With ``liquidate_at_end`` the book is sold here, once nothing is left to decide.
        """
        finished = self.done == self.tape.shape[0]
        if finished and self.spec.liquidate_at_end and self.sale is None:
            self.sale = sell_out(self, self.done - 1)
        return Statement.of(self)

    def _orders_of(self, order: Order, stop: int) -> Orders:
        weights, shape = dense(order.weights), self.state.units.shape
        keep = None if order.keep is None else np.asarray(order.keep)
        if weights.shape != shape or (keep is not None and keep.shape != shape):
            raise SimulationError(
                "AK-S053",
                "an order that does not fit the names of the tape",
                got=f"weights of shape {weights.shape}",
                wanted=f"weights, and what to keep, of shape {shape}",
            )
        refuse_not_finite(weights[np.newaxis])
        if not self.done < min(stop, self.tape.shape[0]):
            raise SimulationError(
                "AK-S051",
                "an order with no session left to fill it",
                got=f"stop {stop} with {self.done} sessions kept",
                wanted="a stop past the session of the fill",
            )
        rows, places = np.array([self.done]), np.zeros(1, np.int64)
        names = None if keep is None else keep[np.newaxis]
        return laid_out(rows, places, weights[np.newaxis], names)

    def _room_for(self, orders: Orders, stop: int) -> Kept:
        """Make room for the units of every session that may change them."""
        if self._retrace is not None:
            return Kept(np.empty(0, np.int64), np.empty((0, len(self.state.units))))
        endings = np.count_nonzero(self._access.endings[self.done : stop])
        worked = len(orders.rows) * self.spec.order_life + int(self.state.left[0])
        n_rows = min(int(worked) + int(endings), stop - self.done)
        units = np.empty((n_rows, len(self.state.units)))
        return Kept(np.empty(n_rows, np.int64), units)
