"""Transforms fitted in the fold: by hand, against scikit-learn, and on strange rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.preprocessing import (
    Clipping,
    Imputation,
    Preprocessing,
    PreprocessingSpec,
    Standardisation,
    choose_columns,
)

NAN = np.nan
ROWS = np.array([[1.0, 10.0], [2.0, NAN], [6.0, 30.0], [NAN, 20.0]], dtype=np.float32)
BOTH = np.array([0, 1])

present = st.floats(-100, 100, width=32)
tables = arrays(np.float32, (12, 3), elements=present | st.just(NAN))


def test_medians_means_and_deviations_by_hand():
    chain = Preprocessing.fit(ROWS, BOTH, PreprocessingSpec())
    assert chain.imputation.medians == (2.0, 20.0)
    # Filled: 1, 2, 6, 2 and 10, 20, 30, 20.
    assert chain.standardisation.means == (2.75, 20.0)
    np.testing.assert_allclose(
        chain.standardisation.scales, [np.sqrt(14.75 / 4), np.sqrt(50)]
    )
    np.testing.assert_allclose(
        chain.apply(ROWS[1:2]), [[-0.75 / np.sqrt(14.75 / 4), 0.0]]
    )


def test_clipping_by_hand_counts_what_it_clips():
    values = np.array([[0.0], [1.0], [2.0], [3.0], [100.0], [NAN]])
    clipping = Clipping.fit(values, quantile=0.25)
    assert (clipping.lower, clipping.upper) == ((1.0,), (3.0,))
    assert clipping.share == (2 / 5,)
    np.testing.assert_array_equal(
        clipping.apply(values).ravel(), [1.0, 1.0, 2.0, 3.0, 3.0, NAN]
    )


def test_an_indicator_column_marks_what_was_missing():
    chain = Preprocessing.fit(ROWS, BOTH, PreprocessingSpec(missing_indicators=True))
    assert chain.imputation.indicated == (0, 1)
    assert chain.sources.tolist() == [0, 1, 0, 1]
    marks = chain.apply(ROWS)[:, 2:] > 0
    np.testing.assert_array_equal(marks, np.isnan(ROWS))


def test_a_gap_never_seen_in_the_window_is_filled_with_its_median():
    whole = ROWS[[0, 2]]
    chain = Preprocessing.fit(whole, BOTH, PreprocessingSpec(missing_indicators=True))
    assert chain.imputation.indicated == ()
    gap = np.full((1, 2), NAN, dtype=np.float32)
    np.testing.assert_array_equal(chain.apply(gap), [[0.0, 0.0]])


def test_a_column_constant_once_filled_becomes_zero():
    filled = np.array([[5.0], [5.0], [5.0]])
    scaled = Standardisation.fit(filled).apply(filled)
    np.testing.assert_array_equal(scaled, np.zeros((3, 1)))


@settings(max_examples=30, deadline=None)
@given(tables)
def test_the_chain_agrees_with_scikit_learn(X):
    X[0] = 1.0  # no column is all missing
    chain = Preprocessing.fit(X, np.arange(3), PreprocessingSpec())
    twin = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    expected = twin.fit_transform(X.astype(np.float64))
    np.testing.assert_allclose(chain.apply(X), expected, rtol=1e-9, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(tables, st.integers(0, 11))
def test_applying_looks_at_one_row_at_a_time(X, row):
    X[0] = 1.0
    spec = PreprocessingSpec(clip_quantile=0.1, missing_indicators=True)
    chain = Preprocessing.fit(X, np.arange(3), spec)
    values = chain.apply(X)
    assert np.isfinite(values).all()
    np.testing.assert_array_equal(chain.apply(X[row : row + 1]), values[row : row + 1])


@settings(max_examples=30, deadline=None)
@given(tables)
def test_its_json_is_the_whole_of_it(X):
    X[0] = 1.0
    spec = PreprocessingSpec(clip_quantile=0.1, missing_indicators=True)
    chain = Preprocessing.fit(X, np.arange(3), spec)
    again = Preprocessing.model_validate_json(chain.model_dump_json())
    assert again == chain
    np.testing.assert_array_equal(again.apply(X), chain.apply(X))


def test_fitting_and_applying_leave_their_input_alone():
    X = ROWS.copy()
    spec = PreprocessingSpec(clip_quantile=0.2, missing_indicators=True)
    Preprocessing.fit(X, BOTH, spec).apply(X)
    np.testing.assert_array_equal(X, ROWS)


def test_useless_columns_are_left_out_with_their_reason():
    X = np.array(
        [
            [1, 1, NAN, 7, 0.0, 1],
            [2, 2, NAN, 7, NAN, 2],
            [NAN, NAN, NAN, 7, 0.0, 3],
        ],
        dtype=np.float32,
    )
    choice = choose_columns(X, ("a", "twin", "gone", "flat", "gappy", "b"))
    assert choice.dropped == {
        "twin": "copy of a",
        "gone": "all missing",
        "flat": "constant",
    }
    assert choice.kept.tolist() == [0, 4, 5]


def test_zero_and_minus_zero_are_the_same_value():
    X = np.array([[0.0, -0.0], [1.0, 1.0]], dtype=np.float32)
    assert choose_columns(X, ("a", "b")).dropped == {"b": "copy of a"}


def test_nothing_left_is_an_error_that_says_why():
    X = np.array([[1, NAN], [1, NAN]], dtype=np.float32)
    with pytest.raises(ModelError, match="a: constant, b: all missing") as refused:
        choose_columns(X, ("a", "b"))
    assert refused.value.code == "AK-M026"


def test_imputation_alone_needs_no_indicator():
    imputation = Imputation.fit(ROWS.astype(np.float64), indicators=False)
    assert imputation.apply(ROWS.astype(np.float64)).shape == ROWS.shape
