"""Rows by rising value, and the ranks that follow, against pandas."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alpha_kedro.core.row_order import ranks_in_cells, row_order

NAN, INF = np.nan, np.inf
EPS = np.finfo(np.float64).eps
few = settings(max_examples=60, deadline=None)
# Ties, signed zeros, and neighbours that only their last bits tell apart.
values = st.sampled_from(
    [-INF, -1.0, -5e-324, -0.0, 0.0, 5e-324, 1.0, 1 + EPS, 1 + 2 * EPS, INF, NAN]
)
panels = arrays(
    np.float64,
    st.tuples(st.integers(0, 4), st.integers(0, 40)),
    elements=values | st.floats(),
)


@few
@given(panels)
def test_values_rise_along_the_order_and_those_missing_come_last(panel):
    order = row_order(panel)
    columns = np.tile(np.arange(panel.shape[1]), (len(panel), 1))
    np.testing.assert_array_equal(np.sort(order, axis=1), columns)
    found = np.take_along_axis(panel, order.astype(np.int64), axis=1)
    np.testing.assert_array_equal(found, np.sort(panel, axis=1))


@few
@given(panels, st.integers(0, 99))
def test_ranks_within_cells_are_those_of_pandas(panel, seed):
    codes = np.random.default_rng(seed).integers(-1, 3, panel.shape).astype(np.int32)
    found = ranks_in_cells(panel, row_order(panel), codes, 3)
    for cell in range(3):
        inside = codes == cell
        expected = pd.DataFrame(np.where(inside, panel, NAN)).rank(axis=1)
        np.testing.assert_array_equal(found[inside], expected.to_numpy()[inside])
    assert np.isnan(found[codes < 0]).all()


@pytest.mark.parametrize("n_names", [1, 2, 3, 64, 65, 300])
def test_a_ladder_of_last_bits_is_climbed_step_by_step(n_names):
    ladder = 1.0 + np.arange(n_names) * EPS
    places = np.random.default_rng(n_names).permutation(n_names)
    np.testing.assert_array_equal(row_order(ladder[places][None])[0], places.argsort())


def test_the_layout_of_the_input_does_not_matter_and_it_is_left_as_it_was():
    panel = np.random.default_rng(0).normal(size=(3, 14)).round(1)
    before, expected = panel.copy(), row_order(panel[:, ::2].copy())
    np.testing.assert_array_equal(row_order(panel[:, ::2]), expected)
    np.testing.assert_array_equal(row_order(np.asfortranarray(panel[:, ::2])), expected)
    np.testing.assert_array_equal(panel, before)
