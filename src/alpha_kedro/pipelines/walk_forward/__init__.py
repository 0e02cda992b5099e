"""Walk-forward: models fitted on the past of each fold and scored on its future."""

from alpha_kedro.pipelines.walk_forward.pipeline import create_pipeline

__all__ = ["create_pipeline"]
