"""Ranks, correlations and quantiles per row, against their slow twins."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.measures.cross_sections import (
    per_model,
    rank_correlation,
    row_correlation,
    row_quantiles,
    row_ranks,
)

NAN = np.nan
# Few distinct values, so that most rows hold ties.
TIED = arrays(
    np.float64,
    st.tuples(st.integers(1, 4), st.integers(1, 12)),
    elements=st.sampled_from([-2.0, -0.0, 0.0, 1.0, 3.5, NAN, np.inf]),
)


def test_equal_values_share_their_mean_rank_and_missing_ones_have_none():
    ranks = row_ranks(np.array([[3.0, 1.0, 3.0, NAN, 2.0], [NAN] * 5]))
    np.testing.assert_array_equal(ranks, [[3.5, 1.0, 3.5, NAN, 2.0], [NAN] * 5])


@settings(max_examples=40, deadline=None)
@given(TIED)
def test_row_ranks_equal_those_of_pandas(values):
    finite = pd.DataFrame(np.where(np.isfinite(values), values, NAN))
    np.testing.assert_array_equal(row_ranks(values), finite.rank(axis=1))


def test_an_empty_panel_has_no_ranks():
    assert row_ranks(np.empty((0, 3))).shape == (0, 3)
    assert row_ranks(np.empty((3, 0))).shape == (3, 0)


def test_a_correlation_is_one_minus_one_or_undefined():
    left = np.array(
        [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [5.0, 5.0, 5.0], [1.0, NAN, NAN]]
    )
    right = np.array(
        [[2.0, 4.0, 6.0], [3.0, 2.0, 1.0], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]]
    )
    np.testing.assert_allclose(row_correlation(left, right), [1.0, -1.0, NAN, NAN])


def test_a_constant_that_is_no_round_number_has_no_correlation_either():
    left = np.full((1, 7), 0.1)
    assert np.isnan(row_correlation(left, np.arange(7.0)[None, :])).all()


def test_ranks_are_taken_over_the_names_known_on_both_sides():
    left = np.array([[1.0, 2.0, 3.0, 4.0, 99.0]])
    right = np.array([[1.0, 3.0, 2.0, 4.0, NAN]])
    # Hand: d = (0, 1, 1, 0), 1 - 6 * 2 / (4 * 15) = 0.8.
    np.testing.assert_allclose(rank_correlation(left, right), [0.8])


def test_both_correlations_equal_those_of_scipy_row_by_row():
    rng = np.random.default_rng(0)
    left = np.round(rng.normal(size=(30, 25)), 1)
    right = np.round(left + rng.normal(size=left.shape), 1)
    left[rng.random(left.shape) < 0.2] = NAN
    for row, (x, y) in enumerate(zip(left, right, strict=True)):
        known = np.isfinite(x)
        spearman = stats.spearmanr(x[known], y[known]).statistic
        pearson = stats.pearsonr(x[known], y[known]).statistic
        assert rank_correlation(left, right)[row] == pytest.approx(spearman, abs=1e-12)
        assert row_correlation(left, right)[row] == pytest.approx(pearson, abs=1e-12)


def test_quantiles_are_of_equal_size_without_ties():
    groups = row_quantiles(np.random.default_rng(1).normal(size=(5, 50)), 10)
    for row in groups:
        np.testing.assert_array_equal(np.bincount(row, minlength=11), [0] + [5] * 10)


def test_equal_scores_share_a_quantile_and_missing_scores_have_none():
    groups = row_quantiles(np.array([[1.0, 1.0, 2.0, 3.0, NAN]]), 2)
    np.testing.assert_array_equal(groups, [[1, 1, 2, 2, 0]])


@settings(max_examples=40, deadline=None)
@given(TIED, st.integers(2, 6), st.randoms(use_true_random=False))
def test_quantiles_follow_names_and_not_columns(values, quantiles, random):
    order = list(range(values.shape[1]))
    random.shuffle(order)
    groups = row_quantiles(values, quantiles)
    np.testing.assert_array_equal(
        row_quantiles(values[:, order], quantiles), groups[:, order]
    )
    assert groups.min() >= 0
    assert groups.max() <= quantiles


def test_a_name_scored_twice_on_a_date_is_refused():
    row = {
        "date": pd.Timestamp("2020-01-02"),
        "ticker": "A",
        "model": "m",
        "score": 1.0,
    }
    with pytest.raises(DataError, match="AK-D001"):
        per_model(pd.DataFrame([row, row]), ["score"], lambda panel: panel.to_table())


def test_an_empty_table_of_predictions_is_refused():
    empty = pd.DataFrame(columns=["date", "ticker", "model", "score"])
    with pytest.raises(ConfigError, match="AK-C052"):
        per_model(empty, ["score"], lambda panel: panel.to_table())
