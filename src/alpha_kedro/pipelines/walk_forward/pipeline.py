"""The wiring of the walk-forward."""

from kedro.pipeline import Pipeline, node

from alpha_kedro.pipelines.walk_forward.nodes import predict_out_of_sample


def create_pipeline() -> Pipeline:
    """Turn samples and labels into out-of-sample predictions and a ledger of fits."""
    return Pipeline(
        [
            node(
                predict_out_of_sample,
                [
                    "samples",
                    "labels",
                    "histories",
                    "market_states",
                    "fold_cache",
                    "params:models",
                    "params:model_library",
                    "params:labels",
                    "params:walk_forward",
                    "params:ingestion",
                    "params:execution",
                    "params:seed",
                ],
                [
                    "predictions",
                    "fit_ledger",
                    "contributions",
                    "feature_choices",
                    "fit_choices",
                ],
                name="run_walk_forward",
            )
        ]
    )
