"""Transforms fitted in the fold: by hand, against scikit-learn, and on strange rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import RobustScaler, StandardScaler

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.linear_models.preprocessing import (
    Clipping,
    Imputation,
    Preprocessing,
    PreprocessingSpec,
    RobustScaling,
    Standardisation,
    choose_columns,
)

NAN = np.nan
ROWS = np.array([[1.0, 10.0], [2.0, NAN], [6.0, 30.0], [NAN, 20.0]], dtype=np.float32)
BOTH = np.array([0, 1])
SCALINGS = ("standard", "robust", "none")

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


def test_robust_scaling_by_hand():
    # Quartiles 1, 2, 3; then a column whose middle half is one value; then a constant.
    values = np.array(
        [[0.0, 5, 7], [1.0, 5, 7], [2.0, 5, 7], [3.0, 5, 7], [100.0, 15, 7]]
    )
    scaling = RobustScaling.fit(values)
    assert scaling.medians == (2.0, 5.0, 7.0)
    assert scaling.scales == (2.0, 4.0, 1.0)
    np.testing.assert_array_equal(scaling.apply(values)[:, 0], [-1, -0.5, 0, 0.5, 49])
    np.testing.assert_array_equal(scaling.apply(values)[:, 1], [0, 0, 0, 0, 2.5])
    np.testing.assert_array_equal(scaling.apply(values)[:, 2], np.zeros(5))


@settings(max_examples=30, deadline=None)
@given(tables)
def test_robust_scaling_agrees_with_scikit_learn(X):
    X[0] = 1.0
    chain = Preprocessing.fit(X, np.arange(3), PreprocessingSpec(scaling="robust"))
    twin = make_pipeline(SimpleImputer(strategy="median"), RobustScaler())
    expected = twin.fit_transform(X.astype(np.float64))
    # scikit-learn leaves a column without an interquartile range as wide as it is.
    narrow = twin[-1].scale_ == 1.0
    np.testing.assert_allclose(
        chain.apply(X)[:, ~narrow], expected[:, ~narrow], rtol=1e-9, atol=1e-9
    )


def test_clipping_then_robust_scaling_agrees_with_scikit_learn():
    rng = np.random.default_rng(0)
    X = rng.standard_t(2, size=(400, 3)).astype(np.float32)
    spec = PreprocessingSpec(clip_quantile=0.02, scaling="robust")
    lower, upper = np.quantile(X.astype(np.float64), [0.02, 0.98], axis=0)
    expected = RobustScaler().fit_transform(np.clip(X.astype(np.float64), lower, upper))
    found = Preprocessing.fit(X, np.arange(3), spec).apply(X)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_an_outlier_moves_the_standard_scale_and_not_the_robust_one():
    X = np.arange(101, dtype=np.float32)[:, None]
    wild = X.copy()
    wild[-1] = 1e6
    for scaling, moves in (("standard", True), ("robust", False)):
        spec = PreprocessingSpec(scaling=scaling)
        calm, shaken = (
            Preprocessing.fit(each, np.array([0]), spec).apply(X[:5])
            for each in (X, wild)
        )
        assert np.allclose(calm, shaken) is not moves


def test_without_scaling_values_stay_as_they_are():
    chain = Preprocessing.fit(ROWS, BOTH, PreprocessingSpec(scaling="none"))
    np.testing.assert_array_equal(
        chain.apply(ROWS), [[1, 10], [2, 20], [6, 30], [2, 20]]
    )


def test_the_file_of_the_default_chain_has_not_changed():
    chain = Preprocessing.fit(ROWS, BOTH, PreprocessingSpec())
    assert chain.model_dump_json() == (
        '{"columns":[0,1],"clipping":null,'
        '"imputation":{"medians":[2.0,20.0],"indicated":[]},'
        '"standardisation":{"means":[2.75,20.0],'
        '"scales":[1.920286436967152,7.0710678118654755]}}'
    )


@settings(max_examples=30, deadline=None)
@given(tables, st.integers(0, 11), st.sampled_from(SCALINGS))
def test_applying_looks_at_one_row_at_a_time(X, row, scaling):
    X[0] = 1.0
    spec = PreprocessingSpec(
        clip_quantile=0.1, missing_indicators=True, scaling=scaling
    )
    chain = Preprocessing.fit(X, np.arange(3), spec)
    values = chain.apply(X)
    assert np.isfinite(values).all()
    np.testing.assert_array_equal(chain.apply(X[row : row + 1]), values[row : row + 1])


@settings(max_examples=30, deadline=None)
@given(tables, st.sampled_from(SCALINGS))
def test_its_json_is_the_whole_of_it(X, scaling):
    X[0] = 1.0
    spec = PreprocessingSpec(
        clip_quantile=0.1, missing_indicators=True, scaling=scaling
    )
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
