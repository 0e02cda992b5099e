"""Every kernel against its slow twin, and what must not matter to it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alpha_kedro.signals.cross_section import (
    cells,
    demean,
    normal_score,
    rank,
    robust_z_score,
    unit_gross,
    z_score,
)
from tests.signals.slow_cross_sections import (
    NAN,
    TWINS,
    assert_close,
    assert_equal,
    clip_mad,
    clip_std,
    every_kernel,
    tercile,
    twin,
    winsorize_tenth,
)

LOOKING_AT_ORDER = [rank, normal_score, tercile, winsorize_tenth]
UNITLESS = [rank, normal_score, z_score, robust_z_score]
few = settings(max_examples=12, deadline=None)

# Few distinct values, so that ties and gaps are common.
cell = st.sampled_from([NAN, *np.arange(-4.0, 5.0)])
panels = arrays(np.float64, (3, 6), elements=cell)
masks = arrays(np.bool_, (3, 6))
sectors = arrays(np.int64, 6, elements=st.integers(0, 2))
rough = arrays(np.float64, (2, 30), elements=st.floats(-1e6, 1e6))


@every_kernel
@few
@given(values=panels, mask=masks, groups=sectors)
def test_a_kernel_agrees_with_its_slow_twin(kernel, values, mask, groups):
    slow = twin(values, mask, groups, TWINS[kernel])
    assert_close(kernel(values, mask=mask, groups=groups), slow)


@every_kernel
def test_a_kernel_agrees_with_its_slow_twin_on_many_names(kernel):
    rng = np.random.default_rng(7)
    values = rng.standard_t(2, size=(4, 700)).round(2)
    values[rng.random(values.shape) < 0.1] = NAN
    mask, groups = rng.random(values.shape) < 0.8, rng.integers(0, 11, 700)
    slow = twin(values, mask, groups, TWINS[kernel])
    assert_close(kernel(values, mask=mask, groups=groups), slow)


# What must not matter.


@every_kernel
def test_a_name_without_group_takes_no_part(kernel):
    values = np.array([[1.0, 2.0, 99.0]])
    grouped = kernel(values, groups=np.array([0, 0, -1]))
    assert_equal(grouped, np.append(kernel(values[:, :2]), [[NAN]], axis=1))


@every_kernel
def test_one_group_of_all_is_no_group(kernel):
    values = np.random.default_rng(0).normal(size=(4, 30))
    assert_equal(kernel(values, groups=np.full(30, 3)), kernel(values))


@every_kernel
def test_the_layout_of_the_input_does_not_matter_and_it_is_left_as_it_was(kernel):
    values = np.array([[3.0, NAN, 1.0, 2.5], [1.0, 0.0, 1.0, 4.0]], dtype=np.float32)
    expected = kernel(values.astype(np.float64))
    for same in (values, np.asfortranarray(values), values.astype(">f8")):
        same.setflags(write=False)
        everybody = np.ones(values.shape, dtype=bool)
        assert_equal(kernel(same, mask=everybody, groups=np.zeros(4, "i1")), expected)


@few
@given(values=panels, mask=masks, groups=sectors)
def test_ranks_only_see_the_order(values, mask, groups):
    for kernel in (rank, normal_score, tercile):
        seen = kernel(np.exp(values), mask=mask, groups=groups)
        assert_equal(seen, kernel(values, mask=mask, groups=groups))


@pytest.mark.parametrize("score", [z_score, robust_z_score])
@few
@given(values=panels, mask=masks, shift=st.integers(-9, 9), scale=st.integers(1, 9))
def test_scores_ignore_shift_and_scale(score, values, mask, shift, scale):
    moved = score(values * scale + shift, mask=mask)
    assert_close(moved, score(values, mask=mask))


@pytest.mark.parametrize("pull_in", [winsorize_tenth, clip_mad, clip_std])
@few
@given(values=panels, mask=masks, shift=st.integers(-9, 9), scale=st.integers(1, 9))
def test_limits_move_with_shift_and_scale(pull_in, values, mask, shift, scale):
    moved = pull_in(values * scale + shift, mask=mask)
    assert_close(moved, pull_in(values, mask=mask) * scale + shift, 1e-11)


@few
@given(values=panels, mask=masks, groups=sectors)
def test_means_are_gone_and_gross_is_one(values, mask, groups):
    for group in range(3):
        of_group = mask & (groups == group)
        means = demean(values, mask=mask, groups=groups)
        assert_close(np.nansum(means, where=of_group, axis=1), np.zeros(3))
        shares = unit_gross(values, mask=mask, groups=groups)
        gross = np.nansum(np.abs(shares), where=of_group, axis=1)
        assert_close(gross, np.nansum(np.abs(values), where=of_group, axis=1) > 0)


@every_kernel
@few
@given(values=panels, mask=masks, groups=sectors)
def test_negation_flips_the_result(kernel, values, mask, groups):
    if kernel is tercile:
        return
    flipped = kernel(-values, mask=mask, groups=groups)
    same = assert_equal if kernel in UNITLESS else assert_close
    same(flipped, -kernel(values, mask=mask, groups=groups))


@every_kernel
@few
@given(values=panels, mask=masks, groups=sectors, order=st.permutations(range(6)))
def test_the_order_of_tickers_does_not_matter(kernel, values, mask, groups, order):
    moved = kernel(values[:, order], mask=mask[:, order], groups=groups[order])
    same = assert_equal if kernel in LOOKING_AT_ORDER else assert_close
    same(moved, kernel(values, mask=mask, groups=groups)[:, order])


@pytest.mark.parametrize("kernel", LOOKING_AT_ORDER)
@few
@given(values=rough, order=st.permutations(range(30)))
def test_where_only_order_counts_no_bit_depends_on_that_of_tickers(
    kernel, values, order
):
    assert_equal(kernel(values[:, order]), kernel(values)[:, order])


@every_kernel
@few
@given(values=rough, stranger=st.floats(), place=st.integers(0, 30))
def test_a_name_outside_the_universe_changes_not_one_bit(
    kernel, values, stranger, place
):
    wider = np.insert(values, place, stranger, axis=1)
    mask = np.insert(np.ones(values.shape, dtype=bool), place, False, axis=1)
    result = kernel(wider, mask=mask)
    assert np.isnan(result[:, place]).all()
    assert_equal(np.delete(result, place, axis=1), kernel(values))


def test_a_stranger_let_into_the_universe_is_seen():
    values = np.array([[1.0, 2.0, 9.0]])
    assert rank(values)[0, 1] != rank(values[:, :2])[0, 1]


@every_kernel
@few
@given(values=panels, mask=masks, groups=sectors)
def test_each_date_stands_alone(kernel, values, mask, groups):
    alone = [
        kernel(values[[row]], mask=mask[[row]], groups=groups)
        for row in range(len(values))
    ]
    assert_equal(kernel(values, mask=mask, groups=groups), np.concatenate(alone))


@every_kernel
def test_dates_worked_on_together_know_nothing_of_each_other(kernel, monkeypatch):
    values = np.random.default_rng(3).normal(size=(23, 5))
    groups = np.random.default_rng(4).integers(-1, 2, values.shape)
    mask = values < 1.5
    whole = kernel(values, mask=mask, groups=groups)
    monkeypatch.setattr(cells, "_BLOCK", 20)
    assert_equal(kernel(values, mask=mask, groups=groups), whole)
