import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alpha_kedro.signals.cross_section import demean, rank, winsorize, z_score

NAN = np.nan
KERNELS = [rank, z_score, demean]
few = settings(max_examples=40, deadline=None)

# Few distinct values, so that ties and gaps are common.
cells = st.sampled_from([NAN, *np.arange(-4.0, 5.0)])
panels = arrays(np.float64, (3, 6), elements=cells)
masks = arrays(np.bool_, (3, 6))
sectors = arrays(np.int64, 6, elements=st.integers(0, 2))


def assert_equal(left, right):
    np.testing.assert_array_equal(left, right)


def assert_close(left, right):
    np.testing.assert_allclose(left, right, rtol=1e-12, atol=1e-12)


def twin(values, mask, groups, per_cross_section):
    """The slow and obvious way: one pandas series per date and group."""
    result = np.full(values.shape, NAN)
    for row in range(len(values)):
        names = pd.Series(values[row]).where(mask[row]).dropna()
        for _, members in names.groupby(groups[names.index]):
            result[row, members.index] = per_cross_section(members)
    return result


def rank_of_series(names):
    if len(names) == 1:
        return 0.0
    return (names.rank(method="average") - 1) / (len(names) - 1) - 0.5


def z_score_of_series(names):
    flat = names.min() == names.max()
    return 0.0 if flat else (names - names.mean()) / names.std()


def demean_of_series(names):
    return names - names.mean()


TWINS = {rank: rank_of_series, z_score: z_score_of_series, demean: demean_of_series}


def test_rank_shares_the_average_among_ties_and_leaves_nan_alone():
    values = np.array([[3.0, 1.0, NAN, 1.0, 9.0]])
    assert_close(rank(values), [[1 / 6, -1 / 3, NAN, -1 / 3, 0.5]])


def test_rank_of_a_lone_name_is_zero_and_of_nobody_is_nan():
    values = np.array([[NAN, 7.0], [NAN, NAN]])
    assert_equal(rank(values), [[NAN, 0.0], [NAN, NAN]])


def test_rank_within_groups_starts_anew_in_each_group():
    values = np.array([[1.0, 5.0, 2.0, 4.0, 3.0]])
    groups = np.array([0, 1, 0, 1, 0])
    assert_equal(rank(values, groups=groups), [[-0.5, 0.5, 0.0, -0.5, 0.5]])


def test_rank_takes_infinities_as_extremes_and_signed_zeros_as_ties():
    assert_equal(rank(np.array([[-np.inf, 0.0, np.inf]])), [[-0.5, 0.0, 0.5]])
    assert_equal(rank(np.array([[-0.0, 0.0]])), [[0.0, 0.0]])


def test_z_score_divides_by_the_sample_standard_deviation():
    assert_close(z_score(np.array([[1.0, 2.0, 3.0, NAN]])), [[-1.0, 0.0, 1.0, NAN]])


@pytest.mark.parametrize("level", [0.0, 0.1, 1e9 / 3])
def test_z_score_of_equal_values_is_zero_at_any_level(level):
    assert_equal(z_score(np.full((1, 7), level)), np.zeros((1, 7)))


def test_z_score_of_an_infinity_is_nan_for_its_date_alone():
    scored = z_score(np.array([[np.inf, 1.0, 2.0], [1.0, 2.0, 3.0]]))
    assert_close(scored, [[NAN, NAN, NAN], [-1.0, 0.0, 1.0]])


def test_demean_subtracts_the_mean_of_the_sector():
    values = np.array([[1.0, 10.0, 3.0, 30.0, 7.0]])
    groups = np.array([0, 1, 0, 1, 2])
    assert_equal(demean(values, groups=groups), [[-1.0, -10.0, 1.0, 10.0, 0.0]])


