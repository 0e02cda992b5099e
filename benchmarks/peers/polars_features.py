"""Thirty features of Alpha158 by polars, from a long table to a long table.

    python -m benchmarks.peers.polars_features <folder>

One lazy query, every feature a native rolling expression over the ticker: two windows
of each family that polars can roll by itself. Reading the file is timed apart.
"""

import sys
from pathlib import Path

import polars as pl

from benchmarks.stopwatch import tell, timed

CLOSE, HIGH, LOW, VOLUME = (pl.col(name) for name in ("close", "high", "low", "volume"))
EPSILON = 1e-12


def main(folder: Path) -> None:
    """Compute, tell what it took."""
    bars, reading = timed(lambda: pl.read_parquet(folder / "bars.parquet"))
    features, taken = timed(lambda: thirty_features(bars))
    features.write_parquet(folder / "polars_features.parquet")
    tell(taken | {"read_cpu": reading["cpu"]}, "polars")


def thirty_features(bars: pl.DataFrame) -> pl.DataFrame:
    """Compute the features of every bar in one query."""
    features = [
        expression_of(window).over("ticker").cast(pl.Float32).alias(f"{family}{window}")
        for family, expression_of in FAMILIES.items()
        for window in WINDOWS
    ]
    rows = bars.lazy().sort("ticker", "date")
    return rows.select("date", "ticker", *features).collect()


def change(column: pl.Expr) -> pl.Expr:
    """Return what a column gained since the session before."""
    return column - column.shift(1)


def highest(window: int) -> pl.Expr:
    """Return the highest high of the window."""
    return HIGH.rolling_max(window, min_samples=1)


def lowest(window: int) -> pl.Expr:
    """Return the lowest low of the window."""
    return LOW.rolling_min(window, min_samples=1)


def gains(column: pl.Expr, window: int) -> pl.Expr:
    """Return the share of rises in all moves of the window."""
    moves = change(column)
    total = moves.abs().rolling_sum(window, min_samples=1) + EPSILON
    return moves.clip(lower_bound=0).rolling_sum(window, min_samples=1) / total


def rises(column: pl.Expr) -> pl.Expr:
    """Return 1 where a column is above the session before, else 0."""
    return (change(column) > 0).fill_null(False).cast(pl.Float64)


def mean(column: pl.Expr, window: int) -> pl.Expr:
    """Return the mean of the window."""
    return column.rolling_mean(window, min_samples=1)


def deviation(column: pl.Expr, window: int) -> pl.Expr:
    """Return the standard deviation of the window."""
    return column.rolling_std(window, min_samples=2)


def quantile(share: float, window: int) -> pl.Expr:
    """Return a quantile of the closes of the window."""
    return CLOSE.rolling_quantile(share, "linear", window, min_samples=1)


def volume_weighted_deviation(window: int) -> pl.Expr:
    """Return deviation over mean of the moves weighted by volume."""
    moves = (CLOSE / CLOSE.shift(1) - 1).abs() * VOLUME
    return deviation(moves, window) / (mean(moves, window) + EPSILON)


def price_volume_correlation(window: int) -> pl.Expr:
    """Return the correlation of close and log volume."""
    return pl.rolling_corr(CLOSE, (VOLUME + 1).log(), window_size=window, min_samples=2)


FAMILIES = {
    "ROC": lambda d: CLOSE.shift(d) / CLOSE,
    "MA": lambda d: mean(CLOSE, d) / CLOSE,
    "STD": lambda d: deviation(CLOSE, d) / CLOSE,
    "MAX": lambda d: highest(d) / CLOSE,
    "MIN": lambda d: lowest(d) / CLOSE,
    "QTLU": lambda d: quantile(0.8, d) / CLOSE,
    "QTLD": lambda d: quantile(0.2, d) / CLOSE,
    "RSV": lambda d: (CLOSE - lowest(d)) / (highest(d) - lowest(d) + EPSILON),
    "CORR": price_volume_correlation,
    "CNTP": lambda d: mean(rises(CLOSE), d),
    "SUMP": lambda d: gains(CLOSE, d),
    "VMA": lambda d: mean(VOLUME, d) / (VOLUME + EPSILON),
    "VSTD": lambda d: deviation(VOLUME, d) / (VOLUME + EPSILON),
    "WVMA": volume_weighted_deviation,
    "VSUMP": lambda d: gains(VOLUME, d),
}
WINDOWS = (20, 60)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
