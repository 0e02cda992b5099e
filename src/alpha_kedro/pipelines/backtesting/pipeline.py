"""The wiring of backtesting."""

from kedro.pipeline import Pipeline, node

from alpha_kedro.pipelines.backtesting.nodes import (
    lay_out_market,
    trade_books,
    try_settings,
)


def create_pipeline() -> Pipeline:
    """Turn scores into target weights, weights into money, and ask what else if."""
    return Pipeline(
        [
            node(
                lay_out_market,
                [
                    "bars",
                    "sectors",
                    "listings",
                    "benchmarks",
                    "params:strategies",
                    "params:strategy_library",
                    "params:costs",
                    "params:simulation",
                ],
                "traded_market",
                name="lay_out_market",
            ),
            node(
                trade_books,
                [
                    "traded_market",
                    "bars",
                    "sectors",
                    "membership",
                    "fundamentals",
                    "predictions",
                    "params:strategies",
                    "params:strategy_library",
                    "params:headline",
                    "params:seed",
                ],
                [
                    "weights",
                    "returns",
                    "bills",
                    "overlay_changes",
                    "attributions",
                    "universe_returns",
                    "backtest_notes",
                ],
                name="run_backtests",
            ),
            node(
                try_settings,
                [
                    "traded_market",
                    "predictions",
                    "params:strategies",
                    "params:strategy_library",
                    "params:headline",
                    "params:costs",
                    "params:sweep",
                    "params:frontier",
                    "params:capacity",
                    "params:seed",
                ],
                ["sweep", "frontier", "capacity"],
                name="try_settings",
            ),
        ]
    )