def test_groups_may_change_from_date_to_date():
    values = np.array([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    groups = np.array([[0, 0, 1], [0, 1, 1]])
    assert_equal(demean(values, groups=groups), [[-0.5, 0.5, 0.0], [0.0, -0.5, 0.5]])


@pytest.mark.parametrize("kernel", KERNELS)
def test_a_name_without_group_takes_no_part(kernel):
    values = np.array([[1.0, 2.0, 99.0]])
    grouped = kernel(values, groups=np.array([0, 0, -1]))
    assert_equal(grouped, np.append(kernel(values[:, :2]), [[NAN]], axis=1))


def test_winsorize_pulls_in_what_lies_beyond_the_quantiles_of_the_date():
    values = np.array([[0.0, 1.0, 2.0, 3.0, 100.0], [5.0, NAN, 5.0, NAN, 5.0]])
    expected = [[0.4, 1.0, 2.0, 3.0, 61.2], [5.0, NAN, 5.0, NAN, 5.0]]
    assert_close(winsorize(values, limit=0.1), expected)


def test_winsorize_by_nothing_changes_nothing():
    values = np.array([[3.0, NAN, -1.0]])
    assert_equal(winsorize(values, limit=0.0), values)


@pytest.mark.parametrize("shape", [(0, 4), (3, 0)])
@pytest.mark.parametrize("kernel", [*KERNELS, lambda v: winsorize(v, limit=0.1)])
def test_an_empty_panel_stays_empty(kernel, shape):
    assert kernel(np.empty(shape)).shape == shape


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_input_is_left_as_it_was(kernel):
    values = np.array([[3.0, NAN, 1.0]])
    values.setflags(write=False)
    kernel(values, mask=np.array([[True, True, False]]), groups=np.zeros(3, dtype=int))


@pytest.mark.parametrize("kernel", KERNELS)
@few
@given(values=panels, mask=masks, groups=sectors)
def test_kernels_agree_with_their_slow_twins(kernel, values, mask, groups):
    slow = twin(values, mask, groups, TWINS[kernel])
    assert_close(kernel(values, mask=mask, groups=groups), slow)


@few
@given(values=panels, mask=masks, limit=st.floats(0, 0.49))
def test_winsorize_agrees_with_the_quantiles_of_pandas(values, mask, limit):
    names = pd.DataFrame(values).where(mask)
    lower, upper = names.quantile(limit, axis=1), names.quantile(1 - limit, axis=1)
    slow = names.clip(lower, upper, axis=0).to_numpy()
    assert_close(winsorize(values, limit=limit, mask=mask), slow)


@few
@given(values=panels, mask=masks)
def test_rank_only_sees_the_order(values, mask):
    assert_equal(rank(np.exp(values), mask=mask), rank(values, mask=mask))


@few
@given(values=panels, mask=masks, shift=st.integers(-9, 9), scale=st.integers(1, 9))
def test_z_score_ignores_shift_and_scale(values, mask, shift, scale):
    moved = z_score(values * scale + shift, mask=mask)
    assert_close(moved, z_score(values, mask=mask))


@pytest.mark.parametrize("kernel", KERNELS)
@few
@given(values=panels, mask=masks, groups=sectors)
def test_negation_flips_the_result(kernel, values, mask, groups):
    flipped = kernel(-values, mask=mask, groups=groups)
    assert_equal(flipped, -kernel(values, mask=mask, groups=groups))


@pytest.mark.parametrize("kernel", KERNELS)
@few
@given(values=panels, mask=masks, groups=sectors, order=st.permutations(range(6)))
def test_the_order_of_tickers_does_not_matter(kernel, values, mask, groups, order):
    moved = kernel(values[:, order], mask=mask[:, order], groups=groups[order])
    assert_close(moved, kernel(values, mask=mask, groups=groups)[:, order])


@pytest.mark.parametrize(
    "kernel", [*KERNELS, lambda v, **k: winsorize(v, limit=0.1, **k)]
)
@few
@given(
    values=arrays(np.float64, (2, 30), elements=st.floats(-1e6, 1e6)),
    stranger=st.floats(-1e12, 1e12),
    place=st.integers(0, 30),
)
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


@pytest.mark.parametrize("kernel", KERNELS)
@few
@given(values=panels, mask=masks)
def test_each_date_stands_alone(kernel, values, mask):
    alone = [kernel(values[[row]], mask=mask[[row]]) for row in range(len(values))]
    assert_equal(kernel(values, mask=mask), np.concatenate(alone))
