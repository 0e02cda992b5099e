"""What is told of a market that stands in somebody's tables, files or a database's."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Self

from pydantic import Field, model_validator

from alpha_kedro.core.registry import unknown_name
from alpha_kedro.core.spec import SessionDate, Spec
from alpha_kedro.market.adjust import PriceBasis
from alpha_kedro.market.columns import PRICES, VALUES

DATES = ("date", "start", "end", "known_date", "end_date")
TICKERS = ("ticker", "price_ticker", "symbol")
NUMBERS = (*VALUES, "dividend", "split_ratio", "exit_return")
GROUP = "sector"
"""What the group column is called once it is read."""


@dataclass(frozen=True)
class Layout:
    """Which columns a table has.

    Attributes
    ----------
    needs
        Columns that have to be there.
    may
        Columns that are taken where they are there.
    open
        Whether all other columns are taken too, as they are.
    """

    needs: tuple[str, ...]
    may: tuple[str, ...] = ()
    open: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that are known by name; groups have `group_column`."""
        return tuple(name for name in (*self.needs, *self.may) if name != GROUP)


_BARS = Layout(("date", "ticker", *PRICES, "volume"), may=("adj_close",))
LAYOUTS = {
    "bars": _BARS,
    "delisted": _BARS,
    "benchmarks": _BARS,
    "membership": Layout(("ticker", "start", "end"), may=("price_ticker",)),
    "sectors": Layout(("ticker", GROUP), may=("start", "end")),
    "actions": Layout(("date", "ticker", "dividend", "split_ratio")),
    "delistings": Layout(("ticker", "date", "exit_return")),
    "symbols": Layout(("symbol", "start", "end", "ticker")),
    "fundamentals": Layout(("ticker", "known_date", "end_date"), open=True),
    "sentiment": Layout(("date", "ticker"), open=True),
}
OF_BARS = ("bars", "delisted", "benchmarks")


class TabularMarketSpec(Spec):
    """Which tables a market consists of, and how what stands in them is written."""

    kind: str
    bars: str | None = Field(
        default=None,
        description="date, ticker, open, high, low, close, volume[, adj_close]",
    )
    delisted: str | None = Field(
        default=None, description="bars of the names that no longer trade"
    )
    membership: str | None = Field(
        default=None, description="ticker, start, end (empty: still in)[, price_ticker]"
    )
    sectors: str | None = Field(
        default=None, description="ticker and the group column[, start, end]"
    )
    benchmarks: str | None = Field(
        default=None, description="as bars: SPY and the like"
    )
    actions: str | None = Field(
        default=None, description="date (ex-date), ticker, dividend, split_ratio"
    )
    delistings: str | None = Field(
        default=None,
        description="ticker, date, exit_return (decimal, after the last close; empty: "
        "the delisting return): what became of names that left",
    )
    symbols: str | None = Field(
        default=None,
        description="symbol, start, end, ticker: whom a symbol meant on which days",
    )
    fundamentals: str | None = Field(
        default=None, description="ticker, known_date, end_date and what was reported"
    )
    sentiment: str | None = Field(
        default=None, description="date, ticker and measures of what was said"
    )
    columns: dict[str, str | dict[str, str]] = Field(
        default_factory=dict,
        description=(
            "our name: the name it has there; under the name of a table, for that "
            "table alone. Without an entry case, blanks and underscores do not matter"
        ),
    )
    price_unit: float = Field(
        default=1.0,
        gt=0,
        description="what a price or dividend of 1 is worth; 0.01 for pence or cents",
    )
    volume_unit: float = Field(
        default=1.0,
        gt=0,
        description="shares in a volume of 1; 100 for lots, 1000 for thousands",
    )
    date_unit: Literal["s", "ms", "us", "ns"] | None = Field(
        default=None,
        description="what numeric dates count since 1970, UTC; null: none are numeric",
    )
    date_format: str | None = Field(
        default=None,
        description="how dates are written as text, such as %d/%m/%Y; null: ISO 8601",
    )
    group_column: str = Field(
        default="sector",
        description="column of groups in the sectors table; without one, in the bars",
    )
    basis: PriceBasis = Field(
        default="split_adjusted",
        description=(
            "split_adjusted: prices and dividends are on today's share basis; raw: as "
            "quoted on the day, to be adjusted by the actions table"
        ),
    )
    calendar: str = Field(
        default="XNYS",
        description="exchange on whose clock dates with a time zone are read",
    )
    start: SessionDate | None = Field(
        default=None, description="first day of bars that is read; null: all"
    )
    end: SessionDate | None = Field(
        default=None, description="last day of bars that is read; null: all"
    )
    chunk_rows: int = Field(
        default=200_000, ge=1, description="rows of bars held in memory at a time"
    )

    @model_validator(mode="after")
    def _columns_are_known(self) -> Self:
        for name, there in self.columns.items():
            if isinstance(there, str):
                _refuse_unknown(name, {*_ALL_COLUMNS, *LAYOUTS})
                continue
            _refuse_unknown(name, LAYOUTS)
            if not LAYOUTS[name].open:
                for inner in there:
                    _refuse_unknown(inner, LAYOUTS[name].columns)
        return self

    def told(self, key: str) -> str | None:
        """Return what the parameter called like a table says, None: not given."""
        path: str | None = getattr(self, key)
        return path

    def names_of(self, key: str) -> dict[str, str]:
        """Return the entries of ``columns`` for one table; its own come last."""
        plain = {ours: it for ours, it in self.columns.items() if isinstance(it, str)}
        own = self.columns.get(key, {})
        return plain | own if isinstance(own, dict) else plain


_ALL_COLUMNS = {name for layout in LAYOUTS.values() for name in layout.columns}


def _refuse_unknown(name: str, known: Iterable[str]) -> None:
    if name not in known:
        raise unknown_name("column", name, known)
