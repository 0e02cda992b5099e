"""Tables of results, on the terminal and in ``docs/benchmarks.md``."""

import os
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table as RichTable

from benchmarks.measure import PROJECT

WIDTH = 110
PAGE = PROJECT / "docs" / "benchmarks.md"


@dataclass(frozen=True)
class Report:
    """What one benchmark found.

    Attributes
    ----------
    name
        Of the benchmark, and of its place on the page.
    header, rows
        Of its table.
    notes
        Sentences below the table.
    equal
        False when results that should be the same are not.
    """

    name: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    equal: bool = True

    def show(self) -> None:
        """Print the table and the notes."""
        table = RichTable(title=self.name)
        for place, column in enumerate(self.header):
            table.add_column(column, justify="right" if place else "left")
        for row in self.rows:
            table.add_row(*row)
        console = Console(width=None if sys.stdout.isatty() else WIDTH)
        console.print(table)
        for note in self.notes:
            console.print(f"  {note}", highlight=False)

    def markdown(self) -> str:
        """Return the table, the notes, and where and when they were measured."""
        rule = ["---", *["---:"] * (len(self.header) - 1)]
        lines = [f"| {' | '.join(row)} |" for row in (self.header, rule, *self.rows)]
        notes = [f"- {note}" for note in (*self.notes, _circumstances())]
        return "\n".join([*lines, "", *notes])


def write_page(report: Report, page: Path = PAGE) -> None:
    """Put a report between its marks; what was not measured stays as it was."""
    opening, closing = f"<!-- {report.name} -->\n", f"<!-- /{report.name} -->"
    marked = re.compile(f"{opening}.*?{closing}", re.DOTALL)
    block = f"{opening}{report.markdown()}\n{closing}"
    page.write_text(marked.sub(lambda _: block, page.read_text()))


def _circumstances() -> str:
    machine = f"{os.cpu_count()} {platform.machine()} cores, {platform.system()}"
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {machine}, Python {platform.python_version()}."
    )
