"""The node of backtesting."""

from typing import Any

import pandas as pd

from alpha_kedro.core.prices import exit_returns_of, price_panel
from alpha_kedro.experiment import choose_books
from alpha_kedro.portfolio import CostSpec, SimulationSpec, run_backtests


def trade_books(
    bars: pd.DataFrame,
    sectors: pd.DataFrame,
    listings: pd.DataFrame,
    predictions: pd.DataFrame,
    strategies: list[str],
    strategy_library: dict[str, Any],
    costs: CostSpec,
    simulation: SimulationSpec,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Trade every chosen strategy on its model's scores."""
    prices = price_panel(bars)
    books = run_backtests(
        prices,
        predictions,
        strategies=choose_books(strategies, strategy_library),
        sectors=sectors,
        exit_returns=exit_returns_of(
            listings, prices.axes, default=simulation.delisting_return
        ),
        costs=costs,
        simulation=simulation,
        seed=seed,
    )
    notes = books.notes.groupby(["strategy", "note"])["count"].sum()
    by_strategy = {
        str(name): counts.droplevel("strategy").to_dict()
        for name, counts in notes.groupby("strategy")
    }
    return books.weights, books.returns, by_strategy
