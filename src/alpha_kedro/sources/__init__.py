"""Where market data come from: simulation, files, databases, vendors.

The one room that knows formats and vendors. `load_market` gives every kind of market as
the same `MarketTables`: as it came, readable, not yet checked. `keep_vintage` keeps
what came under its content hash, `load_vintage` gives it again. What can be trusted is
decided in `alpha_kedro.market`.
"""

from alpha_kedro.sources.load import load_market
from alpha_kedro.sources.tables import MarketTables
from alpha_kedro.sources.tabular.files import FilesMarketSpec
from alpha_kedro.sources.tabular.sql import SqlMarketSpec
from alpha_kedro.sources.vintages import (
    find_vintage,
    keep_vintage,
    load_vintage,
    previous_bars,
)
from alpha_kedro.sources.yahoo import YahooMarketSpec

__all__ = [
    "FilesMarketSpec",
    "MarketTables",
    "SqlMarketSpec",
    "YahooMarketSpec",
    "find_vintage",
    "keep_vintage",
    "load_market",
    "load_vintage",
    "previous_bars",
]
