"""The wiring of ingestion."""

from kedro.pipeline import Pipeline, node

from alpha_kedro.pipelines.ingestion.nodes import (
    account_for_all,
    clean_disclosures,
    clean_prices,
    clean_references,
    judge_health,
    keep_raw_market,
    load_raw_market,
)

_RAW_TABLES = [
    "raw_bars",
    "raw_membership",
    "raw_sectors",
    "raw_benchmarks",
    "raw_actions",
    "raw_delistings",
    "raw_fundamentals",
    "raw_sentiment",
]


def create_pipeline() -> Pipeline:
    """Turn a source into clean bars and everything that is known beside them."""
    return Pipeline(
        [
            node(
                load_raw_market,
                [
                    "params:market",
                    "params:markets",
                    "params:ingestion",
                    "params:seed",
                    "vendor_folder",
                    "vintage_folder",
                    "market_database",
                ],
                [*_RAW_TABLES, "market_facts"],
                name="load_market",
            ),
            node(
                keep_raw_market,
                ["vintage_folder", "market_facts", *_RAW_TABLES],
                "vintage",
                name="keep_vintage",
            ),
            node(
                clean_prices,
                [
                    "raw_bars",
                    "raw_actions",
                    "market_facts",
                    "params:ingestion",
                    "params:seed",
                ],
                ["bars", "rejects", "bars_report"],
                name="clean_bars",
            ),
            node(
                clean_references,
                [
                    "bars",
                    "rejects",
                    "raw_membership",
                    "raw_sectors",
                    "raw_benchmarks",
                    "raw_delistings",
                    "raw_actions",
                    "market_facts",
                    "params:ingestion",
                ],
                [
                    "membership",
                    "sectors",
                    "benchmarks",
                    "listings",
                    "references_report",
                ],
                name="clean_references",
            ),
            node(
                clean_disclosures,
                [
                    "bars",
                    "raw_fundamentals",
                    "raw_sentiment",
                    "params:fundamentals",
                    "params:sentiment",
                    "params:ingestion",
                ],
                [
                    "fundamentals",
                    "sentiment",
                    "fundamentals_rejects",
                    "sentiment_rejects",
                    "disclosures_report",
                ],
                name="clean_disclosures",
            ),
            node(
                judge_health,
                [
                    "raw_bars",
                    "raw_actions",
                    "raw_benchmarks",
                    "raw_membership",
                    "rejects",
                    "market_facts",
                    "vintage",
                    "vintage_folder",
                    "params:health",
                    "params:ingestion",
                ],
                ["findings", "health"],
                name="check_health",
            ),
            node(
                account_for_all,
                [
                    "market_facts",
                    "vintage",
                    "bars_report",
                    "references_report",
                    "disclosures_report",
                    "health",
                ],
                "ingestion_report",
                name="account_for_all",
            ),
        ]
    )
