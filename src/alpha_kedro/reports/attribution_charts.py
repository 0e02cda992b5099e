"""Where returns came from: a bar per key with its interval, and the names."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alpha_kedro.measures import Attribution, StrategyEvidence
from alpha_kedro.measures.attribution.splits import (
    COST,
    DECISION,
    DRIFT,
    FILL,
    FILL_DAY,
    LONG,
    SHORT,
    SPECIFIC,
)
from alpha_kedro.reports.attribution_keys import (
    NO_FACTORS,
    TITLES,
    TOTAL,
    in_order,
    known,
)
from alpha_kedro.reports.chart import (
    Chart,
    Drawn,
    Gap,
    blank,
    literal,
)
from alpha_kedro.reports.palette import BLUE, VERMILLION, WHISKER
from alpha_kedro.reports.titles import about_strategy
from alpha_kedro.reports.wording import Z_95, fixed, percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_ENDS = 10  # names at either end
_WHOLE = "rgba(128, 128, 128, 0.45)"


def parts_chart(strategy: StrategyEvidence, dimension: str) -> Drawn:
    """Draw what each key of a dimension brought a year, with its HAC interval."""
    found = known(strategy, dimension)
    if isinstance(found, Gap):
        return found
    summary = found.summary(dimension)
    if summary.empty:
        return Gap(f"Contributions by {TITLES[dimension]}", "nothing was held")
    table = _with_total(summary, found, in_order(summary, dimension))
    names = list(map(literal, table["key"]))
    values = 100 * table["contribution_annual"]
    figure = blank(
        x="Contribution (% of NAV a year)",
        y=dimension.capitalize(),
        height=_height(names),
    )
    figure.add_bar(
        orientation="h",
        x=values.round(4),
        y=names,
        marker={"color": _signs(values, names)},
        error_x={"array": _reach(table).round(4), "color": WHISKER, "thickness": 1.2},
        hovertemplate="%{y}: %{x:.2f} % a year<extra></extra>",
    )
    figure.add_vline(x=0, line_width=1)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    _print_values(figure, table, names)
    said = ", ".join(
        f"{row['key']} {percent(row['contribution_annual'])}"
        for row in table.to_dict("records")
    )
    return Chart(
        key=f"attribution_{dimension}",
        title=_finding(table, dimension),
        subtitle=about_strategy(strategy)
        + " · mean a session × 252, 95 % HAC interval"
        + (" · after own costs" if COST not in names else ""),
        figure=figure,
        table=table,
        alt=f"Contributions a year by {TITLES[dimension]}: {said}.",
        least_width=520,
    )


def names_chart(strategy: StrategyEvidence) -> Drawn:
    """Draw the names that brought most and cost most."""
    found = known(strategy, "name")
    if isinstance(found, Gap):
        return found
    profits = 100 * found.cumulative("name").iloc[-1]
    held = profits[profits != 0].sort_values(ascending=False, kind="stable")
    if held.empty:
        return Gap("Names that brought most", "nothing was held")
    ends = held
    if len(held) > 2 * _ENDS:
        ends = pd.concat([held.iloc[:_ENDS], held.iloc[-_ENDS:]])
    names = [literal(name) for name in ends.index]
    figure = blank(x="Profit (% of the first NAV)", y="Name", height=_height(names, 20))
    figure.add_bar(
        orientation="h",
        x=ends.round(4),
        y=names,
        marker={"color": _signs(ends, names)},
        text=[f"{value:.1f}" for value in ends],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.2f} %<extra></extra>",
    )
    figure.add_vline(x=0, line_width=1)
    figure.update_yaxes(autorange="reversed", type="category", showgrid=False)
    figure.update_yaxes(tickmode="array", tickvals=names)
    if len(ends) < len(held):
        figure.add_hline(y=_ENDS - 0.5, line_width=1, line_dash="dot")
    gained = held[held > 0].sum()
    share = held.iloc[:_ENDS].clip(lower=0).sum() / gained if gained > 0 else np.nan
    return Chart(
        key="attribution_names",
        title=f"The best {min(_ENDS, len(held))} of {len(held):,} names made "
        f"{percent(share, 0)} of all gains",
        subtitle=about_strategy(strategy, costs="after own costs")
        + f" · best and worst {_ENDS}",
        figure=figure,
        table=held.rename("profit_percent").reset_index(),
        alt=f"Profit by name; most from {held.index[0]}, least from {held.index[-1]}.",
    )


def _with_total(
    summary: pd.DataFrame, attribution: Attribution, order: Sequence[str]
) -> pd.DataFrame:
    """Return the rows in order, and the net return they add up to as the last."""
    rows = summary.set_index("key").loc[list(order)].reset_index()
    return pd.concat([rows, attribution.whole_summary()], ignore_index=True)


def _finding(table: pd.DataFrame, dimension: str) -> str:
    own = table[table["key"] != TOTAL].set_index("key")["contribution_annual"]
    net = percent(table["contribution_annual"].iloc[-1])
    if dimension == "source":
        return (
            f"Decisions made {percent(own[DECISION])} a year, drift "
            f"{percent(own[DRIFT])}, fills {percent(own[FILL])}; costs took "
            f"{percent(-own[COST])}: {net} net"
        )
    if dimension == "leg":
        return (
            f"The long leg made {percent(own[LONG])} a year, the short leg "
            f"{percent(own[SHORT])}: {net} net"
        )
    if dimension == "factor":
        factors = own.drop(list(NO_FACTORS)).sum()
        return (
            f"Factors made {percent(factors)} a year, the names themselves "
            f"{percent(own[SPECIFIC])}, days of fills {percent(own[FILL_DAY])}; costs "
            f"took {percent(-own[COST])}: {net} net"
        )
    best, worst = own.sort_values().index[[-1, 0]]
    return (
        f"{best} brought most ({percent(own.max())} a year), {worst} least "
        f"({percent(own.min())})"
    )


def _reach(table: pd.DataFrame) -> "pd.Series[float]":
    """Return half the width of each 95 % interval in percent, NaN without a t."""
    t = table["t"].where(table["t"] != 0)
    reach: pd.Series[float] = (100 * Z_95 * table["contribution_annual"] / t).abs()
    return reach


def _print_values(figure: "Figure", table: pd.DataFrame, names: list[str]) -> None:
    """Write every number in the right margin, so that no bar has to be measured."""
    for name, row in zip(names, table.to_dict("records"), strict=True):
        figure.add_annotation(
            text=f"{percent(row['contribution_annual'])}, t {fixed(row['t'], 1)}",
            x=1.0,
            xref="paper",
            xanchor="left",
            xshift=8,
            y=name,
            showarrow=False,
            font={"size": 12},
        )
    figure.update_layout(margin={"r": 118})


def _signs(values: "pd.Series[float]", names: list[str]) -> list[str]:
    """Return blue for gains and vermillion for losses; the whole is pale."""
    return [
        _WHOLE if name == TOTAL else BLUE if value >= 0 else VERMILLION
        for name, value in zip(names, values, strict=True)
    ]


def _height(names: Sequence[str], row: int = 30) -> int:
    return 110 + row * len(names)
