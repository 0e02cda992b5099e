"""Charts of what a factor's quantiles and its weighted portfolio earned."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alpha_kedro.measures import FactorEvidence
from alpha_kedro.reports.chart import (
    Chart,
    Drawn,
    Gap,
    blank,
    blank_grid,
    legend_above,
    literal,
    tiles,
)
from alpha_kedro.reports.factor_words import (
    about,
    basis_points,
    book_of,
    facts_of,
    quantile_word,
    sessions,
)
from alpha_kedro.reports.growth_lines import growth_figure
from alpha_kedro.reports.palette import (
    MEASURED,
    WHISKER,
    apart,
    between,
)
from alpha_kedro.reports.wording import Z_95, fixed, percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_BASIS_POINTS = 10_000
_FEW = 5  # lines that can be told apart by their names


def quantile_bars(evidence: FactorEvidence) -> Chart:
    """Draw each quantile's mean return per session held, a panel per horizon."""
    horizons, table = evidence.design.horizons, evidence.quantile_returns
    what = quantile_word(evidence)
    figure = blank_grid(
        [f"over {sessions(horizon)}" for horizon in horizons],
        x=f"{what.capitalize()} of the score",
        y="Mean return (bps per session)",
        columns=min(3, len(horizons)),
        row_height=230,
    )
    for place, horizon in enumerate(horizons):
        own = table[table["horizon"] == horizon]
        scale = _BASIS_POINTS / horizon
        reach = Z_95 * scale * own["standard_error"]
        figure.add_bar(
            x=own["quantile"],
            y=scale * own["mean_return"],
            error_y={"array": reach, "width": 2, "thickness": 1.5, "color": WHISKER},
            marker={"color": MEASURED},
            hovertemplate="%{x}: %{y:.2f} bps per session<extra></extra>",
            row=place // 3 + 1,
            col=place % 3 + 1,
        )
    figure.update_xaxes(dtick=1)
    facts = {horizon: facts_of(evidence, horizon) for horizon in horizons}
    spreads = ", ".join(
        f"{basis_points(own['spread'])} over {sessions(horizon)} "
        f"(t {fixed(own['spread_t'], 1)})"
        for horizon, own in facts.items()
    )
    return Chart(
        key="quantile_returns",
        title=f"Top less bottom {what}: {spreads}",
        subtitle=about(evidence, "whiskers: 95 % HAC interval"),
        figure=figure,
        table=table,
        alt=f"Mean return by {what}. Top less bottom: {spreads}.",
        least_width=190 * min(3, len(horizons)),
    )


def quantile_growth(evidence: FactorEvidence) -> Drawn:
    """Draw growth of 1 in each quantile, renewed at each date, on a log scale."""
    lines = evidence.quantile_growth
    what = quantile_word(evidence)
    names = {number: f"{what} {number}" for number in lines}
    colours = dict(zip(names.values(), between(len(names)), strict=True))
    ends = {number: fixed(lines[number].iloc[-1]) for number in lines}
    title = (
        f"Growth of 1: top {what} {ends[evidence.design.quantiles]}, bottom {ends[1]}"
    )
    return _growth(
        lines.rename(columns=names),
        key="quantile_growth",
        title=title,
        subtitle=about(evidence),
        colours=colours,
        named=[names[number] for number in _named(evidence)],
    )


def portfolio_growth(evidence: FactorEvidence) -> Drawn:
    """Draw growth of 1 in the score-weighted portfolio, one line per horizon."""
    lines = evidence.cumulative_returns
    names = {horizon: sessions(horizon) for horizon in evidence.design.horizons}
    colours = dict(zip(names.values(), apart(len(names)), strict=True))
    books = {horizon: book_of(evidence, horizon) for horizon in names}
    alphas = ", ".join(
        f"{percent(book['alpha_annual'])} held {sessions(horizon)} "
        f"(t {fixed(book['alpha_t'], 1)})"
        for horizon, book in books.items()
    )
    title = f"Score-weighted portfolio, alpha a year: {alphas}"
    neutral = "net 0 in every group" if evidence.design.neutral else "net 0"
    return _growth(
        lines.rename(columns=names),
        key="portfolio_growth",
        title=title,
        subtitle=about(evidence, returns=f"gross exposure 1, {neutral}"),
        colours=colours,
        named=list(names.values()),
    )


