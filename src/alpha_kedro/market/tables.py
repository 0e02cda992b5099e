"""The tables a market consists of, whichever kind of market they come from."""

from dataclasses import dataclass, replace

import pandas as pd

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.market import files
from alpha_kedro.market.adjust import to_split_basis
from alpha_kedro.market.columns import RAW_COLUMNS
from alpha_kedro.market.files import FilesMarketSpec
from alpha_kedro.market.simulated import draw_market
from alpha_kedro.market.simulated_spec import SimulatedMarketSpec


@dataclass(frozen=True)
class MarketTables:
    """A market as its source gave it: names and dates readable, nothing checked yet.

    Attributes
    ----------
    bars
        date, ticker, open, high, low, close, adj_close (NaN: not known), volume;
        split-adjusted.
    membership
        ticker (index symbol), start, end (inclusive, NaT: still in), price_ticker.
    sectors
        ticker, sector.
    benchmarks
        As bars.
    actions
        date (ex-date), ticker, dividend (per share, on the basis of the bars),
        split_ratio.
    """

    bars: pd.DataFrame
    membership: pd.DataFrame | None = None
    sectors: pd.DataFrame | None = None
    benchmarks: pd.DataFrame | None = None
    actions: pd.DataFrame | None = None


def load_market(
    spec: SimulatedMarketSpec | FilesMarketSpec, *, seed: int
) -> MarketTables:
    """Load or simulate a market; prices come out split-adjusted.

    Parameters
    ----------
    spec
        Which market, and where or how large it is.
    seed
        Of the simulation; files have no use for it.

    Raises
    ------
    ConfigError
        ``AK-C015`` no bars are given, ``AK-C016`` raw prices without actions.
    DataError
        When a file is absent or unreadable, see `files.read_table`.
    """
    if isinstance(spec, FilesMarketSpec):
        market = _from_files(spec)
    else:
        market = _from_simulation(spec, seed)
    return _on_split_basis(market) if spec.basis == "raw" else market


def _from_files(spec: FilesMarketSpec) -> MarketTables:
    bars, groups = files.read_bars(spec)
    sectors = files.read_sectors(spec)
    return MarketTables(
        bars=bars,
        membership=files.read_membership(spec),
        sectors=groups if sectors is None else sectors,
        benchmarks=files.read_benchmarks(spec),
        actions=files.read_actions(spec),
    )


def _from_simulation(spec: SimulatedMarketSpec, seed: int) -> MarketTables:
    market = draw_market(spec, seed=seed)
    members = market.membership
    return MarketTables(
        bars=market.bars.reindex(columns=list(RAW_COLUMNS)),
        membership=members.assign(price_ticker=members["ticker"]),
        sectors=market.sectors,
        benchmarks=market.benchmarks,
        actions=market.actions,
    )


def _on_split_basis(market: MarketTables) -> MarketTables:
    if market.actions is None:
        raise ConfigError(
            "AK-C016",
            "raw prices cannot be adjusted without the splits",
            fix="set markets.files.actions, or markets.files.basis: split_adjusted",
        )
    bars, actions = to_split_basis(market.bars, market.actions)
    return replace(market, bars=bars, actions=actions)
