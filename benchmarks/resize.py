"""The bars of a market, made longer or wider without drawing another.

    python -m benchmarks.resize <folder> <target> <copies> <sessions>

The first sessions, for as many copies of the names as asked for.
"""

import sys
from pathlib import Path

import pandas as pd


def main(folder: Path, target: Path, copies: int, sessions: int) -> None:
    """Read the bars of one folder, write those of another."""
    bars = resized(pd.read_parquet(folder / "bars.parquet"), copies, sessions)
    target.mkdir(parents=True, exist_ok=True)
    bars.to_parquet(target / "bars.parquet")


def resized(bars: pd.DataFrame, copies: int, n_sessions: int) -> pd.DataFrame:
    """Return the first sessions of some copies of the market under other names."""
    sessions = bars["date"].drop_duplicates().nsmallest(n_sessions)
    kept = bars[bars["date"].isin(sessions)]
    named = [kept.assign(ticker=kept["ticker"] + f".{copy}") for copy in range(copies)]
    return pd.concat(named, ignore_index=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
