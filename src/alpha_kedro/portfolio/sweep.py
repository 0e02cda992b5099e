"""A grid of settings on fixed predictions: every cell is a backtest, and a trial.

    strategies: [sector_neutral_quintiles]
    grid:
      strategy.quantile: [0.1, 0.2, 0.3]
      costs.cost_bps: [2.0, 5.0, 10.0]

is nine backtests. A path starts with the block it changes: ``strategy``, ``costs`` or
``simulation``; a number in it counts the places of a list, as in
``strategy.overlays.0.rate``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from alpha_kedro.core.errors import SimulationError, placed
from alpha_kedro.measures import annual_total, sharpe_interval, sharpe_ratio
from alpha_kedro.portfolio.costs import CostSpec
from alpha_kedro.portfolio.grid import SweepSpec as SweepSpec
from alpha_kedro.portfolio.setting import Setting, run_setting, settings
from alpha_kedro.portfolio.strategy import StrategySpec
from alpha_kedro.portfolio.traded_market import TradedMarket


@dataclass(frozen=True)
class Sweep:
    """What every cell of a grid earned.

    Attributes
    ----------
    table
        One row per cell: ``strategy``, ``setting`` (JSON: value by path), gross_sharpe,
        net_sharpe, ci_low, ci_high (95 %, of the net Sharpe ratio), turnover_annual,
        cost_annual, net_return_annual, and ``refused``: why a cell could not be run,
        empty where it was. Its numbers are NaN, and it is a trial all the same.
    returns
        (date x cell) net returns, by the place of the row; those that were run.
    """

    table: pd.DataFrame
    returns: pd.DataFrame

    @property
    def n_trials(self) -> int:
        """Return the number of cells; each one was a look at the same history."""
        return len(self.table)


def sweep(
    market: TradedMarket,
    predictions: pd.DataFrame,
    *,
    strategies: Mapping[str, StrategySpec],
    costs: CostSpec,
    spec: SweepSpec,
    seed: int = 0,
) -> Sweep:
    """Run every combination of a grid over the strategies it is laid over.

    Parameters
    ----------
    market
        What they are run on, at the settings the grid leaves alone.
    predictions
        Long table date, ticker, model, score; the same for every cell.
    strategies
        Strategies by name, those of ``spec.strategies`` among them.
    costs
        What the grid leaves alone of the costs.
    spec
        The grid.
    seed
        Of equal scores and of the resampling; the same for every cell, so that
        differences between cells are not differences of draws.

    Raises
    ------
    ConfigError
        ``AK-C160`` for a path that leads nowhere or a strategy that is not run,
        ``AK-C161`` for members that are not run, ``AK-C003`` for a value its block
        refuses; all before anything is run.
    """
    cells = list(settings(strategies, costs, market.simulation, spec))
    earned = [
        _tried(cell, market, predictions, strategies=strategies, seed=seed)
        for cell in cells
    ]
    rows = [
        {
            "strategy": cell.strategy,
            "setting": cell.name,
            **_judged(outcome, reps=spec.bootstrap_reps, seed=seed),
        }
        for cell, outcome in zip(cells, earned, strict=True)
    ]
    net = {
        place: outcome["net_return"]
        for place, outcome in enumerate(earned)
        if isinstance(outcome, pd.DataFrame)
    }
    return Sweep(
        pd.DataFrame(rows, columns=_COLUMNS).astype(_TYPES),
        pd.DataFrame(net).rename_axis("date"),
    )


_NUMBERS = (
    *("gross_sharpe", "net_sharpe", "ci_low", "ci_high"),
    *("turnover_annual", "cost_annual", "net_return_annual"),
)
_NO_SUCH_BOOK = frozenset(
    f"AK-S{number}" for number in ("002", "015", "016", "018", "019", "031", "033")
)
_TEXTS = ("strategy", "setting", "refused")
_COLUMNS = ["strategy", "setting", *_NUMBERS, "refused"]
_TYPES = dict.fromkeys(_TEXTS, "str") | dict.fromkeys(_NUMBERS, "float64")


def _tried(
    cell: Setting,
    market: TradedMarket,
    predictions: pd.DataFrame,
    *,
    strategies: Mapping[str, StrategySpec],
    seed: int,
) -> pd.DataFrame | SimulationError:
    """Return what a cell earned, or why no such book can be held.

    Any other error is one of the data or of ours, and no result of the cell.
    """
    try:
        with placed(f"sweep: {cell.strategy} {cell.name}"):
            return run_setting(
                cell, market, predictions, strategies=strategies, seed=seed
            )
    except SimulationError as error:
        if error.code not in _NO_SUCH_BOOK:
            raise
        return error


def _judged(
    returns: pd.DataFrame | SimulationError, *, reps: int, seed: int
) -> dict[str, float | str]:
    if isinstance(returns, SimulationError):
        return {"refused": f"{returns.code} {returns.what}"}
    net = returns["net_return"]
    low, high = sharpe_interval(net, reps=reps, seed=seed)
    return {
        "gross_sharpe": sharpe_ratio(returns["gross_return"]),
        "net_sharpe": sharpe_ratio(net),
        "ci_low": low,
        "ci_high": high,
        "turnover_annual": annual_total(returns["turnover"]),
        "cost_annual": annual_total(returns["cost"]),
        "net_return_annual": annual_total(net),
        "refused": "",
    }
