"""From scores to money.

`target_weights` turns one cross-section of scores into a book, `decide` is the only
place where that happens to real dates, `simulate` trades any target weights, and
`run_backtest` does both over history. What is charged is in `CostSpec`, how orders are
filled in `SimulationSpec`. Nothing here knows how a score was made.
"""

from alpha_kedro.portfolio.backtest import (
    BacktestResult,
    BacktestTables,
    run_backtest,
    run_backtests,
)
from alpha_kedro.portfolio.construction import StrategySpec, Targets, target_weights
from alpha_kedro.portfolio.costs import CostRates, CostSpec, charge
from alpha_kedro.portfolio.policy import MarketState, decide, tie_keys
from alpha_kedro.portfolio.simulator import Simulation, simulate
from alpha_kedro.portfolio.tape import SimulationSpec

__all__ = [
    "BacktestResult",
    "BacktestTables",
    "CostRates",
    "CostSpec",
    "MarketState",
    "Simulation",
    "SimulationSpec",
    "StrategySpec",
    "Targets",
    "charge",
    "decide",
    "run_backtest",
    "run_backtests",
    "simulate",
    "target_weights",
    "tie_keys",
]
