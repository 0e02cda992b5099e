"""Tables of a run as text: one definition for the page and for the terminal."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import shorten
from alpha_kedro.reports.wording import (
    ABSENT,
    count,
    day,
    fixed,
    interval,
    interval_around,
    percent,
    plain_words,
    recovered,
)

Facts = Mapping[str, Any]
_MOST_LINES = 12  # of nested counts; more become one line
_NOTHING = ("0", ABSENT)
_ALWAYS = ("input", "kept", "rejected")


@dataclass(frozen=True)
class Table:
    """A table of text; the first ``n_names`` columns are words, the rest numbers."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    n_names: int = 1


@dataclass(frozen=True)
class Column:
    """A heading, and how to read its cell from one block of ``summary.json``."""

    heading: str
    cell: Callable[[Facts], str]


MODEL_COLUMNS = (
    Column("Rank IC", lambda m: fixed(m["rank_ic"], 4)),
    Column("t (HAC)", lambda m: fixed(m["rank_ic_t"], 1)),
    Column("ICIR a year", lambda m: fixed(m["rank_ic_ir_annual"])),
)
MORE_MODEL_COLUMNS = (
    Column(
        "95 % interval",
        lambda m: interval(interval_around(m["rank_ic"], m["rank_ic_se"]), 3),
    ),
    Column("IC > 0", lambda m: percent(m["positive_share"], 0)),
    Column("Top less bottom", lambda m: percent(m["decile_spread"], 2)),
    Column("Spread t", lambda m: fixed(m["decile_spread_t"], 1)),
    Column("Monotonicity", lambda m: fixed(m["monotonicity"])),
    Column("Rank autocorrelation", lambda m: fixed(m["rank_autocorrelation"])),
    Column("Dates", lambda m: count(m["n_dates"])),
    Column("Excluded", lambda m: count(sum(m["n_dates_excluded"].values()))),
)
STRATEGY_COLUMNS = (
    Column("Net Sharpe", lambda s: fixed(s["net"]["sharpe"])),
    Column("95 % interval", lambda s: interval(s["net"]["sharpe_ci95"])),
    Column("Gross Sharpe", lambda s: fixed(s["gross"]["sharpe"])),
    Column("Turnover a year", lambda s: fixed(s["turnover_annual"], 1)),
    Column("Cost a year", lambda s: percent(s["cost_annual"])),
)
MORE_STRATEGY_COLUMNS = (
    Column("Net return", lambda s: percent(s["net"]["annual_return"])),
    Column("Gross return", lambda s: percent(s["gross"]["annual_return"])),
    Column("Volatility", lambda s: percent(s["net"]["annual_volatility"])),
    Column("Deepest drawdown", lambda s: percent(s["net"]["max_drawdown"])),
    Column("Calmar", lambda s: fixed(s["net"]["calmar"])),
    Column("Breakeven (bps)", lambda s: fixed(s["breakeven_cost_bps"], 1)),
    Column("Beta", lambda s: fixed(s["beta"])),
    Column("Alpha a year", lambda s: percent(s["alpha_annual"])),
    Column("Deflated Sharpe", lambda s: percent(s["deflated_sharpe"], 0)),
)


def compare(name: str, blocks: Mapping[str, Facts], columns: Sequence[Column]) -> Table:
    """Return one row per block of the summary."""
    return Table(
        header=(name, *(column.heading for column in columns)),
        rows=tuple(
            (key, *(column.cell(facts) for column in columns))
            for key, facts in blocks.items()
        ),
    )


def headline_table(summary: Facts) -> str:
    """Return models and strategies as text for the end of a run.

    Parameters
    ----------
    summary
        The content of ``summary.json``.

    Returns
    -------
    str
        Two aligned tables; the headline strategy is marked with ``*``.
    """
    lead = summary["headline"]
    books = {
        f"* {name}" if name == lead else f"  {name}": facts
        for name, facts in summary["strategies"].items()
    }
    models = {f"  {name}": facts for name, facts in summary["models"].items()}
    return "\n\n".join(
        [
            as_text(compare("  Model", models, MODEL_COLUMNS)),
            as_text(compare("  Strategy", books, STRATEGY_COLUMNS)),
        ]
    )


def as_text(table: Table) -> str:
    """Return a table with aligned columns: words to the left, numbers to the right."""
    lines = [table.header, *table.rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < table.n_names else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in (table.header, rule, *table.rows)
    )


def drawdown_table(drawdowns: pd.DataFrame) -> Table:
    """Return the worst drawdowns, the deepest first."""
    rows = (
        (
            str(place),
            percent(row["depth"]),
            day(row["peak"]),
            day(row["trough"]),
            recovered(row["recovery"]),
            count(row["sessions"]),
        )
        for place, row in enumerate(drawdowns.to_dict("records"), start=1)
    )
    header = ("#", "Depth", "Peak", "Trough", "Recovered", "Sessions")
    return Table(header, tuple(rows))


