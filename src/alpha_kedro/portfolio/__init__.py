"""From scores to money.

`decide` is the only place where scores become target weights; `run_backtest` asks it at
each close and has its orders filled, `simulate` trades any target weights. What a
strategy is made of stands in `StrategySpec`: a construction and an ordered list of
overlays. What is charged is in `CostSpec`, how orders are filled in `SimulationSpec`.
Nothing here knows how a score was made.
"""

from alpha_kedro.portfolio.account import Account, Sleeve
from alpha_kedro.portfolio.attributed import attribute_all
from alpha_kedro.portfolio.backtest import run_backtest
from alpha_kedro.portfolio.backtest_result import BacktestResult
from alpha_kedro.portfolio.backtests import (
    BacktestTables,
    refuse_strange_sleeves,
    run_backtests,
    trade_all,
)
from alpha_kedro.portfolio.capacities import CapacitySpec, capacity_of
from alpha_kedro.portfolio.capacity import capacity_at, capacity_curve
from alpha_kedro.portfolio.costs import (
    CostRates,
    CostSpec,
    NextRates,
    charge,
    charged_rates,
    known_rates,
    plan,
)
from alpha_kedro.portfolio.frontier import SpeedRun, speed_frontier
from alpha_kedro.portfolio.frontiers import (
    FrontierSpec,
    frontier_of,
    frontier_settings,
)
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.policy import Targets, decide
from alpha_kedro.portfolio.setting import settings
from alpha_kedro.portfolio.simulation import Simulation, SimulationSpec, simulate
from alpha_kedro.portfolio.strategy import StrategySpec
from alpha_kedro.portfolio.sweep import Sweep, SweepSpec, sweep
from alpha_kedro.portfolio.ties import tie_keys
from alpha_kedro.portfolio.traded_market import TradedMarket
from alpha_kedro.portfolio.universe import universe_returns

__all__ = [
    "Account",
    "BacktestResult",
    "BacktestTables",
    "CapacitySpec",
    "CostRates",
    "CostSpec",
    "FrontierSpec",
    "MarketState",
    "NextRates",
    "Simulation",
    "SimulationSpec",
    "Sleeve",
    "SpeedRun",
    "StrategySpec",
    "Sweep",
    "SweepSpec",
    "Targets",
    "TradedMarket",
    "attribute_all",
    "capacity_at",
    "capacity_curve",
    "capacity_of",
    "charge",
    "charged_rates",
    "decide",
    "frontier_of",
    "frontier_settings",
    "known_rates",
    "plan",
    "refuse_strange_sleeves",
    "run_backtest",
    "run_backtests",
    "settings",
    "simulate",
    "speed_frontier",
    "sweep",
    "tie_keys",
    "trade_all",
    "universe_returns",
]