def event_paths(evidence: FactorEvidence, *, before: int, after: int) -> Drawn:
    """Draw each quantile's mean price path around the fill."""
    table = evidence.event_returns(before, after)
    if not table["mean_return"].notna().any():
        return Gap("Paths around the fill", "no date has enough names with prices")
    what = quantile_word(evidence)
    figure = _two_sides(table, evidence)
    wide = table.set_index(["quantile", "session"])["mean_return"]
    top = evidence.design.quantiles
    gap = float(wide[top, after] - wide[1, after])
    fed = float(wide[1, -before] - wide[top, -before])
    title = (
        f"Top less bottom {what}: {percent(fed, 2)} in the {sessions(before)} "
        f"before the fill, {percent(gap, 2)} in the {after} after it"
    )
    return Chart(
        key="event_paths",
        title=title,
        subtitle=about(evidence, f"the score is made at {-evidence.design.lag}"),
        figure=figure,
        table=table,
        alt=f"Mean price paths by {what} around the fill. {title}.",
        least_width=620,
    )


def _named(evidence: FactorEvidence) -> tuple[int, ...]:
    """Return the quantiles whose lines are named: all of a few, else the outer two."""
    last = evidence.design.quantiles
    return tuple(range(1, last + 1)) if last <= _FEW else (1, last)


def _two_sides(table: pd.DataFrame, evidence: FactorEvidence) -> "Figure":
    """Draw the paths before and after the fill apart: they differ in size."""
    figure = blank(x="", y="", height=380)
    figure.set_subplots(
        rows=1,
        cols=2,
        column_widths=[0.35, 0.65],
        horizontal_spacing=0.09,
        subplot_titles=["before", "after"],
    )
    numbers = range(1, evidence.design.quantiles + 1)
    named = _named(evidence)
    for number, colour in zip(numbers, between(len(numbers)), strict=True):
        own = table[table["quantile"] == number]
        for side, inside in enumerate((own["session"] <= 0, own["session"] >= 0)):
            figure.add_scatter(
                x=own.loc[inside, "session"],
                y=(100 * own.loc[inside, "mean_return"]).round(4),
                name=f"{quantile_word(evidence)} {number}",
                mode="lines",
                showlegend=side == 0 and number in named,
                line={"color": colour, "width": 2 if number in named else 1},
                hovertemplate="%{x}: %{y:.3f} %",
                row=1,
                col=side + 1,
            )
    figure.update_xaxes(title_text="Sessions from the fill")
    figure.update_yaxes(title_text="Mean return from the fill (%)", col=1)
    figure.update_yaxes(title_text="", col=2)
    legend_above(figure)
    figure.update_layout(legend_y=1.1, margin={"t": 84})
    return figure


def group_grid(evidence: FactorEvidence, *, horizon: int) -> Drawn:
    """Draw the mean return of each quantile in each group, the numbers printed."""
    if evidence.sample.groups is None:
        return Gap("Quantile returns by group", "no groups were given")
    own = evidence.quantile_returns_by_group
    table = own[own["horizon"] == horizon]
    scale = _BASIS_POINTS / horizon
    cells = table.assign(bps=scale * table["mean_return"])
    grid = cells.pivot_table("bps", "group", "quantile", dropna=False)
    if not grid.notna().any(axis=None):
        return Gap("Quantile returns by group", "no group has returns")
    limit = float(np.nanmax(grid.abs().to_numpy(), initial=0.1))
    what = quantile_word(evidence)
    figure = blank(
        x=f"{what.capitalize()} of the score", y="Group", height=130 + 34 * len(grid)
    )
    tiles(
        figure,
        grid.set_axis([str(number) for number in grid], axis=1).set_axis(
            [literal(name) for name in grid.index]
        ),
        limit=limit,
        hover="%{y}, %{x}: %{z:.2f} bps per session<extra></extra>",
    )
    figure.update_xaxes(showgrid=False, type="category")
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    gain = grid.iloc[:, -1] - grid.iloc[:, 0]
    title = (
        f"The top {what} earned more in {int((gain > 0).sum())} of {len(grid)} groups"
    )
    return Chart(
        key="quantile_returns_by_group",
        title=title,
        subtitle=about(evidence, f"over {sessions(horizon)}, bps per session"),
        figure=figure,
        table=table.reset_index(drop=True),
        alt=f"Mean return by group and {what}. {title}.",
        least_width=460,
    )


def _growth(
    lines: pd.DataFrame,
    *,
    key: str,
    title: str,
    subtitle: str,
    colours: dict[str, str],
    named: list[str],
) -> Drawn:
    if not (lines > 0).all(axis=None):
        return Gap(title, "a value fell to nothing, which a log scale cannot show")
    styles: dict[str, dict[str, object]] = {
        name: {"color": colour, "width": 1.8 if name in named else 1}
        for name, colour in colours.items()
    }
    figure = growth_figure(lines, styles, height=400, named=named)
    return Chart(
        key=key,
        title=title,
        subtitle=subtitle,
        figure=figure,
        table=lines.reset_index(),
        alt=f"{title}.",
    )
