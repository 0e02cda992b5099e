"""The wiring of modeling."""

from kedro.pipeline import Pipeline, node

from alpha_kedro.pipelines.modeling.nodes import fit_production_models


def create_pipeline() -> Pipeline:
    """Turn every label known today into the stored models of tonight."""
    return Pipeline(
        [
            node(
                fit_production_models,
                [
                    "samples",
                    "labels",
                    "histories",
                    "market_states",
                    "predictions",
                    "model_store",
                    "params:models",
                    "params:model_library",
                    "params:labels",
                    "params:walk_forward",
                    "params:ingestion",
                    "params:seed",
                ],
                "production_models",
                name="fit_production_models",
            )
        ]
    )
