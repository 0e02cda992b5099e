"""What formulas read: bars, the market, reports, and what is said.

Prices are total return unless they are quoted ones: the level of `close` rests on
factors counted from the first bar, so a feature is made of ratios and differences of
logarithms of it.
"""

from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.fundamentals import MAX_AGE_SESSIONS

MEMORY_OF_LISTINGS = 252
"""Sessions without a bar after which a name counts as new."""


def field(name: str, *, lookback: int = 1, needed: int = 1) -> Formula:
    """Return a field of the inputs by name."""
    return Formula.of(name, lookback=lookback, needed=needed)


open_, high, low, close = (field(name) for name in ("open", "high", "low", "close"))
volume, dollar_volume = field("volume"), field("dollar_volume")
quoted_open, quoted_high, quoted_low, quoted_close, quoted_vwap = (
    field(f"quoted_{name}") for name in ("open", "high", "low", "close", "vwap")
)
market_return = field("market_return", lookback=2, needed=2)
sector = field("sector")
listed = field("listed", lookback=MEMORY_OF_LISTINGS + 1)
day_of_week, month = field("day_of_week"), field("month")


def report(name: str) -> Formula:
    """Return a figure of the latest company report known; see `KnownReports`."""
    return field(f"report.{name}", lookback=MAX_AGE_SESSIONS + 1)


def sentiment(name: str) -> Formula:
    """Return what was said that became known on the day; see `known_sentiment`.

    The session before says since when: what became known on a day without a bar counts
    on the next.
    """
    return field(f"sentiment.{name}", lookback=2)
