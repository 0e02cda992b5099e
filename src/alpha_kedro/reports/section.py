"""What a page is made of."""

from dataclasses import dataclass

from alpha_kedro.reports.chart import Chart, Drawn
from alpha_kedro.reports.tables import Table


@dataclass(frozen=True)
class Section:
    """A chapter of the report."""

    key: str
    title: str
    lead: str
    charts: tuple[Drawn, ...] = ()
    tables: tuple[tuple[str, Table], ...] = ()

    @property
    def drawn(self) -> tuple[Chart, ...]:
        """Return the charts that could be drawn."""
        return tuple(chart for chart in self.charts if isinstance(chart, Chart))
