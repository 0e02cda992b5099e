"""Charts of a factor's coefficients: over time, by horizon, by group, by age."""

import calendar

import numpy as np
import pandas as pd

from alpha_kedro.measures import FactorEvidence
from alpha_kedro.reports.chart import (
    Chart,
    Drawn,
    Gap,
    blank,
    days,
    legend_above,
    literal,
    name_rows,
    row_chart_height,
    tiles,
)
from alpha_kedro.reports.factor_words import (
    about,
    half_life_words,
    ic_sentence,
    sessions,
)
from alpha_kedro.reports.palette import (
    BAND,
    BLUE,
    MEASURED,
    WHISKER,
    apart,
)
from alpha_kedro.reports.wording import Z_95, numbered

_NO_IC = "no date has a coefficient"


def ic_over_time(evidence: FactorEvidence, *, horizon: int) -> Drawn:
    """Draw the rank IC added up over the dates: its slope is the mean at the time."""
    table = evidence.ic.fillna(0.0).cumsum()
    if not evidence.ic.notna().any(axis=None):
        return Gap("Rank IC over time", _NO_IC)
    figure = blank(x="Date", y="Sum of rank ICs so far", hovermode="x unified")
    horizons = evidence.design.horizons
    for each, colour in zip(horizons, apart(len(horizons)), strict=True):
        figure.add_scatter(
            x=days(table.index),
            y=table[each].round(4),
            name=f"over {sessions(each)}",
            line={"color": colour, "width": 2},
            hovertemplate="%{y:.2f}",
        )
    figure.add_hline(y=0, line_width=1)
    legend_above(figure)
    return Chart(
        key="ic_over_time",
        title=ic_sentence(evidence, horizon),
        subtitle=about(evidence, "a steady slope is a steady coefficient"),
        figure=figure,
        table=evidence.ic.reset_index(),
        alt=f"Rank ICs added up over time. {ic_sentence(evidence, horizon)}.",
    )


def ic_by_horizon(evidence: FactorEvidence, *, longest: int) -> Chart:
    """Draw the mean rank IC over ever longer horizons, with its 95 % band."""
    curve = evidence.decay(longest)
    clear = int((curve["t"].abs() > Z_95).sum())
    return _curve(
        curve,
        evidence,
        key="ic_by_horizon",
        title=f"Rank IC clear of zero over {clear} of {numbered(longest, 'horizon')}",
        x="Horizon (sessions)",
    )


def ic_by_age(evidence: FactorEvidence) -> Chart:
    """Draw the rank IC of one session's return with ever older scores."""
    words = half_life_words(evidence)
    return _curve(
        evidence.decay_by_age,
        evidence,
        key="ic_by_age",
        title=words[0].upper() + words[1:],
        x="Age of the score at the fill, beyond the lag (sessions)",
    )


def ic_by_year(evidence: FactorEvidence, *, horizon: int) -> Chart:
    """Draw the mean rank IC of each year with its HAC interval."""
    own = evidence.ic_by_year
    table = own[own["horizon"] == horizon].reset_index(drop=True)
    figure = blank(x="Year", y="Mean rank IC, 95 % HAC interval", height=300)
    figure.add_bar(
        x=table["year"].astype("str"),
        y=table["rank_ic"],
        error_y={
            "array": Z_95 * table["standard_error"],
            "color": WHISKER,
            "width": 2,
            "thickness": 1.5,
        },
        marker={"color": MEASURED},
        hovertemplate="%{x}: %{y:.4f}<extra></extra>",
    )
    figure.update_xaxes(type="category")
    good = f"{int((table['rank_ic'] > 0).sum())} of {numbered(len(table), 'year')}"
    return Chart(
        key="ic_by_year",
        title=f"Mean rank IC above zero in {good}",
        subtitle=about(evidence, sessions(horizon)),
        figure=figure,
        table=table,
        alt=f"Mean rank IC by year, above zero in {good}.",
    )


