"""The nodes of reporting."""

from typing import Any

import pandas as pd

from alpha_kedro.core.provenance import finish
from alpha_kedro.experiment import choose_books
from alpha_kedro.measures import (
    Evidence,
    EvidenceSpec,
    describe_sample,
    measure_models,
    measure_strategies,
    summarise,
)
from alpha_kedro.reports import deciles, equity_curve, ic_timeseries, write_report
from alpha_kedro.signals import LabelSpec


def gather_evidence(
    predictions: pd.DataFrame,
    labels_table: pd.DataFrame,
    returns: pd.DataFrame,
    benchmarks: pd.DataFrame,
    headline: str,
    strategies: list[str],
    strategy_library: dict[str, Any],
    labels: LabelSpec,
    evidence: EvidenceSpec,
    seed: int,
) -> Evidence:
    """Judge every model and every strategy; every pair of them is a trial."""
    trials = int(returns["strategy"].nunique())
    scores = measure_models(
        predictions, labels_table, frequency=labels.frequency, spec=evidence
    )
    books = measure_strategies(
        returns,
        None if benchmarks.empty else benchmarks,
        spec=evidence,
        trials=trials,
        seed=seed,
    )
    return Evidence(
        models=scores,
        strategies=books,
        headline=headline,
        headline_model=choose_books(strategies, strategy_library)[headline].model,
        sample=describe_sample(predictions),
        trials=trials,
    )


def draw_figures(evidence: Evidence) -> tuple[Any, Any, Any]:
    """Draw the three figures of the summary page."""
    return equity_curve(evidence), ic_timeseries(evidence), deciles(evidence)


def write_down(
    evidence: Evidence, run_facts: dict[str, Any], ingestion_report: dict[str, Any]
) -> dict[str, Any]:
    """Write the numbers down, with where they come from."""
    return summarise(evidence, finish(run_facts, ingestion_report))


def tell_story(
    evidence: Evidence,
    summary: dict[str, Any],
    contributions: pd.DataFrame,
    feature_choices: pd.DataFrame,
    fit_ledger: pd.DataFrame,
    backtest_notes: dict[str, Any],
    ingestion_report: dict[str, Any],
    findings: pd.DataFrame,
    feature_coverage: pd.DataFrame,
) -> str:
    """Write the report a colleague can be sent."""
    return write_report(
        evidence,
        summary=summary,
        contributions=contributions,
        feature_choices=feature_choices,
        fit_ledger=fit_ledger,
        backtest_notes=backtest_notes,
        ingestion_report=ingestion_report,
        findings=findings,
        feature_coverage=feature_coverage,
    )
