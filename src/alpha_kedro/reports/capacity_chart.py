"""Chart of what a strategy earns as its NAV grows."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alpha_kedro.reports.chart import Chart, Drawn, Gap, blank, legend_above
from alpha_kedro.reports.palette import BAND, GROSS, NET
from alpha_kedro.reports.tables import Table
from alpha_kedro.reports.wording import fixed, interval, percent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_PAID = (
    *("net_return_annual", "turnover_annual", "cost_annual", "cost_impact_annual"),
    "unfilled_share",
)
_LETTERS = {1e9: "B", 1e6: "M", 1e3: "k", 1.0: ""}


def capacity_chart(curve: pd.DataFrame, *, name: str, sample: str) -> Drawn:
    """Draw the net Sharpe ratio with its interval against the NAV at the start.

    Parameters
    ----------
    curve
        `alpha_kedro.portfolio.capacity.capacity_curve`.
    name
        Of the strategy.
    sample
        Period and number of sessions, as it stands under other charts.
    """
    known = curve.dropna(subset=["net_sharpe"])
    if len(known) < 2:
        return Gap("Capacity", "fewer than two sizes have a Sharpe ratio")
    figure = blank(
        x="NAV at the start (log scale)", y="Sharpe ratio (annualised)", height=400
    )
    _add_band(figure, known)
    _add_gross(figure, known)
    _add_net(figure, known)
    figure.add_hline(y=0, line_width=1)
    _label_amounts(figure, known["capital"])
    legend_above(figure)
    points = [
        f"{amount(capital)} {fixed(sharpe)}"
        for capital, sharpe in zip(known["capital"], known["net_sharpe"], strict=True)
    ]
    return Chart(
        key="capacity",
        title=capacity_finding(known),
        subtitle=f"{name} · {sample} · net of costs, impact at each NAV",
        figure=figure,
        table=curve,
        alt="Net Sharpe ratio by NAV: " + ", ".join(points),
    )


def capacity_finding(curve: pd.DataFrame) -> str:
    """Return what the smallest book earns, the largest, and where nothing is left."""
    first, last = curve.iloc[0], curve.iloc[-1]
    ends = " and ".join(
        f"{fixed(end['net_sharpe'])} {interval([end['ci_low'], end['ci_high']])} "
        f"at {amount(end['capital'])}"
        for end in (first, last)
    )
    below = curve.loc[curve["net_sharpe"] <= 0, "capital"]
    if not len(below):
        return f"Net Sharpe {ends}"
    even = "even " if below.index[0] == curve.index[0] else ""
    return f"Net Sharpe {ends}; nothing is left {even}at {amount(below.iloc[0])}"


def lapsed_rise(curve: pd.DataFrame) -> str:
    """Say that a Sharpe ratio which rises while orders lapse is no gain, where it does.

    Parameters
    ----------
    curve
        With net_sharpe and, where it is known, unfilled_share.
    """
    columns = ["capital", "net_sharpe", "unfilled_share"]
    sizes = curve.reindex(columns=columns).dropna().sort_values("capital")
    risen = (sizes["net_sharpe"].diff() > 0) & (sizes["unfilled_share"].diff() > 0)
    if not risen.any():
        return ""
    return (
        f" Where the ratio rises as more orders lapse, as at "
        f"{', '.join(map(amount, sizes.loc[risen, 'capital']))}, it is of a book that "
        "was not built as asked, and no gain: see the share not filled."
    )


def capacity_table(curve: pd.DataFrame) -> Table:
    """Return what each size earns, what it pays for what, and what it cannot trade."""
    header = (
        *("NAV at the start", "Net Sharpe", "95 % interval", "Net return"),
        *("Turnover a year", "Cost a year", "of it impact", "Orders not filled"),
    )
    return Table(
        header,
        tuple(
            (
                amount(size["capital"]),
                fixed(size["net_sharpe"]),
                interval([size["ci_low"], size["ci_high"]]),
                percent(size["net_return_annual"]),
                fixed(size["turnover_annual"], 1),
                percent(size["cost_annual"]),
                percent(size["cost_impact_annual"]),
                percent(size["unfilled_share"], 0),
            )
            for size in curve.reindex(
                columns=list(dict.fromkeys([*curve, *_PAID]))
            ).to_dict("records")
        ),
    )


def amount(value: float) -> str:
    """Return ``300M`` of an amount of money, to three digits."""
    unit = next(unit for unit in _LETTERS if value >= unit or unit == 1.0)
    return f"{value / unit:.3g}{_LETTERS[unit]}"


def _add_band(figure: "Figure", curve: pd.DataFrame) -> None:
    bounds = curve.dropna(subset=["ci_low", "ci_high"])
    around = [bounds, bounds[::-1]]
    figure.add_scatter(
        x=pd.concat([each["capital"] for each in around]),
        y=np.concatenate([bounds["ci_high"], bounds["ci_low"][::-1]]).round(4),
        fill="toself",
        fillcolor=BAND,
        line={"width": 0},
        mode="lines",
        name="95 % interval",
        hoverinfo="skip",
    )


def _add_gross(figure: "Figure", curve: pd.DataFrame) -> None:
    if curve["gross_sharpe"].isna().all():
        return
    figure.add_scatter(
        x=curve["capital"],
        y=curve["gross_sharpe"].round(4),
        name="gross",
        mode="lines",
        line={"color": GROSS, "width": 1.6, "dash": "dash"},
        hovertemplate="gross %{y:.2f}<extra></extra>",
    )


def _add_net(figure: "Figure", curve: pd.DataFrame) -> None:
    costs = [f"{100 * cost:.2f} %" for cost in curve["cost_annual"]]
    figure.add_scatter(
        x=curve["capital"],
        y=curve["net_sharpe"].round(4),
        name="net",
        mode="lines+markers",
        line={"color": NET, "width": 2.6},
        marker={"size": 8},
        customdata=list(zip(map(amount, curve["capital"]), costs, strict=True)),
        hovertemplate="%{customdata[0]}: net %{y:.2f}, costs %{customdata[1]} a year"
        "<extra></extra>",
    )


def _label_amounts(figure: "Figure", capitals: "pd.Series[float]") -> None:
    logs = np.log10(capitals)
    figure.update_xaxes(
        type="log",
        range=[logs.min() - 0.1, logs.max() + 0.1],
        tickvals=list(capitals),
        ticktext=[amount(each) for each in capitals],
    )
