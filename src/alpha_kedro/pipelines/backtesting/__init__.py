"""Backtesting: scores become targets, trades, costs and returns."""

from alpha_kedro.pipelines.backtesting.pipeline import create_pipeline

__all__ = ["create_pipeline"]
