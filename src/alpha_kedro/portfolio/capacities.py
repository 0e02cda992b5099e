"""How large a strategy can grow, on the market it was run on."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated

import pandas as pd
from pydantic import AfterValidator, BeforeValidator, Field

from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.portfolio.backtests import trade_all
from alpha_kedro.portfolio.capacity import CAPITALS, capacity_curve
from alpha_kedro.portfolio.costs import CostSpec, ImpactSpec
from alpha_kedro.portfolio.simulation import Simulation
from alpha_kedro.portfolio.strategy import StrategySpec
from alpha_kedro.portfolio.traded_market import TradedMarket

Capitals = Annotated[
    tuple[Annotated[float, Field(gt=0, strict=False)], ...],
    BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given),
    AfterValidator(lambda capitals: _ascending(capitals)),
]


def _ascending(capitals: tuple[float, ...]) -> tuple[float, ...]:
    """Return the NAVs; a curve runs along them."""
    for one, other in pairwise(capitals):
        if other <= one:
            raise ValueError(f"{other:g} after {one:g}: each is above the one before")
    return capitals


class CapacitySpec(Spec):
    """At which sizes the headline strategy is run again."""

    capitals: Capitals = Field(
        default=CAPITALS,
        description="NAV at the start, in the currency of the prices; none: not asked",
    )
    impact: ImpactSpec = Field(
        default_factory=ImpactSpec,
        description="what orders move prices, where costs.impact is null",
    )
    max_adv_share: Share | None = Field(
        default=0.1,
        gt=0,
        description="largest share of a name's mean dollar volume traded in a session",
    )
    bootstrap_reps: int = Field(
        default=500, ge=100, le=100_000, description="resamples behind each interval"
    )


def capacity_of(
    name: str,
    market: TradedMarket,
    predictions: pd.DataFrame,
    *,
    strategies: Mapping[str, StrategySpec],
    costs: CostSpec,
    spec: CapacitySpec,
    seed: int = 0,
) -> pd.DataFrame:
    """Run a strategy with more and more money, orders moving prices.

    Parameters
    ----------
    name
        The strategy; a combination's members grow with it.
    market, predictions, strategies, costs
        What it was run on.
    spec
        Which sizes.
    seed
        As in the backtest.

    Returns
    -------
    DataFrame
        As `capacity_curve`; empty where no size is asked for.
    """
    if not spec.capitals:
        return pd.DataFrame({"capital": pd.Series(dtype="float64")})
    moving = costs.model_copy(update={"impact": costs.impact or spec.impact})
    asked = {each: strategies[each] for each in (*strategies[name].members, name)}

    def run(capital: float) -> Simulation:
        terms = {"capital": capital, "max_adv_share": spec.max_adv_share}
        under = market.under(
            costs=moving, simulation=market.simulation.model_copy(update=terms)
        )
        books = trade_all(under, predictions, strategies=asked, seed=seed)
        return books.results[name].simulation

    return capacity_curve(run, spec.capitals, seed=seed, reps=spec.bootstrap_reps)
