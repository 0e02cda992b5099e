"""The three still pictures of a run: growth, coefficients, deciles.

They are drawn on `matplotlib.figure.Figure` directly. Nothing here touches pyplot:
no display, no global figure, no leak in a long-lived process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alpha_kedro.measures import Evidence, StrategyEvidence
from alpha_kedro.reports.palette import (
    AVERAGED,
    BENCHMARK,
    GROSS,
    MEASURED,
    NET,
    VERMILLION,
    WHISKER,
)
from alpha_kedro.reports.series import IC_WINDOW, growth, rolling_mean
from alpha_kedro.reports.titles import (
    about_model,
    about_strategy,
    decile_finding,
    group_word,
    ic_finding,
)
from alpha_kedro.reports.verdict import leading_model, leading_strategy, sharpe_finding
from alpha_kedro.reports.wording import Z_95, day, percent, recovered, spread_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DOTS_PER_INCH = 200
_SIZE = (9.0, 5.4)  # inches
_WIDE = 4.0  # highest over lowest, from which ticks at every doubling are enough
_LABEL_GAP = 0.055  # share of the height of the axes
_STYLE: dict[Any, Any] = {
    "text.parse_math": False,  # a ticker may hold a dollar sign
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.xmargin": 0.01,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.6,
}


def equity_curve(evidence: Evidence) -> "Figure":
    """Draw the growth of the headline strategy, and how far it was under water.

    Parameters
    ----------
    evidence
        What the run showed.

    Returns
    -------
    Figure
        Above, growth of 1 on a log scale: net bold, gross thin, benchmark grey. Below,
        the drawdown of the net returns with the worst one marked.
    """
    strategy = leading_strategy(evidence)
    with _sheet(sharpe_finding(strategy.summary), about_strategy(strategy)) as figure:
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
        _draw_growth(above, strategy)
        _draw_drawdown(below, strategy)
        figure.align_ylabels()
    return figure


def ic_timeseries(evidence: Evidence) -> "Figure":
    """Draw the rank IC of the leading model date by date, and its rolling mean.

    Returns
    -------
    Figure
        Bars per decision date, the mean of the last 60 as a line; the mean's HAC
        interval and the number of excluded dates in words.
    """
    model = leading_model(evidence)
    with _sheet(ic_finding(model), about_model(model)) as figure:
        axes = figure.subplots()
        rank_ic = model.ic["rank_ic"]
        dates = pd.DatetimeIndex(rank_ic.index)
        axes.bar(dates, rank_ic, width=_bar_width(dates), color=MEASURED)
        axes.plot(dates, rolling_mean(rank_ic), color=AVERAGED, linewidth=2)
        axes.axhline(0, color="black", linewidth=0.8)
        axes.set_ylabel("Rank IC (Spearman, per decision date)")
        axes.set_xlabel(f"Decision date; line: mean of the last {IC_WINDOW} dates")
    return figure


def deciles(evidence: Evidence) -> "Figure":
    """Draw the mean return that followed each decile of the leading model's scores.

    Returns
    -------
    Figure
        Bars from zero with 95 % HAC error bars, the lowest scores on the left.
    """
    model = leading_model(evidence)
    table = model.deciles
    with _sheet(decile_finding(model), about_model(model)) as figure:
        axes = figure.subplots()
        axes.bar(
            table["quantile"],
            100 * table["mean_return"],
            yerr=100 * Z_95 * table["standard_error"],
            color=MEASURED,
            ecolor=WHISKER,
            capsize=3,
        )
        axes.axhline(0, color="black", linewidth=0.8)
        axes.set_xticks(table["quantile"])
        axes.grid(visible=False, axis="x")
        axes.set_xlabel(
            f"{group_word(model).capitalize()} of the score (1 = lowest); "
            "whiskers: 95 % HAC interval"
        )
        axes.set_ylabel(
            f"Mean return over {model.summary['horizon']} sessions (%, gross)"
        )
    return figure


def as_png(figure: "Figure") -> bytes:
    """Return the picture at 200 dots per inch; the same figure gives the same bytes."""
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return buffer.getvalue()


@contextmanager
def _sheet(title: str, subtitle: str) -> Iterator["Figure"]:
    """Yield an empty figure with the finding on top, and the sample below it."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    with rc_context(_STYLE):
        layout = ConstrainedLayoutEngine(rect=(0, 0, 1, 0.885))
        figure = Figure(figsize=_SIZE, layout=layout)
        figure.text(0.012, 0.955, title, fontsize=13, fontweight="bold")
        figure.text(0.012, 0.912, subtitle, fontsize=8.5, color="#555555")
        yield figure


def _draw_growth(axes: "Axes", strategy: StrategyEvidence) -> None:
    from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

    styles: dict[str, Any] = {
        "net": {"color": NET, "linewidth": 2.0, "zorder": 3},
        "gross": {"color": GROSS, "linewidth": 1.0},
        "benchmark": {"color": BENCHMARK, "linewidth": 1.0, "linestyle": "--"},
    }
    lines = growth(strategy)
    for name in lines:
        axes.plot(lines.index, lines[name], **styles[str(name)])
    axes.set_yscale("log")
    wide = np.nanmax(lines) / np.nanmin(lines) > _WIDE
    axes.yaxis.set_major_locator(LogLocator(base=2) if wide else MaxNLocator(7))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter("{x:.2f}")
    axes.set_ylabel("Growth of 1 (log scale)")
    _label_ends(axes, lines)


def _label_ends(axes: "Axes", lines: pd.DataFrame) -> None:
    """Name each line where it ends, so that no legend has to be looked up."""
    low, high = np.log(axes.get_ylim())
    heights = (np.log(lines) - low) / (high - low)
    ends = [float(heights[name].dropna().iloc[-1]) for name in lines]
    for name, height in zip(lines, spread_labels(ends, _LABEL_GAP), strict=True):
        axes.annotate(
            str(name),
            (1.008, height),
            xycoords="axes fraction",
            va="center",
            fontweight="bold" if name == "net" else "normal",
        )


def _draw_drawdown(axes: "Axes", strategy: StrategyEvidence) -> None:
    depth = 100 * strategy.drawdown
    dates = pd.DatetimeIndex(depth.index)
    axes.fill_between(dates, depth, 0, color=VERMILLION, alpha=0.35, linewidth=0)
    axes.plot(dates, depth, color=VERMILLION, linewidth=0.8)
    axes.set_ylabel("Drawdown (%)")
    axes.set_ylim(min(118 * float(strategy.drawdown.min()), -0.1), 0)
    axes.set_xlabel("Date")
    for worst in strategy.drawdowns.head(1).to_dict("records"):
        trough, lowest = worst["trough"], 100 * worst["depth"]
        late = trough > dates[len(dates) // 2]
        axes.plot(trough, lowest, "v", color="black", markersize=5)
        axes.annotate(
            f"{percent(worst['depth'])} on {day(trough)}, "
            f"recovered: {recovered(worst['recovery'])}",
            (trough, lowest),
            xytext=(-6 if late else 6, -3),
            textcoords="offset points",
            ha="right" if late else "left",
            fontsize=8.5,
        )


def _bar_width(dates: pd.DatetimeIndex) -> float:
    """Return a width in days that leaves a hairline between neighbouring bars."""
    if len(dates) < 2:
        return 5.0
    return 0.9 * float(np.diff(dates.to_numpy()).min() / np.timedelta64(1, "D"))
