"""What the books say: returns session by session, and the tables behind them."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.costs import charge
from alpha_kedro.portfolio.simulation.records import AT_CLOSE, AT_OPEN, Series

if TYPE_CHECKING:
    from alpha_kedro.portfolio.simulation.books import Books

_TOLERANCE = 1e-12
KINDS = ("trading", "impact", "borrow", "financing")
"""What a session is charged for; trading is commission and spread."""


@dataclass(frozen=True, eq=False)
class Statement:
    """Returns of every session, (n_dates,) each, and on demand the tables behind them.

    Attributes
    ----------
    gross_return
        Price changes, dividends and interest earned, share of the NAV before.
    cost
        Share of the NAV before, never negative; the sum of ``costs_by_kind``.
    net_return
        ``gross_return - cost``, except that the session of a wipe-out returns -1: costs
        take no more than is left.
    turnover
        Half the sum of absolute trades, share of the NAV at the trade.
    gross_exposure, net_exposure
        At the close, share of NAV.
    nav
        Compounded from 1.
    interest
        The part of ``gross_return`` that cash earned; no name has it.
    costs_by_kind
        ``trading`` (commission and spread), ``impact``, ``borrow``, ``financing``.
    """

    gross_return: Float
    cost: Float
    net_return: Float
    turnover: Float
    gross_exposure: Float
    net_exposure: Float
    nav: Float
    interest: Float
    costs_by_kind: dict[str, Float]
    books: "Books"

    @classmethod
    def of(cls, books: "Books") -> "Statement":
        """Close the books; `Books.statement` says what is checked."""
        series, ruin = books.series, int(books.state.ruin[0])
        before = _nav_before(books)
        _check_identity(series, before, books.done if ruin < 0 else ruin)
        gross = (series.pnl + series.interest) / before
        kinds = {kind: getattr(series, kind) / before for kind in KINDS}
        if ruin >= 0:
            _cap_the_loss(gross, kinds, ruin, at_open=books.state.ruin[1] == AT_OPEN)
        cost = kinds["trading"] + kinds["impact"] + kinds["borrow"] + kinds["financing"]
        net = gross - cost
        if ruin >= 0:
            net[ruin] = -1.0
        return cls(
            gross_return=gross,
            cost=cost,
            net_return=net,
            turnover=series.turnover,
            gross_exposure=series.gross,
            net_exposure=series.net,
            nav=np.cumprod(1 + net),
            interest=series.interest / before,
            costs_by_kind=kinds,
            books=books,
        )

    @cached_property
    def holdings(self) -> Float:
        """Return (n_dates, n_tickers) drifted weights at the close, share of NAV."""
        books, nav = self.books, self.books.nav
        alive = np.where(nav > 0, nav, np.inf)
        held = _units(books) * books.tape.close / alive[:, np.newaxis]
        if books.sale is not None:
            held[-1] = books.sale.left * books.tape.close[-1] / alive[-1]
        return held

    @cached_property
    def trades(self) -> Float:
        """Return (n_dates, n_tickers) signed trades, share of the NAV at the trade."""
        books, nav = self.books, self.books.series.fill_nav
        traded = _traded(books)
        traded /= np.where(nav > 0, nav, np.inf)[:, np.newaxis]
        if books.sale is not None:
            traded[-1] += books.sale.trades / books.sale.nav
        return traded

    @cached_property
    def costs(self) -> Float:
        """Return (n_dates, n_tickers) costs, share of the NAV before the session.

        They sum to ``cost`` less what financing costs, which no name does.
        """
        books, rates = self.books, self.books.rates
        charged = charge(
            _traded(books),
            _units(books) * books.tape.fill,
            trading=rates.trading,
            borrow=rates.borrow,
            impact=rates.impact,
        )
        if books.sale is not None:
            charged[-1] += books.sale.costs
        charged /= _nav_before(books)[:, np.newaxis]
        ruin = int(books.state.ruin[0])
        if ruin >= 0:
            by_names = self.cost[ruin] - self.costs_by_kind["financing"][ruin]
            charged[ruin] = _shared_out(by_names, charged[ruin])
        return charged

    @cached_property
    def contributions(self) -> Float:
        """Return (n_dates, n_tickers) gross PnL by name, share of the NAV before.

        Price changes and dividends, before costs. They sum to ``gross_return`` less
        ``interest``; on the session of a wipe-out each is cut by the same factor.
        """
        books, tape = self.books, self.books.tape
        held, (ruin, moment) = _units(books), books.state.ruin
        marks, pnl = tape.fill, held * (tape.close - tape.fill)
        if ruin >= 0 and moment != AT_CLOSE:
            pnl[ruin] = 0.0
        if ruin >= 0 and moment == AT_OPEN:
            marks = marks.copy()
            marks[ruin] = tape.open[ruin]
        pnl[1:] += held[:-1] * (marks[1:] - tape.close[:-1])
        if len(tape.dividends):
            pnl[1:] += held[:-1] * tape.dividends[1:]
        pnl /= _nav_before(books)[:, np.newaxis]
        if ruin >= 0:
            by_names = self.gross_return[ruin] - self.interest[ruin]
            pnl[ruin] = _shared_out(by_names, pnl[ruin])
        return pnl


def _nav_before(books: "Books") -> Float:
    """Return the NAV at the close before each session, infinite once it is gone."""
    before = np.append(1.0, books.nav[:-1])
    return np.where(before > 0, before, np.inf)


def _units(books: "Books") -> Float:
    """Return (n_dates, n_tickers) units from the fill of each session on."""
    kept = books.units
    spans = np.diff(np.append(kept.rows, len(books.nav)))
    return np.repeat(kept.units, spans, axis=0)


def _traded(books: "Books") -> Float:
    """Return (n_dates, n_tickers) signed traded values in starting NAV."""
    kept, tape = books.units, books.tape
    traded = np.zeros(tape.shape)
    rows = kept.rows[1:]
    traded[rows] = np.diff(kept.units, axis=0) * tape.fill[rows]
    gone = np.flatnonzero(tape.given_up >= 0)
    traded[tape.given_up[gone], gone] = 0.0
    return traded


def _shared_out(total: float, parts: Float) -> Float:
    """Scale ``parts`` so that they sum to ``total``."""
    whole = parts.sum()
    return parts / whole * total if whole else parts


def _cap_the_loss(
    gross: Float, kinds: dict[str, Float], row: int, *, at_open: bool
) -> None:
    """Take no more than the equity on the day it is wiped out, costs last."""
    gross[row] = -1.0 if at_open else max(gross[row], -1.0)
    left, charged = 1 + gross[row], sum(kind[row] for kind in kinds.values())
    if charged > left:
        for kind in kinds.values():
            kind[row] = kind[row] / charged * left


def _check_identity(series: Series, before: Float, stop: int) -> None:
    charged = series.trading + series.impact + series.borrow + series.financing
    earned = series.pnl + series.interest - charged
    gap = np.abs(earned - (series.nav - before))[:stop]
    held = (before + series.worth)[:stop]
    broken = np.flatnonzero(~(gap <= _TOLERANCE * held))
    if len(broken):
        raise SimulationError(
            "AK-S001",
            "the ledger does not add up: PnL - costs is not the change of the NAV",
            where=[f"session {row}" for row in broken],
            got=f"a gap of {gap[broken[0]]:.3g} of the starting NAV",
            wanted=f"at most {_TOLERANCE:g} of what is held",
            fix="a fault of the engine: report it with the inputs",
        )
