"""The books that simulators are timed on, made once from the scores of a market.

    python -m benchmarks.books <folder>

Reads ``bars`` and ``scores`` of the folder, writes ``opens`` and ``closes`` (date x
ticker) and under ``books/`` target weights, one row per decision. Equal weights on both
ends of the cross-section: long-only books leave 2 % of the NAV in cash, because the
peer lets no purchase overdraw its account; long/short books hold 100 % on either side.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

WEEK = 5
INVESTED = 0.98
FIFTH = 0.2
COST_BPS = 5.0
SHARES = tuple(np.round(np.linspace(0.05, 0.43, 20), 2).tolist())
COSTS_BPS = (0.0, 2.0, 5.0, 10.0, 20.0)
INVESTED_BY_QLIB = 0.95
BOOKS: Mapping[str, tuple[bool, int]] = {
    "long_only_weekly": (True, WEEK),
    "long_only_daily": (True, 1),
    "long_short_weekly": (False, WEEK),
    "long_short_daily": (False, 1),
}
"""Whether a book is long-only, and sessions between its decisions."""


def main(folder: Path) -> None:
    """Make the books of a folder's market, and one of each share for the sweep."""
    bars = pd.read_parquet(folder / "bars.parquet")
    for name in ("open", "close"):
        wide = bars.pivot_table(name, "date", "ticker")
        wide.to_parquet(folder / f"{name}s.parquet")
    scores = pd.read_parquet(folder / "scores.parquet")
    books = folder / "books"
    books.mkdir(exist_ok=True)
    for name, (long_only, every) in BOOKS.items():
        book = target_book(scores, share=FIFTH, every=every, long_only=long_only)
        book.to_parquet(books / f"{name}.parquet")
    for share in SHARES:
        target_book(scores, share=share).to_parquet(books / f"share_{share}.parquet")


def target_book(
    scores: pd.DataFrame, *, share: float, every: int = WEEK, long_only: bool = False
) -> pd.DataFrame:
    """Return equal weights on the best share of names, and against the worst.

    Returns
    -------
    (decision x ticker) shares of NAV, each side in proportion to its names.
    """
    decisions = scores.iloc[::every]
    ranks = decisions.rank(axis=1, pct=True)
    best, worst = (ranks > 1 - share).astype(float), (ranks <= share).astype(float)
    long = best.div(best.sum(axis=1), axis=0)
    if long_only:
        return long * INVESTED
    return long - worst.div(worst.sum(axis=1), axis=0)


def top_k_of(n_tickers: int) -> dict[str, int]:
    """Return a tenth of the names to hold, a tenth of them to exchange a day."""
    return {"topk": max(n_tickers // 10, 1), "n_drop": max(n_tickers // 100, 1)}


def read_book(folder: Path, name: str) -> pd.DataFrame:
    """Return the target weights of a book."""
    return pd.read_parquet(folder / "books" / f"{name}.parquet")


def read_prices(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return opens and closes, (date x ticker)."""
    opens, closes = (
        pd.read_parquet(folder / f"{name}.parquet") for name in ("opens", "closes")
    )
    return opens, closes


def configurations() -> list[tuple[str, float]]:
    """Return the book and the one-way cost (basis points) of each cell of the sweep."""
    return [(f"share_{share}", cost) for share in SHARES for cost in COSTS_BPS]


def keep(
    folder: Path, name: str, path: pd.DataFrame, figures: Mapping[str, float]
) -> None:
    """Write a value path, and what is said of it, where the comparison finds them."""
    folder.mkdir(exist_ok=True)
    path.to_parquet(folder / f"{name}.parquet")
    if figures:
        pd.DataFrame([figures]).to_parquet(folder / f"{name}_figures.parquet")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
