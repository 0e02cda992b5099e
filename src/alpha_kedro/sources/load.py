"""One door to every kind of market."""

from alpha_kedro.market.columns import RAW_COLUMNS
from alpha_kedro.market.simulated import SimulatedMarketSpec, draw_market
from alpha_kedro.sources import files
from alpha_kedro.sources.files import FilesMarketSpec
from alpha_kedro.sources.tables import MarketTables


def load_market(
    spec: SimulatedMarketSpec | FilesMarketSpec, *, seed: int
) -> MarketTables:
    """Load or simulate a market, as it came: nothing is checked or adjusted here.

    Parameters
    ----------
    spec
        Which market, and where or how large it is.
    seed
        Of the simulation; other markets have no use for it.

    Raises
    ------
    ConfigError
        ``AK-C015`` no bars are given.
    DataError
        When a file is absent or unreadable, see `files.read_table`.
    """
    if isinstance(spec, FilesMarketSpec):
        return _from_files(spec)
    return _from_simulation(spec, seed)


def _from_files(spec: FilesMarketSpec) -> MarketTables:
    bars, groups = files.read_bars(spec)
    sectors = files.read_sectors(spec)
    return MarketTables(
        parts=lambda: iter([bars]),
        basis=spec.basis,
        membership=files.read_membership(spec),
        sectors=groups if sectors is None else sectors,
        benchmarks=files.read_benchmarks(spec),
        actions=files.read_actions(spec),
    )


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
    )
