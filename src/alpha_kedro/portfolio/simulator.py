"""From target weights to the returns they would have earned."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Float
from alpha_kedro.portfolio.costs import CostRates, CostSpec, rates_on
from alpha_kedro.portfolio.frames import aligned_prices, aligned_targets
from alpha_kedro.portfolio.ledger import Event, Ledger
from alpha_kedro.portfolio.tape import SimulationSpec, Tape

_DEFAULT_COSTS = CostSpec()


@dataclass(frozen=True)
class Simulation:
    """What a book of target weights earned.

    Attributes
    ----------
    returns
        One row per session: ``gross_return``, ``cost`` (both shares of the NAV before
        the session), ``net_return`` (their difference), ``turnover`` (one-way: half the
        sum of absolute trades, share of NAV), ``gross_exposure`` and ``net_exposure``
        (at the close, share of NAV), ``nav`` (compounded from 1).
    trades
        (date x ticker) signed traded value, share of the NAV at the trade.
    costs
        (date x ticker) trading costs and borrow, share of the NAV before the session.
    holdings
        (date x ticker) drifted weights at the close, share of NAV.
    notes
        Long table date, note, count. ``unfilled``: orders in names that did not trade
        or could not be borrowed;
        ``delisted``: positions given up; ``wiped_out``: the NAV is gone;
        ``beyond_the_end``: names in a decision whose fill lies after the last price.
    """

    returns: pd.DataFrame
    trades: pd.DataFrame
    costs: pd.DataFrame
    holdings: pd.DataFrame
    notes: pd.DataFrame

    @property
    def nav(self) -> pd.Series:
        """Return the net asset value at each close, compounded from 1."""
        return self.returns["nav"]

    @classmethod
    def of(cls, ledger: Ledger, axes: Axes) -> "Simulation":
        """Label the books of a ledger with dates and tickers."""
        dates = pd.DatetimeIndex(axes.dates, name="date")
        tickers = pd.Index(axes.tickers, name="ticker")
        columns = ledger.statement()
        costs = columns.pop("costs")
        return cls(
            returns=pd.DataFrame(columns, index=dates),
            trades=pd.DataFrame(ledger.trades, index=dates, columns=tickers),
            costs=pd.DataFrame(costs, index=dates, columns=tickers),
            holdings=pd.DataFrame(ledger.holdings, index=dates, columns=tickers),
            notes=note_table(ledger.events, axes),
        )


def simulate(
    weights: pd.DataFrame,
    prices: pd.DataFrame | Mapping[str, pd.DataFrame],
    costs: CostSpec | CostRates = _DEFAULT_COSTS,
    lag: int = 1,
    *,
    delisting_return: float = -0.3,
    delisted_after: int = 10,
    exit_returns: pd.Series | None = None,
    liquidate_at_end: bool = False,
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
        optionally ``traded`` and ``shortable`` (boolean frames). Orders are filled at
        the open.
    costs
        One cost for all, or rates on the axes of ``prices`` (dates and tickers sorted).
    lag
        Sessions from decision to fill. 1 fills at the next open; 0 fills at the very
        price the decision is dated by, and needs ``prices`` to be one frame.
    delisting_return
        Last return, decimal, of a name whose prices end; it hurts longs and, being one
        number, flatters shorts.
    delisted_after
        Sessions without a price, none following, that make a delisting; the loss is
        booked on the last of them, and the position is carried at its last price until
        then.
    exit_returns
        Last return of each ticker by name, decimal, where it is known; the others have
        ``delisting_return``.
    liquidate_at_end
        Sell everything at the last close, at a cost. By default the books end with the
        positions marked to market and no final cost.

    Returns
    -------
    Simulation
        Dates ascending, tickers sorted.

    Raises
    ------
    SimulationError
        ``AK-S003`` to ``AK-S007`` for frames that cannot be traded, ``AK-S001`` if the
        books do not add up.
    ConfigError
        ``AK-C003``, ``AK-C040`` to ``AK-C042`` for settings that cannot be used.

    Notes
    -----
    Trades go to ``weight x NAV at the open before costs``, so costs of the first
    session and of every other are charged on top and cash may end slightly below zero.
    Cash earns nothing. Causal: the row of a session depends on prices up to it and on
    weights at least ``lag`` sessions older; only whether a long absence was a delisting
    is known by hindsight.
    """
    spec = SimulationSpec.parse(
        {
            "lag": lag,
            "delisting_return": delisting_return,
            "delisted_after": delisted_after,
            "liquidate_at_end": liquidate_at_end,
        },
        "simulate",
    )
    axes, arrays = aligned_prices(prices, lag=lag)
    targets = aligned_targets(weights, axes)
    known = pd.Series(dtype="float64") if exit_returns is None else exit_returns
    exits = known.reindex(axes.tickers, fill_value=delisting_return)
    tape = Tape.of(arrays, spec=spec, exit_returns=exits.to_numpy("float64"))
    ledger = Ledger(tape, rates_on(costs, axes.shape))
    for row in range(axes.shape[0]):
        ledger.open(row, targets.get(row - lag))
        ledger.close(row)
    if liquidate_at_end:
        ledger.liquidate(axes.shape[0] - 1)
    ledger.events += events_beyond_the_end(targets, axes, lag)
    return Simulation.of(ledger, axes)


def events_beyond_the_end(
    targets: Mapping[int, Float], axes: Axes, lag: int
) -> list[Event]:
    """Return an event for each decision that no price is left to fill."""
    return [
        Event(row, "beyond_the_end", int(np.count_nonzero(target)))
        for row, target in targets.items()
        if row + lag >= axes.shape[0] and target.any()
    ]


def note_table(events: list[Event], axes: Axes) -> pd.DataFrame:
    """Return events as a table date, note, count, in the order of the dates."""
    ordered = sorted(events)
    rows = np.array([event.row for event in ordered], dtype=np.int64)
    return pd.DataFrame(
        {
            "date": axes.dates[rows],
            "note": pd.array([event.note for event in ordered], dtype="str"),
            "count": np.array([event.count for event in ordered], dtype=np.int64),
        }
    )
