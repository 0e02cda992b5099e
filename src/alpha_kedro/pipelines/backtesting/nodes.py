"""The nodes of backtesting."""

from typing import Any

import pandas as pd

from alpha_kedro.core.panel import Float, Panel
from alpha_kedro.core.prices import exit_returns_of, price_panel
from alpha_kedro.core.sectors import sector_names
from alpha_kedro.experiment import choose_books
from alpha_kedro.market import membership_mask
from alpha_kedro.measures.attribution import attribution_table
from alpha_kedro.portfolio import (
    BacktestTables,
    CapacitySpec,
    CostSpec,
    FrontierSpec,
    SimulationSpec,
    SweepSpec,
    TradedMarket,
    attribute_all,
    capacity_of,
    frontier_of,
    sweep,
    trade_all,
    universe_returns,
)
from alpha_kedro.signals import build_features

_CHEAPNESS = "book_to_price"


def lay_out_market(
    bars: pd.DataFrame,
    sectors: pd.DataFrame,
    listings: pd.DataFrame,
    benchmarks: pd.DataFrame,
    strategies: list[str],
    strategy_library: dict[str, Any],
    costs: CostSpec,
    simulation: SimulationSpec,
) -> TradedMarket:
    """Lay out prices, sectors, benchmarks and costs for strategies to be run on."""
    prices = price_panel(bars)
    books = choose_books(strategies, strategy_library).values()
    return TradedMarket.of(
        prices,
        sectors=sectors,
        benchmarks=None if benchmarks.empty else benchmarks,
        instruments={name for book in books for name in book.instruments},
        exit_returns=exit_returns_of(listings, prices.axes, default=float("nan")),
        costs=costs,
        simulation=simulation,
    )


def trade_books(
    traded_market: TradedMarket,
    bars: pd.DataFrame,
    sectors: pd.DataFrame,
    membership: pd.DataFrame,
    fundamentals: pd.DataFrame,
    predictions: pd.DataFrame,
    strategies: list[str],
    strategy_library: dict[str, Any],
    headline: str,
    seed: int,
) -> tuple[pd.DataFrame | dict[str, Any], ...]:
    """Trade every chosen strategy on its model's scores, and say what came of it."""
    books = trade_all(
        traded_market,
        predictions,
        strategies=choose_books(strategies, strategy_library),
        seed=seed,
    )
    members = membership_mask(membership, traded_market.axes)
    attributions = attribute_all(
        books,
        members=members,
        sector_names=sector_names(sectors),
        value=_value(bars, fundamentals, traded_market),
    )
    return (
        books.weights,
        books.returns,
        books.bills,
        books.changes,
        attribution_table(attributions, by_name=headline),
        universe_returns(traded_market, members),
        _counted(books),
    )


def try_settings(
    traded_market: TradedMarket,
    predictions: pd.DataFrame,
    strategies: list[str],
    strategy_library: dict[str, Any],
    headline: str,
    costs: CostSpec,
    grid: SweepSpec,
    frontier: FrontierSpec,
    capacity: CapacitySpec,
    seed: int,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Run the grid of settings, the ways to trade, and the headline with more money.

    What is compared allows for every trial of the run, as the report does.
    """
    books = choose_books(strategies, strategy_library)
    cells = sweep(
        traded_market,
        predictions,
        strategies=books,
        costs=costs,
        spec=grid,
        seed=seed,
    )
    speeds = frontier_of(
        traded_market,
        predictions,
        strategies=books,
        costs=costs,
        spec=frontier,
        seed=seed,
        trials=len(books) + cells.n_trials + frontier.n_settings,
    )
    sizes = capacity_of(
        headline,
        traded_market,
        predictions,
        strategies=books,
        costs=costs,
        spec=capacity,
        seed=seed,
    )
    return cells.table, speeds, sizes


def _value(
    bars: pd.DataFrame, fundamentals: pd.DataFrame, market: TradedMarket
) -> Float | None:
    """Return how cheap each name was known to be, where reports are there."""
    if fundamentals.empty:
        return None
    table = build_features(bars, [_CHEAPNESS], fundamentals=fundamentals)
    return Panel.from_table(table, [_CHEAPNESS], axes=market.axes)[_CHEAPNESS]


def _counted(books: BacktestTables) -> dict[str, Any]:
    """Return how often each note was taken, by strategy."""
    notes = books.notes.groupby(["strategy", "note"])["count"].sum()
    return {
        str(name): counts.droplevel("strategy").to_dict()
        for name, counts in notes.groupby("strategy")
    }
