"""Several strategies on one market, told apart by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from alpha_kedro.core.errors import placed
from alpha_kedro.core.panel import Float, Panel
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.portfolio.backtest import trade
from alpha_kedro.portfolio.backtest_result import BacktestResult
from alpha_kedro.portfolio.combination import without_members
from alpha_kedro.portfolio.costs import CostRates, CostSpec
from alpha_kedro.portfolio.simulation import SimulationSpec
from alpha_kedro.portfolio.strategy import StrategySpec
from alpha_kedro.portfolio.traded_market import TradedMarket


@dataclass(frozen=True)
class BacktestTables:
    """Backtests of several strategies; tables have a column ``strategy``.

    Attributes
    ----------
    results
        What each strategy decided and earned, by name, in the order asked for.
    market
        The market laid out for all of them; `BacktestResult.market` is that of one.
    """

    results: Mapping[str, BacktestResult]
    market: TradedMarket

    @cached_property
    def weights(self) -> pd.DataFrame:
        """Return date (of the decision), ticker, strategy, weight (share of NAV)."""
        return self._stacked(lambda result: result.weights, 2)

    @cached_property
    def returns(self) -> pd.DataFrame:
        """Return date, strategy and the columns of `Simulation.returns`."""
        return self._stacked(lambda result: result.returns, 1)

    @cached_property
    def notes(self) -> pd.DataFrame:
        """Return date, strategy, note, count."""
        return self._stacked(lambda result: result.notes, 1)

    @cached_property
    def changes(self) -> pd.DataFrame:
        """Return date, strategy, place, overlay, changed: what each overlay did."""
        return self._stacked(lambda result: result.changes, 1)

    @cached_property
    def bills(self) -> pd.DataFrame:
        """Return date, strategy and the cost of the session by kind, share of NAV."""
        return self._stacked(lambda result: result.simulation.bills.reset_index(), 1)

    def _stacked(
        self, of: Callable[[BacktestResult], pd.DataFrame], position: int
    ) -> pd.DataFrame:
        """Stack tables with the strategy after the first ``position`` columns."""
        tables = {name: of(result) for name, result in self.results.items()}
        stacked = pd.concat(tables, names=["strategy"]).reset_index("strategy")
        stacked.insert(position, "strategy", stacked.pop("strategy"))
        keys = list(stacked.columns[: position + 1])
        return stacked.sort_values(keys, kind="stable", ignore_index=True)


def run_backtests(
    prices: Panel,
    predictions: pd.DataFrame,
    *,
    strategies: Mapping[str, StrategySpec],
    sectors: pd.DataFrame | None = None,
    benchmarks: pd.DataFrame | None = None,
    exit_returns: Float | None = None,
    costs: CostSpec | CostRates,
    simulation: SimulationSpec,
    seed: int = 0,
) -> BacktestTables:
    """Trade each strategy on the scores of the model it names.

    Parameters
    ----------
    prices, sectors, benchmarks, exit_returns, costs, simulation, seed
        As in `run_backtest`.
    predictions
        Long table date, ticker, model, score.
    strategies
        Strategies by name. One that reads no scores decides on the same dates, among
        all names that have a row; a combination after its members.

    Raises
    ------
    ConfigError
        ``AK-C002`` where a strategy names a model without predictions, ``AK-C161``
        where a combination names a strategy that is not run; the errors of
        `run_backtest` besides.
    """
    market = TradedMarket.of(
        prices,
        sectors=sectors,
        benchmarks=benchmarks,
        instruments={name for each in strategies.values() for name in each.instruments},
        exit_returns=exit_returns,
        costs=costs,
        simulation=simulation,
    )
    return trade_all(market, predictions, strategies=strategies, seed=seed)


def trade_all(
    market: TradedMarket,
    predictions: pd.DataFrame,
    *,
    strategies: Mapping[str, StrategySpec],
    seed: int = 0,
) -> BacktestTables:
    """Trade several strategies on a market laid out before.

    Each is run on the scored names and the instruments that it or its members trade: no
    bit of it depends on what another one hedges with.
    """
    refuse_strange_sleeves(strategies)
    results: dict[str, BacktestResult] = {}
    markets: dict[frozenset[str], TradedMarket] = {}
    for name in sorted(strategies, key=lambda each: bool(strategies[each].members)):
        spec = strategies[name]
        traded = [spec, *(strategies[member] for member in spec.members)]
        own = frozenset(one for each in traded for one in each.instruments)
        if own not in markets:
            markets[own] = market.traded_with(own)
        with placed(f"strategy {name}"):
            results[name] = trade(
                markets[own],
                scores_of(spec, predictions),
                spec=spec,
                members={member: results[member] for member in spec.members},
                seed=seed,
            )
    return BacktestTables({name: results[name] for name in strategies}, market)


def scores_of(spec: StrategySpec, predictions: pd.DataFrame) -> pd.DataFrame:
    """Return date, ticker, score of the model a strategy trades.

    A strategy that reads no scores is asked about every name with a row, and gets none.

    Raises
    ------
    ConfigError
        ``AK-C002``.
    """
    if not spec.reads_scores:
        asked = predictions[["date", "ticker"]].drop_duplicates()
        return asked.assign(score=float("nan"))
    models = predictions["model"]
    if not (models == spec.model).any():
        raise unknown_name("model with predictions", str(spec.model), models.unique())
    return predictions.loc[models == spec.model, ["date", "ticker", "score"]]


def refuse_strange_sleeves(strategies: Mapping[str, StrategySpec]) -> None:
    """Refuse combinations of strategies that are not run, or are combinations.

    Raises
    ------
    ConfigError
        ``AK-C161``.
    """
    single = [name for name, spec in strategies.items() if not spec.members]
    strange = {
        name: [each for each in spec.members if each not in single]
        for name, spec in strategies.items()
    }
    strange = {name: members for name, members in strange.items() if members}
    if strange:
        raise without_members(strange, single)
