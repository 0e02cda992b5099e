"""Ways to trade on the same scores, at the same costs, each at several speeds."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from alpha_kedro.core.errors import placed
from alpha_kedro.core.spec import Spec
from alpha_kedro.portfolio.costs import CostSpec
from alpha_kedro.portfolio.frontier import COSTS_BPS, SpeedRun, speed_frontier
from alpha_kedro.portfolio.grid import Numbers, SweepSpec, Values
from alpha_kedro.portfolio.setting import Setting, run_setting, settings
from alpha_kedro.portfolio.simulation import SimulationSpec
from alpha_kedro.portfolio.strategy import StrategySpec
from alpha_kedro.portfolio.traded_market import TradedMarket

_COST = "costs.cost_bps"


class FrontierSpec(Spec):
    """Which ways to trade are compared, at which speeds and costs."""

    methods: dict[str, dict[str, Values]] = Field(
        default_factory=dict,
        description="settings by strategy, each a grid as sweep.grid has it; none: no "
        "comparison",
    )
    cost_bps: Numbers = Field(
        default=COSTS_BPS, min_length=1, description="one-way costs, basis points"
    )
    reference: str | None = Field(
        default=None,
        description="strategy whose first setting the others are set beside; null: the "
        "first",
    )
    bootstrap_reps: int = Field(
        default=500, ge=100, le=100_000, description="resamples behind each interval"
    )

    @model_validator(mode="after")
    def _reference_is_a_method(self) -> Self:
        if self.methods and self.reference not in (None, *self.methods):
            raise ValueError(
                f"reference {self.reference} is none of the methods: "
                f"{', '.join(self.methods)}"
            )
        return self

    @model_validator(mode="after")
    def _costs_are_said_once(self) -> Self:
        for name, grid in self.methods.items():
            if _COST in grid:
                raise ValueError(f"{name} has {_COST}: all methods have cost_bps")
        return self

    @property
    def n_settings(self) -> int:
        """Return how many ways to trade are compared, whatever the costs."""
        grids = self.methods.values()
        return sum(int(np.prod([len(v) for v in grid.values()])) for grid in grids)


def frontier_of(
    market: TradedMarket,
    predictions: pd.DataFrame,
    *,
    strategies: Mapping[str, StrategySpec],
    costs: CostSpec,
    spec: FrontierSpec,
    seed: int = 0,
    trials: int | None = None,
) -> pd.DataFrame:
    """Run every setting of every method at every cost.

    Parameters
    ----------
    market, predictions, strategies, costs
        As `sweep` takes them.
    spec
        What is compared.
    seed
        As in the backtest, and of the resampling.
    trials
        Looks at the same history in all, those of the frontier among them; default:
        its settings alone.

    Returns
    -------
    DataFrame
        As `speed_frontier`: net Sharpe ratio against turnover, with paired intervals of
        what each has over the reference; empty where nothing is compared.

    Raises
    ------
    ConfigError
        Those of `sweep` and `speed_frontier`.
    SimulationError
        For a setting that no book can hold, named in ``where``: lines with a gap in
        them would not be compared on the same days.
    """
    if not spec.methods:
        return pd.DataFrame({"cost_bps": pd.Series(dtype="float64")})
    runs = [
        _ran(cell, market, predictions, strategies=strategies, seed=seed)
        for cell in list(frontier_settings(strategies, costs, market.simulation, spec))
    ]
    first = {run.method: run.name for run in reversed(runs)}
    return speed_frontier(
        runs,
        reference=first[spec.reference or runs[0].method],
        cost_bps=spec.cost_bps,
        seed=seed,
        reps=spec.bootstrap_reps,
        trials=trials,
    )


def frontier_settings(
    strategies: Mapping[str, StrategySpec],
    costs: CostSpec,
    simulation: SimulationSpec,
    spec: FrontierSpec,
) -> Iterator[Setting]:
    """Yield what is run: every setting of every method, each at every cost."""
    for name, grid in spec.methods.items():
        own = SweepSpec(strategies=(name,), grid={**grid, _COST: spec.cost_bps})
        yield from settings(strategies, costs, simulation, own)


def _ran(
    cell: Setting,
    market: TradedMarket,
    predictions: pd.DataFrame,
    *,
    strategies: Mapping[str, StrategySpec],
    seed: int,
) -> SpeedRun:
    """Run a setting; an error in it names the setting."""
    with placed(f"frontier: {cell.strategy} {cell.name}"):
        returns = run_setting(
            cell, market, predictions, strategies=strategies, seed=seed
        )
    own = {path: value for path, value in cell.values.items() if path != _COST}
    return SpeedRun(
        method=cell.strategy,
        setting=", ".join(_said(path, value) for path, value in own.items()),
        returns=returns,
        cost_bps=cell.costs.cost_bps,
        heeds_costs=True,
    )


def _said(path: str, value: Any) -> str:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    shown = f"{value:g}" if number else str(value)
    return f"{path.rsplit('.', 1)[-1]} {shown}"
