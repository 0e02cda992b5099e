"""From raw bars to bars that can be trusted, with every row accounted for.

`bars` leads; `scope` settles who and when is asked for, `ticker_blocks` deals out the
rows some tickers at a time, `block` cleans those with the rules of `quarantine` and
`spikes`, and `quality` keeps the account.
"""

from alpha_kedro.market.cleaning.bars import CleanBars, clean_bars
from alpha_kedro.market.cleaning.spec import IngestionSpec

__all__ = ["CleanBars", "IngestionSpec", "clean_bars"]
