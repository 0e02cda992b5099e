"""One HTML page that opens offline: chapters of charts and tables, plotly inside."""

import base64
import gzip
import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from alpha_kedro.reports.chart import Chart, themes
from alpha_kedro.reports.section import Section
from alpha_kedro.reports.tables import Table, data_table

_PREVIEW = 12  # rows


def render(template: str, chapters: Sequence[Section], **content: Any) -> str:
    """Fill a template with chapters and whatever else it shows.

    Parameters
    ----------
    template
        A file of ``templates`` that extends ``page.html.j2``.
    chapters
        In the order of the page; their charts are drawn when they are scrolled to.
    **content
        What else the template names; a missing name is an error.

    Returns
    -------
    str
        HTML with its styles, data and plotly.js inside. Everything that comes from data
        is escaped. The same inputs give the same text.
    """
    charts = [chart for chapter in chapters for chart in chapter.drawn]
    page: str = (
        _templates()
        .get_template(template)
        .render(
            chapters=chapters,
            payload={
                "themes": themes(),
                "charts": {chart.key: _drawing(chart) for chart in charts},
            },
            plotly=_packed_plotly(),
            **content,
        )
    )
    return page


def csv_link(rows: pd.DataFrame) -> str:
    """Return a table as a ``data:`` link to a CSV file, six significant digits."""
    text = rows.to_csv(
        index=False, float_format="%.6g", date_format="%Y-%m-%d", lineterminator="\n"
    )
    return as_link(text.encode(), "text/csv;charset=utf-8")


def preview(rows: pd.DataFrame) -> Table:
    """Return the last rows of a chart's data."""
    return data_table(rows.tail(_PREVIEW))


def as_link(content: bytes, kind: str) -> str:
    """Return a file as a ``data:`` link."""
    return f"data:{kind};base64,{_base64(content)}"


def _templates() -> Any:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    rooms = Environment(
        loader=PackageLoader("alpha_kedro.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    rooms.filters |= {"csv_link": csv_link, "preview": preview}
    rooms.globals |= {"preview_rows": _PREVIEW}
    rooms.tests["chart"] = lambda drawn: isinstance(drawn, Chart)
    return rooms


def _drawing(chart: Chart) -> dict[str, Any]:
    drawing: dict[str, Any] = json.loads(chart.figure.to_json(engine="json"))
    return {"data": drawing["data"], "layout": drawing["layout"]}


def _packed_plotly() -> str:
    """Return plotly.js compressed: a third of the size, and no link in plain sight."""
    from plotly.offline import get_plotlyjs

    return _base64(gzip.compress(get_plotlyjs().encode(), mtime=0))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
