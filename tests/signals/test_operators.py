"""Each statistic against windows by hand, and a slow twin that is plainly right."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.signals import operators
from alpha_kedro.signals.operators import (
    decay_linear,
    ewm_mean,
    ewm_std,
    rolling,
    rolling_argmax,
    rolling_beta,
    rolling_max,
    rolling_mean,
    rolling_median,
    rolling_quantile,
    rolling_rank,
    rolling_residual,
    rolling_residual_std,
    rolling_skew,
    rolling_std,
    rolling_z_score,
    wilder,
)
from alpha_kedro.signals.operators.families import FAMILY_OF
from alpha_kedro.signals.operators.requests import Request
from alpha_kedro.signals.operators.windows import Window
from tests.signals import slow_statistics as slow
from tests.signals.slow_statistics import STATISTICS

nan = np.nan
TWO_SERIES = {"cov", "corr", "beta", "residual_std"}
BY_PARAMETER = {
    "quantile": (0.3, slow.quantile(0.3)),
    "ewm_mean": (0.8, slow.weighted(slow.fading(0.8))),
    "ewm_std": (0.8, slow.deviation(slow.fading(0.8))),
    "wilder": (0.9, slow.weighted(slow.fading(0.9))),
}
"""Statistics with a parameter: one of its values, and the twin for it."""

every_statistic = pytest.mark.parametrize("name", sorted(FAMILY_OF))
few_examples = settings(max_examples=25, deadline=None)


def column(*values):
    return np.array(values, dtype=float)[:, None]


# Eighths are exact in binary, so that a tie in a window is a tie in the twin too.
eighths = st.integers(-80, 80).map(lambda number: number / 8)
panels = st.tuples(st.integers(1, 20), st.integers(1, 2)).flatmap(
    lambda shape: arrays(float, shape, elements=st.one_of(eighths, st.just(nan)))
)
# Up to 14 rows every way to put a window together of two spans occurs.
rules = st.tuples(st.integers(1, 14), st.integers(1, 14), st.booleans()).map(
    lambda drawn: {
        "window": max(drawn[:2]),
        "min_periods": min(drawn[:2]),
        "partial": drawn[2],
    }
)


def compute(name, x, **rule):
    """The statistic by its function, or by its name where it has a parameter."""
    series = (x, market_of(len(x))) if name in TWO_SERIES else (x,)
    if name in BY_PARAMETER:
        return rolling(name, x, parameter=BY_PARAMETER[name][0], **rule)
    function = getattr(operators, f"rolling_{name}", None) or getattr(operators, name)
    return function(*series, **rule)


def market_of(n_dates):
    """A series of one column, which stands for every ticker; some of it is missing."""
    rng = np.random.default_rng(n_dates)
    market = rng.integers(-40, 40, (n_dates, 1)) / 8
    return np.where(rng.random((n_dates, 1)) < 0.1, nan, market)


@every_statistic
@few_examples
@given(x=panels, rule=rules)
def test_a_statistic_equals_its_slow_twin(name, x, rule):
    twin = BY_PARAMETER[name][1] if name in BY_PARAMETER else STATISTICS[name]
    series = (x, market_of(len(x))) if name in TWO_SERIES else (x,)
    wanted = slow.over_windows(twin, *series, **rule)
    assert_allclose(compute(name, x, **rule), wanted, rtol=1e-7, atol=2e-6)


@few_examples
@given(x=panels, rule=rules)
def test_what_is_made_of_two_statistics_equals_its_slow_twin(x, rule):
    mean, std, line = (
        slow.over_windows(STATISTICS[name], x, **rule)
        for name in ("mean", "std", "line")
    )
    z = np.divide(x - mean, std, out=np.full(x.shape, nan), where=std > 0)
    assert_allclose(rolling_z_score(x, **rule), z, rtol=1e-7, atol=1e-7)
    assert_allclose(rolling_residual(x, **rule), x - line, rtol=1e-7, atol=1e-7)
    median = slow.over_windows(STATISTICS["median"], x, **rule)
    assert_allclose(rolling_median(x, **rule), median)


def test_a_mean_by_hand():
    x = column(1, 2, 6, nan, 4)
    assert_array_equal(rolling_mean(x, 2), column(nan, 1.5, 4, nan, nan))
    assert_array_equal(rolling_mean(x, 2, min_periods=1), column(nan, 1.5, 4, 6, 4))
    early = rolling_mean(x, 2, min_periods=1, partial=True)
    assert_array_equal(early, column(1, 1.5, 4, 6, 4))


def test_a_deviation_and_a_z_score_by_hand():
    assert_allclose(rolling_std(column(1, 3, 2), 3), column(nan, nan, 1))
    assert_allclose(rolling_z_score(column(1, 2, 3), 3), column(nan, nan, 1))


def test_extremes_and_ranks_by_hand():
    x = column(5, nan, 3, 5, 1)
    assert_array_equal(rolling_max(x, 3, min_periods=1), column(nan, nan, 5, 5, 5))
    assert_array_equal(rolling_argmax(x, 4, min_periods=1)[-2:], column(3, 1))
    assert_array_equal(rolling_rank(x, 4, min_periods=3)[-2:], column(2.5 / 3, 1 / 3))


def test_weights_by_hand():
    x = column(1, 2, 4)
    assert_allclose(decay_linear(x, 3)[-1], (1 * 1 + 2 * 2 + 3 * 4) / 6)
    assert_allclose(rolling_quantile(x, 3, 0.25)[-1], 1.5)


def test_a_series_that_is_twice_the_market_has_beta_two_and_no_residual():
    market = column(1, -2, 3, 0.5)
    assert_allclose(rolling_beta(2 * market + 1, market, 4)[-1], 2)
    assert_allclose(rolling_residual_std(2 * market + 1, market, 4)[-1], 0, atol=1e-7)


def test_exponential_means_are_those_of_pandas_once_their_memory_is_full():
    x = pd.Series(np.random.default_rng(2).normal(size=300))
    endless = {
        ewm_mean: x.ewm(span=20).mean(),
        ewm_std: x.ewm(span=20).std(bias=True),
        wilder: x.ewm(alpha=1 / 20).mean(),
    }
    for function, wanted in endless.items():
        found = function(x, 20)
        assert np.isnan(found[0])
        assert_allclose(found[-1], wanted.iloc[-1], rtol=1e-4)


def test_the_memory_of_an_exponential_mean_ends_within_seven_spans():
    x = np.zeros((200, 1))
    x[:-141] = 1e9
    assert ewm_mean(x, 20)[-1] == 0
    assert ewm_mean(x[:139], 20)[-1] > 0
    assert ewm_mean(x, 1)[0] == x[0]


@every_statistic
def test_a_window_longer_than_the_history_is_unknown(name):
    assert np.isnan(compute(name, column(1, 2, 3), window=4, min_periods=1)).all()
    assert compute(name, np.empty((0, 2)), window=3).shape == (0, 2)


@pytest.mark.parametrize("k", [0, -1, 2.5, nan])
def test_a_window_of_less_than_one_row_is_refused(k):
    x = column(1, 2, 3)
    for ask in (rolling_mean, ewm_mean, operators.delay):
        with pytest.raises(ConfigError, match="AK-C110"):
            ask(x, k)


@pytest.mark.parametrize("least", [0, 4])
def test_known_values_that_no_window_can_have_are_refused(least):
    with pytest.raises(ConfigError, match="AK-C114"):
        rolling_mean(column(1, 2, 3), 3, min_periods=least)


def test_what_is_no_quantile_or_no_statistic_is_refused():
    with pytest.raises(ConfigError, match="AK-C111"):
        rolling_quantile(column(1, 2), 2, 1.5)
    with pytest.raises(ConfigError, match="did you mean 'mean'"):
        rolling("means", column(1, 2), window=2)


@few_examples
@given(value=st.floats(-1e12, 1e12), n=st.integers(2, 30))
def test_equal_values_have_no_deviation_at_all(value, n):
    x = np.full((n, 1), value)
    assert rolling_std(x, n)[-1] == 0
    assert rolling_mean(x, n)[-1] == value
    assert compute("mean_deviation", x, window=n)[-1] == 0
    assert np.isnan(rolling_z_score(x, n)[-1])
    assert np.isnan(rolling_skew(x, n)[-1])


@every_statistic
@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000), size=st.floats(1e-6, 1e9), length=st.integers(1, 14)
)
def test_the_bits_of_a_value_depend_on_its_window_alone(name, seed, size, length):
    rng = np.random.default_rng(seed)
    window = rng.normal(size=(length, 3))
    window[rng.random(window.shape) < 0.1] = nan
    before, after = size * rng.normal(size=(2, 7, 3))
    market = np.vstack([size * rng.normal(size=(length + 14, 1))])
    rule = {"window": length, "min_periods": 1}
    rule |= {"parameter": BY_PARAMETER[name][0]} if name in BY_PARAMETER else {}

    def found(x, market):
        return rolling(name, *((x, market) if name in TWO_SERIES else (x,)), **rule)

    alone = found(window, market[7 : 7 + length])[-1]
    amid = found(np.vstack([before, window, after]), market)
    assert_array_equal(amid[6 + length], alone)
    one_name = found(window[:, 1:2], market[7 : 7 + length])[-1]
    assert_array_equal(one_name, alone[1:2])


@every_statistic
def test_what_else_is_asked_changes_no_bit(name):
    x = np.random.default_rng(4).normal(size=(40, 3))
    series = (x, market_of(len(x))) if name in TWO_SERIES else (x,)
    parameter = BY_PARAMETER[name][0] if name in BY_PARAMETER else None
    family = FAMILY_OF[name]
    asked = [Request(name, Window(k, k), parameter) for k in range(1, 25)]
    for request, together in zip(asked, family(series, asked), strict=True):
        assert_array_equal(family(series, [request])[0], together)


@every_statistic
def test_a_statistic_leaves_its_input_alone_and_takes_any_layout(name):
    x = np.random.default_rng(1).normal(size=(3, 30)).T
    x[4, 1] = nan
    x.flags.writeable = False
    kept = x.copy()
    found = compute(name, x, window=4, min_periods=2)
    assert_array_equal(x, kept)
    for same in (kept, pd.DataFrame(x), kept[::-1][::-1]):
        assert_array_equal(compute(name, same, window=4, min_periods=2), found)


def test_one_series_alone_is_a_series_again():
    x = np.random.default_rng(1).normal(size=30)
    assert_array_equal(rolling_mean(pd.Series(x), 5), rolling_mean(x[:, None], 5)[:, 0])
    assert rolling_beta(x, x, 5).shape == (30,)


def test_every_statistic_of_a_window_can_be_called_and_is_listed():
    for name in FAMILY_OF:
        assert {f"rolling_{name}", name} & set(operators.__all__)
    assert all(hasattr(operators, name) for name in operators.__all__)
