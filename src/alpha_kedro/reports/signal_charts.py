"""Charts of how well scores ordered the returns that followed."""

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Float
from alpha_kedro.measures import ModelEvidence
from alpha_kedro.reports.chart import (
    Chart,
    Drawn,
    Gap,
    blank,
    blank_grid,
    days,
    legend_above,
    literal,
    name_rows,
    row_chart_height,
)
from alpha_kedro.reports.palette import AVERAGED, BLUE, MEASURED, ORANGE, WHISKER
from alpha_kedro.reports.series import IC_WINDOW, rolling_mean
from alpha_kedro.reports.titles import (
    about_model,
    decile_finding,
    group_word,
    ic_finding,
)
from alpha_kedro.reports.wording import Z_95, fixed, numbered, percent, span

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Models = Mapping[str, ModelEvidence]
_BINS = 40
_PER_ROW = 4  # small charts beside one another


def model_chart(models: Models) -> Chart:
    """Draw every model's mean rank IC with its HAC interval."""
    table = pd.DataFrame([_row(model) for model in models.values()])
    table = table.sort_values(["rank_ic", "model"])
    names = list(map(literal, table["model"]))
    figure = blank(
        x="Mean rank IC, 95 % HAC interval", y="Model", height=row_chart_height(names)
    )
    figure.add_scatter(
        x=table["rank_ic"],
        y=names,
        mode="markers",
        marker={"size": 10, "color": BLUE},
        error_x={"array": table["high"] - table["rank_ic"], "color": BLUE},
        hovertemplate="%{y}: %{x:.4f}<extra></extra>",
    )
    figure.add_vline(x=0, line_width=1)
    name_rows(figure, names)
    skilled = int((table["low"] > 0).sum())
    return Chart(
        key="rank_ic_by_model",
        title=f"{skilled} of {len(table)} rank IC intervals lie above zero",
        subtitle=_sample(models) + " · gross",
        figure=figure,
        table=table,
        alt=f"Mean rank IC of {len(table)} models with 95 % intervals.",
    )


def ic_chart(model: ModelEvidence) -> Chart:
    """Draw the rank IC of each decision date, and the mean of the last 60."""
    rank_ic = model.ic["rank_ic"]
    table = model.ic.assign(rolling_mean=rolling_mean(rank_ic))
    figure = blank(
        x="Decision date", y="Rank IC (Spearman)", height=340, hovermode="x unified"
    )
    figure.add_bar(
        x=days(table.index),
        y=rank_ic.round(4),
        marker={"color": MEASURED, "line": {"width": 0}},
        name="rank IC",
        hovertemplate="%{y:.3f}",
    )
    figure.add_scatter(
        x=days(table.index),
        y=table["rolling_mean"].round(5),
        line={"color": AVERAGED, "width": 2.4},
        name=f"mean of {IC_WINDOW} dates",
        hovertemplate="%{y:.3f}",
    )
    return Chart(
        key="rank_ic",
        title=ic_finding(model),
        subtitle=f"{about_model(model)} · line: mean of the last {IC_WINDOW} dates",
        figure=figure,
        table=table.reset_index(),
        alt=f"Rank IC per decision date. {ic_finding(model)}.",
    )


def ic_histogram(model: ModelEvidence) -> Drawn:
    """Draw the distribution of the rank IC, over that of scores without skill."""
    known = model.ic.dropna(subset="rank_ic")
    if len(known) < 2:
        return Gap("Distribution of the rank IC", "fewer than two coefficients")
    table = _histogram(known)
    figure = blank(x="Rank IC", y="Decision dates (count)", height=340, bargap=0.05)
    figure.add_bar(
        x=table["rank_ic"].round(4),
        y=table["dates"],
        marker={"color": MEASURED},
        name="observed",
    )
    figure.add_scatter(
        x=table["rank_ic"].round(4),
        y=table["without_skill"].round(2),
        line={"color": ORANGE, "dash": "dash", "width": 2},
        name="no skill: N(0, 1/√(n-1))",
    )
    mean = f"mean {fixed(known['rank_ic'].mean(), 3)}"
    figure.add_vline(
        x=known["rank_ic"].mean(), line={"color": AVERAGED}, annotation_text=mean
    )
    legend_above(figure)
    share = percent(model.summary["positive_share"], 0)
    return Chart(
        key="rank_ic_histogram",
        title=f"Rank IC above zero on {share} of {numbered(len(known), 'date')}",
        subtitle=about_model(model),
        figure=figure,
        table=table,
        alt=f"Histogram of the rank IC, {mean}, above zero on {share} of the dates.",
    )


