"""Neutralized values against least squares on one wide matrix, date by date."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.signals.cross_section import demean, neutralize

NAN, INF = np.nan, np.inf
few = settings(max_examples=20, deadline=None)
seeds = st.integers(0, 10**6)
SHAPE = (3, 40)


def assert_equal(left, right):
    np.testing.assert_array_equal(left, right)


def assert_close(left, right, tolerance=1e-11):
    np.testing.assert_allclose(left, right, rtol=tolerance, atol=tolerance)


class Market:
    """Values of fat tails with gaps, three exposures with gaps, sectors and a mask."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.values = rng.standard_t(3, size=SHAPE)
        self.exposures = rng.normal(size=(3, *SHAPE)) * [[[1]], [[1e-4]], [[1e6]]] + 2.0
        self.values[rng.random(SHAPE) < 0.1] = NAN
        self.exposures[rng.random(self.exposures.shape) < 0.05] = NAN
        self.weights = rng.uniform(0.1, 5, SHAPE)
        self.mask = rng.random(SHAPE) < 0.9
        self.groups = rng.integers(-1, 4, SHAPE)

    def narrowed(self, *, grouped=True, weighted=True):
        return {
            "mask": self.mask,
            "groups": self.groups if grouped else None,
            "weights": self.weights if weighted else None,
        }


def by_least_squares(values, exposures, *, mask, groups, weights):
    """The slow twin: dummies and exposures in one matrix and its pseudo-inverse."""
    groups = np.zeros(values.shape, dtype=int) if groups is None else groups
    weights = np.ones(values.shape) if weights is None else weights
    result = np.full(values.shape, NAN)
    for row in range(len(values)):
        known = ~np.isnan(values[row]) & ~np.isnan(exposures[:, row]).any(axis=0)
        names = np.flatnonzero(known & mask[row] & (groups[row] >= 0))
        dummies = groups[row, names][:, None] == np.unique(groups[row, names])
        scaled = exposures[:, row, names].T / np.nanmax(abs(exposures[:, row]), axis=1)
        matrix = np.hstack([dummies, scaled])
        root = np.sqrt(weights[row, names])
        slopes = np.linalg.lstsq(matrix * root[:, None], values[row, names] * root)[0]
        result[row, names] = values[row, names] - matrix @ slopes
    return result


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@few
@given(seed=seeds)
def test_residuals_are_those_of_least_squares(seed, grouped, weighted):
    market = Market(seed)
    narrowed = market.narrowed(grouped=grouped, weighted=weighted)
    slow = by_least_squares(market.values, market.exposures, **narrowed)
    assert_close(neutralize(market.values, market.exposures, **narrowed), slow, 1e-8)


def test_a_residual_known_by_hand():
    """Deviations 2, -1, -1, 0 on -1.5 to 1.5: slope -0.5."""
    values = np.array([[7.0, 4.0, 4.0, 5.0]])
    beta = np.array([[0.5, 1.0, 1.5, 2.0]])
    assert_close(neutralize(values, beta), [[1.1, -1.3, -0.7, 0.9]])


@few
@given(seed=seeds)
def test_residuals_know_neither_groups_nor_exposures(seed):
    market = Market(seed)
    residual = neutralize(market.values, market.exposures, **market.narrowed())
    weight = np.where(np.isnan(residual), 0.0, market.weights)
    left, known = np.nan_to_num(residual), np.nan_to_num(market.exposures)
    for group in range(4):
        assert_close((weight * left * (market.groups == group)).sum(axis=1), 0.0)
    length = np.sqrt((weight * known**2).sum(axis=2))
    assert_close((weight * left * known).sum(axis=2) / length, 0.0)


@few
@given(seed=seeds, times=st.floats(-100, 100))
def test_multiples_of_exposures_and_levels_of_groups_leave_no_trace(seed, times):
    market = Market(seed)
    added = times * (market.exposures[0] + 1e4 * market.exposures[1] + market.groups)
    residual, moved = (
        neutralize(values, market.exposures, **market.narrowed())
        for values in (market.values, market.values + added)
    )
    assert_close(moved, residual, 1e-8)


@few
@given(seed=seeds, scale=st.floats(1e-6, 1e6))
def test_residuals_have_the_scale_of_their_values_and_none_of_the_exposures(
    seed, scale
):
    market = Market(seed)
    residual, scaled, same = (
        neutralize(values, exposures, **market.narrowed())
        for values, exposures in (
            (market.values, market.exposures),
            (scale * market.values, market.exposures),
            (market.values, scale * market.exposures),
        )
    )
    assert_close(scaled / scale, residual, 1e-9)
    assert_close(same, residual, 1e-9)


@few
@given(seed=seeds)
def test_what_is_neutral_stays_as_it_is(seed):
    market = Market(seed)
    once = neutralize(market.values, market.exposures, **market.narrowed())
    assert_close(neutralize(once, market.exposures, **market.narrowed()), once)


@few
@given(seed=seeds)
def test_exposures_that_tell_nothing_new_change_nothing(seed):
    market = Market(seed)
    first, second, _ = market.exposures
    told = [first, second]
    again = [np.full(SHAPE, 7.3), first, 3 * first - 1e4 * second + 1, second]
    again += [market.groups / 3.0, first]
    residual, same = (
        neutralize(market.values, np.array(exposures), **market.narrowed())
        for exposures in (told, again)
    )
    assert_close(same, residual, 1e-8)


def test_exposures_that_are_almost_one_are_still_two():
    market = Market(0)
    close = market.exposures[0] + 1e-6 * np.random.default_rng(1).normal(size=SHAPE)
    residual = neutralize(market.values, np.array([market.exposures[0], close]))
    difference = close - market.exposures[0]
    correlated = np.nansum(residual * demean(difference), axis=1)
    assert_close(correlated / np.nanstd(difference, axis=1), 0.0, 1e-7)


