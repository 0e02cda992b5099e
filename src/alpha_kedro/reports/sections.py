"""The order of the report: which chart and which table stands where."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alpha_kedro.measures import Evidence
from alpha_kedro.reports.book_sections import BookRecords, book_sections
from alpha_kedro.reports.explanation_charts import (
    importance_chart,
    stability_chart,
    swarm_chart,
)
from alpha_kedro.reports.fit_choices import effort_table
from alpha_kedro.reports.learning_sections import (
    comparison_section,
    fits_section,
    tuning_section,
)
from alpha_kedro.reports.performance_charts import (
    equity_chart,
    monthly_chart,
    rolling_sharpe_chart,
    underwater_chart,
)
from alpha_kedro.reports.protocol_charts import coverage_chart, fold_chart
from alpha_kedro.reports.section import Section
from alpha_kedro.reports.selection_charts import (
    choice_chart,
    choice_table,
    choosers,
    family_table,
    fold_table,
)
from alpha_kedro.reports.signal_charts import (
    decile_chart,
    ic_chart,
    ic_histogram,
    model_chart,
    yearly_ic_chart,
)
from alpha_kedro.reports.strategy_sections import (
    attribution_section,
    benchmark_section,
)
from alpha_kedro.reports.tables import (
    coverage_table,
    drawdown_table,
    fit_table,
    ingestion_table,
    note_table,
    reason_table,
    universe_table,
)
from alpha_kedro.reports.trading_charts import (
    cost_chart,
    exposure_chart,
    sharpe_chart,
    turnover_chart,
)
from alpha_kedro.reports.verdict import beyond_luck, leading_model, leading_strategy
from alpha_kedro.reports.wording import fixed, interval, numbered, percent


@dataclass(frozen=True)
class Tile:
    """One number at the top, with what it takes to read it."""

    label: str
    value: str
    detail: str


def tiles(evidence: Evidence, summary: Mapping[str, Any]) -> list[Tile]:
    """Return the numbers a reader wants first."""
    strategy = summary["strategies"][summary["headline"]]
    model = leading_model(evidence).name
    facts = summary["models"][model]
    net, gross = strategy["net"], strategy["gross"]
    return [
        Tile(
            "Net Sharpe", fixed(net["sharpe"]), f"95 % {interval(net['sharpe_ci95'])}"
        ),
        Tile(
            "Gross Sharpe",
            fixed(gross["sharpe"]),
            f"costs take {fixed(strategy['cost_drag_sharpe'])}",
        ),
        Tile(
            "Rank IC",
            fixed(facts["rank_ic"], 3),
            f"t {fixed(facts['rank_ic_t'], 1)} (HAC), of {model}",
        ),
        Tile("Deepest drawdown", percent(net["max_drawdown"]), "net of costs"),
        Tile(
            "Turnover a year",
            f"{fixed(strategy['turnover_annual'], 1)} ×",
            "of NAV, one-way",
        ),
        Tile(
            "Cost a year",
            percent(strategy["cost_annual"]),
            f"breakeven {fixed(strategy['breakeven_cost_bps'], 1)} bps",
        ),
        Tile(
            "Deflated Sharpe",
            percent(strategy["deflated_sharpe"], 0),
            f"confidence that it {beyond_luck(strategy['trials'])}",
        ),
        Tile(
            "Beta",
            fixed(strategy["beta"]),
            strategy.get("benchmark", "no benchmark"),
        ),
    ]


def sections(
    evidence: Evidence,
    *,
    summary: Mapping[str, Any],
    contributions: pd.DataFrame,
    feature_choices: pd.DataFrame,
    fit_choices: pd.DataFrame,
    fit_ledger: pd.DataFrame,
    backtest_notes: Mapping[str, Mapping[str, int]],
    ingestion_report: Mapping[str, Any],
    feature_coverage: pd.DataFrame,
    records: BookRecords,
) -> list[Section]:
    """Return the chapters after the summary, in the order of the report."""
    model = leading_model(evidence).name
    return [
        _performance(evidence),
        *benchmark_section(leading_strategy(evidence)),
        *attribution_section(leading_strategy(evidence)),
        _trading(evidence, backtest_notes),
        *book_sections(evidence, records),
        _signal(evidence),
        *comparison_section(evidence),
        Section(
            "drivers",
            "What drove the scores",
            f"Contributions of the features of {model} to scores of rows it had not "
            "learned from; with the bias they add up to the score.",
            (
                importance_chart(contributions, model=model),
                swarm_chart(contributions, model=model),
                stability_chart(contributions, model=model),
            ),
        ),
        *_choices(feature_choices),
        *fits_section(fit_choices),
        *tuning_section(evidence, fit_choices),
        Section(
            "protocol",
            "How it was tested",
            "Every fit used labels that were final before its first test date.",
            (fold_chart(fit_ledger, model=model),),
            (
                ("Fits by model", effort_table(fit_ledger, fit_choices)),
                (f"Fits of {model}", fit_table(fit_ledger, model=model)),
            ),
        ),
        Section(
            "data",
            "Data",
            "What came in, what was kept, and how much of the universe has prices.",
            (coverage_chart(ingestion_report.get("coverage")),),
            (
                (
                    "Members of the universe, year by year, and who left",
                    universe_table(ingestion_report.get("coverage") or ()),
                ),
                (
                    "Decision days of members for which features are known",
                    coverage_table(feature_coverage),
                ),
                ("Rows by what became of them", ingestion_table(ingestion_report)),
                (
                    "Numbers that are not available, and why",
                    reason_table(summary["reasons"]),
                ),
            ),
        ),
    ]


def _choices(feature_choices: pd.DataFrame) -> list[Section]:
    """Return a chapter about models that choose their features, none without any."""
    models = choosers(feature_choices)
    if not models:
        return []
    tables = {
        "features of each family, chosen or why not (means over folds)": family_table,
        "what a fold chose that the fold before had not": fold_table,
        "features chosen at least once": choice_table,
    }
    return [
        Section(
            "choices",
            "What was chosen",
            "Features are chosen anew in every fold, by how steadily they ordered the "
            "labels of its training window.",
            tuple(choice_chart(feature_choices, model=model) for model in models),
            tuple(
                (f"{model}: {caption}", table(feature_choices, model=model))
                for model in models
                for caption, table in tables.items()
            ),
        )
    ]


def _performance(evidence: Evidence) -> Section:
    strategy = leading_strategy(evidence)
    return Section(
        "performance",
        "Performance",
        f"{strategy.name}, the headline strategy.",
        (
            equity_chart(strategy),
            underwater_chart(strategy),
            rolling_sharpe_chart(strategy),
            monthly_chart(strategy),
        ),
        (("Worst drawdowns, net", drawdown_table(strategy.drawdowns)),),
    )


def _trading(
    evidence: Evidence, backtest_notes: Mapping[str, Mapping[str, int]]
) -> Section:
    strategy = leading_strategy(evidence)
    return Section(
        "trading",
        "Costs and trading",
        "Orders fill at a later open than the close that decided them; costs are "
        "charged on the absolute trade.",
        (
            sharpe_chart(evidence.strategies),
            cost_chart(evidence.strategies),
            turnover_chart(strategy),
            exposure_chart(strategy),
        ),
        (("Orders and books that went otherwise (count)", note_table(backtest_notes)),),
    )


def _signal(evidence: Evidence) -> Section:
    model = leading_model(evidence)
    return Section(
        "signal",
        "Signal quality",
        "How well scores ordered the returns that followed, before any portfolio."
        + _whose(model.name, len(evidence.models)),
        (
            model_chart(evidence.models),
            ic_chart(model),
            ic_histogram(model),
            yearly_ic_chart(model),
            decile_chart(evidence.models, leading=model),
        ),
    )


def _whose(model: str, n_models: int) -> str:
    """Say which model charts of one model show, where it could be another."""
    if n_models == 1:
        return ""
    return (
        f" Charts of one model are of {model}, one of {numbered(n_models, 'model')} of "
        "this run; a strategy that combines others may trade the scores of several."
    )
