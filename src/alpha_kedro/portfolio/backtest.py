"""A strategy run over history: decide at each close, trade at a later open."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Axes, Bool, Float, Int, Panel, gather
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.core.sectors import sector_codes
from alpha_kedro.portfolio.construction import StrategySpec, Targets
from alpha_kedro.portfolio.costs import CostRates, CostSpec, rates_on
from alpha_kedro.portfolio.frames import refuse_decisions_off, refuse_strangers
from alpha_kedro.portfolio.ledger import Event, Ledger
from alpha_kedro.portfolio.policy import MarketState, decide, read_only
from alpha_kedro.portfolio.simulator import Simulation, events_beyond_the_end
from alpha_kedro.portfolio.tape import (
    SimulationSpec,
    Tape,
    refuse_fill_before_decision,
    refuse_impossible_prices,
)


@dataclass(frozen=True)
class BacktestResult:
    """What a strategy decided and what that earned.

    Attributes
    ----------
    weights
        Long table date (of the decision), ticker, weight (target, share of NAV): a row
        for every name with a score, zero where it is not wanted.
    simulation
        The books, from the first decision on.
    """

    weights: pd.DataFrame
    simulation: Simulation

    @property
    def returns(self) -> pd.DataFrame:
        """Return the returns with ``date`` as a column."""
        return self.simulation.returns.reset_index()

    @property
    def notes(self) -> pd.DataFrame:
        """Return the long table date, note, count: `Targets.notes` and the books'."""
        return self.simulation.notes


def run_backtest(
    prices: Panel,
    scores: pd.DataFrame,
    *,
    sectors: pd.DataFrame | None = None,
    exit_returns: Float | None = None,
    spec: StrategySpec,
    costs: CostSpec | CostRates,
    simulation: SimulationSpec,
    seed: int = 0,
) -> BacktestResult:
    """Trade one model's scores from the first decision to the last price.

    Parameters
    ----------
    prices
        `alpha_kedro.core.prices.price_panel`: total-return ``open``, ``close``, and
        ``traded``; ``shortable`` where known.
    scores
        Long table date, ticker, score. Every date in it is a decision date and every
        name in it belongs to the universe of that date; NaN is a missing score.
    sectors
        Table ticker, sector; start and end where labels are dated, and each decision
        then takes those of its day. Without it, or for a name not in it, the sector is
        unknown, and a sector-neutral strategy does not trade the name.
    exit_returns
        (n_tickers,) return of each delisted name after its last close, decimal, as
        `alpha_kedro.core.prices.exit_returns_of` gives it. None:
        ``simulation.delisting_return`` for all.
    spec
        The strategy.
    costs
        One cost for all, or rates on the axes of ``prices``.
    simulation
        How orders are filled.
    seed
        Of the order among equal scores.

    Returns
    -------
    BacktestResult
        The NAV is 1 at the first decision; that row has no return yet.

    Raises
    ------
    SimulationError
        ``AK-S003`` and ``AK-S004`` for scores on days or of names without prices,
        ``AK-S002`` for caps that cannot be met, ``AK-S006`` for impossible prices.
    ConfigError
        ``AK-C040`` for ``lag: 0``.

    Notes
    -----
    At the close of a decision date `decide` sees the scores of that date, the drifted
    holdings, and which names traded. Nothing dated later is handed to it. The first
    purchase is charged like any trade; the book is sold at the end only with
    ``liquidate_at_end``.
    """
    refuse_fill_before_decision(simulation.lag)
    refuse_impossible_prices(prices.axes, prices.fields)
    sections = _cross_sections(scores, prices.axes)
    start = int(prices.axes.rows_of(sections.dates[:1])[0])
    axes = Axes(prices.dates[start:], prices.tickers)
    ledger = Ledger(
        Tape.of(prices.fields, spec=simulation, exit_returns=exit_returns).since(start),
        rates_on(costs, prices.axes.shape).since(start),
    )
    rows = axes.rows_of(sections.dates)
    desk = _Desk(
        scores=dict(zip(rows, sections["score"], strict=True)),
        universe=dict(zip(rows, np.isfinite(sections["row"]), strict=True)),
        axes=axes,
        groups=sector_codes(sectors, axes),
        traded=prices["traded"][start:].astype(bool),
        spec=spec,
        seed=seed,
    )
    targets = _trade(ledger, desk, lag=simulation.lag)
    if simulation.liquidate_at_end:
        ledger.liquidate(axes.shape[0] - 1)
    ledger.events += _events(targets, axes, simulation.lag)
    return BacktestResult(_weight_table(sections, targets), Simulation.of(ledger, axes))


