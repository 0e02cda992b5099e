"""The wiring of reporting."""

from kedro.pipeline import Pipeline, node

from alpha_kedro.pipelines.reporting.nodes import (
    draw_figures,
    gather_evidence,
    tell_story,
    write_down,
)


def create_pipeline() -> Pipeline:
    """Turn predictions and returns into evidence, figures, summary and report."""
    return Pipeline(
        [
            node(
                gather_evidence,
                [
                    "predictions",
                    "labels",
                    "returns",
                    "benchmarks",
                    "sectors",
                    "fit_choices",
                    "attributions",
                    "universe_returns",
                    "sweep",
                    "frontier",
                    "params:headline",
                    "params:strategies",
                    "params:strategy_library",
                    "params:models",
                    "params:model_library",
                    "params:labels",
                    "params:evidence",
                    "params:seed",
                ],
                "evidence",
                name="measure",
            ),
            node(
                draw_figures,
                "evidence",
                ["equity_curve", "ic_timeseries", "deciles"],
                name="draw_figures",
            ),
            node(
                write_down,
                ["evidence", "run_facts", "ingestion_report"],
                "summary",
                name="write_summary",
            ),
            node(
                tell_story,
                [
                    "evidence",
                    "summary",
                    "contributions",
                    "feature_choices",
                    "fit_choices",
                    "fit_ledger",
                    "backtest_notes",
                    "ingestion_report",
                    "findings",
                    "feature_coverage",
                    "bills",
                    "overlay_changes",
                    "sweep",
                    "frontier",
                    "capacity",
                ],
                "report",
                name="write_report",
            ),
        ]
    )
