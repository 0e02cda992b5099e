"""The chapters on settings, speeds and sizes that were tried, and what overlays did."""

from dataclasses import dataclass, replace

import pandas as pd

from alpha_kedro.measures import Evidence
from alpha_kedro.reports.bill_charts import bill_section
from alpha_kedro.reports.capacity_chart import (
    capacity_chart,
    capacity_table,
    lapsed_rise,
)
from alpha_kedro.reports.chart import Drawn
from alpha_kedro.reports.frontier_chart import frontier_chart
from alpha_kedro.reports.overlay_charts import overlay_section
from alpha_kedro.reports.section import Section
from alpha_kedro.reports.sweep_chart import cell_table, in_words, sweep_chart, unfolded
from alpha_kedro.reports.wording import numbered


@dataclass(frozen=True)
class BookRecords:
    """What backtesting wrote down beside weights and returns; tables may be empty.

    Attributes
    ----------
    bills
        Cost of each session by kind: date, strategy, trading, impact, borrow,
        financing.
    overlay_changes
        date, strategy, overlay, changed.
    sweep, frontier, capacity
        Settings, speeds and sizes that were tried.
    """

    bills: pd.DataFrame
    overlay_changes: pd.DataFrame
    sweep: pd.DataFrame
    frontier: pd.DataFrame
    capacity: pd.DataFrame


def book_sections(evidence: Evidence, records: BookRecords) -> list[Section]:
    """Return the chapters about the books; none where there is nothing to tell."""
    return [
        *bill_section(records.bills, headline=evidence.headline),
        *overlay_section(records.overlay_changes, headline=evidence.headline),
        *_frontier_section(records.frontier),
        *_sweep_section(records.sweep, evidence.trials),
        *_capacity_section(records.capacity, evidence),
    ]


def _frontier_section(frontier: pd.DataFrame) -> list[Section]:
    if frontier.empty:
        return []
    return [
        Section(
            "frontier",
            "How fast to trade",
            "The same scores traded in several ways and at several speeds, each point "
            "net of the cost of its panel. Compare heights at the cost you pay, and "
            "their intervals with them.",
            (frontier_chart(frontier),),
        )
    ]


def _sweep_section(sweep: pd.DataFrame, trials: int) -> list[Section]:
    if sweep.empty:
        return []
    charts = tuple(
        chart
        for place, (name, cells) in enumerate(sweep.groupby("strategy", sort=False))
        for chart in _heatmaps(cells, str(name), place=place, trials=trials)
    )
    return [
        Section(
            "sweep",
            "Settings tried",
            f"{numbered(len(sweep), 'setting')} on the same predictions. The best of "
            "them was picked with hindsight: each one, drawn or not, counts as a trial "
            "in the deflated Sharpe ratios of the strategies." + _held_at(sweep),
            charts,
            (("Every cell of the sweep", cell_table(sweep)),),
        )
    ]


def _heatmaps(
    cells: pd.DataFrame, name: str, *, place: int, trials: int
) -> list[Drawn]:
    """Lay out the first two settings that vary; other ones are held at their first."""
    table = unfolded(cells)
    paths = _varied(table)
    if not paths:
        return []
    across, down = paths[0], paths[1] if len(paths) > 1 else "strategy"
    held = _held(table)
    for path, value in held.items():
        table = table[table[path] == value]
    chart = sweep_chart(table, x=across, y=down, trials=trials, held=held)
    return [replace(chart, subtitle=f"{name} · {chart.subtitle}", key=f"sweep_{place}")]


def _held_at(sweep: pd.DataFrame) -> str:
    """Say which settings a picture of two of them leaves out."""
    held = _held(unfolded(sweep))
    if not held:
        return ""
    return f" Drawn with {in_words(held)} held fixed; the table has all cells."


def _held(table: pd.DataFrame) -> dict[str, object]:
    return {name: table[name].iloc[0] for name in _varied(table)[2:]}


def _varied(table: pd.DataFrame) -> list[str]:
    return [str(name) for name in table if "." in str(name) and _varies(table[name])]


def _varies(values: pd.Series) -> bool:
    return bool((values != values.iloc[0]).any())


def _capacity_section(capacity: pd.DataFrame, evidence: Evidence) -> list[Section]:
    if capacity.empty:
        return []
    sample = f"{evidence.strategies[evidence.headline].summary['n_sessions']} sessions"
    return [
        Section(
            "capacity",
            "How much money it can run",
            f"{evidence.headline} at growing NAVs: orders move prices by the "
            "square-root law and fill up to a share of a session's volume, the rest "
            "lapses. Rules that heed costs trade less as impact grows, so the book "
            "itself changes from one NAV to the next." + lapsed_rise(capacity),
            (capacity_chart(capacity, name=evidence.headline, sample=sample),),
            (("By the money it starts with", capacity_table(capacity)),),
        )
    ]
