"""From target weights to the returns they would have earned."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Bool, Float, Panel
from alpha_kedro.portfolio.costs import (
    CostRates,
    CostSpec,
    charged_rates,
    known_rates,
    rates_on,
)
from alpha_kedro.portfolio.simulation.books import Books
from alpha_kedro.portfolio.simulation.events import Event, note_table
from alpha_kedro.portfolio.simulation.frames import aligned_prices, aligned_targets
from alpha_kedro.portfolio.simulation.runs import follow_targets
from alpha_kedro.portfolio.simulation.spec import SimulationSpec
from alpha_kedro.portfolio.simulation.statement import KINDS, Statement
from alpha_kedro.portfolio.simulation.tape import Tape

_DEFAULT_COSTS = CostSpec()
_COLUMNS = (
    *("gross_return", "cost", "net_return", "turnover"),
    *("gross_exposure", "net_exposure", "nav"),
)


@dataclass(frozen=True, eq=False)
class Simulation:
    """What a book of target weights earned.

    Attributes
    ----------
    returns
        One row per session: ``gross_return``, ``cost`` (both shares of the NAV before
        the session), ``net_return`` (their difference), ``turnover`` (one-way: half the
        sum of absolute trades, share of NAV), ``gross_exposure`` and ``net_exposure``
        (at the close, share of NAV), ``nav`` (compounded from 1).
    axes
        Dates and tickers of all tables.
    books
        Units and cash behind them.
    statement
        The same as arrays.
    told
        Events beside those the books know.
    """

    returns: pd.DataFrame
    axes: Axes
    books: Books
    statement: Statement
    told: tuple[Event, ...] = ()

    @classmethod
    def of(cls, books: Books, axes: Axes, *, events: Iterable[Event] = ()) -> Self:
        """Close the books and label them with dates and tickers."""
        statement = books.statement()
        columns = {name: getattr(statement, name) for name in _COLUMNS}
        returns = pd.DataFrame(columns, index=_dates(axes))
        return cls(returns, axes, books, statement, tuple(events))

    @property
    def nav(self) -> pd.Series:
        """Return the net asset value at each close, compounded from 1."""
        return self.returns["nav"]

    @cached_property
    def bills(self) -> pd.DataFrame:
        """Return the cost of each session by kind, share of the NAV before it.

        ``trading`` (commission and spread), ``impact``, ``borrow``, ``financing``.
        """
        kinds = {kind: self.statement.costs_by_kind[kind] for kind in KINDS}
        return pd.DataFrame(kinds, index=_dates(self.axes))

    @cached_property
    def trades(self) -> pd.DataFrame:
        """Return (date x ticker) signed traded value, share of the NAV at the trade."""
        return self._wide(self.statement.trades)

    @cached_property
    def costs(self) -> pd.DataFrame:
        """Return (date x ticker) costs, share of the NAV before; financing has none."""
        return self._wide(self.statement.costs)

    @cached_property
    def holdings(self) -> pd.DataFrame:
        """Return (date x ticker) drifted weights at the close, share of NAV."""
        return self._wide(self.statement.holdings)

    @cached_property
    def contributions(self) -> pd.DataFrame:
        """Return (date x ticker) gross PnL, share of the NAV before the session.

        They sum to ``gross_return``, less the interest that cash earned.
        """
        return self._wide(self.statement.contributions)

    @cached_property
    def notes(self) -> pd.DataFrame:
        """Return the long table date, note, count.

        ``unfilled``: names whose order ended before it was done, since the name did not
        trade, could not be borrowed or has too little volume; ``partly_filled``: trades
        cut by the volume, in each session that cut them; ``delisted``: positions given
        up; ``liquidated``: positions sold at the end; ``wiped_out``: the NAV is gone;
        ``beyond_the_end``: names in a decision whose fill lies after the last price.
        """
        return note_table([*self.books.events, *self.told], self.axes)

    def _wide(self, values: Float) -> pd.DataFrame:
        tickers = pd.Index(self.axes.tickers, name="ticker")
        return pd.DataFrame(values, index=_dates(self.axes), columns=tickers)


def simulate(
    weights: pd.DataFrame,
    prices: pd.DataFrame | Mapping[str, pd.DataFrame],
    costs: CostSpec | CostRates = _DEFAULT_COSTS,
    lag: int = 1,
    *,
    exit_returns: pd.Series | None = None,
    **terms: Any,
) -> Simulation:
    """Trade target weights and keep the books.

    Parameters
    ----------
    weights
        (date x ticker) target shares of NAV, one row per decision; a missing ticker or
        NaN is a target of zero, and a row of NaN alone is no decision. Between
        decisions holdings drift.
    prices
        (date x ticker) total-return prices, one row per session, NaN where there is
        none: one frame to fill and mark at, or ``{"open": ..., "close": ...}`` and
        optionally ``traded`` and ``shortable`` (boolean frames), ``high`` and ``low``
        (for fills at the VWAP proxy), ``dollar_volume`` (for a limit by volume) and
        ``dividend`` (per share, beside price-return prices).
    costs
        One cost for all, or rates on the axes of ``prices`` (dates and tickers sorted).
    lag
        Sessions from decision to fill. 1 fills in the next session; 0 fills at the very
        price the decision is dated by, and needs ``prices`` to be one frame.
    exit_returns
        Last return of each ticker by name, decimal, where it is known; the others have
        ``delisting_return``, which hurts longs and, being one number, flatters shorts.
    terms
        Any other field of `SimulationSpec`: ``fill``, ``missing_open``,
        ``delisting_return``, ``delisted_after``, ``liquidate_at_end``, ``capital``,
        ``max_adv_share``, ``adv_window``, ``order_life``, ``cash_bps_annual``,
        ``financing_bps_annual``, ``short_rebate_bps_annual``, ``dividends``.

    Returns
    -------
    Simulation
        Dates ascending, tickers sorted.

    Raises
    ------
    SimulationError
        ``AK-S003`` to ``AK-S007`` for frames that cannot be traded, ``AK-S050`` for
        dividends and ``AK-S052`` for exit returns that cannot be, ``AK-S001`` if the
        books do not add up.
    ConfigError
        ``AK-C003``, ``AK-C040`` to ``AK-C042`` for settings that cannot be used,
        ``AK-C154`` to ``AK-C156`` where they do not fit the prices.

    Notes
    -----
    Trades go to ``weight x NAV at the fill before costs``, so costs of the first
    session and of every other are charged on top and cash may end slightly below zero.
    Cash earns nothing unless asked to. By default the books end with the positions
    marked to market and no final cost. Causal: the row of a session depends on prices
    up to it and on weights at least ``lag`` sessions older; only whether a long absence
    was a delisting is known by hindsight.
    """
    spec = SimulationSpec.parse({"lag": lag, **terms}, "simulate")
    panel = aligned_prices(prices, spec=spec)
    decisions = aligned_targets(weights, panel.axes)
    exits = _exits(exit_returns, panel.axes, spec)
    fields = _with_borrowable(panel, costs)
    tape = Tape.of(fields, spec=spec, exit_returns=exits)
    charges = _billed(costs, panel, spec)
    return Simulation.of(follow_targets(tape, charges, spec, *decisions), panel.axes)


def _exits(known: pd.Series | None, axes: Axes, spec: SimulationSpec) -> Float | None:
    if known is None:
        return None
    exits = known.reindex(axes.tickers, fill_value=spec.delisting_return)
    return exits.to_numpy(np.float64)


def _billed(
    costs: CostSpec | CostRates, panel: Panel, spec: SimulationSpec
) -> CostRates:
    if isinstance(costs, CostRates):
        return rates_on(costs, panel.axes.shape)
    return charged_rates(known_rates(panel, costs, capital=spec.capital))


def _with_borrowable(panel: Panel, costs: CostSpec | CostRates) -> dict[str, Any]:
    """Return the prices, and who can be sold short where the costs name some."""
    fields = dict(panel.fields)
    if isinstance(costs, CostSpec) and costs.hard_to_borrow.not_available:
        named: Bool = costs.hard_to_borrow.shortable(panel.tickers)
        fields["shortable"] = fields.get("shortable", True) & np.broadcast_to(
            named, panel.axes.shape
        )
    return fields


def _dates(axes: Axes) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(axes.dates, name="date")
