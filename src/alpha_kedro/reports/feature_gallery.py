"""What features look like: small pictures side by side, the price faint behind each."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from math import floor, log10
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alpha_kedro.reports.palette import BLUE, GREY, SLATE
from alpha_kedro.reports.wording import ABSENT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH, _ROW = 9.9, 1.06  # inches: of the sheet, and of a row of cells
_SIDE, _ABOVE, _BELOW = 0.08, 0.04, 0.22  # inches around all cells
_GAP, _WORDS = 0.09, 0.3  # inches between cells, and of the words over each
_PRICE = "#E9EDF1"
_FREE = 0.08  # share of the height left above and below a line
_RESTLESS = 180  # ranges a line moves through per sheet width, before it is drawn thin
_SPACIOUS = 6  # columns up to which there is room for a range beside a name
_LONG_NAME = 24  # letters of a name that are drawn at full size
_MOST_PLACES = 5  # after the point
_DOTS_PER_INCH = 110
_COLOURS = 24  # of a picture: few enough for a small file, enough for smooth lines
_STYLE: dict[Any, Any] = {"text.parse_math": False, "font.family": "DejaVu Sans"}


def feature_gallery(
    values: pd.DataFrame,
    price: pd.Series,
    *,
    blocks: Iterable[Sequence[str]] | None = None,
    columns: int = 4,
) -> "Figure":
    """Draw each feature of one name in a cell of its own.

    Parameters
    ----------
    values
        One column per feature, by date.
    price
        Close of the name on these dates; it is drawn faint behind, on a log scale of
        its own.
    blocks
        The features to draw, those that begin a row of their own apart. Default: all,
        in their order.
    columns
        Cells of a row.

    Returns
    -------
    Figure
        Over each line the feature's name with its lowest and highest value, a hairline
        at 0 where it lies between them, a dot on the last day. Years below.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    rows = _rows([list(values.columns)] if blocks is None else blocks, columns)
    height = _ABOVE + len(rows) * _ROW + _BELOW
    with rc_context(_STYLE):
        figure = Figure(figsize=(_WIDTH, height))
        for down, row in enumerate(rows):
            widest_below = max(map(len, rows[down + 1 :]), default=0)
            for across, name in enumerate(row):
                axes = figure.add_axes(_place(down, across, height, columns))
                _draw_price(axes, price)
                _draw_feature(axes, values[name], columns)
                _write_over(axes, values[name], columns)
                if across >= widest_below:
                    _write_years(axes, pd.DatetimeIndex(values.index), columns)
    return figure


def as_small_png(figure: "Figure") -> bytes:
    """Return the picture in few colours; the same figure gives the same bytes."""
    from PIL import Image  # matplotlib's own way to PNG

    drawn, small = BytesIO(), BytesIO()
    figure.savefig(drawn, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    picture = (
        Image.open(drawn).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    )
    picture.save(small, format="png", optimize=True)
    return small.getvalue()


def _rows(blocks: Iterable[Sequence[str]], columns: int) -> list[Sequence[str]]:
    return [
        block[start : start + columns]
        for block in blocks
        for start in range(0, len(block), columns)
    ]


def _place(
    down: int, across: int, height: float, columns: int
) -> tuple[float, float, float, float]:
    """Return left, bottom, width and height of the line of a cell, as shares."""
    wide = (_WIDTH - 2 * _SIDE + _GAP) / columns
    left = _SIDE + across * wide
    bottom = height - _ABOVE - (down + 1) * _ROW
    drawn = wide - _GAP, _ROW - _WORDS
    return left / _WIDTH, bottom / height, drawn[0] / _WIDTH, drawn[1] / height


def _draw_price(axes: "Axes", price: pd.Series) -> None:
    level = np.log(price.to_numpy(dtype=float))
    lowest, highest = np.nanmin(level), np.nanmax(level)
    shown = 0.15 + 0.75 * (level - lowest) / (highest - lowest)
    days, across = np.arange(len(level)), axes.get_xaxis_transform()
    axes.fill_between(days, shown, transform=across, color=_PRICE, linewidth=0)


def _draw_feature(axes: "Axes", feature: pd.Series, columns: int) -> None:
    axes.axis("off")
    if feature.isna().all():
        return
    values = feature.to_numpy(dtype=float)
    lowest, highest = np.nanmin(values), np.nanmax(values)
    span = highest - lowest
    free = _FREE * span or 1.0
    if lowest < 0 < highest:
        axes.axhline(0, color=GREY, linewidth=0.5, zorder=1)
    travelled = float(np.nansum(np.abs(np.diff(values))))
    width = 0.45 if travelled * columns > _RESTLESS * span else 0.9
    axes.plot(values, color=BLUE, linewidth=width, solid_joinstyle="round")
    axes.plot(len(values) - 1, values[-1], "o", color=BLUE, markersize=2.4)
    axes.set_xlim(0, 1.02 * len(values))
    axes.set_ylim(lowest - free, highest + free)


def _write_over(axes: "Axes", feature: pd.Series, columns: int) -> None:
    """Write the name to the left and, where there is room, the range to the right."""
    name = str(feature.name)
    dense = columns > _SPACIOUS
    size = (6.4 if dense else 7.4) * min(1.0, _LONG_NAME / len(name))
    style: dict[str, Any] = {"transform": axes.transAxes, "va": "baseline"}
    axes.text(0, 1.07, name, fontsize=size, fontweight="bold", ha="left", **style)
    if not dense:
        axes.text(
            1, 1.07, _range_of(feature), size=5.8, color=SLATE, ha="right", **style
        )


def _range_of(feature: pd.Series) -> str:
    """Return the lowest and the highest value, to two digits of what lies between."""
    if feature.isna().all():
        return ABSENT
    lowest, highest = float(feature.min()), float(feature.max())
    span = highest - lowest
    places = max(0, 1 - floor(log10(span))) if span > 0 else 2
    digits = ".1e" if places > _MOST_PLACES else f"z,.{places}f"
    return f"{lowest:{digits}} … {highest:{digits}}".replace("-", "−")


def _write_years(axes: "Axes", dates: pd.DatetimeIndex, columns: int) -> None:
    """Write each year below the line, where it begins and has room for its name."""
    years = dates.year.to_numpy()
    starts = np.flatnonzero(np.diff(years, prepend=0))
    rooms = np.diff(starts, append=len(years)) / len(years)
    below = axes.get_xaxis_transform()
    for start, room in zip(starts.tolist(), rooms, strict=True):
        if room > 0.03 * columns:
            words = str(years[start])
            axes.text(
                start, -0.06, words, transform=below, size=6, color=SLATE, va="top"
            )
