"""What a reader sees: three still figures, one page of HTML, a table for the terminal.

The only package that plots. Every number comes from `alpha_kedro.measures`; nothing is
measured here. matplotlib, plotly and Jinja are imported by the functions that draw.
"""

from alpha_kedro.reports.book_sections import BookRecords
from alpha_kedro.reports.factor_sheet import factor_sheet, write_factor_sheet
from alpha_kedro.reports.figures import deciles, equity_curve, ic_timeseries
from alpha_kedro.reports.tables import headline_table
from alpha_kedro.reports.tear_sheet import write_report

__all__ = [
    "BookRecords",
    "deciles",
    "equity_curve",
    "factor_sheet",
    "headline_table",
    "ic_timeseries",
    "write_factor_sheet",
    "write_report",
]
