"""Charts of the headline strategy: growth, drawdown, rolling Sharpe ratio, months."""

import calendar

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.measures import StrategyEvidence, rolling_sharpe, yearly_returns
from alpha_kedro.reports.chart import Chart, Drawn, Gap, blank, days, tiles
from alpha_kedro.reports.growth_lines import growth_figure
from alpha_kedro.reports.palette import (
    BAND,
    BENCHMARK,
    GROSS,
    LOSS_BAND,
    NET,
    VERMILLION,
)
from alpha_kedro.reports.series import growth
from alpha_kedro.reports.titles import about_strategy
from alpha_kedro.reports.verdict import sharpe_finding
from alpha_kedro.reports.wording import day, fixed, percent, recovered

_LINES: dict[str, dict[str, object]] = {
    "net": {"color": NET, "width": 2.6},
    "gross": {"color": GROSS, "width": 1.2},
    "benchmark": {"color": BENCHMARK, "width": 1.2, "dash": "dash"},
}
_ONE_YEAR_ERROR = 1.0  # standard error of a Sharpe ratio measured over a year


def equity_chart(strategy: StrategyEvidence) -> Chart:
    """Draw growth of 1 on a log scale: net bold, gross thin, benchmark grey."""
    lines = growth(strategy)
    figure = growth_figure(lines, _LINES, height=430)
    ends = ", ".join(f"{name} {fixed(lines[name].iloc[-1])}" for name in lines)
    return Chart(
        key="equity",
        title=sharpe_finding(strategy.summary),
        subtitle=_with_benchmark(strategy),
        figure=figure,
        table=lines.reset_index(),
        alt=f"Growth of 1 on a log scale. At the end: {ends}.",
    )


def underwater_chart(strategy: StrategyEvidence) -> Chart:
    """Draw how far the net value lay below its high, the worst drawdowns marked."""
    depth, worst = strategy.drawdown, strategy.drawdowns
    figure = blank(x="Date", y="Drawdown, net (%)", height=300)
    figure.add_scatter(
        x=days(depth.index),
        y=(100 * depth).round(3),
        fill="tozeroy",
        fillcolor=LOSS_BAND,
        line={"color": VERMILLION, "width": 1},
        hovertemplate="%{x}: %{y:.1f} %<extra></extra>",
    )
    figure.add_scatter(
        x=[day(date) for date in worst["trough"]],
        y=(100 * worst["depth"]).round(3),
        mode="markers+text",
        marker={"symbol": "triangle-up", "size": 9, "color": VERMILLION},
        text=[str(place + 1) for place in range(len(worst))],
        textposition="bottom center",
        customdata=[
            [day(row["peak"]), recovered(row["recovery"])]
            for row in worst.to_dict("records")
        ],
        hovertemplate="%{y:.1f} % on %{x}<br>high on %{customdata[0]}<br>"
        "recovered: %{customdata[1]}<extra></extra>",
    )
    figure.update_yaxes(range=[115 * min(float(depth.min()), -0.001), 0])
    deepest = percent(strategy.summary["net"]["max_drawdown"])
    return Chart(
        key="underwater",
        title=f"Deepest drawdown {deepest}",
        subtitle=about_strategy(strategy),
        figure=figure,
        table=depth.reset_index(),
        alt=f"Drawdown of the net returns; the deepest is {deepest}.",
    )


def rolling_sharpe_chart(strategy: StrategyEvidence) -> Drawn:
    """Draw the Sharpe ratio of the last year, and how little a year can tell."""
    title = f"Sharpe ratio of the last {SESSIONS_PER_YEAR} sessions"
    ratio = rolling_sharpe(strategy.returns["net_return"]).dropna()
    if ratio.empty:
        n = strategy.summary["n_sessions"]
        return Gap(title, f"{SESSIONS_PER_YEAR} sessions needed, {n} in the sample")
    table = pd.DataFrame(
        {
            "low": ratio - _ONE_YEAR_ERROR,
            "high": ratio + _ONE_YEAR_ERROR,
            "sharpe": ratio,
        }
    )
    figure = blank(x="Date", y="Sharpe ratio (annualised)", height=320)
    for name, style in {
        "low": {"line": {"width": 0}, "hoverinfo": "skip"},
        "high": {
            "line": {"width": 0},
            "hoverinfo": "skip",
            "fill": "tonexty",
            "fillcolor": BAND,
        },
        "sharpe": {
            "line": {"color": NET, "width": 2},
            "hovertemplate": "%{x}: %{y:.2f}<extra></extra>",
        },
    }.items():
        figure.add_scatter(x=days(table.index), y=table[name].round(3), **style)
    figure.add_hline(y=0, line_width=1)
    return Chart(
        key="rolling_sharpe",
        title=title,
        subtitle=about_strategy(strategy) + " · band: one standard error either way",
        figure=figure,
        table=table.reset_index(),
        alt=f"{title}, between {fixed(ratio.min())} and {fixed(ratio.max())}.",
    )


def monthly_chart(strategy: StrategyEvidence) -> Chart:
    """Draw net returns by month and year, the numbers printed."""
    table = 100 * strategy.monthly
    years = yearly_returns(strategy.returns["net_return"])
    limit = float(np.nanmax(table.abs().to_numpy(), initial=0.1))
    figure = blank(x="Month", y="Year and its total", height=130 + 34 * len(table))
    tiles(
        figure,
        table.set_axis(list(calendar.month_abbr)[1:], axis=1).set_axis(
            [f"{year}  {percent(total)}" for year, total in years.items()]
        ),
        limit=limit,
        hover="%{x} %{y}: %{z:.2f} %<extra></extra>",
    )
    figure.update_layout(margin={"t": 36})
    figure.update_xaxes(showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    gains, months = np.sum(table.to_numpy() > 0), np.sum(table.notna().to_numpy())
    return Chart(
        key="monthly_returns",
        title=f"Gains in {gains} of {months} months",
        subtitle=about_strategy(strategy) + " · %, ends may be part months",
        figure=figure,
        table=strategy.monthly.reset_index(),
        alt=f"Net returns by month: gains in {gains} of {months} months.",
        least_width=620,
    )


def _with_benchmark(strategy: StrategyEvidence) -> str:
    about = about_strategy(strategy, costs="net and gross of costs")
    if strategy.benchmark is None:
        return about + " · no benchmark"
    return f"{about} · benchmark {strategy.summary['benchmark']}, not risk-matched"
