"""Yahoo Finance as a source: fetched politely, kept as quoted, readable as of any day.

`vendor` asks and is the only module that knows yfinance; `chart` reads an answer;
`quotes` puts it on the basis of the day; `plan` and `revision` decide what is asked and
whether history has moved; `store` keeps it; `load` gives the market.
"""

from alpha_kedro.sources.yahoo.load import load_yahoo
from alpha_kedro.sources.yahoo.spec import YahooMarketSpec

__all__ = ["YahooMarketSpec", "load_yahoo"]
