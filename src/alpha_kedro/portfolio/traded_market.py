"""The market that strategies are run on: built once, read by all of them.

Each decision is handed a `MarketState` cut from it that ends at its close; the books
are filled and charged from the same arrays.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Bool, Float, Int, Panel
from alpha_kedro.core.prices import price_panel
from alpha_kedro.core.sectors import sector_codes
from alpha_kedro.portfolio.account import read_only
from alpha_kedro.portfolio.costs import (
    CostRates,
    CostSpec,
    KnownRates,
    charged_rates,
    known_rates,
    rates_on,
)
from alpha_kedro.portfolio.instruments import (
    columns_without,
    narrowed,
    with_instruments,
)
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.simulation import (
    SimulationSpec,
    Tape,
    refuse_fill_before_decision,
    refuse_impossible_prices,
)


@dataclass(frozen=True, eq=False)
class TradedMarket:
    """Prices, sectors, benchmarks and costs on common axes.

    Attributes
    ----------
    prices
        Total-return prices of every name, and of the instruments hedges are made with.
    groups
        (n_dates, n_tickers) sector codes, negative where unknown.
    benchmarks
        (n_dates,) total-return closes by ticker, NaN where there is no bar.
    tape
        What orders are filled and positions marked at.
    known
        Cost rates as they are known at each close: for decisions.
    charged
        Cost rates as they are billed in each session.
    costs
        How they are reckoned.
    simulation
        How orders are filled.
    exit_returns
        (n_tickers,) last return of each delisted name, NaN where it is not known and
        that of ``simulation`` counts; None: known of no name.
    instruments
        The tickers that are traded beside the scored names.
    """

    prices: Panel
    groups: Int
    benchmarks: Mapping[str, Float]
    tape: Tape
    known: KnownRates
    charged: CostRates
    costs: CostSpec | CostRates
    simulation: SimulationSpec
    exit_returns: Float | None = None
    instruments: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        prices: Panel,
        *,
        sectors: pd.DataFrame | None = None,
        benchmarks: pd.DataFrame | None = None,
        instruments: Iterable[str] = (),
        exit_returns: Float | None = None,
        costs: CostSpec | CostRates,
        simulation: SimulationSpec,
    ) -> "TradedMarket":
        """Lay out a market for strategies to be run on.

        Parameters
        ----------
        prices
            `alpha_kedro.core.prices.price_panel`.
        sectors
            Table ticker, sector, with start and end where labels are dated.
        benchmarks
            Bars of benchmarks, as `price_panel` reads them.
        instruments
            Tickers strategies trade beside the scored names, to hedge: taken from
            ``prices`` or else from ``benchmarks``.
        exit_returns
            (n_tickers,) last return of each delisted name, decimal; NaN, or None for
            all: ``simulation.delisting_return``.
        costs
            How costs are reckoned, or rates on the axes of ``prices``.
        simulation
            How orders are filled.

        Raises
        ------
        SimulationError
            ``AK-S006`` for impossible prices, ``AK-S070`` for an instrument without
            prices.
        ConfigError
            ``AK-C040`` for ``lag: 0``, ``AK-C042`` for rates that cannot be charged.
        """
        refuse_fill_before_decision(simulation.lag)
        refuse_impossible_prices(prices.axes, prices.fields)
        quotes = None if benchmarks is None else _quotes(benchmarks, prices.axes)
        beside = sorted(set(instruments) - set(prices.tickers))
        traded, exits = with_instruments(prices, exit_returns, quotes, beside)
        traded = _sealed(traded)
        return cls(
            prices=traded,
            groups=sector_codes(sectors, traded.axes),
            benchmarks={} if quotes is None else _levels(quotes),
            tape=_lendable(_tape(traded, exits, simulation), traded, costs),
            costs=costs,
            simulation=simulation,
            exit_returns=exits,
            instruments=tuple(beside),
            **_rates(traded, costs, simulation),
        )

    def under(
        self, *, costs: CostSpec | CostRates, simulation: SimulationSpec
    ) -> "TradedMarket":
        """Return the same market at other costs and other terms of filling orders."""
        refuse_fill_before_decision(simulation.lag)
        tape = self.tape
        if simulation != self.simulation:
            tape = _tape(self.prices, self.exit_returns, simulation)
        return replace(
            self,
            tape=_lendable(tape, self.prices, costs),
            costs=costs,
            simulation=simulation,
            **_rates(self.prices, costs, simulation),
        )

    def traded_with(self, instruments: Iterable[str]) -> "TradedMarket":
        """Return the market without the instruments that others trade.

        A strategy is run on the columns it trades, so that no hedge of another one
        moves a bit of it.
        """
        others = set(self.instruments) - set(instruments)
        if not others:
            return self
        keep = columns_without(self.prices, others)
        prices, exits = narrowed(self.prices, keep), self.exit_returns
        exits = None if exits is None else exits[keep]
        costs = _costs_of(self.costs, prices)
        return replace(
            self,
            prices=prices,
            groups=read_only(np.ascontiguousarray(self.groups[:, keep])),
            tape=_lendable(_tape(prices, exits, self.simulation), prices, costs),
            costs=costs,
            exit_returns=exits,
            instruments=tuple(sorted(set(self.instruments) - others)),
            **_rates(prices, costs, self.simulation),
        )

    @property
    def axes(self) -> Axes:
        """Return dates and tickers."""
        return self.prices.axes

    def _columns_of(self, tickers: tuple[str, ...]) -> Bool:
        chosen = np.isin(self.axes.tickers, tickers) if tickers else np.empty(0, bool)
        return read_only(chosen)

    def state(
        self,
        row: int,
        *,
        universe: Bool,
        nav: float,
        past_scores: Float,
        past_decisions: Int,
        hedges: Iterable[str] = (),
    ) -> MarketState:
        """Return what may be known at the close of ``row``, and no more.

        Parameters
        ----------
        row
            Session of the decision, counted from 0.
        universe
            (n_tickers,) names that are asked about.
        nav
            NAV of the book, which began at 1.
        past_scores, past_decisions
            See `MarketState`.
        hedges
            Tickers the strategy hedges with.
        """
        past = slice(0, row + 1)
        capital = self.simulation.capital
        return MarketState(
            tickers=self.axes.tickers,
            universe=universe,
            groups=self.groups[row],
            tradable=self.prices["traded"][row],
            close=self.prices["close"][past],
            dollar_volume=self.prices["dollar_volume"][past]
            if "dollar_volume" in self.prices.fields
            else np.empty((0, len(self.axes.tickers))),
            dates=self.axes.dates[past],
            benchmarks={name: each[past] for name, each in self.benchmarks.items()},
            rates=self.known.next_fill(row, nav=nav),
            past_scores=past_scores,
            past_decisions=past_decisions,
            capital=None if capital is None else capital * nav,
            hedges=self._columns_of(tuple(hedges)),
        )


def _rates(
    prices: Panel, costs: CostSpec | CostRates, simulation: SimulationSpec
) -> dict[str, Any]:
    """Return the rates known at each close and those billed at the next fill."""
    if isinstance(costs, CostRates):
        billed = rates_on(costs, prices.axes.shape)
        return {"known": KnownRates.behind(billed), "charged": billed}
    known = known_rates(prices, costs, capital=simulation.capital)
    return {"known": known, "charged": charged_rates(known)}


def _tape(prices: Panel, exits: Float | None, simulation: SimulationSpec) -> Tape:
    if exits is not None:
        exits = np.where(np.isnan(exits), simulation.delisting_return, exits)
    return Tape.of(prices.fields, spec=simulation, exit_returns=exits)


def _costs_of(costs: CostSpec | CostRates, prices: Panel) -> CostSpec | CostRates:
    """Return the costs of some columns: without what is said of other tickers."""
    if not isinstance(costs, CostSpec):
        return costs
    hard, here = costs.hard_to_borrow, set(prices.tickers)
    kept = {
        "tickers": {name: fee for name, fee in hard.tickers.items() if name in here},
        "not_available": tuple(name for name in hard.not_available if name in here),
    }
    return costs.model_copy(update={"hard_to_borrow": hard.model_copy(update=kept)})


def _sealed(prices: Panel) -> Panel:
    """Return prices that cannot be written to, so that what is cut from them cannot."""
    fields = {name: read_only(field) for name, field in prices.fields.items()}
    fields["traded"] = read_only(fields["traded"].astype(bool))
    return Panel(prices.axes, fields)


def _lendable(tape: Tape, prices: Panel, costs: CostSpec | CostRates) -> Tape:
    """Return the tape on which names whose shares cannot be had are not sold short."""
    everyone = np.ones((1, len(prices.tickers)), dtype=bool)
    shortable = prices.fields.get("shortable", everyone).astype(bool)
    if isinstance(costs, CostSpec):
        shortable = shortable & costs.hard_to_borrow.shortable(prices.tickers)
    return replace(tape, shortable=read_only(np.ascontiguousarray(shortable)))


def _quotes(benchmarks: pd.DataFrame, axes: Axes) -> Panel:
    """Return the benchmarks' prices on the sessions of the market."""
    return price_panel(benchmarks, axes=Axes.of(axes.dates, benchmarks["ticker"]))


def _levels(quotes: Panel) -> dict[str, Float]:
    return {
        str(ticker): read_only(np.ascontiguousarray(quotes["close"][:, column]))
        for column, ticker in enumerate(quotes.tickers)
    }
