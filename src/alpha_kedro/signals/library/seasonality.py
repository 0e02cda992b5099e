"""What the calendar and the group say: numbers that name a kind, not a size."""

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas import words
from alpha_kedro.signals.formulas.formula import Formula


@feature(
    "day_of_week",
    family="seasonality",
    unit="0 Monday to 4 Friday",
    source="French (1980)",
)
def day_of_week() -> Formula:
    """Return the day of the week of the session."""
    return words.day_of_week


@feature(
    "month",
    family="seasonality",
    unit="1 January to 12 December",
    source="Rozeff and Kinney (1976)",
)
def month() -> Formula:
    """Return the month of the session."""
    return words.month


@feature(
    "sector_id",
    family="market",
    unit="integer code, the groups in alphabetical order",
    source="definition",
)
def sector_id() -> Formula:
    """Return the code of the group; NaN where it is unknown."""
    return words.sector
