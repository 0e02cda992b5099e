"""Ranks of cross-sections of scores, each computed once."""

from functools import lru_cache

import numpy as np

from alpha_kedro.core.panel import Float
from alpha_kedro.measures.cross_sections import rank_correlation, row_ranks
from alpha_kedro.portfolio.account import read_only

_KEPT = 1_024  # cross-sections: at 500 names 8 MB
_FEWEST = 3


def centred_ranks(scores: Float) -> Float:
    """Rank a cross-section from -0.5 to 0.5; equal scores share their mean rank.

    Parameters
    ----------
    scores
        (n_tickers,) NaN where there is none.

    Returns
    -------
    (n_tickers,) float64, read-only
        ``(rank - 0.5) / n - 0.5``, NaN where the score is not finite. Its mean over the
        names with a score is 0.
    """
    return _centred_ranks(np.ascontiguousarray(scores, dtype=np.float64).tobytes())


def rank_agreement(one: Float, other: Float) -> float:
    """Return the rank correlation of two cross-sections over the names in both.

    NaN with fewer than three of them, or where one side has a single value.
    """
    left, right = (np.ascontiguousarray(side, np.float64) for side in (one, other))
    return _rank_agreement(left.tobytes(), right.tobytes())


# Kept by content and not by place: what was known at a decision is known at all later
# ones, and a backtest asks for it at each.
@lru_cache(maxsize=_KEPT)
def _centred_ranks(scores: bytes) -> Float:
    values = np.frombuffer(scores)
    n_names = max(int(np.isfinite(values).sum()), 1)
    centred: Float = (row_ranks(values[None])[0] - 0.5) / n_names - 0.5
    return read_only(centred)


@lru_cache(maxsize=_KEPT)
def _rank_agreement(one: bytes, other: bytes) -> float:
    left, right = np.frombuffer(one), np.frombuffer(other)
    if np.count_nonzero(np.isfinite(left) & np.isfinite(right)) < _FEWEST:
        return float("nan")
    return float(rank_correlation(left[None], right[None])[0])
