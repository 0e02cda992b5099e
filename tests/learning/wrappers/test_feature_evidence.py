"""What a window says of its features: by hand, and against slow twins."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from alpha_kedro.learning.wrappers.feature_evidence import (
    Steadiness,
    correlations_within_dates,
    label_overlap,
    rank_coefficients,
)
from alpha_kedro.measures import hac_mean
from tests.learning.planted import replaced
from tests.learning.windows import noise, window_of

NAN = np.nan
cells = st.integers(-3, 3).map(float) | st.just(NAN)
cubes = arrays(np.float64, (4, 9, 3), elements=cells)
outcomes = arrays(np.float64, (4, 9), elements=st.integers(-3, 3).map(float))


def by_date(data):
    """Yield each date's features and labels."""
    for date in np.unique(data.dates):
        rows = data.dates == date
        yield data.X[rows].astype(np.float64), data.y[rows]


def slow_coefficients(data, min_names):
    """The slow twin: pandas, a date and a feature at a time."""
    found = [
        [
            pd.Series(column).corr(pd.Series(y), method="spearman")
            if np.isfinite(column).sum() >= min_names
            else NAN
            for column in X.T
        ]
        for X, y in by_date(data)
    ]
    return np.array(found)


def slow_correlations(data):
    """The slow twin: standard ranks of every date, pooled pair by pair."""
    pooled = []
    for X, _ in by_date(data):
        ranks = pd.DataFrame(X).rank()
        deviation = ranks.std(ddof=0).replace(0.0, 1.0)
        pooled.append((ranks - ranks.mean()) / deviation)
    scores = pd.concat(pooled).to_numpy()
    p = scores.shape[1]
    found = np.zeros((p, p))
    for one in range(p):
        for other in range(p):
            both = np.isfinite(scores[:, one]) & np.isfinite(scores[:, other])
            x, y = scores[both, one], scores[both, other]
            size = np.sqrt((x @ x) * (y @ y))
            found[one, other] = x @ y / size if size > 0 else 0.0
    return found


@pytest.mark.filterwarnings("ignore:An input array is constant")
@settings(max_examples=40, deadline=None)
@given(cubes, outcomes, st.integers(2, 6))
def test_coefficients_are_those_of_the_slow_twin(X, y, min_names):
    data = window_of(X, y)
    found = rank_coefficients(data, min_names=min_names)
    np.testing.assert_allclose(found, slow_coefficients(data, min_names), atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(cubes)
def test_correlations_are_those_of_the_slow_twin(X):
    data = window_of(X, np.zeros(X.shape[:2]))
    found = correlations_within_dates(data, n_dates=4)
    np.testing.assert_allclose(found, slow_correlations(data), atol=1e-9)


def test_without_gaps_a_correlation_is_the_mean_of_the_dates():
    X, y = noise(n_dates=12, p=3)
    X[..., 1] += X[..., 0]
    data = window_of(X, y)
    daily = [pd.DataFrame(rows).corr("spearman") for rows, _ in by_date(data)]
    found = correlations_within_dates(data, n_dates=12)
    np.testing.assert_allclose(found, np.mean(daily, axis=0), atol=1e-12)


def test_correlations_look_at_evenly_spread_dates_both_ends_among_them():
    X, y = noise(n_dates=9, p=2)
    every_fourth = window_of(X[[0, 4, 8]], y[[0, 4, 8]])
    np.testing.assert_array_equal(
        correlations_within_dates(window_of(X, y), n_dates=3),
        correlations_within_dates(every_fourth, n_dates=100),
    )


def test_steadiness_by_hand():
    coefficients = np.array(
        [
            [0.1, 0.3, NAN, NAN, 0.2],
            [0.2, 0.3, NAN, NAN, 0.2],
            [0.1, -0.1, 0.1, NAN, 0.2],
            [0.2, -0.1, 0.3, NAN, 0.2],
        ]
    )
    found = Steadiness.of(coefficients, overlap=1, n_periods=2)
    np.testing.assert_allclose(found.ic, [0.15, 0.1, 0.2, NAN, 0.2])
    # The second changes its sign, the third was not there in the first half.
    np.testing.assert_array_equal(found.agreement, [1.0, 0.5, 0.5, 0.0, 1.0])
    assert found.t[0] == hac_mean(coefficients[:, 0]).t
    # What never varies has no t, and is as steady as can be.
    assert np.isnan(found.t[4])
    assert found.strength[4] == np.inf


def test_overlapping_labels_widen_the_error():
    rng = np.random.default_rng(0)
    steps = np.convolve(rng.normal(0.3, 1, 210), np.ones(10), "valid")[:, None]
    apart, overlapping = (
        Steadiness.of(steps, overlap=overlap, n_periods=1).t[0] for overlap in (1, 10)
    )
    assert overlapping < apart


@pytest.mark.parametrize(("days", "overlap"), [(1, 1), (7, 1), (8, 2), (29, 5)])
def test_a_label_spans_the_dates_before_it_is_known(days, overlap):
    data = window_of(*noise(n_dates=20, p=1))
    later = data.dates + np.timedelta64(days, "D")
    assert label_overlap(replaced(data, label_end=later)) == overlap
