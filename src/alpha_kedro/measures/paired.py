"""Differences of Sharpe ratios, with every book resampled on the same days.

Two books on one market rise and fall together. The difference of their ratios is known
far better than either ratio, and only if each resample draws the same days for both.
"""

import math
from typing import NamedTuple

import numpy as np

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.panel import Float
from alpha_kedro.measures.availability import ROUNDING, NotAvailable, obstacle
from alpha_kedro.measures.sharpe import sharpe_ratio

_FEWEST_TO_RESAMPLE = 20
_AT_ONCE = 200  # resamples, so that their counts stay in the processor's cache


class PairedSharpe(NamedTuple):
    """A difference of annualised Sharpe ratios and its interval."""

    difference: float
    low: float
    high: float


def paired_sharpe_differences(
    returns: Float,
    reference: Float,
    *,
    seed: int,
    reps: int = 2_000,
    confidence: float = 0.95,
    periods_per_year: float = SESSIONS_PER_YEAR,
) -> list[PairedSharpe]:
    """Return how much more each book earned per unit of risk than the reference.

    Parameters
    ----------
    returns
        (n, n_books) simple returns per period, decimals, in time order.
    reference
        (n,) those of the book that all are set beside.
    seed
        Seed of the resampling; the same seed gives the same intervals.
    reps
        Number of resampled series.
    confidence
        Probability that an interval should cover the true difference.
    periods_per_year
        252 for daily returns.

    Returns
    -------
    list of PairedSharpe
        One per book, with percentiles of the resampled differences. `NotAvailable` with
        fewer than 20 returns, a missing one, or zero volatility, in the book or in the
        reference; 0 with an interval of no width for the reference itself.

    Notes
    -----
    Stationary bootstrap (D. Politis and J. Romano 1994). One block length for all, the
    longest that any of them asks for (A. Patton, D. Politis and H. White 2009), so a
    book's interval depends a little on what it is compared with. O. Ledoit and M. Wolf,
    Robust Performance Hypothesis Testing with the Sharpe Ratio (2008), resample pairs
    for the same reason.
    """
    table = np.column_stack([reference, returns])
    flaws = [
        obstacle(column, points=_FEWEST_TO_RESAMPLE, variation=True)
        for column in table.T
    ]
    if flaws[0]:
        return [_unknown(flaws[0]) for _ in returns.T]
    whole = np.array([flaw is None for flaw in flaws])
    drawn = np.full((reps, len(flaws)), np.nan)
    drawn[:, whole] = _resampled_ratios(table[:, whole], reps, seed)
    scale = math.sqrt(periods_per_year)
    gaps = scale * (drawn[:, 1:] - drawn[:, :1])
    ratios = [scale * sharpe_ratio(column, periods_per_year=1) for column in table.T]
    return [
        _unknown(flaw) if flaw else _paired(own - ratios[0], gap, confidence)
        for flaw, own, gap in zip(flaws[1:], ratios[1:], gaps.T, strict=True)
    ]


def _unknown(reason: str) -> PairedSharpe:
    return PairedSharpe(*[NotAvailable(reason)] * 3)


def _paired(difference: float, drawn: Float, confidence: float) -> PairedSharpe:
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail])
    return PairedSharpe(difference, float(low), float(high))


def _resampled_ratios(values: Float, reps: int, seed: int) -> Float:
    """Return (reps, n_books) per-period ratios, every row from the same days.

    A ratio is NaN where a resample does not vary.
    """
    from arch.bootstrap import StationaryBootstrap

    n = len(values)
    centre = values.mean(axis=0)
    off = values - centre
    moments = np.hstack([off, off**2])
    days = StationaryBootstrap(_block(values), np.arange(n), seed=seed)
    counts = np.empty((min(_AT_ONCE, reps), n))
    sums, filled = [], 0
    for (drawn,), _ in days.bootstrap(reps):
        counts[filled] = np.bincount(drawn, minlength=n)
        filled += 1
        if filled == len(counts):
            sums.append(counts @ moments)
            filled = 0
    sums.append(counts[:filled] @ moments)
    first, second = np.hsplit(np.vstack(sums) / n, 2)
    spread = np.sqrt(np.maximum(second - first**2, 0.0) * n / (n - 1))
    ratios: Float = (first + centre) / np.where(spread > ROUNDING, spread, np.nan)
    return ratios


def _block(values: Float) -> int:
    from arch.bootstrap import optimal_block_length

    lengths = [
        optimal_block_length(column)["stationary"].iloc[0] for column in values.T
    ]
    return max(1, math.ceil(float(max(lengths))))
