"""Where market data come from: simulation, files, databases, vendors.

The one room that knows formats and vendors. `load_market` gives every kind of market as
the same `MarketTables`: as it came, readable, not yet checked. What can be trusted is
decided in `alpha_kedro.market`.
"""

from alpha_kedro.sources.files import FilesMarketSpec
from alpha_kedro.sources.load import load_market
from alpha_kedro.sources.tables import MarketTables

__all__ = ["FilesMarketSpec", "MarketTables", "load_market"]