@dataclass(frozen=True)
class BacktestTables:
    """Backtests of several strategies, told apart by the column ``strategy``.

    Attributes
    ----------
    weights
        date (of the decision), ticker, strategy, weight (target, share of NAV).
    returns
        date, strategy and the columns of `Simulation.returns`.
    notes
        date, strategy, note, count.
    """

    weights: pd.DataFrame
    returns: pd.DataFrame
    notes: pd.DataFrame


def run_backtests(
    prices: Panel,
    predictions: pd.DataFrame,
    *,
    strategies: Mapping[str, StrategySpec],
    sectors: pd.DataFrame | None = None,
    exit_returns: Float | None = None,
    costs: CostSpec | CostRates,
    simulation: SimulationSpec,
    seed: int = 0,
) -> BacktestTables:
    """Trade each strategy on the scores of the model it names.

    Parameters
    ----------
    prices, sectors, exit_returns, costs, simulation, seed
        As in `run_backtest`.
    predictions
        Long table date, ticker, model, score.
    strategies
        Strategies by name.

    Raises
    ------
    ConfigError
        ``AK-C002`` where a strategy names a model without predictions; the errors of
        `run_backtest` besides.
    """
    results = {
        name: run_backtest(
            prices,
            _scores_of(spec.model, predictions),
            sectors=sectors,
            exit_returns=exit_returns,
            spec=spec,
            costs=costs,
            simulation=simulation,
            seed=seed,
        )
        for name, spec in strategies.items()
    }
    return BacktestTables(
        weights=_stacked({name: result.weights for name, result in results.items()}, 2),
        returns=_stacked({name: result.returns for name, result in results.items()}, 1),
        notes=_stacked({name: result.notes for name, result in results.items()}, 1),
    )


def _scores_of(model: str, predictions: pd.DataFrame) -> pd.DataFrame:
    models = predictions["model"]
    if not (models == model).any():
        raise unknown_name("model with predictions", model, models.unique())
    return predictions.loc[models == model, ["date", "ticker", "score"]]


def _stacked(tables: Mapping[str, pd.DataFrame], position: int) -> pd.DataFrame:
    """Stack tables with the strategy as a column after the first ``position`` ones."""
    stacked = pd.concat(tables, names=["strategy"]).reset_index("strategy")
    stacked.insert(position, "strategy", stacked.pop("strategy"))
    keys = list(stacked.columns[: position + 1])
    return stacked.sort_values(keys, kind="stable", ignore_index=True)


@dataclass(frozen=True)
class _Desk:
    """Cuts for each decision what may be known at its close, and no more."""

    scores: Mapping[int, Float]
    universe: Mapping[int, Bool]
    axes: Axes
    groups: Int
    traded: Bool
    spec: StrategySpec
    seed: int

    def decide(self, row: int, holdings: Float) -> Targets:
        return decide(
            self.axes.dates[row],
            read_only(self.scores[row]),
            read_only(holdings),
            MarketState(
                tickers=self.axes.tickers,
                universe=self.universe[row],
                groups=self.groups[row],
                tradable=self.traded[row],
            ),
            spec=self.spec,
            seed=self.seed,
        )


def _trade(ledger: Ledger, desk: _Desk, *, lag: int) -> dict[int, Targets]:
    """Fill what is due, keep the books, decide where there are scores."""
    targets: dict[int, Targets] = {}
    for row in range(desk.axes.shape[0]):
        due = targets.get(row - lag)
        ledger.open(row, due.weights if due else None)
        ledger.close(row)
        if row in desk.scores:
            targets[row] = desk.decide(row, ledger.holdings[row])
    return targets


def _cross_sections(scores: pd.DataFrame, prices: Axes) -> Panel:
    """Spread the scores over their own dates and the tickers of the prices."""
    if scores.empty:
        raise SimulationError(
            "AK-S008",
            "there are no scores to trade",
            wanted="a table date, ticker, score",
            fix="check that the strategy names a model that has predictions",
        )
    axes = Axes.of_table(scores)
    refuse_decisions_off(prices, pd.DatetimeIndex(axes.dates))
    refuse_strangers(prices, axes.tickers, "scores")
    axes = Axes(axes.dates, prices.tickers)
    return Panel.from_table(scores.assign(row=1.0), ["score", "row"], axes=axes)


def _events(targets: Mapping[int, Targets], axes: Axes, lag: int) -> list[Event]:
    left_out = [
        Event(row, note, count)
        for row, target in targets.items()
        for note, count in target.notes.items()
    ]
    weights = {row: target.weights for row, target in targets.items()}
    return left_out + events_beyond_the_end(weights, axes, lag)


def _weight_table(sections: Panel, targets: Mapping[int, Targets]) -> pd.DataFrame:
    weights = np.stack([target.weights for target in targets.values()])
    scored = np.isfinite(sections["score"])
    return gather(sections.axes, {"weight": weights}, keep=scored)
