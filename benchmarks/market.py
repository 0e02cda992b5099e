"""The simulated market that ours and theirs are timed on, as files both can read.

    python -m benchmarks.market <folder> <tickers> <sessions>

``bars``: every name trades every session, so that tickers x sessions is what it says;
numbers are those float32 can hold, which is what Qlib stores. ``scores``, ``prices``
and ``sectors``: a factor, the closes it is judged by, and the group of each ticker;
scores end where the longest horizon no longer has an outcome.
"""

import sys
from pathlib import Path

import pandas as pd

from alpha_kedro.market import SimulatedMarket, simulate_market
from benchmarks.peers.qlib_store import store_bars

PRICES = ("open", "high", "low", "close")
LONGEST_HORIZON = 10
ALWAYS_TRADED = {"late_share": 0, "delisting_rate": 0, "halt_rate": 0}
START = "2005-01-03"


def main(folder: Path, n_tickers: int, n_sessions: int) -> None:
    """Draw the market, write its files."""
    market = simulate_market(n_tickers, n_sessions, start=START, **ALWAYS_TRADED)
    bars = with_vwap(market.bars)
    bars.to_parquet(folder / "bars.parquet")
    store_bars(bars, folder / "qlib")
    for name, table in factor_tables(market).items():
        table.to_parquet(folder / f"{name}.parquet")


def with_vwap(bars: pd.DataFrame) -> pd.DataFrame:
    """Return the prices as they are, and the typical price for the missing VWAP."""
    numbers = bars[[*PRICES, "volume"]].astype("float64")
    numbers["vwap"] = bars[["high", "low", "close"]].mean(axis=1)
    held = numbers.astype("float32").astype("float64")
    return pd.concat([bars[["date", "ticker"]], held], axis=1)


def factor_tables(market: SimulatedMarket) -> dict[str, pd.DataFrame]:
    """Return the planted signal and the closes, wide, and the sector of each ticker."""
    scores = market.truth.pivot_table("signal", "date", "ticker")
    prices = market.bars.pivot_table("close", "date", "ticker")
    judged = scores.iloc[:-LONGEST_HORIZON]
    return {"scores": judged, "prices": prices, "sectors": market.sectors}


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
