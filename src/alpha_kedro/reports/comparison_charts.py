"""Models side by side: as they are, within sectors, and against one of them.

All of it is read from what `alpha_kedro.measures.compare_models` gives.
"""

from collections.abc import Hashable, Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.measures.model_comparison import PART, WHOLE, YEAR
from alpha_kedro.reports.chart import (
    Chart,
    blank,
    legend_above,
    literal,
    name_rows,
    row_chart_height,
    tiles,
)
from alpha_kedro.reports.palette import BLUE, ORANGE
from alpha_kedro.reports.tables import Table
from alpha_kedro.reports.wording import (
    Z_95,
    count,
    day,
    fixed,
    numbered,
    span,
)

_WITHIN = "sector_neutral_"
_SIDES = {"as they are": ("", BLUE), "within sectors": (_WITHIN, ORANGE)}
_FULL_COLOUR = 0.03  # rank IC, where no model has more
_SURE = 0.05


def comparison_chart(comparison: pd.DataFrame) -> Chart:
    """Draw every model's rank IC with and without its sectors, and HAC intervals."""
    whole = _span(comparison, WHOLE).sort_values(["rank_ic", "model"])
    names = list(map(literal, whole["model"]))
    figure = blank(
        x="Mean rank IC, 95 % HAC interval", y="Model", height=row_chart_height(names)
    )
    for name, (side, colour) in _SIDES.items():
        figure.add_scatter(
            x=whole[f"{side}rank_ic"].round(6),
            y=names,
            mode="markers",
            name=name,
            orientation="h",
            offsetgroup=name,
            marker={"size": 9, "color": colour},
            error_x={"array": _reach(whole, side).round(6), "color": colour},
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
        )
    figure.add_vline(x=0, line_width=1)
    name_rows(figure, names)
    figure.update_layout(scattermode="group", scattergap=0.7)
    figure.update_yaxes(showgrid=False)
    legend_above(figure)
    above = (whole[f"{_WITHIN}rank_ic"] - _reach(whole, _WITHIN) > 0).sum()
    return Chart(
        key="comparison",
        title=f"{above} of {len(whole)} rank IC intervals within sectors lie above "
        "zero",
        subtitle=_about(whole),
        figure=figure,
        table=comparison,
        alt=f"Mean rank IC of {numbered(len(whole), 'model')}, as they are and within "
        "sectors, with 95 % intervals.",
    )


def yearly_comparison_chart(comparison: pd.DataFrame) -> Chart:
    """Draw the rank IC of every model in every year, within sectors where known."""
    side = _WITHIN if comparison[f"{_WITHIN}rank_ic"].notna().any() else ""
    where = "within sectors" if side else "as they are"
    years = _span(comparison, YEAR)
    grid = 100 * years.pivot_table(
        f"{side}rank_ic", index="model", columns="period", dropna=False
    )
    grid.index = pd.Index([literal(name) for name in grid.index])
    figure = blank(x="Year", y="Model", height=110 + 34 * len(grid))
    limit = float(np.nanmax(grid.abs().to_numpy(), initial=100 * _FULL_COLOUR))
    tiles(figure, grid, limit=limit, hover="%{y}, %{x}: %{z:.2f}<extra></extra>")
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    return Chart(
        key="comparison_by_year",
        title=f"Rank IC {where}, year by year (x 100)",
        subtitle=_about(_span(comparison, WHOLE)),
        figure=figure,
        table=years[["model", "period", f"{side}n_dates", f"{side}rank_ic"]],
        alt=f"Rank IC {where} of {numbered(len(grid), 'model')} in each year.",
        least_width=200 + 46 * grid.shape[1],
    )


def comparison_table(comparison: pd.DataFrame) -> Table:
    """Return a row per model: rank IC, the same within sectors, and both paired."""
    whole = _span(comparison, WHOLE)
    rows = whole.to_dict("records")
    other = _reference(comparison)
    header = (
        *("Model", "Rank IC", "t (HAC)", "ICIR", "Dates"),
        *("Within sectors: rank IC", "t (HAC)", "ICIR"),
        *(f"Rank IC less that of {other}", "Paired t"),
        *(f"Within sectors less {other}", "Paired t"),
    )
    return Table(
        header,
        tuple(
            (
                row["model"],
                *_measured(row, ""),
                count(row["n_dates"]),
                *_measured(row, _WITHIN),
                *_paired(row, ""),
                *_paired(row, _WITHIN),
            )
            for row in rows
        ),
    )


def part_table(comparison: pd.DataFrame) -> Table:
    """Return a row per model and part of the sample."""
    header = (
        *("Model", "Part", "From", "To", "Rank IC", "t (HAC)"),
        *("Within sectors: rank IC", "t (HAC)"),
        *(f"Rank IC less that of {_reference(comparison)}", "Paired t"),
    )
    return Table(
        header,
        tuple(
            (
                *(row["model"], row["period"], day(row["start"]), day(row["end"])),
                *_measured(row, "")[:2],
                *_measured(row, _WITHIN)[:2],
                *_paired(row, ""),
            )
            for row in _span(comparison, PART).to_dict("records")
        ),
    )


def comparison_lead(comparison: pd.DataFrame) -> str:
    """Return how the table is to be read, with the t that many comparisons ask for."""
    whole = _span(comparison, WHOLE)
    n_others = len(whole) - 1
    said = (
        "Every model as it is, and with scores and returns less the means of their "
        "sectors, which is what a sector-neutral book earns from. Differences are "
        f"paired date by date with {_reference(comparison)}, errors are Newey-West."
    )
    if n_others < 2:
        return said
    bar = NormalDist().inv_cdf(1 - _SURE / 2 / n_others)
    return (
        f"{said} The best of several is lucky too: one of {n_others} models without "
        f"an edge passes a paired t of {fixed(bar, 1)}, up or down, in one run of "
        f"{round(1 / _SURE)}."
    )


def _span(comparison: pd.DataFrame, kind: str) -> pd.DataFrame:
    return comparison[comparison["span"] == kind].reset_index(drop=True)


def _reference(comparison: pd.DataFrame) -> str:
    return str(comparison["reference"].iloc[0])


def _reach(whole: pd.DataFrame, side: str) -> "pd.Series[float]":
    """Return half the width of each 95 % interval, NaN where there is no t."""
    t = whole[f"{side}rank_ic_t"]
    reach: pd.Series[float] = (Z_95 * whole[f"{side}rank_ic"] / t.where(t != 0)).abs()
    return reach


def _measured(row: Mapping[Hashable, Any], side: str) -> tuple[str, str, str]:
    return (
        fixed(row[f"{side}rank_ic"], 4),
        fixed(row[f"{side}rank_ic_t"], 1),
        fixed(row[f"{side}icir"], 2),
    )


def _paired(row: Mapping[Hashable, Any], side: str) -> tuple[str, str]:
    if row["model"] == row["reference"]:
        return "reference", ""
    return fixed(row[f"{side}paired"], 4), fixed(row[f"{side}paired_t"], 1)


def _about(whole: pd.DataFrame) -> str:
    dates = span(whole["start"].min(), whole["end"].max())
    return (
        f"{dates} · {numbered(int(whole['n_dates'].max()), 'decision date')}, out of "
        f"sample · gross · {numbered(len(whole), 'model')} compared"
    )