@few
@given(seed=seeds, grouped=st.booleans())
def test_without_exposures_the_mean_is_taken_out(seed, grouped):
    market = Market(seed)
    narrowed = market.narrowed(grouped=grouped, weighted=False)
    none = np.empty((0, *SHAPE))
    residual = neutralize(market.values, none, **narrowed)
    del narrowed["weights"]
    assert_close(residual, demean(market.values, **narrowed))


def test_what_the_exposures_explain_whole_is_exactly_zero():
    beta = np.array([[0.1, 0.7, 1.3, 2.2], [1.0, 2.0, NAN, NAN]])
    values = np.array([[0.1, 0.7, 1.3, 2.2], [0.3, 8.1, 1.0, NAN]]) * 3 + 0.7
    expected = [[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, NAN, NAN]]
    assert_equal(neutralize(values, beta), expected)


def test_lone_names_equal_names_and_nobody():
    values = np.array([[4.0, NAN, NAN], [5.0, 5.0, 5.0], [NAN, NAN, NAN]])
    beta = np.array([[1.0, 2.0, 3.0]] * 3)
    expected = [[0.0, NAN, NAN], [0.0, 0.0, 0.0], [NAN, NAN, NAN]]
    assert_equal(neutralize(values, beta), expected)
    alone = neutralize(values, beta, groups=np.array([0, 1, 2]))
    assert_equal(alone, expected)


@pytest.mark.parametrize("shape", [(0, 4), (3, 0)])
def test_an_empty_panel_stays_empty(shape):
    assert neutralize(np.empty(shape), np.empty((2, *shape))).shape == shape


@pytest.mark.parametrize("infinite", ["values", "exposures"])
def test_an_infinity_leaves_its_date_and_no_other(infinite):
    market = Market(5)
    getattr(market, infinite)[..., 1, 7] = INF
    market.mask[1, 7], market.groups[1, 7] = True, 2
    market.exposures[:, 1, 7] = np.nan_to_num(market.exposures[:, 1, 7], posinf=INF)
    market.values[1, 7] = np.nan_to_num(market.values[1, 7], posinf=INF)
    residual = neutralize(market.values, market.exposures, **market.narrowed())
    assert np.isnan(residual[1]).all()
    assert np.isfinite(residual[[0, 2]]).any(axis=1).all()


@few
@given(
    seed=seeds,
    stranger=st.floats(),
    place=st.integers(0, SHAPE[1]),
    kept_out_by=st.sampled_from(["mask", "groups", "weights", "exposures"]),
)
def test_a_name_that_takes_no_part_changes_not_one_bit(
    seed, stranger, place, kept_out_by
):
    market, wider = Market(seed), Market(seed)
    refused = {"mask": False, "groups": -1, "weights": 0.0, "exposures": NAN}
    for field in ("values", "exposures", "weights", "mask", "groups"):
        level = stranger if field in ("values", "exposures") else 1
        level = refused[field] if field == kept_out_by else level
        widened = np.insert(getattr(wider, field), place, level, axis=-1)
        setattr(wider, field, widened)
    result = neutralize(wider.values, wider.exposures, **wider.narrowed())
    assert np.isnan(result[:, place]).all()
    expected = neutralize(market.values, market.exposures, **market.narrowed())
    assert_equal(np.delete(result, place, axis=1), expected)


@pytest.mark.parametrize("weight", [0.0, NAN, -1.0])
def test_a_group_without_weight_spoils_no_other(weight):
    market = Market(4)
    groups, weights = np.zeros(SHAPE, dtype=int), np.ones(SHAPE)
    groups[:, 5:7], weights[:, 5:7] = 1, weight
    residual, expected = (
        neutralize(market.values, market.exposures, groups=each, weights=weights)
        for each in (groups, np.zeros(SHAPE, dtype=int))
    )
    assert_equal(residual, expected)
    assert np.isnan(residual[:, 5:7]).all()


def test_a_name_let_in_is_seen():
    market = Market(2)
    residual = neutralize(market.values, market.exposures)
    other = market.values.copy()
    other[0, np.flatnonzero(~np.isnan(residual[0]))[0]] += 1
    moved = neutralize(other, market.exposures)
    assert (moved[0] != residual[0]).sum() > np.isnan(residual[0]).sum() + 1


@few
@given(seed=seeds, row=st.integers(0, SHAPE[0] - 1))
def test_each_date_stands_alone(seed, row):
    market, other = Market(seed), Market(seed + 1)
    residual = neutralize(market.values, market.exposures, **market.narrowed())
    for field in ("values", "weights", "mask", "groups"):
        getattr(other, field)[row] = getattr(market, field)[row]
    other.exposures[:, row] = market.exposures[:, row]
    garbled = neutralize(other.values, other.exposures, **other.narrowed())
    assert_equal(garbled[row], residual[row])


@few
@given(seed=seeds, order=st.permutations(range(SHAPE[1])))
def test_the_order_of_tickers_does_not_matter(seed, order):
    market = Market(seed)
    residual = neutralize(market.values, market.exposures, **market.narrowed())
    for field in ("values", "exposures", "weights", "mask", "groups"):
        setattr(market, field, getattr(market, field)[..., order])
    moved = neutralize(market.values, market.exposures, **market.narrowed())
    assert_close(moved, residual[:, order])


@pytest.mark.parametrize("shape", [(1, 4, 3), (3,), (2, 3, 5), (1, 1, 3, 4)])
def test_exposures_of_another_shape_are_refused(shape):
    with pytest.raises(ConfigError, match="AK-C143"):
        neutralize(np.zeros((3, 4)), np.zeros(shape))
