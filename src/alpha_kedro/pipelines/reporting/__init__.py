"""Reporting: evidence, figures, the summary and the report."""

from alpha_kedro.pipelines.reporting.pipeline import create_pipeline

__all__ = ["create_pipeline"]
