"""Ingestion: a market as it came, cleaned; what was refused, and why."""

from alpha_kedro.pipelines.ingestion.pipeline import create_pipeline

__all__ = ["create_pipeline"]
