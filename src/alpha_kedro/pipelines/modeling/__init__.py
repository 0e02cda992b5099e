"""Modeling: the production models, fitted on all labels known today, and stored."""

from alpha_kedro.pipelines.modeling.pipeline import create_pipeline

__all__ = ["create_pipeline"]
