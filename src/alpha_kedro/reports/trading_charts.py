"""Charts of what trading cost: gross against net, turnover, exposure."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from alpha_kedro.measures import StrategyEvidence
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
)
from alpha_kedro.reports.palette import BLUE, GREY, GROSS, NET, ORANGE
from alpha_kedro.reports.series import rebalances
from alpha_kedro.reports.titles import about_strategy
from alpha_kedro.reports.wording import ABSENT, fixed, percent, span

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

Strategies = Mapping[str, StrategyEvidence]
_NO_BOUNDS = [float("nan"), float("nan")]


def sharpe_chart(strategies: Strategies) -> Chart:
    """Draw every strategy's net Sharpe ratio with its interval, and the gross one."""
    table = _compared(strategies).sort_values(["net_sharpe", "strategy"])
    names = list(map(literal, table["strategy"]))
    figure = blank(
        x="Sharpe ratio (annualised)", y="Strategy", height=row_chart_height(names)
    )
    _add_gross(figure, table["gross_sharpe"], names)
    figure.add_scatter(
        x=table["net_sharpe"],
        y=names,
        name="net, 95 % interval",
        mode="markers",
        marker={"size": 10, "color": NET},
        error_x={
            "array": table["high"] - table["net_sharpe"],
            "arrayminus": table["net_sharpe"] - table["low"],
            "color": NET,
        },
        hovertemplate="%{y}: net %{x:.2f}<extra></extra>",
    )
    _finish_rows(figure, names)
    positive = int((table["low"] > 0).sum())
    return Chart(
        key="sharpe_by_strategy",
        title=f"{positive} of {len(table)} net Sharpe intervals lie above zero",
        subtitle=_sample(strategies) + " · net and gross of costs",
        figure=figure,
        table=table,
        alt=f"Net and gross Sharpe ratios of {len(table)} strategies.",
    )


def cost_chart(strategies: Strategies) -> Chart:
    """Draw each strategy's way from gross to net return, with its breakeven cost."""
    table = _compared(strategies).sort_values(["net_return", "strategy"])
    names = list(map(literal, table["strategy"]))
    gross, net = 100 * table["gross_return"], 100 * table["net_return"]
    figure = blank(x="Return a year (%)", y="Strategy", height=row_chart_height(names))
    for name, start, end in zip(names, gross, net, strict=True):
        figure.add_scatter(
            x=[start, end],
            y=[name, name],
            mode="lines",
            line={"color": GREY, "width": 2},
            hoverinfo="skip",
            showlegend=False,
        )
    _add_gross(figure, gross, names)
    figure.add_scatter(
        x=net,
        y=names,
        name="net",
        mode="markers",
        marker={"size": 10, "color": NET},
        customdata=[_breakeven(cost) for cost in table["breakeven_bps"]],
        hovertemplate="%{y}: net %{x:.1f} %, breakeven %{customdata}<extra></extra>",
    )
    _finish_rows(figure, names)
    survivors = int((table["net_return"] > 0).sum())
    return Chart(
        key="gross_to_net",
        title=f"{survivors} of {len(table)} strategies earn anything after costs",
        subtitle=_sample(strategies) + " · from gross to net of costs",
        figure=figure,
        table=table,
        alt=f"Gross and net annual returns of {len(table)} strategies.",
    )


def turnover_chart(strategy: StrategyEvidence) -> Drawn:
    """Draw the share of NAV exchanged on each session with trades."""
    trades = rebalances(strategy)
    if trades.empty:
        return Gap("Turnover", "nothing was traded")
    figure = blank(x="Date", y="One-way turnover (% of NAV)", height=300)
    figure.add_bar(
        x=days(trades.index),
        y=(100 * trades["turnover"]).round(3),
        marker={"color": BLUE, "line": {"width": 0}},
        hovertemplate="%{x}: %{y:.1f} %<extra></extra>",
    )
    typical = percent(trades["turnover"].median(), 0)
    facts = strategy.summary
    times, cost = fixed(facts["turnover_annual"], 1), percent(facts["cost_annual"])
    return Chart(
        key="turnover",
        title=f"A rebalance exchanges {typical} of NAV (median); "
        f"a year {times} times NAV at a cost of {cost}",
        subtitle=about_strategy(strategy, costs=f"{len(trades):,} with trades"),
        figure=figure,
        table=trades.reset_index(),
        alt=f"Turnover per rebalance, {typical} of NAV at the median.",
    )


def exposure_chart(strategy: StrategyEvidence) -> Chart:
    """Draw gross and net exposure day by day."""
    table = strategy.returns[["gross_exposure", "net_exposure"]]
    figure = blank(x="Date", y="Exposure (% of NAV)", height=300, hovermode="x unified")
    for name, line in {
        "gross_exposure": {"color": GROSS, "width": 1.6, "dash": "dash"},
        "net_exposure": {"color": NET, "width": 2},
    }.items():
        figure.add_scatter(
            x=days(table.index),
            y=(100 * table[name]).round(2),
            name=name.replace("_", " "),
            line=line,
            hovertemplate="%{y:.1f} %",
        )
    legend_above(figure)
    facts = strategy.summary
    gross, net = percent(facts["gross_exposure"], 0), percent(facts["net_exposure"])
    return Chart(
        key="exposure",
        title=f"Gross exposure {gross}, net {net} of NAV on average",
        subtitle=about_strategy(strategy, costs="at the close of each session"),
        figure=figure,
        table=table.reset_index(),
        alt=f"Exposure over time: gross {gross}, net {net} on average.",
    )


def _compared(strategies: Strategies) -> pd.DataFrame:
    return pd.DataFrame([_row(each) for each in strategies.values()])


def _row(strategy: StrategyEvidence) -> dict[str, object]:
    facts = strategy.summary
    bounds = facts["net"]["sharpe_ci95"]
    low, high = bounds if isinstance(bounds, list) else _NO_BOUNDS
    return {
        "strategy": strategy.name,
        "gross_sharpe": float(facts["gross"]["sharpe"]),
        "net_sharpe": float(facts["net"]["sharpe"]),
        "low": low,
        "high": high,
        "gross_return": float(facts["gross"]["annual_return"]),
        "net_return": float(facts["net"]["annual_return"]),
        "cost_annual": float(facts["cost_annual"]),
        "breakeven_bps": float(facts["breakeven_cost_bps"]),
    }


def _add_gross(figure: "Figure", values: "pd.Series[float]", names: list[str]) -> None:
    figure.add_scatter(
        x=values,
        y=names,
        name="gross",
        mode="markers",
        marker={"symbol": "diamond-open", "size": 11, "color": ORANGE},
        hovertemplate="%{y}: gross %{x:.2f}<extra></extra>",
    )


def _finish_rows(figure: "Figure", names: list[str]) -> None:
    figure.add_vline(x=0, line_width=1)
    name_rows(figure, names)
    legend_above(figure)


def _breakeven(cost_bps: float) -> str:
    shown = fixed(cost_bps, 1)
    return shown if shown == ABSENT else f"{shown} bps one way"


def _sample(strategies: Strategies) -> str:
    facts = [each.summary for each in strategies.values()]
    period = span(min(f["start"] for f in facts), max(f["end"] for f in facts))
    return f"{period} · out of sample"
