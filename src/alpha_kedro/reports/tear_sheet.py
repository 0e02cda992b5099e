"""The report: one HTML file that opens offline and asks the network for nothing."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alpha_kedro.measures import Evidence
from alpha_kedro.reports.book_sections import BookRecords
from alpha_kedro.reports.figures import as_png, deciles, equity_curve, ic_timeseries
from alpha_kedro.reports.health_page import health_section
from alpha_kedro.reports.limits import limits
from alpha_kedro.reports.page import as_link, render
from alpha_kedro.reports.sections import sections, tiles
from alpha_kedro.reports.tables import (
    MODEL_COLUMNS,
    MORE_MODEL_COLUMNS,
    MORE_STRATEGY_COLUMNS,
    STRATEGY_COLUMNS,
    compare,
    facts_table,
)
from alpha_kedro.reports.verdict import caveats, verdict

_FINDINGS = "findings.parquet in 03_primary"


def write_report(
    evidence: Evidence,
    *,
    summary: Mapping[str, Any],
    contributions: pd.DataFrame,
    feature_choices: pd.DataFrame,
    fit_choices: pd.DataFrame,
    fit_ledger: pd.DataFrame,
    backtest_notes: Mapping[str, Mapping[str, int]],
    ingestion_report: Mapping[str, Any],
    findings: pd.DataFrame,
    feature_coverage: pd.DataFrame,
    records: BookRecords,
) -> str:
    """Write the report of a run as one self-contained HTML page.

    Parameters
    ----------
    evidence
        What the run showed.
    summary
        The content of ``summary.json``, its manifest included.
    contributions
        Long table: date, ticker, model, fold, feature, value, contribution (score
        units), of out-of-sample rows; may be empty.
    feature_choices
        By model and fold: what became of each feature; empty where no model chooses.
    fit_choices
        What each fit chose for itself: model, fold, seed, choice, value (NaN for
        words), text; may be empty.
    fit_ledger
        A line per fit: model, fold, train_start, max_label_end, test_start, test_end,
        embargo_sessions, n_train, n_test, skipped.
    backtest_notes
        By strategy: what went otherwise than wanted, and how often.
    ingestion_report
        What came in and what was kept: market, bars, membership, sectors, benchmarks,
        listings, coverage, health.
    findings
        What looks wrong or odd in the raw data, the worst first.
    feature_coverage
        By year and by what features are made of: the share of the members' decision
        days for which they are known.
    records
        What backtesting wrote down beside weights and returns.

    Returns
    -------
    str
        HTML with its styles, pictures, data and plotly.js inside. Without JavaScript
        the summary, the tables and three still figures remain. Everything that comes
        from data is escaped, and a content security policy forbids any request. The
        same inputs give the same text.
    """
    chapters = sections(
        evidence,
        summary=summary,
        contributions=contributions,
        feature_choices=feature_choices,
        fit_choices=fit_choices,
        fit_ledger=fit_ledger,
        backtest_notes=backtest_notes,
        ingestion_report=ingestion_report,
        feature_coverage=feature_coverage,
        records=records,
    )
    health = ingestion_report["health"]
    chapters.append(health_section(findings, health, file=_FINDINGS))
    return render(
        "report.html.j2",
        chapters,
        summary=summary,
        verdict=verdict(summary),
        caveats=caveats(summary, ingestion_report),
        tiles=tiles(evidence, summary),
        limits=limits(evidence, records),
        models=compare("Model", summary["models"], MODEL_COLUMNS + MORE_MODEL_COLUMNS),
        strategies=compare(
            "Strategy", summary["strategies"], STRATEGY_COLUMNS + MORE_STRATEGY_COLUMNS
        ),
        stills=_stills(evidence),
        manifest=facts_table(summary["manifest"]),
    )


def _stills(evidence: Evidence) -> list[dict[str, str]]:
    """Return the three figures for readers without JavaScript."""
    figures = {
        "Growth of 1 and drawdown of the headline strategy": equity_curve(evidence),
        "Rank IC of the leading model over time": ic_timeseries(evidence),
        "Mean return by quantile of the leading model's scores": deciles(evidence),
    }
    return [
        {"alt": alt, "source": as_link(as_png(figure), "image/png")}
        for alt, figure in figures.items()
    ]
