"""What is known by hand: small cross-sections, lone names, equal ones, infinities."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alpha_kedro.core.errors import ConfigError
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
from tests.signals.slow_cross_sections import (
    INF,
    NAN,
    TWINS,
    assert_close,
    assert_equal,
    clip_std,
    every_kernel,
    rank_of,
)


def test_rank_shares_the_average_among_ties_and_leaves_nan_alone():
    values = np.array([[3.0, 1.0, NAN, 1.0, 9.0]])
    assert_close(rank(values), [[1 / 6, -1 / 3, NAN, -1 / 3, 0.5]])


def test_rank_within_groups_starts_anew_in_each_group():
    values = np.array([[1.0, 5.0, 2.0, 4.0, 3.0]])
    groups = np.array([0, 1, 0, 1, 0])
    assert_equal(rank(values, groups=groups), [[-0.5, 0.5, 0.0, -0.5, 0.5]])


def test_rank_takes_infinities_as_extremes_and_signed_zeros_as_ties():
    assert_equal(rank(np.array([[-INF, 0.0, INF]])), [[-0.5, 0.0, 0.5]])
    assert_equal(rank(np.array([[-0.0, 0.0, -0.0, 0.0]])), np.zeros((1, 4)))


@pytest.mark.parametrize("n_names", [1, 2, 3, 4, 5, 64, 65, 300])
def test_rank_tells_values_apart_that_differ_in_their_last_bit(n_names):
    ladder = 1.0 + np.arange(-n_names // 2, n_names // 2) * np.finfo(float).eps
    for values in (ladder, -ladder, np.arange(n_names) * 5e-324):
        shuffled = np.random.default_rng(n_names).permutation(values)[None]
        assert_close(rank(shuffled)[0], rank_of(pd.Series(shuffled[0])))


def test_normal_scores_are_those_of_van_der_waerden():
    third = stats.norm.ppf(0.75)
    assert_close(
        normal_score(np.array([[5.0, 7.0, 1e9, NAN]])), [[-third, 0, third, NAN]]
    )


def test_buckets_are_of_equal_size_and_equal_values_share_one():
    values = np.array([[6.0, 1.0, 3.0, 2.0, 5.0, 4.0], [1, 1, 1, 1, 1, 2]])
    expected = [[3, 1, 2, 1, 3, 2], [2, 2, 2, 2, 2, 3]]
    assert_equal(quantile_bucket(values, buckets=3), expected)


@pytest.mark.parametrize("buckets", [1, 3, 7, 10, 49])
def test_no_rounding_moves_a_name_to_another_bucket(buckets):
    names = np.arange(7.0 * buckets)[None]
    sizes = np.unique(quantile_bucket(names, buckets=buckets), return_counts=True)[1]
    assert (sizes == 7).all()
    assert len(sizes) == buckets


def test_z_score_divides_by_the_sample_standard_deviation():
    assert_close(z_score(np.array([[1.0, 2.0, 3.0, NAN]])), [[-1.0, 0.0, 1.0, NAN]])


def test_robust_z_score_is_unmoved_by_an_outlier():
    scores = robust_z_score(np.array([[1.0, 2.0, 3.0, 4.0, 1e9]]))
    assert_close(scores[0, :4], np.array([-2, -1, 0, 1]) * stats.norm.ppf(0.75))


def test_robust_z_score_where_most_are_equal_takes_the_mean_deviation():
    scores = robust_z_score(np.array([[0.0, 0.0, 0.0, 0.0, 5.0]]))
    assert_close(scores, [[0, 0, 0, 0, 5 / np.sqrt(np.pi / 2)]])


def test_unit_gross_gives_shares_of_what_is_long_and_short():
    assert_equal(unit_gross(np.array([[1.0, -3.0, NAN]])), [[0.25, -0.75, NAN]])
    assert_equal(unit_gross(np.zeros((1, 2))), [[0.0, 0.0]])


def test_demean_subtracts_the_mean_of_the_sector():
    values = np.array([[1.0, 10.0, 3.0, 30.0, 7.0]])
    groups = np.array([0, 1, 0, 1, 2])
    assert_equal(demean(values, groups=groups), [[-1.0, -10.0, 1.0, 10.0, 0.0]])


def test_winsorize_pulls_in_what_lies_beyond_the_quantiles_of_the_date():
    values = np.array([[0.0, 1.0, 2.0, 3.0, 100.0], [5.0, NAN, 5.0, NAN, 5.0]])
    expected = [[0.4, 1.0, 2.0, 3.0, 61.2], [5.0, NAN, 5.0, NAN, 5.0]]
    assert_close(winsorize(values, limit=0.1), expected)


def test_winsorize_by_nothing_changes_nothing():
    values = np.array([[3.0, NAN, -1.0]])
    assert_equal(winsorize(values, limit=0.0), values)


def test_clip_pulls_in_to_so_many_spreads_from_the_middle():
    values = np.array([[1.0, 2.0, 3.0, 4.0, 100.0]])
    reach = 3 + 2 / stats.norm.ppf(0.75)
    assert_close(clip(values, width=2), [[1, 2, 3, 4, reach]])
    reach = 22 + 1.5 * np.std(values, ddof=1)
    assert_close(clip(values, width=1.5, by="std"), [[1, 2, 3, 4, reach]])


def test_groups_may_change_from_date_to_date():
    values = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    groups = np.array([[0, 0, 1], [0, 1, 1]])
    assert_equal(demean(values, groups=groups), [[-0.5, 0.5, 0.0], [0.0, -0.5, 0.5]])


# One name, nobody, all equal, infinite.

LONE = dict(zip(TWINS, [0, 0, 3, 7, 0, 0, 0, 1, 7, 7], strict=True))
EQUAL = dict(zip(TWINS, [0, 0, 2, 7, 0, 0, 0, 1 / 5, 7, 7], strict=True))


@every_kernel
def test_a_lone_name_among_missing_ones(kernel):
    values = np.array([[NAN, 7.0], [NAN, NAN]])
    assert_equal(kernel(values), [[NAN, LONE[kernel]], [NAN, NAN]])


@every_kernel
def test_of_equal_names_none_stands_out(kernel):
    assert_equal(kernel(np.full((1, 5), 7.0)), np.full((1, 5), EQUAL[kernel]))


@pytest.mark.parametrize("level", [0.0, 0.1, 1e9 / 3])
@pytest.mark.parametrize("score", [z_score, robust_z_score])
def test_scores_of_equal_values_are_zero_at_any_level(score, level):
    assert_equal(score(np.full((1, 7), level)), np.zeros((1, 7)))
    assert_equal(clip_std(np.full((1, 7), level)), np.full((1, 7), level))


@pytest.mark.parametrize("kernel", [demean, z_score, unit_gross, clip_std])
@pytest.mark.parametrize("extreme", [[INF], [-INF], [-INF, INF]])
def test_an_infinity_leaves_its_own_cross_section_without_a_mean(kernel, extreme):
    dates = np.array([[*extreme, 1.0, 2.0, 4.0], [1.0, 2.0, 4.0, *extreme]])
    values = np.insert(dates, 0, np.arange(len(dates[0])), axis=0)
    result = kernel(values)
    assert np.isnan(result[1:]).all()
    assert np.isfinite(result[0]).all()
    groups = np.array([*[0] * len(extreme), 1, 1, 1])
    assert_equal(kernel(dates, groups=groups)[0, -3:], kernel(dates[:, -3:])[0])


def test_squares_beyond_all_numbers_are_no_spread_to_divide_by():
    assert np.isnan(z_score(np.array([[1e200, -1e200, 3.0]]))).all()


def test_an_infinity_is_an_extreme_to_what_looks_at_medians():
    values = np.array([[1.0, 2.0, 3.0, 4.0, INF]])
    unit = stats.norm.ppf(0.75)
    assert_close(robust_z_score(values), [[-2 * unit, -unit, 0, unit, INF]])
    assert_close(clip(values, width=2), [[1, 2, 3, 4, 3 + 2 / unit]])


@pytest.mark.parametrize("values", [[1, INF, INF], [-INF, INF], [0, 0, 0, 0, -INF]])
def test_infinities_that_reach_median_or_spread_leave_nothing_to_score(values):
    assert np.isnan(robust_z_score(np.array([values], dtype=float))).all()


def test_infinities_are_winsorized_while_the_quantile_is_finite():
    values = np.array([[-INF, 1.0, 2.0, 3.0, 4.0, INF]])
    assert_equal(winsorize(values, limit=0.2), [[1, 1, 2, 3, 4, 4]])
    assert_equal(winsorize(values, limit=0.1), values)


@every_kernel
@pytest.mark.parametrize("shape", [(0, 4), (3, 0)])
def test_an_empty_panel_stays_empty(kernel, shape):
    assert kernel(np.empty(shape)).shape == shape


@pytest.mark.parametrize(
    ("refused", "said"),
    [
        (partial(winsorize, limit=0.5), "limit 0.5"),
        (partial(winsorize, limit=-0.1), "limit -0.1"),
        (partial(winsorize, limit=NAN), "limit nan"),
        (partial(clip, width=0), "width 0"),
        (partial(clip, width=NAN), "width nan"),
        (partial(quantile_bucket, buckets=0), "buckets 0"),
    ],
)
def test_arguments_out_of_range_are_refused(refused, said):
    with pytest.raises(ConfigError, match="AK-C142") as refusal:
        refused(np.zeros((1, 3)))
    assert said in str(refusal.value)