def yearly_ic_chart(model: ModelEvidence) -> Chart:
    """Draw the mean rank IC of each year."""
    columns = ["year", "rank_ic", "positive_share", "n_dates"]
    years = model.summary["by_year"].items()
    table = pd.DataFrame([{"year": year, **of} for year, of in years], columns=columns)
    figure = blank(x="Year", y="Mean rank IC", height=300)
    figure.add_bar(
        x=table["year"].astype("str"),
        y=table["rank_ic"],
        marker={"color": BLUE},
        text=[fixed(value, 3) for value in table["rank_ic"]],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{x}: %{y:.4f}<extra></extra>",
    )
    figure.update_xaxes(type="category")
    good = f"{int((table['rank_ic'] > 0).sum())} of {len(table)} years"
    return Chart(
        key="rank_ic_by_year",
        title=f"Mean rank IC above zero in {good}",
        subtitle=about_model(model),
        figure=figure,
        table=table,
        alt=f"Mean rank IC by year, above zero in {good}.",
    )


def decile_chart(models: Models, *, leading: ModelEvidence) -> Chart:
    """Draw the return after each decile of the scores, every model on one scale."""
    columns = min(_PER_ROW, len(models))
    what = group_word(leading)
    figure = blank_grid(
        list(models),
        x=f"{what.capitalize()} of the score",
        y=f"Return, {leading.summary['horizon']} sessions (%)",
        columns=columns,
        row_height=190,
    )
    for place, model in enumerate(models.values()):
        _add_deciles(figure, model, row=place // columns + 1, col=place % columns + 1)
    finding = decile_finding(leading)
    tables = [each.deciles.assign(model=name) for name, each in models.items()]
    return Chart(
        key="deciles",
        title=f"{leading.name}: {finding[0].lower()}{finding[1:]}",
        subtitle=_sample(models) + " · gross · whiskers: 95 % HAC interval",
        figure=figure,
        table=pd.concat(tables)[["model", *leading.deciles.columns]],
        alt=f"Mean return by {what} of the score for {len(models)} models. {finding}.",
        least_width=180 * columns,
    )


def _add_deciles(figure: "Figure", model: ModelEvidence, *, row: int, col: int) -> None:
    table = model.deciles
    reach = 100 * Z_95 * table["standard_error"]
    figure.add_bar(
        x=table["quantile"],
        y=100 * table["mean_return"],
        error_y={"array": reach, "width": 2, "thickness": 1.5, "color": WHISKER},
        marker={"color": MEASURED},
        hovertemplate="%{x}: %{y:.2f} %<extra></extra>",
        row=row,
        col=col,
    )


def _row(model: ModelEvidence) -> dict[str, object]:
    facts = model.summary
    mean, reach = float(facts["rank_ic"]), Z_95 * float(facts["rank_ic_se"])
    return {
        "model": model.name,
        "rank_ic": mean,
        "low": mean - reach,
        "high": mean + reach,
        "t": float(facts["rank_ic_t"]),
        "n_dates": facts["n_dates"],
    }


def _histogram(known: pd.DataFrame) -> pd.DataFrame:
    """Count dates per bin of the rank IC, and how many there would be without skill."""
    counts, edges = np.histogram(known["rank_ic"], bins=min(_BINS, len(known)))
    centres = (edges[1:] + edges[:-1]) / 2
    expected = len(known) * np.diff(edges) * _density(centres, known["n_names"].mean())
    return pd.DataFrame(
        {"rank_ic": centres, "dates": counts, "without_skill": expected}
    )


def _density(centres: Float, n_names: float) -> Float:
    """Return the density of rank correlations of unrelated lists of ``n_names``."""
    chance = NormalDist(0, 1 / math.sqrt(max(n_names - 1, 1)))
    return np.array([chance.pdf(centre) for centre in centres])


def _sample(models: Models) -> str:
    dates = pd.concat([model.ic["n_names"] for model in models.values()]).index
    return f"{span(dates.min(), dates.max())} · out of sample"
