"""Each kernel against hand-computed windows and a slow twin that is plainly right."""

import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import linregress, skew

from alpha_kedro.signals.operators import (
    delay,
    logarithm,
    ratio,
    rolling_beta,
    rolling_max,
    rolling_mean,
    rolling_residual_std,
    rolling_skewness,
    rolling_std,
    rolling_sum,
    rolling_z_score,
)

nan = np.nan


def column(*values):
    return np.array(values, dtype=float)[:, None]


# Eighths are exact in binary, so that a tie in a window is a tie in the twin too.
eighths = st.integers(-8000, 8000).map(lambda number: number / 8)
panels = st.tuples(st.integers(1, 14), st.integers(1, 3)).flatmap(
    lambda shape: arrays(float, shape, elements=st.one_of(eighths, st.just(nan)))
)
windows = st.tuples(st.integers(1, 6), st.integers(1, 6)).map(sorted)
few_examples = settings(max_examples=40, deadline=None)

ONE_SERIES = {
    rolling_sum: sum,
    rolling_mean: statistics.fmean,
    rolling_max: max,
    rolling_std: lambda known: statistics.stdev(known) if len(known) > 1 else nan,
    rolling_skewness: lambda known: skew(known) if len(set(known)) > 1 else nan,
}


def slow_twin(statistic, x, window, min_periods):
    result = np.full(x.shape, nan)
    for row in range(window - 1, len(x)):
        for ticker in range(x.shape[1]):
            seen = x[row - window + 1 : row + 1, ticker]
            known = [float(value) for value in seen if not np.isnan(value)]
            if len(known) >= min_periods:
                result[row, ticker] = statistic(known)
    return result


@pytest.mark.parametrize("kernel", ONE_SERIES, ids=lambda kernel: kernel.__name__)
@few_examples
@given(x=panels, sizes=windows)
def test_a_rolling_statistic_equals_its_slow_twin(kernel, x, sizes):
    min_periods, window = sizes
    twin = slow_twin(ONE_SERIES[kernel], x, window, min_periods)
    assert_allclose(kernel(x, window, min_periods), twin, rtol=1e-7, atol=1e-7)


def fit(pairs, wanted):
    x, y = zip(*pairs, strict=True)
    if len(set(y)) < 2:
        return nan
    line = linregress(y, x)
    residuals = np.array(x) - line.intercept - line.slope * np.array(y)
    degrees = len(x) - 2
    spread = np.sqrt(np.sum(residuals**2) / degrees) if degrees > 0 else nan
    return {"beta": line.slope, "spread": spread}[wanted]


@few_examples
@given(x=panels, sizes=windows, seed=st.integers(0, 9))
def test_beta_and_residual_equal_the_regression_of_scipy(x, sizes, seed):
    min_periods, window = sizes
    market = np.random.default_rng(seed).integers(-40, 40, (len(x), 1)) / 8
    for kernel, wanted in ((rolling_beta, "beta"), (rolling_residual_std, "spread")):
        twin = np.full(x.shape, nan)
        for row in range(window - 1, len(x)):
            here = slice(row - window + 1, row + 1)
            for ticker in range(x.shape[1]):
                seen = zip(x[here, ticker], market[here, 0], strict=True)
                pairs = [pair for pair in seen if not np.isnan(pair[0])]
                if len(pairs) >= min_periods:
                    twin[row, ticker] = fit(pairs, wanted)
        found = kernel(x, market, window, min_periods)
        assert_allclose(found, twin, rtol=1e-6, atol=1e-4)


def test_a_mean_by_hand():
    x = column(1, 2, 6, nan, 4)
    assert_array_equal(rolling_mean(x, 2), column(nan, 1.5, 4, nan, nan))
    assert_array_equal(rolling_mean(x, 2, 1), column(nan, 1.5, 4, 6, 4))


def test_a_deviation_by_hand():
    assert_allclose(rolling_std(column(1, 3, 2), 3), column(nan, nan, 1))


def test_a_z_score_by_hand():
    assert_allclose(rolling_z_score(column(1, 2, 3), 3), column(nan, nan, 1))


def test_a_maximum_passes_over_what_is_missing():
    x = column(5, nan, 3, 1)
    assert_array_equal(rolling_max(x, 2, 1), column(nan, 5, 3, 3))


def test_a_series_that_is_twice_the_market_has_beta_two_and_no_residual():
    market = column(1, -2, 3, 0.5)
    assert_allclose(rolling_beta(2 * market + 1, market, 4)[-1], 2)
    assert_allclose(rolling_residual_std(2 * market + 1, market, 4)[-1], 0, atol=1e-7)


def test_a_delay_looks_back_and_leaves_the_first_rows_unknown():
    assert_array_equal(delay(column(1, 2, 3), 2), column(nan, nan, 1))
    assert_array_equal(delay(column(1, 2), 5), column(nan, nan))


def test_a_division_by_zero_and_a_logarithm_of_zero_are_unknown():
    assert_array_equal(ratio(column(1, 0, nan), column(0, 0, 2)), column(nan, nan, nan))
    assert_array_equal(logarithm(column(0, -1, 1)), column(nan, nan, 0))


def test_a_window_longer_than_the_history_is_unknown():
    for kernel in ONE_SERIES:
        assert np.isnan(kernel(column(1, 2, 3), 4, 1)).all()


@few_examples
@given(value=st.floats(-1e12, 1e12), n=st.integers(2, 9))
def test_equal_values_have_no_deviation_at_all(value, n):
    x = np.full((n, 1), value)
    assert rolling_std(x, n)[-1] == 0
    assert rolling_mean(x, n)[-1] == value
    assert np.isnan(rolling_z_score(x, n)[-1])
    assert np.isnan(rolling_skewness(x, n)[-1])


@pytest.mark.parametrize("kernel", ONE_SERIES, ids=lambda kernel: kernel.__name__)
@few_examples
@given(seed=st.integers(0, 10_000), size=st.floats(1e-6, 1e9))
def test_the_bits_of_a_value_depend_on_its_window_alone(kernel, seed, size):
    rng = np.random.default_rng(seed)
    window = rng.normal(size=(5, 3))
    before, after = size * rng.normal(size=(2, 7, 3))
    alone = kernel(window, 5, 4)[-1]
    assert_array_equal(kernel(np.vstack([before, window, after]), 5, 4)[11], alone)


@pytest.mark.parametrize("kernel", ONE_SERIES, ids=lambda kernel: kernel.__name__)
def test_a_kernel_leaves_its_input_alone_and_takes_any_layout(kernel):
    x = np.random.default_rng(1).normal(size=(3, 9)).T
    x.flags.writeable = False
    assert_array_equal(kernel(x, 4), kernel(np.ascontiguousarray(x), 4))
