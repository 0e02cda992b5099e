"""The wiring of backtesting."""

from kedro.pipeline import Pipeline, node

from alpha_kedro.pipelines.backtesting.nodes import trade_books


def create_pipeline() -> Pipeline:
    """Turn scores into target weights, and weights into money."""
    return Pipeline(
        [
            node(
                trade_books,
                [
                    "bars",
                    "sectors",
                    "listings",
                    "predictions",
                    "params:strategies",
                    "params:strategy_library",
                    "params:costs",
                    "params:simulation",
                    "params:seed",
                ],
                ["weights", "returns", "backtest_notes"],
                name="run_backtests",
            )
        ]
    )
