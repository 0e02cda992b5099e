"""What market data mean: what is fit for use, who is listed, a market to simulate.

`clean_bars`, `clean_membership`, `clean_sectors` and `clean_benchmarks` check what a
source gave and account for every row. `membership_mask` says who could be held,
`listing_fates` what became of those who left.
"""

from alpha_kedro.core.sectors import UNKNOWN
from alpha_kedro.market.adjust import to_split_basis, total_return_close
from alpha_kedro.market.adjusted_view import adjust_as_of
from alpha_kedro.market.cleaning.bars import CleanBars, IngestionSpec, clean_bars
from alpha_kedro.market.fundamentals import FundamentalsSpec, clean_fundamentals
from alpha_kedro.market.listings import listing_fates
from alpha_kedro.market.reference import clean_benchmarks, clean_membership
from alpha_kedro.market.sectors import clean_sectors
from alpha_kedro.market.sentiment import SentimentSpec, clean_sentiment
from alpha_kedro.market.simulated import (
    SimulatedMarket,
    SimulatedMarketSpec,
    draw_market,
    simulate_market,
)
from alpha_kedro.market.universe import membership_mask, survivorship_coverage

__all__ = [
    "UNKNOWN",
    "CleanBars",
    "FundamentalsSpec",
    "IngestionSpec",
    "SentimentSpec",
    "SimulatedMarket",
    "SimulatedMarketSpec",
    "adjust_as_of",
    "clean_bars",
    "clean_benchmarks",
    "clean_fundamentals",
    "clean_membership",
    "clean_sectors",
    "clean_sentiment",
    "draw_market",
    "listing_fates",
    "membership_mask",
    "simulate_market",
    "survivorship_coverage",
    "to_split_basis",
    "total_return_close",
]
