"""Lines of growth of 1, on a log scale, each named where it ends."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alpha_kedro.reports.chart import blank, days, literal, name_ends

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_MARGIN = 0.01  # powers of ten above the highest and below the lowest value


def growth_figure(
    lines: pd.DataFrame,
    styles: Mapping[str, Mapping[str, object]],
    *,
    height: int,
    named: Sequence[str] | None = None,
) -> "Figure":
    """Draw each column over its dates.

    Parameters
    ----------
    lines
        Growth of 1, indexed by date; positive, NaN where there is none.
    styles
        How to draw each line, in plotly's words: colour, width, dash.
    height
        Pixels.
    named
        The lines that get a name in the margin; None: all.
    """
    figure = blank(x="Date", y="Growth of 1 (log scale)", height=height)
    for name, values in lines.items():
        figure.add_scatter(
            x=days(lines.index),
            y=values.round(5),
            name=literal(name),
            line=dict(styles[str(name)]),
            hovertemplate="%{y:.3f}",
        )
    logs = np.log10(lines)
    low, high = logs.min(axis=None) - _MARGIN, logs.max(axis=None) + _MARGIN
    figure.update_yaxes(type="log", range=[low, high], tickformat=".2f", nticks=8)
    figure.update_layout(hovermode="x unified")
    shown = logs if named is None else logs[list(named)]
    name_ends(figure, (shown - low) / (high - low))
    return figure
