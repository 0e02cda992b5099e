"""Vintages: raw data kept as they came, compared, and used again.

`store` keeps and gives back, `records` says which there are, `diff` tells what changed
between two of them: `rows` row by row, `kinds` in one word for each ticker.
"""

from alpha_kedro.sources.vintages.diff import Changes, diff_vintages
from alpha_kedro.sources.vintages.records import find_vintage, list_vintages
from alpha_kedro.sources.vintages.store import (
    forget_vintages,
    keep_vintage,
    load_vintage,
    previous_bars,
)

__all__ = [
    "Changes",
    "diff_vintages",
    "find_vintage",
    "forget_vintages",
    "keep_vintage",
    "list_vintages",
    "load_vintage",
    "previous_bars",
]