def note_table(notes: Mapping[str, Mapping[str, int]]) -> Table:
    """Return what went otherwise than each strategy wanted, and how often."""
    kinds = sorted({note for own in notes.values() for note in own})
    rows = (
        (strategy, *(count(own.get(note, 0)) for note in kinds))
        for strategy, own in notes.items()
    )
    return Table(("Strategy", *map(plain_words, kinds)), tuple(rows))


def fit_table(fit_ledger: pd.DataFrame, *, model: str) -> Table:
    """Return a line per fit of a model: what it saw, and what it was tested on."""
    own = fit_ledger[fit_ledger["model"] == model].sort_values("fold")
    rows = (
        (
            str(fit["fold"]),
            day(fit["train_start"]),
            day(fit["max_label_end"]),
            day(fit["test_start"]),
            day(fit["test_end"]),
            count(fit["n_train"]),
            count(fit["n_test"]),
            fit["skipped"],
        )
        for fit in own.to_dict("records")
    )
    header = (
        "Fold",
        "Training from",
        "Last label ends",
        "Test from",
        "Test to",
        "Rows trained",
        "Rows tested",
        "Skipped because",
    )
    return Table(header, tuple(rows))


def universe_table(coverage: Sequence[Mapping[str, Any]]) -> Table:
    """Return who was a member, who had prices, and who left and how, year by year."""
    header = ("Year", "Members", "With prices", "Covered", "Delisted", "Source ended")
    return Table(
        header,
        tuple(
            (
                str(year["year"]),
                *(count(year[key]) for key in ("members", "priced")),
                percent(year["covered"], 0),
                *(count(year.get(key)) for key in ("delisted", "source_ended")),
            )
            for year in coverage
        ),
    )


def coverage_table(coverage: pd.DataFrame) -> Table:
    """Return how often features are known, by year and by what they are made of."""
    header = ("Made of", "Year", "Features", "Member days", "Known", "Least known")
    rows = coverage.sort_values(["group", "year"]).to_dict("records")
    return Table(
        header,
        tuple(
            (
                str(row["group"]),
                str(row["year"]),
                count(row["n_features"]),
                count(row["member_days"]),
                percent(row["mean_share"], 0),
                f"{row['lowest']} {percent(row['lowest_share'], 0)}",
            )
            for row in rows
        ),
    )


def ingestion_table(report: Mapping[str, Any]) -> Table:
    """Return the counts of the ingestion report: rows kept, rows refused and why.

    What was looked for and not found is left out, but for rows refused.
    """
    parts = (
        *("source", "bars", "membership", "sectors", "benchmarks", "listings"),
        *("fundamentals", "sentiment"),
    )
    rows = (
        (part, what, shown)
        for part in parts
        for what, shown in _entries(report.get(part) or {}, show=_counted)
        if shown not in _NOTHING or what in _ALWAYS
    )
    return Table(("Table", "What", "Value"), tuple(rows), n_names=3)


def facts_table(facts: Mapping[str, Any]) -> Table:
    """Return nested facts, such as a manifest, verbatim as rows of key and value."""
    return Table(("Key", "Value"), tuple(_entries(facts, show=_verbatim)), n_names=2)


def reason_table(reasons: Mapping[str, str]) -> Table:
    """Return why numbers of the summary are null."""
    return Table(("Number", "Why it is not available"), tuple(reasons.items()), 2)


def data_table(rows: pd.DataFrame) -> Table:
    """Return the data of a chart as text, numbers to five significant digits."""
    cells = rows.to_numpy(dtype=object)
    return Table(
        header=tuple(map(str, rows.columns)),
        rows=tuple(tuple(_cell(value) for value in row) for row in cells),
    )


def _entries(
    block: Mapping[str, Any], *, show: Callable[[Any], str], above: str = ""
) -> Iterator[tuple[str, str]]:
    for key, value in block.items():
        if str(key).removeprefix("n_") in block.keys() - {key}:
            continue  # the list of that name is shown with its length
        words = f"{above}{plain_words(str(key))}"
        if isinstance(value, Mapping) and len(value) <= _MOST_LINES:
            yield from _entries(value, show=show, above=f"{words}: ")
        elif isinstance(value, Mapping):
            yield words, show([f"{name} {amount}" for name, amount in value.items()])
        else:
            yield words, show(value)


def _counted(value: Any) -> str:
    if isinstance(value, list):
        return f"{len(value):,}" + (f": {shorten(value)}" if value else "")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else _verbatim(value)


def _verbatim(value: Any) -> str:
    return ABSENT if value is None else str(value)


def _cell(value: Any) -> str:
    if pd.isna(value):
        return ABSENT
    if isinstance(value, pd.Timestamp):
        return day(value)
    return f"{value:.5g}" if isinstance(value, float | np.floating) else str(value)
