"""Where returns came from over time: profits so far, and years."""

import numpy as np
import pandas as pd

from alpha_kedro.measures import StrategyEvidence
from alpha_kedro.measures.attribution.splits import (
    COST,
    DECISION,
    DRIFT,
    FILL,
    FILL_DAY,
    SPECIFIC,
)
from alpha_kedro.reports.attribution_keys import TITLES, TOTAL, in_order, known
from alpha_kedro.reports.chart import (
    Chart,
    Drawn,
    Gap,
    blank,
    days,
    literal,
    name_ends,
    tiles,
)
from alpha_kedro.reports.palette import (
    GREEN,
    GREY,
    NET,
    ORANGE,
    PURPLE,
    SKY,
    SLATE,
    VERMILLION,
)
from alpha_kedro.reports.titles import about_strategy

_FIXED = {
    TOTAL: (NET, "solid"),
    DECISION: (SKY, "solid"),
    DRIFT: (GREEN, "solid"),
    SPECIFIC: (PURPLE, "solid"),
    FILL: (SLATE, "dashdot"),
    FILL_DAY: (SLATE, "dashdot"),
    COST: (VERMILLION, "dot"),
}
_FREE = (ORANGE, GREEN, SKY, GREY)
_DASHES = ("solid", "dash", "longdashdot")


def lines_chart(strategy: StrategyEvidence, dimension: str) -> Drawn:
    """Draw the profit so far of each key; the keys add up to the bold line."""
    found = known(strategy, dimension)
    if isinstance(found, Gap):
        return found
    lines = 100 * found.cumulative(dimension)
    lines = lines.assign(**{TOTAL: lines.sum(axis=1)})
    figure = blank(
        x="Date", y="Profit so far (% of the first NAV)", hovermode="x unified"
    )
    styles = _styles([str(name) for name in lines])
    for name, values in lines.items():
        colour, dash = styles[str(name)]
        figure.add_scatter(
            x=days(lines.index),
            y=values.round(4),
            name=literal(name),
            line={
                "color": colour,
                "width": 2.6 if name == TOTAL else 1.5,
                "dash": dash,
            },
            hovertemplate="%{y:.1f} %",
        )
    low, high = (float(end(lines)) for end in (np.min, np.max))
    margin = 0.04 * max(high - low, 0.01)
    low, high = low - margin, high + margin
    figure.update_yaxes(range=[low, high])
    name_ends(figure, (lines - low) / (high - low))
    for name, annotation in zip(lines, figure.layout.annotations, strict=True):
        annotation.font = {"color": styles[str(name)][0]}
    figure.update_layout(height=360 + 14 * len(lines.columns))
    figure.update_layout(margin={"r": 110})
    ends = ", ".join(f"{name} {lines[name].iloc[-1]:.1f} %" for name in lines)
    return Chart(
        key=f"attribution_{dimension}_lines",
        title=f"Profit so far by {TITLES[dimension]}",
        subtitle=about_strategy(strategy)
        + " · linked by arithmetic on NAV: lines add up to the bold one",
        figure=figure,
        table=lines.reset_index(),
        alt=f"Cumulative contributions by {TITLES[dimension]}. At the end: {ends}.",
        least_width=520,
    )


def years_chart(strategy: StrategyEvidence, dimension: str) -> Drawn:
    """Draw contributions by year as tiles that add up to the return of the year."""
    found = known(strategy, dimension)
    if isinstance(found, Gap):
        return found
    table = found.by_period(dimension)
    grid = 100 * table.pivot_table(
        "contribution", index="key", columns="period", sort=False
    )
    grid = grid.loc[in_order(found.summary(dimension), dimension)]
    grid = pd.concat([grid, grid.sum().rename(TOTAL).to_frame().T])
    grid.index = pd.Index([literal(name) for name in grid.index])
    figure = blank(x="Year", y=dimension.capitalize(), height=110 + 30 * len(grid))
    limit = float(np.nanmax(grid.abs().to_numpy(), initial=0.1))
    tiles(figure, grid, limit=limit, hover="%{y}, %{x}: %{z:.2f} %<extra></extra>")
    figure.update_layout(margin={"t": 36})
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    return Chart(
        key=f"attribution_{dimension}_years",
        title=f"Contributions by {TITLES[dimension]}, year by year (%)",
        subtitle=about_strategy(strategy)
        + " · linked by arithmetic on NAV: a column adds up to the return of the year",
        figure=figure,
        table=table,
        alt=f"Contributions by {TITLES[dimension]} in each year.",
        least_width=200 + 46 * grid.shape[1],
    )


def _styles(names: list[str]) -> dict[str, tuple[str, str]]:
    """Return colour and dash of each line; colours come again with another dash."""
    free = [(colour, dash) for dash in _DASHES for colour in _FREE]
    others = [name for name in names if name not in _FIXED]
    return {name: free[place % len(free)] for place, name in enumerate(others)} | _FIXED