def ic_by_month(evidence: FactorEvidence, *, horizon: int) -> Drawn:
    """Draw the mean rank IC by month and year, the numbers printed in hundredths."""
    monthly = evidence.ic_by_month[horizon]
    if not monthly.notna().any():
        return Gap("Rank IC by month", _NO_IC)
    months = pd.PeriodIndex(monthly.index)
    cells = pd.DataFrame(
        {
            "year": months.year,
            "month": months.month,
            "rank_ic": 100 * monthly.to_numpy(),
        }
    )
    grid = cells.pivot_table("rank_ic", "year", "month", dropna=False)
    grid = grid.reindex(columns=range(1, 13))
    limit = float(np.nanquantile(grid.abs().to_numpy(), 0.95))
    figure = blank(x="Month", y="Year", height=130 + 30 * len(grid))
    tiles(
        figure,
        grid.set_axis(list(calendar.month_abbr)[1:], axis=1).set_axis(
            [str(year) for year in grid.index]
        ),
        limit=limit,
        hover="%{x} %{y}: %{z:.2f} hundredths<extra></extra>",
    )
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    good = f"{int((monthly > 0).sum())} of {int(monthly.notna().sum())} months"
    return Chart(
        key="ic_by_month",
        title=f"Mean rank IC above zero in {good}",
        subtitle=about(evidence, sessions(horizon), "in hundredths"),
        figure=figure,
        table=grid.reset_index(),
        alt=f"Mean rank IC by month, above zero in {good}.",
        least_width=620,
    )


def ic_by_group(evidence: FactorEvidence, *, horizon: int) -> Drawn:
    """Draw the mean rank IC within each group with its HAC interval."""
    if evidence.sample.groups is None:
        return Gap("Rank IC by group", "no groups were given")
    own = evidence.ic_by_group
    table = own[own["horizon"] == horizon].sort_values("rank_ic", ignore_index=True)
    known = table.dropna(subset="rank_ic")
    if known.empty:
        return Gap("Rank IC by group", "no group has enough names on any date")
    names = [literal(name) for name in known["group"]]
    figure = blank(
        x="Mean rank IC within the group, 95 % HAC interval",
        y="Group",
        height=row_chart_height(names),
    )
    figure.add_scatter(
        x=known["rank_ic"],
        y=names,
        mode="markers",
        marker={"size": 10, "color": BLUE},
        error_x={"array": Z_95 * known["standard_error"], "color": BLUE},
        customdata=known["n_names"].round(0),
        hovertemplate="%{y}: %{x:.4f}, %{customdata} names<extra></extra>",
    )
    figure.add_vline(x=0, line_width=1)
    name_rows(figure, names)
    clear = int((known["t"].abs() > Z_95).sum())
    title = f"{clear} of {numbered(len(known), 'interval')} within groups exclude zero"
    return Chart(
        key="ic_by_group",
        title=title,
        subtitle=about(evidence, sessions(horizon)),
        figure=figure,
        table=table,
        alt=f"Mean rank IC by group. {title}.",
    )


def _curve(
    curve: pd.DataFrame, evidence: FactorEvidence, *, key: str, title: str, x: str
) -> Chart:
    steps = list(curve.index)
    figure = blank(x=x, y="Mean rank IC", height=320)
    for side, fill in (("low", None), ("high", "tonexty")):
        figure.add_scatter(
            x=steps,
            y=curve[side],
            line={"width": 0},
            fill=fill,
            fillcolor=BAND,
            hoverinfo="skip",
        )
    figure.add_scatter(
        x=steps,
        y=curve["rank_ic"],
        mode="lines+markers",
        line={"color": BLUE, "width": 2},
        hovertemplate="%{x}: %{y:.4f}<extra></extra>",
    )
    figure.add_hline(y=0, line_width=1)
    return Chart(
        key=key,
        title=title,
        subtitle=about(evidence, "band: 95 % HAC interval"),
        figure=figure,
        table=curve.reset_index(),
        alt=f"{title}.",
    )
