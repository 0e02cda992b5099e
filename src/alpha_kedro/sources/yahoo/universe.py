"""Who is fetched: named tickers, the members of an index over time, benchmarks."""

from dataclasses import dataclass

import pandas as pd

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.sources.tabular import files
from alpha_kedro.sources.tabular.files import FilesMarketSpec
from alpha_kedro.sources.yahoo.spec import YahooMarketSpec
from alpha_kedro.sources.yahoo.symbols import symbols_of


@dataclass(frozen=True)
class Universe:
    """The names of a market.

    Attributes
    ----------
    symbols, benchmarks
        Yahoo's symbol of each ticker.
    membership
        ticker, start, end, price_ticker; None when the universe is undated.
    sectors
        ticker, sector; None when no file is named.
    """

    symbols: dict[str, str]
    benchmarks: dict[str, str]
    membership: pd.DataFrame | None
    sectors: pd.DataFrame | None

    @property
    def everybody(self) -> list[str]:
        """Return every symbol once."""
        both = (*self.symbols.values(), *self.benchmarks.values())
        return list(dict.fromkeys(both))


def read_universe(spec: YahooMarketSpec) -> Universe:
    """Return who belongs to the market of a spec.

    With a membership, everybody who was a member on some day from ``start`` to ``end``;
    ``tickers`` named besides are fetched as well, without being members.

    Raises
    ------
    ConfigError
        ``AK-C070`` when nobody is named; ``AK-C071`` and ``AK-C072`` as in
        `symbols_of`.
    DataError
        As in `type_table`, for the files of members and sectors.
    """
    given = FilesMarketSpec(
        membership=spec.membership,
        sectors=spec.sectors,
        group_column=spec.group_column,
        calendar=spec.calendar,
    )
    membership = files.read_membership(given)
    names = [*spec.tickers, *_members(membership, spec)]
    if not names:
        raise ConfigError(
            "AK-C070",
            "nobody is named to be fetched",
            where=[spec.membership] if spec.membership else [],
            wanted="tickers, or a membership with members from start to end",
            fix="set markets.yahoo.tickers or markets.yahoo.membership",
        )
    return Universe(
        symbols=symbols_of(names, calendar=spec.calendar),
        benchmarks=symbols_of(spec.benchmarks, calendar=spec.calendar),
        membership=membership,
        sectors=files.read_sectors(given),
    )


def _members(membership: pd.DataFrame | None, spec: YahooMarketSpec) -> list[str]:
    """Return whose prices are the members', missing names left out."""
    if membership is None:
        return []
    in_span = pd.Series(True, index=membership.index)
    if spec.start is not None:
        in_span &= ~(membership["end"] < pd.Timestamp(spec.start))
    if spec.end is not None:
        in_span &= ~(membership["start"] > pd.Timestamp(spec.end))
    return sorted(membership.loc[in_span, "price_ticker"].dropna().unique())
