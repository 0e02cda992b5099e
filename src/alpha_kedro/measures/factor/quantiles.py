"""Returns and turnover of names sorted by their score."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Float
from alpha_kedro.measures.cross_sections import (
    Cells,
    cell_means,
    row_correlation,
)
from alpha_kedro.measures.factor.coefficients import hac_columns
from alpha_kedro.measures.factor.groups import Groups
from alpha_kedro.measures.factor.sample import FactorSample, Judged
from alpha_kedro.measures.row_kernels import fresh_shares
from alpha_kedro.measures.significance import hac_mean

Label = dict[str, object]


def quantile_means(sample: FactorSample, judged: Judged) -> Float:
    """Return the mean return of each quantile on each date: (n_dates, quantiles)."""
    return cell_means(judged.relative, sample.buckets)[0]


def quantile_table(sample: FactorSample) -> pd.DataFrame:
    """Average quantile returns over dates, by horizon.

    Returns
    -------
    DataFrame
        horizon, quantile, mean_return (over the horizon), standard_error (HAC), t, n
        (dates) and n_names (mean number of names on those dates).
    """
    numbers: list[Label] = [
        {"quantile": one + 1} for one in range(sample.design.quantiles)
    ]
    return _table(sample, sample.buckets, numbers)


def quantile_table_by_group(sample: FactorSample, groups: Groups) -> pd.DataFrame:
    """Average the returns of each quantile's names in each group; as `quantile_table`.

    A ``group`` column comes second.
    """
    quantiles = sample.design.quantiles
    known = (groups.cells.codes >= 0) & (sample.buckets.codes >= 0)
    codes = groups.cells.codes * quantiles + sample.buckets.codes
    cells = Cells(
        np.where(known, codes, -1).astype(np.int32), quantiles * len(groups.names)
    )
    labels: list[Label] = [
        {"group": name, "quantile": one + 1}
        for name in groups.names
        for one in range(quantiles)
    ]
    return _table(sample, cells, labels)


def score_table(sample: FactorSample) -> pd.DataFrame:
    """Describe the scores of each quantile, all dates together.

    Returns
    -------
    DataFrame
        Indexed by quantile: n (scores), share of all, lowest, mean, highest and
        deviation (ddof 1).
    """
    inside = sample.buckets.codes >= 0
    scores = pd.Series(sample.given[inside])
    by_quantile = scores.groupby(sample.buckets.codes[inside] + 1)
    table = by_quantile.agg(["count", "min", "mean", "max", "std"])
    table.columns = ["n", "lowest", "mean", "highest", "deviation"]
    table.insert(1, "share", table["n"] / max(len(scores), 1))
    numbers = pd.RangeIndex(1, sample.design.quantiles + 1, name="quantile")
    return table.reindex(numbers).fillna({"n": 0, "share": 0.0})


def turnover(sample: FactorSample, *, dates_back: int) -> Float:
    """Return the share of each quantile's names that are new: (n_dates, quantiles).

    New since ``dates_back`` dates of the scores before; NaN where there is no such date
    and where the quantile is empty on either.
    """
    return fresh_shares(sample.buckets.codes, dates_back, sample.design.quantiles)


def rank_autocorrelation(sample: FactorSample, *, dates_back: int) -> Float:
    """Rank-correlate the scores with those of some dates before: (n_dates,).

    NaN with fewer than ``min_names`` names scored on both dates.
    """
    scored = np.isfinite(sample.sorted_scores)
    both = np.zeros(scored.shape, dtype=bool)
    both[dates_back:] = scored[dates_back:] & scored[:-dates_back]
    now, then = scored, scored
    if sample.design.conventions.ranks == "both_dates":
        now, then = both, np.roll(both, -dates_back, axis=0)
    found = row_correlation(
        np.where(both, sample.ranks_among(now), np.nan),
        np.roll(sample.ranks_among(then), dates_back, axis=0),
    )
    return np.where(both.sum(axis=1) >= sample.design.min_names, found, np.nan)


def _table(sample: FactorSample, cells: Cells, labels: list[Label]) -> pd.DataFrame:
    rows = []
    for horizon, judged in sample.judged.items():
        means, counts = cell_means(judged.relative, cells)
        for place, label in enumerate(labels):
            mean = hac_mean(means[:, place], overlap=judged.overlap)
            n_names = counts[counts[:, place] > 0, place]
            rows.append(
                {"horizon": horizon, **label}
                | hac_columns("mean_return", mean)
                | {"n_names": n_names.mean() if len(n_names) else np.nan}
            )
    return pd.DataFrame(rows)
