"""Information coefficients of a factor: by horizon, group, month and year."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Float
from alpha_kedro.measures.cross_sections import (
    Cells,
    cell_correlation,
    cell_means,
    row_correlation,
    row_ranks,
)
from alpha_kedro.measures.factor.groups import Groups
from alpha_kedro.measures.factor.sample import FactorSample, Judged
from alpha_kedro.measures.significance import HacMean, hac_mean


def rank_ic(sample: FactorSample, judged: Judged) -> Float:
    """Return the rank correlation of scores and returns on each date: (n_dates,)."""
    scores = sample.ranks_among(np.isfinite(judged.scores))
    return row_correlation(scores, row_ranks(judged.relative))


def pearson_ic(judged: Judged) -> Float:
    """Return the linear correlation of scores and returns on each date: (n_dates,)."""
    return row_correlation(judged.scores, judged.relative)


def ic_by_group(sample: FactorSample, groups: Groups) -> pd.DataFrame:
    """Average the rank IC within each group.

    Returns
    -------
    DataFrame
        horizon, group, rank_ic, standard_error (HAC), t, n (dates with at least
        ``min_names`` names in the group) and n_names (mean number on those dates).
    """
    rows = []
    for horizon, judged in sample.judged.items():
        counts = cell_means(judged.relative, groups.cells)[1]
        enough = counts >= sample.design.min_names
        found = _rank_ic_in_cells(sample, judged, groups.cells)
        found = np.where(enough, found, np.nan)
        for place, name in enumerate(groups.names):
            mean = hac_mean(found[:, place], overlap=judged.overlap)
            n_names = counts[np.isfinite(found[:, place]), place]
            rows.append(
                {"horizon": horizon, "group": name}
                | hac_columns("rank_ic", mean)
                | {"n_names": n_names.mean() if len(n_names) else np.nan}
            )
    return pd.DataFrame(rows)


def ic_by_year(ic: pd.DataFrame, overlaps: dict[int, int]) -> pd.DataFrame:
    """Average coefficients by calendar year.

    Returns
    -------
    DataFrame
        horizon, year, rank_ic, standard_error (HAC), t and n (dates).
    """
    rows = []
    years = pd.DatetimeIndex(ic.index).year
    for horizon, overlap in overlaps.items():
        for year, own in ic[horizon].groupby(years):
            mean = hac_mean(own, overlap=overlap)
            rows.append(
                {"horizon": horizon, "year": year} | hac_columns("rank_ic", mean)
            )
    return pd.DataFrame(rows)


def ic_by_month(ic: pd.DataFrame) -> pd.DataFrame:
    """Average coefficients by calendar month: a row per month, a column per horizon.

    A month without a coefficient is NaN.
    """
    months = pd.DatetimeIndex(ic.index).to_period("M")
    return ic.groupby(months).mean().rename_axis(index="month")


def hac_columns(name: str, mean: HacMean) -> dict[str, float]:
    """Return a mean under its name, with its error (HAC), t and number of values."""
    return {
        name: mean.mean,
        "standard_error": mean.standard_error,
        "t": mean.t,
        "n": mean.n,
    }


def _rank_ic_in_cells(sample: FactorSample, judged: Judged, cells: Cells) -> Float:
    scores = row_ranks(judged.scores, cells=cells, order=sample.order)
    returns = row_ranks(judged.relative, cells=cells)
    return cell_correlation(scores, returns, cells)
