"""The chapters on what a strategy is held against, and where its returns came from."""

from alpha_kedro.measures import StrategyEvidence
from alpha_kedro.reports.attribution_charts import names_chart, parts_chart
from alpha_kedro.reports.attribution_history import lines_chart, years_chart
from alpha_kedro.reports.attribution_tables import attribution_table, exposure_table
from alpha_kedro.reports.benchmark_charts import (
    benchmark_chart,
    benchmark_table,
    year_table,
    yearly_chart,
)
from alpha_kedro.reports.chart import Chart, Drawn
from alpha_kedro.reports.section import Section


def benchmark_section(strategy: StrategyEvidence) -> list[Section]:
    """Return the strategy beside its benchmarks, year by year; always one chapter."""
    charts: tuple[Drawn, ...] = (benchmark_chart(strategy), yearly_chart(strategy))
    return [
        Section(
            "benchmarks",
            "Against benchmarks",
            "Every benchmark as it is and at the strategy's own risk. Ex-ante means "
            "scaled by trailing volatilities known the close before; ex-post means "
            "scaled once by those of the whole sample, with hindsight. Comparisons use "
            "the common dates; nothing is filled.",
            charts,
            (
                ("Against each benchmark, on common dates", benchmark_table(strategy)),
                (
                    "Year by year, net of costs. IR: information ratio; *: part of a "
                    "year; (60): on 60 common sessions only",
                    year_table(strategy),
                ),
            ),
        )
    ]


def attribution_section(strategy: StrategyEvidence) -> list[Section]:
    """Return where returns came from; no chapter where the books were not kept."""
    attribution = strategy.attribution
    if attribution is None:
        return []
    wanted: tuple[Drawn, ...] = (
        parts_chart(strategy, "source"),
        lines_chart(strategy, "source"),
        parts_chart(strategy, "factor"),
        lines_chart(strategy, "factor"),
        years_chart(strategy, "factor"),
        parts_chart(strategy, "leg"),
        parts_chart(strategy, "sector"),
        names_chart(strategy),
    )
    return [
        Section(
            "attribution",
            "Where returns came from",
            "The same net return, split five ways; each adds up to the whole in every "
            "session. Decision: what targets would have earned, held to the letter. "
            "Drift: what holdings earned beyond targets as prices moved them. Fill: "
            "the way to the targets, and exits after a last price. Factors are "
            "exposures known the close before times what they earned; the rest is "
            "specific to the names, but for what was traded at the open and earned by "
            "the close of that day (fill day).",
            tuple(sorted(wanted, key=lambda each: not isinstance(each, Chart))),
            (
                ("Contributions, per session × 252", attribution_table(attribution)),
                (
                    "Exposures of the book (deviations across names, times weight)",
                    exposure_table(attribution),
                ),
            ),
        )
    ]
