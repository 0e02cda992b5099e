"""Net Sharpe ratio against turnover: what each speed of trading leaves after costs."""

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from alpha_kedro.reports.chart import Chart, blank_grid, legend_above, literal
from alpha_kedro.reports.palette import apart
from alpha_kedro.reports.wording import count, fixed, interval, numbered

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_ROW_HEIGHT = 300
_COLUMNS = 2
_BELOW = 0.1  # share of intervals that may reach below the panels
_ROOM = 0.1  # Sharpe ratio
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "star", "cross")


def frontier_chart(frontier: pd.DataFrame) -> Chart:
    """Draw a panel per cost and a line per method, every setting with its interval.

    Parameters
    ----------
    frontier
        What `alpha_kedro.portfolio.frontier.speed_frontier` gives.

    Returns
    -------
    Chart
        Net Sharpe ratio by one-way turnover a week; hovering over a setting tells how
        far it is from the reference on the same days.
    """
    costs = sorted(frontier["cost_bps"].unique())
    figure = blank_grid(
        [f"cost {cost:g} bps" for cost in costs],
        x="One-way turnover a week (% of NAV)",
        y="Net Sharpe ratio",
        columns=min(_COLUMNS, len(costs)),
        row_height=_ROW_HEIGHT,
    )
    methods = list(frontier["method"].unique())
    looks = dict(zip(methods, apart(len(methods)), strict=True))
    for place, cost in enumerate(costs):
        panel = frontier[frontier["cost_bps"] == cost]
        row, column = divmod(place, min(_COLUMNS, len(costs)))
        for number, method in enumerate(methods):
            own = panel[panel["method"] == method].sort_values("turnover_weekly")
            where = {"row": row + 1, "col": column + 1}
            symbol = _SYMBOLS[number % len(_SYMBOLS)]
            first = place == 0
            _add_line(figure, own, looks[method], symbol, first=first, where=where)
    figure.add_hline(y=0, line_width=1)
    _add_limits(figure, frontier)
    legend_above(figure)
    figure.update_layout(margin={"t": 84}, legend={"y": 1.06})
    return Chart(
        key="speed_frontier",
        title=_finding(frontier, costs),
        subtitle=_about(frontier),
        figure=figure,
        table=frontier,
        alt="Net Sharpe ratio by weekly turnover of "
        f"{numbered(len(methods), 'method')} at {numbered(len(costs), 'cost')}.",
    )


def _add_line(
    figure: "Figure",
    own: pd.DataFrame,
    colour: str,
    symbol: str,
    *,
    first: bool,
    where: dict[str, int],
) -> None:
    if own.empty:
        return
    name = literal(own["method"].iloc[0])
    figure.add_scatter(
        x=(100 * own["turnover_weekly"]).round(2),
        y=own["net_sharpe"].round(4),
        name=name,
        legendgroup=name,
        showlegend=first,
        mode="lines+markers",
        line={"color": colour, "width": 1.5},
        marker={"color": colour, "size": 8, "symbol": symbol},
        error_y={
            "array": (own["ci_high"] - own["net_sharpe"]).round(4),
            "arrayminus": (own["net_sharpe"] - own["ci_low"]).round(4),
            "color": colour,
            "thickness": 0.8,
            "width": 2,
        },
        customdata=[_said(each) for each in own.to_dict("records")],
        hovertemplate="%{customdata}<extra></extra>",
        **where,
    )


def _floor(frontier: pd.DataFrame) -> float:
    """Return where panels end, so that ruinous settings do not flatten the others."""
    lowest = float(frontier["ci_low"].quantile(_BELOW))
    return min(lowest, 0.0) - _ROOM


def _add_limits(figure: "Figure", frontier: pd.DataFrame) -> None:
    top = max(float(frontier["ci_high"].max()), 0.0) + _ROOM
    if frontier["ci_low"].notna().any():
        figure.update_yaxes(range=[_floor(frontier), top])


def _said(row: Mapping[Hashable, Any]) -> str:
    gap = [row["difference_low"], row["difference_high"]]
    ahead = f"{fixed(row['difference'])} {interval(gap)} against the reference"
    beside = "the reference" if row["is_reference"] else ahead
    return f"{literal(row['name'])}: net {_net(row)}<br>{beside}"


def _net(row: Mapping[Hashable, Any]) -> str:
    return f"{fixed(row['net_sharpe'])} {interval([row['ci_low'], row['ci_high']])}"


def _finding(frontier: pd.DataFrame, costs: list[float]) -> str:
    """Say what nets most at the middle cost, and whether that is sure."""
    cost = costs[(len(costs) - 1) // 2]
    panel = frontier[(frontier["cost_bps"] == cost) & frontier["net_sharpe"].notna()]
    rows = panel.sort_values("net_sharpe", kind="stable").to_dict("records")
    if not rows:
        return "Net Sharpe ratio by speed of trading"
    best, ahead = rows[-1], ""
    if not best["is_reference"]:
        gap = interval([best["difference_low"], best["difference_high"]])
        ahead = f", {fixed(best['difference'])} {gap} over the reference"
    return f"At {cost:g} bps {literal(best['name'])} nets most: {_net(best)}{ahead}"


def _about(frontier: pd.DataFrame) -> str:
    reference = frontier.loc[frontier["is_reference"], "name"]
    beside = f" · reference {literal(reference.iloc[0])}" if len(reference) else ""
    return (
        f"{count(frontier['n_sessions'].min())} sessions · net of costs · 95 % "
        f"intervals · {numbered(int(frontier['trials'].max()), 'trial')}{beside}"
        + _cut(frontier)
    )


def _cut(frontier: pd.DataFrame) -> str:
    """Say how many intervals the panels do not show whole, and how many points."""
    floor = _floor(frontier)
    lower = {"interval": frontier["ci_low"], "point": frontier["net_sharpe"]}
    cut = {thing: int((ends < floor).sum()) for thing, ends in lower.items()}
    said = " and ".join(numbered(n, thing) for thing, n in cut.items() if n)
    verb = "runs" if sum(cut.values()) == 1 else "run"
    return f" · {said} {verb} below the panels" if said else ""
