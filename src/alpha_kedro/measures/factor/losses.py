"""Which scores are judged, and which are not and why."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Bool
from alpha_kedro.measures.factor.sample import FactorSample

GIVEN, KEPT = "given", "kept"
REASONS = (
    "no score",
    "infinite score",
    "no group",
    "entry beyond the prices",
    "no price at entry",
    "exit beyond the prices",
    "prices ended before the exit",
    "no price at the exit",
    "no return at another horizon",
    "equal scores leave no quantile edges",
    "too few names on the date",
    "one score for all names of the date",
)
"""Why a cell is not judged; the first that applies is the one that counts."""


def loss_table(sample: FactorSample) -> pd.DataFrame:
    """Count what became of every cell of the scores, by horizon.

    Returns
    -------
    DataFrame
        A row ``given`` (dates x tickers of the scores), a row for each of `REASONS`, a
        row ``kept``; a column per horizon. Kept and lost add up to given.
    """
    columns = {each: _counts(sample, each) for each in sample.design.horizons}
    table = pd.DataFrame(columns, index=[GIVEN, *REASONS, KEPT], dtype="int64")
    return table.rename_axis(index="cells", columns="horizon")


def _counts(sample: FactorSample, horizon: int) -> list[int]:
    left = np.ones(sample.axes.shape, dtype=bool)
    counts = [left.size]
    for applies in _faults(sample, horizon):
        lost = left & applies
        counts.append(int(lost.sum()))
        left &= ~lost
    return [*counts, int(left.sum())]


def _faults(sample: FactorSample, horizon: int) -> Iterator[Bool]:
    """Yield where each of `REASONS` applies, in their order."""
    yield np.isnan(sample.given)
    yield np.isinf(sample.given)
    yield ~sample.grouped
    yield from _faults_of_prices(sample, horizon)
    yield ~sample.candidates
    sorted_in = sample.buckets.codes >= 0
    yield ~sorted_in
    inside = sorted_in & np.isfinite(sample.returns_after(horizon))
    few = inside.sum(axis=1) < sample.design.fewest
    yield _by_date(few, sample)
    yield _by_date(~sample.counts(inside) & ~few, sample)


def _faults_of_prices(sample: FactorSample, horizon: int) -> Iterator[Bool]:
    priced = np.isfinite(sample.levels)
    last_row = len(priced) - 1
    entry = sample.rows + sample.design.lag
    yield _by_date(entry > last_row, sample)
    yield ~priced[np.minimum(entry, last_row)]
    leave = entry + horizon
    yield _by_date(leave > last_row, sample)
    missing = ~priced[np.minimum(leave, last_row)]
    last_price = last_row - priced[::-1].argmax(axis=0)
    yield missing & (leave[:, None] > last_price)
    yield missing


def _by_date(dates: Bool, sample: FactorSample) -> Bool:
    return np.broadcast_to(dates[:, None], sample.axes.shape)
