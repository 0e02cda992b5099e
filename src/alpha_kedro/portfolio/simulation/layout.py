"""What the sessions read and write, laid out as their kernel takes it."""

from collections.abc import Iterable

import numpy as np

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.kernels import dense
from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.portfolio.account import read_only
from alpha_kedro.portfolio.costs import CostRates
from alpha_kedro.portfolio.simulation.records import Orders, Rates, Series, State, Terms
from alpha_kedro.portfolio.simulation.spec import SimulationSpec

_YEAR_OF_BASIS_POINTS = 1e4 * SESSIONS_PER_YEAR
_COUNTS = ("unfilled", "partly_filled", "delisted")


def rates_of(charges: CostRates) -> Rates:
    """Return the rates, one row where every session has the same."""
    tables = (charges.trading, charges.borrow, charges.impact)
    trading, borrow, impact = (
        read_only(dense(_distinct_rows(table))) for table in tables
    )
    return Rates(trading, borrow, impact, bool(impact.any()))


def terms_of(spec: SimulationSpec) -> Terms:
    """Return the numbers of the terms, interest as decimals per session."""
    return Terms(
        order_life=spec.order_life,
        cash=spec.cash_bps_annual / _YEAR_OF_BASIS_POINTS,
        financing=spec.financing_bps_annual / _YEAR_OF_BASIS_POINTS,
        rebate=spec.short_rebate_bps_annual / _YEAR_OF_BASIS_POINTS,
    )


def first_state(n_tickers: int) -> State:
    """Return an empty book with a NAV of 1 in cash."""
    return State(
        cash=np.ones(1),
        units=np.zeros(n_tickers),
        wanted=np.zeros(n_tickers),
        aims=np.zeros(n_tickers),
        trades=np.zeros(n_tickers),
        bills=np.zeros(n_tickers),
        waiting=np.zeros(n_tickers, np.bool_),
        left=np.zeros(1, np.int64),
        ruin=np.array([-1, 0]),
    )


def empty_series(n_dates: int) -> Series:
    """Return zeros for every session."""
    n_values = len(Series._fields) - len(_COUNTS)
    values, counts = np.zeros((n_values, n_dates)), np.zeros((3, n_dates), np.int64)
    return Series(*values, *counts)


def no_orders(n_tickers: int) -> Orders:
    """Return the orders of a stretch of sessions without any."""
    nothing, no_row = np.empty((0, n_tickers)), np.empty(0, np.int64)
    return Orders(no_row, no_row, read_only(nothing), nobody(n_tickers))


def nobody(n_tickers: int) -> Bool:
    """Return what says that no name is left alone."""
    return read_only(np.empty((0, n_tickers), np.bool_))


def laid_out(rows: Int, places: Int, targets: Float, keep: Bool | None) -> Orders:
    """Return orders as the kernel takes them, without a copy where that can be."""
    kept = nobody(targets.shape[1])
    if keep is not None:
        kept = read_only(np.ascontiguousarray(keep, dtype=np.bool_))
    return Orders(rows, places, read_only(targets), kept)


def refuse_not_finite(targets: Float) -> None:
    """Refuse targets that are NaN or infinite; ``AK-S005`` with the first orders."""
    wrong = np.flatnonzero(~np.isfinite(targets).all(axis=-1))
    if len(wrong):
        raise not_finite(f"order {order}" for order in wrong)


def not_finite(where: Iterable[str]) -> SimulationError:
    """Return the error for weights that are NaN or infinite."""
    return SimulationError(
        "AK-S005",
        "weights that are not finite",
        where=where,
        wanted="shares of NAV; in a wide frame NaN, or an absent ticker, is none",
    )


def _distinct_rows(table: Float) -> Float:
    """Return the first row alone of a table that repeats it without a copy."""
    return table[:1] if table.strides[0] == 0 else table
