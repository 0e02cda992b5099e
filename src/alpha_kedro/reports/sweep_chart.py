"""Two settings of a sweep against each other: a plateau can be told from a peak."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.reports.chart import Chart, blank, literal
from alpha_kedro.reports.palette import DIVERGING
from alpha_kedro.reports.tables import Table
from alpha_kedro.reports.wording import fixed, interval, is_known, numbered

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_TILE = 54  # pixels, for two lines of text
_TILE_WIDTH = 104


def sweep_chart(
    cells: pd.DataFrame,
    *,
    x: str,
    y: str,
    trials: int | None = None,
    held: Mapping[str, object] | None = None,
) -> Chart:
    """Draw the net Sharpe ratio of every pair of settings, with its interval.

    Parameters
    ----------
    cells
        A row per cell: the columns ``x`` and ``y``, net_sharpe, ci_low, ci_high (95 %),
        gross_sharpe and turnover_annual. See `unfolded` for a sweep's own table.
    x, y
        The settings to lay out.
    trials
        Settings tried in all; default: the number of rows.
    held
        Other settings by path, at which all these cells are held.

    Raises
    ------
    ConfigError
        ``AK-C002`` for a column that is not there, ``AK-C194`` where two rows share a
        tile.
    """
    _refuse_shared_tiles(cells, x, y)
    ordered = cells.sort_values([y, x], kind="stable")
    columns, rows = (_places(cells[name]) for name in (x, y))
    figure = blank(x=literal(x), y=literal(y), height=120 + _TILE * len(rows))
    _add_tiles(figure, ordered, x=x, y=y, columns=columns, rows=rows)
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_yaxes(type="category", showgrid=False)
    count = trials if trials is not None else len(cells)
    return Chart(
        key=f"sweep_{_word(x)}_by_{_word(y)}",
        title=_finding(cells, x, y),
        subtitle=f"net Sharpe ratio, 95 % interval below · {numbered(count, 'trial')} "
        "on the same history: the best of them is lucky too" + held_fixed(held or {}),
        figure=figure,
        table=ordered.reset_index(drop=True),
        alt=f"Net Sharpe ratios of {numbered(len(cells), 'setting')} of {x} and {y}.",
        least_width=140 + _TILE_WIDTH * len(columns),
    )


def unfolded(table: pd.DataFrame) -> pd.DataFrame:
    """Return a sweep's table with a column for each path of its settings.

    Parameters
    ----------
    table
        With the column ``setting``: JSON, values by path.
    """
    values = pd.DataFrame(
        [json.loads(setting) for setting in table["setting"]], index=table.index
    )
    return pd.concat([values, table.drop(columns="setting")], axis=1)


def cell_table(table: pd.DataFrame) -> Table:
    """Return every cell of a sweep, the drawn ones and all others.

    Parameters
    ----------
    table
        As `unfolded` takes it, with strategy and refused.
    """
    header = (
        *("Strategy", "Setting", "Gross Sharpe", "Net Sharpe", "95 % interval"),
        *("Turnover a year", "Refused because"),
    )
    return Table(
        header,
        tuple(
            (
                str(cell["strategy"]),
                in_words(json.loads(cell["setting"])),
                fixed(cell["gross_sharpe"]),
                fixed(cell["net_sharpe"]),
                interval([cell["ci_low"], cell["ci_high"]]),
                fixed(cell["turnover_annual"], 1),
                str(cell["refused"]),
            )
            for cell in table.to_dict("records")
        ),
        n_names=2,
    )


def in_words(settings: Mapping[str, object]) -> str:
    """Return ``strategy.quantile 0.1, costs.cost_bps 5``."""
    return ", ".join(f"{path} {_shown(value)}" for path, value in settings.items())


def held_fixed(held: Mapping[str, object]) -> str:
    """Return what a picture of two settings leaves out, nothing where it has all."""
    return f" · held fixed: {in_words(held)}" if held else ""


def _add_tiles(
    figure: "Figure",
    cells: pd.DataFrame,
    *,
    x: str,
    y: str,
    columns: list[object],
    rows: list[object],
) -> None:
    height = np.full((len(rows), len(columns)), np.nan)
    text = np.full(height.shape, "", dtype=object)
    hover = text.copy()
    for cell in cells.to_dict("records"):
        at = rows.index(cell[y]), columns.index(cell[x])
        bounds = [float(cell["ci_low"]), float(cell["ci_high"])]
        height[at] = cell["net_sharpe"]
        text[at] = f"<b>{fixed(cell['net_sharpe'])}</b>"
        if is_known(cell["net_sharpe"]):
            text[at] += f"<br>{interval(bounds)}"
        if cell.get("refused"):
            text[at], hover[at] = "refused", literal(cell["refused"])
            continue
        hover[at] = (
            f"net {fixed(cell['net_sharpe'])} {interval(bounds)}<br>gross "
            f"{fixed(cell['gross_sharpe'])}, {fixed(cell['turnover_annual'], 1)} times "
            "NAV traded a year"
        )
    limit = float(np.nanmax(np.abs(height), initial=0.5))
    figure.add_heatmap(
        x=[_label(value) for value in columns],
        y=[_label(value) for value in rows],
        z=height.round(4),
        zmin=-limit,
        zmax=limit,
        colorscale=[list(stop) for stop in DIVERGING],
        text=text,
        texttemplate="%{text}",
        customdata=hover,
        hovertemplate="%{customdata}<extra></extra>",
        xgap=2,
        ygap=2,
        showscale=False,
        hoverongaps=False,
    )


def _label(value: object) -> str:
    return literal(_shown(value))


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _places(values: "pd.Series[Any]") -> list[object]:
    return list(values.drop_duplicates().sort_values())


def _refuse_shared_tiles(cells: pd.DataFrame, x: str, y: str) -> None:
    for name in (x, y):
        if name not in cells:
            raise unknown_name("setting of the sweep", name, map(str, cells.columns))
    twice = cells.duplicated([x, y], keep=False)
    if x == y or twice.any():
        raise ConfigError(
            "AK-C194",
            "cells of the sweep share a tile",
            where=[f"{x} {row[x]}, {y} {row[y]}" for _, row in cells[twice].iterrows()],
            got=f"{int(twice.sum())} of {len(cells)} cells",
            wanted="one cell for each pair of values",
            fix="choose the rows of one strategy and of one value of every other "
            "setting",
        )


def _finding(cells: pd.DataFrame, x: str, y: str) -> str:
    known = cells[cells["net_sharpe"].map(is_known)]
    if known.empty:
        return f"None of {numbered(len(cells), 'cell')} has a net Sharpe ratio"
    best = known.sort_values("net_sharpe", kind="stable").to_dict("records")[-1]
    bounds = [best["ci_low"], best["ci_high"]]
    above = int((known["ci_low"] > 0).sum())
    return (
        f"Best of {numbered(len(cells), 'cell')}: {literal(x)} {_label(best[x])}, "
        f"{literal(y)} {_label(best[y])} nets {fixed(best['net_sharpe'])} "
        f"{interval(bounds)}; {above} of {len(known)} intervals lie above zero"
    )


def _word(path: str) -> str:
    return path.replace(".", "_")
