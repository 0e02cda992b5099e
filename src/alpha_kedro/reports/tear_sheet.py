"""The report: one HTML file that opens offline and asks the network for nothing."""

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from alpha_kedro.measures import Evidence
from alpha_kedro.reports.chart import Chart, themes
from alpha_kedro.reports.figures import as_png, deciles, equity_curve, ic_timeseries
from alpha_kedro.reports.health_page import health_section
from alpha_kedro.reports.sections import sections, tiles
from alpha_kedro.reports.tables import (
    MODEL_COLUMNS,
    MORE_MODEL_COLUMNS,
    MORE_STRATEGY_COLUMNS,
    STRATEGY_COLUMNS,
    Table,
    compare,
    data_table,
    facts_table,
)
from alpha_kedro.reports.verdict import caveats, verdict

_PREVIEW = 12  # rows
_FINDINGS = "findings.parquet in 03_primary"


def write_report(
    evidence: Evidence,
    *,
    summary: Mapping[str, Any],
    contributions: pd.DataFrame,
    fit_ledger: pd.DataFrame,
    backtest_notes: Mapping[str, Mapping[str, int]],
    ingestion_report: Mapping[str, Any],
    findings: pd.DataFrame,
    feature_coverage: pd.DataFrame,
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
        fit_ledger=fit_ledger,
        backtest_notes=backtest_notes,
        ingestion_report=ingestion_report,
        feature_coverage=feature_coverage,
    )
    health = ingestion_report["health"]
    chapters.append(health_section(findings, health, file=_FINDINGS))
    charts = [chart for chapter in chapters for chart in chapter.drawn]
    page: str = _template().render(
        summary=summary,
        verdict=verdict(summary),
        caveats=caveats(summary, ingestion_report),
        tiles=tiles(evidence, summary),
        models=compare("Model", summary["models"], MODEL_COLUMNS + MORE_MODEL_COLUMNS),
        strategies=compare(
            "Strategy", summary["strategies"], STRATEGY_COLUMNS + MORE_STRATEGY_COLUMNS
        ),
        stills=_stills(evidence),
        chapters=chapters,
        payload={
            "themes": themes(),
            "charts": {chart.key: _drawing(chart) for chart in charts},
        },
        plotly=_packed_plotly(),
        manifest=facts_table(summary["manifest"]),
        preview_rows=_PREVIEW,
    )
    return page


def _template() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    rooms = Environment(
        loader=PackageLoader("alpha_kedro.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    rooms.filters |= {"csv_link": csv_link, "preview": preview}
    rooms.tests["chart"] = lambda drawn: isinstance(drawn, Chart)
    return rooms.get_template("report.html.j2")


def csv_link(rows: pd.DataFrame) -> str:
    """Return a table as a ``data:`` link to a CSV file, six significant digits."""
    text = rows.to_csv(
        index=False, float_format="%.6g", date_format="%Y-%m-%d", lineterminator="\n"
    )
    return "data:text/csv;charset=utf-8;base64," + _base64(text.encode())


def preview(rows: pd.DataFrame) -> Table:
    """Return the last rows of a chart's data."""
    return data_table(rows.tail(_PREVIEW))


def _stills(evidence: Evidence) -> list[dict[str, str]]:
    """Return the three figures for readers without JavaScript."""
    figures = {
        "Growth of 1 and drawdown of the headline strategy": equity_curve(evidence),
        "Rank IC of the leading model over time": ic_timeseries(evidence),
        "Mean return by quantile of the leading model's scores": deciles(evidence),
    }
    return [
        {"alt": alt, "source": "data:image/png;base64," + _base64(as_png(figure))}
        for alt, figure in figures.items()
    ]


def _drawing(chart: Chart) -> dict[str, Any]:
    drawing: dict[str, Any] = json.loads(chart.figure.to_json(engine="json"))
    return {"data": drawing["data"], "layout": drawing["layout"]}


def _packed_plotly() -> str:
    """Return plotly.js compressed: a third of the size, and no link in plain sight."""
    from plotly.offline import get_plotlyjs

    return _base64(gzip.compress(get_plotlyjs().encode(), mtime=0))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
