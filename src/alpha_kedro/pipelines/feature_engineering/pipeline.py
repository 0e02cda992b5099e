"""The wiring of feature engineering."""

from kedro.pipeline import Pipeline, node

from alpha_kedro.pipelines.feature_engineering.nodes import (
    make_background,
    make_features,
    make_labels,
    make_samples,
)


def create_pipeline() -> Pipeline:
    """Turn clean bars into features, labels and the samples models are fitted on."""
    return Pipeline(
        [
            node(
                make_features,
                [
                    "bars",
                    "membership",
                    "sectors",
                    "benchmarks",
                    "fundamentals",
                    "sentiment",
                    "params:features",
                ],
                "features",
                name="build_features",
            ),
            node(
                make_labels,
                [
                    "bars",
                    "features",
                    "membership",
                    "sectors",
                    "listings",
                    "params:labels",
                    "params:ingestion",
                ],
                "labels",
                name="build_labels",
            ),
            node(
                make_samples,
                [
                    "features",
                    "membership",
                    "sectors",
                    "params:samples",
                    "params:labels",
                    "params:ingestion",
                ],
                ["samples", "feature_coverage"],
                name="build_samples",
            ),
            node(
                make_background,
                [
                    "bars",
                    "features",
                    "membership",
                    "sectors",
                    "benchmarks",
                    "params:samples",
                    "params:market_states",
                    "params:models",
                    "params:model_library",
                ],
                ["histories", "market_states"],
                name="build_background",
            ),
        ]
    )
