"""The settings of a grid: what each cell changes, and the blocks that come of it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pandas as pd

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.registry import nearest
from alpha_kedro.core.spec import Spec
from alpha_kedro.portfolio.backtests import refuse_strange_sleeves, trade_all
from alpha_kedro.portfolio.construction import Legs
from alpha_kedro.portfolio.costs import CostSpec
from alpha_kedro.portfolio.grid import SweepSpec
from alpha_kedro.portfolio.simulation import (
    SimulationSpec,
    refuse_fill_before_decision,
)
from alpha_kedro.portfolio.strategy import (
    BLOCKS,
    StrategySpec,
    refuse_cuts_of_members_undone,
)
from alpha_kedro.portfolio.traded_market import TradedMarket


@dataclass(frozen=True)
class Setting:
    """One cell of a grid: what it changes, and the blocks that come of it."""

    strategy: str
    values: Mapping[str, Any]
    spec: StrategySpec
    costs: CostSpec
    simulation: SimulationSpec

    @property
    def name(self) -> str:
        """Return what the cell changes, as JSON."""
        return json.dumps(dict(self.values))


def settings(
    strategies: Mapping[str, StrategySpec],
    costs: CostSpec,
    simulation: SimulationSpec,
    spec: SweepSpec,
) -> Iterator[Setting]:
    """Yield the cells of a grid, the last path changing fastest; see `sweep`."""
    for name in spec.strategies:
        if name not in strategies:
            raise _strange("strategy that is run", name, strategies)
        base = {
            "strategy": _written_out(strategies[name]),
            "costs": costs.model_dump(mode="json"),
            "simulation": simulation.model_dump(mode="json"),
        }
        for values in product(*spec.grid.values()):
            chosen = dict(zip(spec.grid, values, strict=True))
            cell = _setting(name, base, chosen)
            refuse_fill_before_decision(cell.simulation.lag)
            known = {**strategies, name: cell.spec}
            refuse_strange_sleeves(known)
            refuse_cuts_of_members_undone(known)
            yield cell


def refuse_unfitted(cells: Iterable[Setting], models: Sequence[str]) -> None:
    """Refuse cells that trade the scores of a model that is not fitted.

    Raises
    ------
    ConfigError
        ``AK-C160`` with the nearest name.
    """
    for cell in cells:
        if cell.spec.model is not None and cell.spec.model not in models:
            raise _strange("model that is fitted", cell.spec.model, models)


def _written_out(spec: StrategySpec) -> dict[str, Any]:
    """Return the parameters of a strategy, those its kind has by default among them."""
    said, own = spec.model_dump(mode="json"), spec.construction
    if isinstance(own, Spec) and not isinstance(own, Legs):
        said[spec.kind] = own.model_dump(mode="json")
    return said


def _setting(name: str, base: Mapping[str, Any], chosen: Mapping[str, Any]) -> Setting:
    blocks: Any = json.loads(json.dumps(base))
    for path, value in chosen.items():
        _put(blocks, path, value)
    _leave_other_kinds(blocks["strategy"], chosen)
    return Setting(
        strategy=name,
        values=chosen,
        spec=StrategySpec.parse(blocks["strategy"], f"strategy_library.{name}"),
        costs=CostSpec.parse(blocks["costs"], "costs"),
        simulation=SimulationSpec.parse(blocks["simulation"], "simulation"),
    )


def _leave_other_kinds(block: dict[str, Any], chosen: Mapping[str, Any]) -> None:
    """Take out the block of the kind before, where the grid is one of kinds."""
    if "strategy.kind" in chosen:
        for kind in BLOCKS:
            named = any(path.startswith(f"strategy.{kind}") for path in chosen)
            if kind != block["kind"] and not named:
                block[kind] = None


def _put(blocks: Any, path: str, value: Any) -> None:
    """Set the value at a dotted path that is there already."""
    here, keys = blocks, path.split(".")
    for depth, key in enumerate(keys):
        known = range(len(here)) if isinstance(here, list) else here
        place: Any = int(key) if isinstance(here, list) and key.isdigit() else key
        if not isinstance(here, list | dict) or place not in known:
            parent = ".".join(keys[:depth])
            raise _strange("path of the grid", path, _below(parent, here))
        if depth < len(keys) - 1:
            here = here[place]
        else:
            here[place] = value


def _below(parent: str, here: Any) -> list[str]:
    keys = range(len(here)) if isinstance(here, list) else here
    names = [str(key) for key in keys] if isinstance(here, list | dict) else []
    return [f"{parent}.{name}" if parent else name for name in names]


def _strange(
    what: str, name: str, known: Mapping[str, Any] | Sequence[str]
) -> ConfigError:
    close = nearest(name, known)
    return ConfigError(
        "AK-C160",
        f"the sweep names a {what} that is not there",
        got=name,
        wanted=", ".join(known) or "nothing below it",
        fix=f"did you mean {close!r}?" if close else "correct sweep in conf/",
    )


def run_setting(
    cell: Setting,
    market: TradedMarket,
    predictions: pd.DataFrame,
    *,
    strategies: Mapping[str, StrategySpec],
    seed: int,
) -> pd.DataFrame:
    """Return the daily returns of one cell, as `Simulation.returns` has them.

    The members of a combination are run under the same costs, as they are otherwise.
    """
    under = market.under(costs=cell.costs, simulation=cell.simulation)
    members = {name: strategies[name] for name in cell.spec.members}
    books = trade_all(
        under, predictions, strategies=members | {cell.strategy: cell.spec}, seed=seed
    )
    return books.results[cell.strategy].simulation.returns
