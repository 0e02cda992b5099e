"""The nodes of reporting."""

from typing import Any

import pandas as pd

from alpha_kedro.core.provenance import finish
from alpha_kedro.experiment import choose_books, choose_models, headline_model
from alpha_kedro.learning import labels_of
from alpha_kedro.learning.wrappers.tuning import tuning_gain, untuned_twin
from alpha_kedro.measures import (
    Evidence,
    EvidenceSpec,
    compare_models,
    comparison_facts,
    describe_sample,
    measure_models,
    measure_strategies,
    periods_spanned,
    summarise,
    with_facts,
)
from alpha_kedro.measures.attribution import attributions_of
from alpha_kedro.reports import (
    BookRecords,
    deciles,
    equity_curve,
    ic_timeseries,
    write_report,
)
from alpha_kedro.signals import LabelSpec


def gather_evidence(
    predictions: pd.DataFrame,
    labels_table: pd.DataFrame,
    returns: pd.DataFrame,
    benchmarks: pd.DataFrame,
    sectors: pd.DataFrame,
    fit_choices: pd.DataFrame,
    attributions: pd.DataFrame,
    universe_returns: pd.DataFrame,
    sweep: pd.DataFrame,
    frontier: pd.DataFrame,
    headline: str,
    strategies: list[str],
    strategy_library: dict[str, Any],
    models: list[str],
    model_library: dict[str, Any],
    labels: LabelSpec,
    evidence: EvidenceSpec,
    seed: int,
) -> Evidence:
    """Judge every model and every strategy; each, and each setting, is a trial."""
    trials = int(returns["strategy"].nunique()) + len(sweep) + _settings(frontier)
    chosen = choose_books(strategies, strategy_library)
    judged = labels_of(labels_table, labels.horizon)
    scores = measure_models(
        predictions, judged, frequency=labels.frequency, spec=evidence
    )
    comparison = compare_models(
        predictions,
        judged,
        sectors,
        reference=models[0],
        frequency=labels.frequency,
        min_names=evidence.min_names,
        lags=evidence.hac_lags,
    )
    books = measure_strategies(
        returns,
        None if benchmarks.empty else benchmarks,
        spec=evidence,
        trials=trials,
        seed=seed,
        series={"equal_weight": universe_returns.set_index("date")["equal_weight"]},
        attributions=attributions_of(attributions, returns),
    )
    return Evidence(
        models=with_facts(scores, comparison_facts(comparison)),
        strategies=books,
        headline=headline,
        headline_model=headline_model(headline, chosen, models),
        sample=describe_sample(predictions),
        trials=trials,
        comparison=comparison,
        tuning=tuning_gain(
            predictions,
            fit_choices,
            untuned_twin(choose_models(models, model_library)),
            min_names=evidence.min_names,
            overlap=periods_spanned(labels.horizon, labels.frequency),
        ),
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
    fit_choices: pd.DataFrame,
    fit_ledger: pd.DataFrame,
    backtest_notes: dict[str, Any],
    ingestion_report: dict[str, Any],
    findings: pd.DataFrame,
    feature_coverage: pd.DataFrame,
    bills: pd.DataFrame,
    overlay_changes: pd.DataFrame,
    sweep: pd.DataFrame,
    frontier: pd.DataFrame,
    capacity: pd.DataFrame,
) -> str:
    """Write the report a colleague can be sent."""
    return write_report(
        evidence,
        summary=summary,
        contributions=contributions,
        feature_choices=feature_choices,
        fit_choices=fit_choices,
        fit_ledger=fit_ledger,
        backtest_notes=backtest_notes,
        ingestion_report=ingestion_report,
        findings=findings,
        feature_coverage=feature_coverage,
        records=BookRecords(bills, overlay_changes, sweep, frontier, capacity),
    )


def _settings(frontier: pd.DataFrame) -> int:
    return 0 if frontier.empty else int(frontier["name"].nunique())
