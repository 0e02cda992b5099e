"""What market data mean: what is fit for use, who is listed, a market to simulate.

`clean_bars`, `clean_membership`, `clean_sectors` and `clean_benchmarks` check what a
source gave and account for every row. `membership_mask` and `listing_spans` say who
could be held.
"""

from alpha_kedro.market.adjust import to_split_basis, total_return_close
from alpha_kedro.market.bars import CleanBars, IngestionSpec, clean_bars
from alpha_kedro.market.reference import (
    UNKNOWN,
    clean_benchmarks,
    clean_membership,
    clean_sectors,
)
from alpha_kedro.market.simulated import (
    SimulatedMarket,
    SimulatedMarketSpec,
    draw_market,
    simulate_market,
)
from alpha_kedro.market.universe import (
    listing_spans,
    membership_mask,
    survivorship_coverage,
)

__all__ = [
    "UNKNOWN",
    "CleanBars",
    "IngestionSpec",
    "SimulatedMarket",
    "SimulatedMarketSpec",
    "clean_bars",
    "clean_benchmarks",
    "clean_membership",
    "clean_sectors",
    "draw_market",
    "listing_spans",
    "membership_mask",
    "simulate_market",
    "survivorship_coverage",
    "to_split_basis",
    "total_return_close",
]
