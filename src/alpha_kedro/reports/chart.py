"""What every interactive chart has: a finding, a sample, axes with units, its data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from alpha_kedro.reports.palette import DIVERGING, OKABE_ITO
from alpha_kedro.reports.wording import spread_labels

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_HEIGHT = 400  # pixels
_LABEL_GAP = 0.06  # share of the height of the axes
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"


@dataclass(frozen=True)
class Chart:
    """One interactive chart.

    Attributes
    ----------
    key
        Name in the page and of the CSV file.
    title
        The finding, or a plain name where there is none.
    subtitle
        Period, number of observations, gross or net, in or out of sample.
    figure
        Without title and colours of its own: the page knows light from dark.
    table
        The data behind it.
    alt
        What a reader who cannot see it should know.
    least_width
        Pixels below which it is scrolled and not squeezed.
    """

    key: str
    title: str
    subtitle: str
    figure: "Figure"
    table: pd.DataFrame
    alt: str
    least_width: int = 0


@dataclass(frozen=True)
class Gap:
    """A chart that could not be drawn, and why."""

    title: str
    reason: str


Drawn = Chart | Gap


def blank(*, x: str, y: str, height: int = _HEIGHT, **layout: Any) -> "Figure":
    """Return an empty figure whose axes have titles.

    Parameters
    ----------
    x, y
        Titles of the axes, with their units.
    height
        Pixels; the width follows the page.
    **layout
        Anything else of plotly's layout.
    """
    figure = _bare(height)
    figure.update_xaxes(title_text=x)
    figure.update_yaxes(title_text=y)
    return figure.update_layout(**layout)


def blank_grid(
    names: Sequence[str], *, x: str, y: str, columns: int, row_height: int
) -> "Figure":
    """Return small empty axes with one scale, a name over each and titles outside."""
    rows = -(-len(names) // columns)
    figure = _bare(110 + row_height * rows)
    figure.set_subplots(
        rows=rows,
        cols=columns,
        shared_xaxes="all",
        shared_yaxes="all",
        horizontal_spacing=0.03,
        vertical_spacing=0.32 / (rows + 1),
        subplot_titles=[literal(name) for name in names],
    )
    figure.update_annotations(font_size=12.5)
    figure.update_xaxes(title_text=x, row=rows)
    figure.update_yaxes(title_text=y, col=1)
    return figure.update_layout(margin={"t": 56})


def _bare(height: int) -> "Figure":
    import plotly.graph_objects as go

    figure = go.Figure(layout={"template": {}})
    margin = {"l": 56, "r": 16, "t": 18, "b": 48}
    return figure.update_layout(height=height, margin=margin, showlegend=False)


def literal(text: object) -> str:
    """Return text from data so that plotly prints it and does not read it as markup."""
    return escape(str(text), quote=False)


def days(index: pd.Index) -> list[str]:
    """Return dates as short ISO text, a third of plotly's own size."""
    return list(pd.DatetimeIndex(index).strftime("%Y-%m-%d"))


def name_ends(figure: "Figure", heights: pd.DataFrame) -> None:
    """Name each line in the right margin, at the height (0 to 1) where it ends."""
    ends = [float(heights[name].dropna().iloc[-1]) for name in heights]
    for name, height in zip(heights, spread_labels(ends, _LABEL_GAP), strict=True):
        figure.add_annotation(
            text=literal(name),
            x=1.0,
            xref="paper",
            xanchor="left",
            xshift=6,
            y=height,
            yref="paper",
            showarrow=False,
        )
    figure.update_layout(margin={"r": 92})


def name_rows(figure: "Figure", names: Iterable[str]) -> None:
    """Write names above their rows, where long ones fit on a narrow screen."""
    for name in names:
        figure.add_annotation(
            text=name,
            x=0,
            xref="paper",
            xanchor="left",
            y=name,
            yshift=15,
            showarrow=False,
            font={"size": 12},
        )
    figure.update_yaxes(type="category", showticklabels=False)


def row_chart_height(names: Sequence[str]) -> int:
    """Return the pixels a chart needs that gives each name a row of its own."""
    return 140 + 44 * len(names)


def legend_above(figure: "Figure") -> None:
    """Put the legend on top of the axes."""
    legend = {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0}
    figure.update_layout(showlegend=True, legend=legend, margin={"t": 48})


def themes() -> Mapping[str, Any]:
    """Return plotly's templates for a light and for a dark page."""
    return {
        "light": _theme(ink="#1B1F24", rule="#E3E6EA", axis="#6B7280", paper="#FFFFFF"),
        "dark": _theme(ink="#E6E8EB", rule="#30363D", axis="#9AA4B0", paper="#1B2027"),
    }


def _theme(*, ink: str, rule: str, axis: str, paper: str) -> dict[str, Any]:
    line = {
        "gridcolor": rule,
        "zerolinecolor": axis,
        "zerolinewidth": 1,
        "linecolor": axis,
        "automargin": True,
        "title": {"standoff": 8},
    }
    return {
        "layout": {
            "font": {"family": _FONT, "size": 13, "color": ink},
            "paper_bgcolor": paper,
            "plot_bgcolor": paper,
            "colorway": list(OKABE_ITO),
            "xaxis": line,
            "yaxis": line,
            "hoverlabel": {"bgcolor": paper, "font": {"color": ink}},
            "shapedefaults": {"line": {"color": axis}},
        }
    }


def tiles(figure: "Figure", grid: pd.DataFrame, *, limit: float, hover: str) -> None:
    """Add a table as coloured tiles, the number on each.

    Parameters
    ----------
    figure
        From `blank`.
    grid
        Numbers by row and column; NaN leaves a gap.
    limit
        Size of a number at which the colour is full.
    hover
        What a tile says when pointed at, in plotly's words.
    """
    figure.add_heatmap(
        x=list(grid.columns),
        y=list(grid.index),
        z=grid.round(2).to_numpy(),
        zmin=-limit,
        zmax=limit,
        colorscale=[list(stop) for stop in DIVERGING],
        texttemplate="%{z:.1f}",
        xgap=2,
        ygap=2,
        showscale=False,
        hoverongaps=False,
        hovertemplate=hover,
    )
