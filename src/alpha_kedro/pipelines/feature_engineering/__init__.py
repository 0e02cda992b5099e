"""Feature engineering: what is known at each close, and what came of it."""

from alpha_kedro.pipelines.feature_engineering.pipeline import create_pipeline

__all__ = ["create_pipeline"]
