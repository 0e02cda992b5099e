"""Ranks, correlations and quantiles per row, against their slow twins."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.core.row_order import row_order
from alpha_kedro.measures.cross_sections import (
    Cells,
    cell_correlation,
    cell_means,
    per_model,
    rank_correlation,
    row_correlation,
    row_quantiles,
    row_ranks,
)
from alpha_kedro.measures.row_kernels import buckets_between_edges

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


def draw_cells(values, seed=0):
    codes = np.random.default_rng(seed).integers(-1, 3, values.shape)
    return Cells(codes.astype(np.int32), 3)


@settings(max_examples=40, deadline=None)
@given(TIED)
def test_within_cells_everything_is_as_if_the_cell_were_alone(values):
    cells = draw_cells(values)
    ranks, thirds = (
        row_ranks(values, cells=cells),
        row_quantiles(values, 3, cells=cells),
    )
    means, counts = cell_means(values, cells)
    other = np.round(np.random.default_rng(1).normal(size=values.shape), 1)
    together = cell_correlation(values, other, cells)
    for cell in range(3):
        inside = (cells.codes == cell) & np.isfinite(values)
        alone = np.where(inside, values, NAN)
        np.testing.assert_array_equal(ranks[inside], row_ranks(alone)[inside])
        np.testing.assert_array_equal(thirds[inside], row_quantiles(alone, 3)[inside])
        expected = pd.DataFrame(alone).mean(axis=1)
        np.testing.assert_allclose(means[:, cell], expected, atol=1e-15)
        np.testing.assert_array_equal(counts[:, cell], inside.sum(axis=1))
        expected = row_correlation(alone, other)
        np.testing.assert_allclose(together[:, cell], expected, atol=1e-12)
    outside = (cells.codes < 0) | ~np.isfinite(values)
    assert np.isnan(ranks[outside]).all()
    assert (thirds[outside] == 0).all()


@settings(max_examples=40, deadline=None)
@given(TIED, st.integers(0, 99))
def test_a_row_sorted_once_is_ranked_over_any_of_its_names(values, seed):
    some = np.random.default_rng(seed).random(values.shape) < 0.6
    part = np.where(some, values, NAN)
    ranks = row_ranks(part, order=row_order(values))
    np.testing.assert_array_equal(ranks, row_ranks(part))


@settings(max_examples=60, deadline=None)
@given(
    arrays(
        np.float64,
        st.tuples(st.just(1), st.integers(2, 40)),
        elements=st.one_of(
            st.floats(-1e3, 1e3), st.sampled_from([0.1, 0.2, 0.3, 1.0, 2.0, NAN])
        ),
    ),
    st.integers(2, 7),
)
def test_edges_are_those_of_qcut(values, quantiles):
    shares = np.linspace(0, 1, quantiles + 1)
    inexact = quantiles * shares != np.arange(quantiles + 1)
    shares[inexact] = np.nextafter(shares[inexact], 1)
    found = buckets_between_edges(
        values, row_order(values), *Cells.whole(values.shape), shares
    )
    try:
        expected = pd.qcut(pd.Series(values[0]), quantiles, labels=False)
    except ValueError:  # equal edges
        expected = pd.Series(NAN, range(values.shape[1]))
    np.testing.assert_array_equal(found[0], expected.fillna(-1))


def test_edges_within_cells_are_those_of_the_cell_alone():
    values = np.random.default_rng(2).normal(size=(6, 30))
    cells, shares = draw_cells(values), np.array([0, 0.5, 1])
    found = buckets_between_edges(values, row_order(values), *cells, shares)
    for row in range(6):
        for cell in range(3):
            inside = cells.codes[row] == cell
            expected = pd.qcut(values[row, inside], 2, labels=False)
            np.testing.assert_array_equal(found[row, inside], expected)


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
