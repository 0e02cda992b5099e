"""The wiring of ingestion."""

from kedro.pipeline import Pipeline, node

from alpha_kedro.pipelines.ingestion.nodes import (
    clean_prices,
    clean_references,
    load_raw_market,
)


def create_pipeline() -> Pipeline:
    """Turn a source into clean bars, membership, sectors and benchmarks."""
    return Pipeline(
        [
            node(
                load_raw_market,
                ["params:market", "params:markets", "params:seed"],
                [
                    "raw_bars",
                    "raw_membership",
                    "raw_sectors",
                    "raw_benchmarks",
                    "raw_actions",
                ],
                name="load_market",
            ),
            node(
                clean_prices,
                ["raw_bars", "raw_actions", "params:ingestion", "params:seed"],
                ["bars", "rejects", "bars_report"],
                name="clean_bars",
            ),
            node(
                clean_references,
                [
                    "bars",
                    "raw_membership",
                    "raw_sectors",
                    "raw_benchmarks",
                    "bars_report",
                    "params:ingestion",
                    "params:market",
                ],
                ["membership", "sectors", "benchmarks", "ingestion_report"],
                name="clean_references",
            ),
        ]
    )
