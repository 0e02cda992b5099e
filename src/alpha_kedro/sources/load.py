"""One door to every kind of market."""

from functools import partial
from pathlib import Path

from pydantic import SecretStr

from alpha_kedro.market.columns import RAW_COLUMNS
from alpha_kedro.market.simulated import SimulatedMarketSpec, draw_market
from alpha_kedro.sources.tables import MarketTables
from alpha_kedro.sources.tabular.assembly import assemble_market
from alpha_kedro.sources.tabular.files import FilesMarketSpec, file_tables
from alpha_kedro.sources.tabular.sql import SqlMarketSpec, sql_tables
from alpha_kedro.sources.yahoo import YahooMarketSpec, load_yahoo


def load_market(
    spec: SimulatedMarketSpec | FilesMarketSpec | SqlMarketSpec | YahooMarketSpec,
    *,
    seed: int,
    folder: Path = Path("data/01_raw/yahoo"),
    database: SecretStr | None = None,
) -> MarketTables:
    """Load or simulate a market, as it came: nothing is checked or adjusted here.

    Parameters
    ----------
    spec
        Which market, and where or how large it is.
    seed
        Of the simulation; other markets have no use for it.
    folder
        Where a vendor's answers are kept and added to.
    database
        URL of the database of a market in SQL, its password in it.

    Raises
    ------
    ConfigError
        ``AK-C015`` no bars are given; for SQL as in `sql_tables`.
    DataError
        When a table is absent, unreadable or says two things, see
        `assemble_market`.
    """
    if isinstance(spec, FilesMarketSpec):
        return assemble_market(partial(file_tables, spec), spec)
    if isinstance(spec, SqlMarketSpec):
        return assemble_market(sql_tables(spec, database), spec)
    if isinstance(spec, YahooMarketSpec):
        return load_yahoo(spec, folder=folder)
    return _from_simulation(spec, seed)


def _from_simulation(spec: SimulatedMarketSpec, seed: int) -> MarketTables:
    market = draw_market(spec, seed=seed)
    members = market.membership
    bars = market.bars.reindex(columns=list(RAW_COLUMNS))
    return MarketTables(
        parts=lambda: iter([bars]),
        basis=spec.basis,
        membership=members.assign(price_ticker=members["ticker"]),
        sectors=market.sectors,
        benchmarks=market.benchmarks,
        actions=market.actions,
        fundamentals=market.fundamentals,
        sentiment=market.sentiment,
    )
