"""Kernels of the cross-section, each beside the slow and obvious way to the same."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alpha_kedro.signals.cross_section import (
    clip,
    demean,
    normal_score,
    quantile_bucket,
    rank,
    robust_z_score,
    unit_gross,
    winsorize,
    z_score,
)

NAN, INF = np.nan, np.inf

tercile = partial(quantile_bucket, buckets=3)
winsorize_tenth = partial(winsorize, limit=0.1)
clip_mad = partial(clip, width=1.5)
clip_std = partial(clip, width=1.2, by="std")


def assert_equal(left, right):
    np.testing.assert_array_equal(left, right)


def assert_close(left, right, tolerance=1e-12):
    np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance)


def twin(values, mask, groups, per_cross_section):
    """Take one series per date and group."""
    result = np.full(values.shape, NAN)
    for row in range(len(values)):
        names = pd.Series(values[row]).where(mask[row]).dropna()
        for _, members in names.groupby(groups[names.index]):
            result[row, members.index] = per_cross_section(members)
    return result


def rank_of(names):
    if len(names) == 1:
        return 0.0
    return (names.rank(method="average") - 1) / (len(names) - 1) - 0.5


def normal_score_of(names):
    return stats.norm.ppf(stats.rankdata(names) / (len(names) + 1))


def tercile_of(names):
    return np.ceil(stats.rankdata(names) * 3 / len(names))


def z_score_of(names):
    flat = names.min() == names.max()
    return 0.0 if flat else (names - names.mean()) / names.std()


def robust_spread_of(names):
    mad = stats.median_abs_deviation(names, scale="normal")
    return mad or np.sqrt(np.pi / 2) * (names - names.median()).abs().mean()


def robust_z_score_of(names):
    return (names - names.median()) / (robust_spread_of(names) or INF)


def unit_gross_of(names):
    return names / (names.abs().sum() or INF)


def winsorized_of(names):
    return names.clip(names.quantile(0.1), names.quantile(0.9))


def clipped_by_mad_of(names):
    middle, reach = names.median(), 1.5 * (robust_spread_of(names) or INF)
    return names.clip(middle - reach, middle + reach)


def clipped_by_std_of(names):
    middle, reach = names.mean(), 1.2 * (names.std() if len(names) > 1 else INF)
    return names.clip(middle - reach, middle + reach)


TWINS = {
    rank: rank_of,
    normal_score: normal_score_of,
    tercile: tercile_of,
    winsorize_tenth: winsorized_of,
    demean: lambda names: names - names.mean(),
    z_score: z_score_of,
    robust_z_score: robust_z_score_of,
    unit_gross: unit_gross_of,
    clip_mad: clipped_by_mad_of,
    clip_std: clipped_by_std_of,
}
NAMES = [
    *("rank", "normal_score", "tercile", "winsorize", "demean", "z_score"),
    *("robust_z_score", "unit_gross", "clip_mad", "clip_std"),
]

every_kernel = pytest.mark.parametrize("kernel", TWINS, ids=NAMES)
