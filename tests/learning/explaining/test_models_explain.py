"""Contributions: exact by hand, adding up, and refused when they do not."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.explaining.explain import contributions, explain, importance
from tests.learning.planted import (
    BLOCKS,
    FEATURES,
    LEARNED,
    N_TICKERS,
    WEEKS,
    fitted,
    replaced,
    window,
)

EXPLAINED = tuple(kind for kind in BLOCKS if kind != "random")


def table_of(X):
    keys = {
        "date": np.repeat(WEEKS, N_TICKERS),
        "ticker": np.tile([f"T{name}" for name in range(N_TICKERS)], len(WEEKS)),
    }
    return pd.DataFrame(keys).join(pd.DataFrame(X, columns=list(FEATURES)))


@pytest.mark.parametrize("kind", EXPLAINED)
def test_parts_add_up_to_the_score(kind):
    some, data = fitted(kind), window(seed=1)
    parts = contributions(some, data.X)
    assert parts.shape == (len(data.y), len(FEATURES) + 1)
    np.testing.assert_allclose(parts.sum(axis=1), some.score(data.X), atol=1e-5)


@pytest.mark.parametrize("kind", ["lightgbm", "xgboost"])
def test_tree_parts_are_shapley_values(kind):
    """The slow twin: Shapley's average over all orders, for one tree of two splits."""
    rng = np.random.default_rng(0)
    data = window(missing=0)
    X = rng.integers(0, 2, size=(len(data.y), 5)).astype(np.float32)
    y = 1.0 * X[:, 0] + 0.5 * X[:, 1] + 2.0 * X[:, 0] * X[:, 1]
    tiny = {"lightgbm": {"num_leaves": 4}, "xgboost": {"max_depth": 2}}[kind]
    some = fitted(kind, data=replaced(data, X=X, y=y), n_estimators=1, **tiny)
    row = np.array([[1, 1, 0, 0, 0]], dtype=np.float32)
    parts = some.contributions(row)[0]
    np.testing.assert_allclose(parts[:2], _shapley(some, X, row[0]), rtol=1e-4)
    np.testing.assert_allclose(parts[2:5], 0, atol=1e-12)


@pytest.mark.parametrize("kind", ["lightgbm", "xgboost"])
@pytest.mark.parametrize("missing", [0, 0.05], ids=["whole", "missing"])
def test_tree_parts_are_those_of_the_shap_library(kind, missing):
    """Its own algorithm on the trees, not what the booster says of itself."""
    shap = pytest.importorskip("shap")
    some, data = fitted(kind), window(seed=1, missing=missing)
    explainer = shap.TreeExplainer(some.booster.trees)
    explainer.model.model_type = "internal"  # else it would ask the booster
    theirs = explainer.shap_values(data.X, check_additivity=False)
    parts = some.contributions(data.X)
    np.testing.assert_allclose(parts[:, :-1], theirs, atol=1e-5)
    assert np.abs(theirs).max() > 0.1


def _shapley(some, X, row):
    """Average each feature's step over all orders, given the training rows' cover."""
    scores = some.score(X)
    values = {
        known: scores[(X[:, list(known)] == row[list(known)]).all(axis=1)].mean()
        for size in range(3)
        for known in itertools.combinations((0, 1), size)
    }
    # A tree that splits on the first feature first ignores it by the cover of its
    # branches, so the value of knowing the second alone is a weighted mean.
    share = (X[:, 0] == 1).mean()
    corner = {
        first: scores[(X[:, 0] == first) & (X[:, 1] == row[1])][0] for first in (0, 1)
    }
    values[(1,)] = share * corner[1] + (1 - share) * corner[0]
    orders = math.factorial(2)
    first = (values[(0,)] - values[()] + values[(0, 1)] - values[(1,)]) / orders
    second = (values[(1,)] - values[()] + values[(0, 1)] - values[(0,)]) / orders
    return [first, second]


def test_a_linear_part_is_coefficient_times_distance_from_the_mean():
    some, data = fitted("ridge"), window(missing=0)
    chain = some.weights.preprocessing.standardisation
    value = data.X[4, 1].astype(np.float64)
    by_hand = some.weights.coefficients[1] * (value - chain.means[1]) / chain.scales[1]
    np.testing.assert_allclose(some.contributions(data.X)[4, 1], by_hand, rtol=1e-12)
    assert some.contributions(data.X)[4, -1] == some.weights.intercept


def test_an_indicator_counts_for_its_feature():
    some = fitted("ridge", preprocessing={"missing_indicators": True})
    X = window().X[:1].copy()
    X[0] = np.nan
    parts = contributions(some, X)
    np.testing.assert_allclose(parts.sum(), some.score(X)[0])
    assert np.abs(parts[0, :-1]).min() > 0


@pytest.mark.parametrize("kind", LEARNED)
def test_a_dropped_feature_contributes_nothing(kind):
    data = window()
    X = data.X.copy()
    X[:, 2] = 1.0
    some = fitted(kind, data=replaced(data, X=X))
    assert (some.contributions(X)[:, 2] == 0).all()


def test_a_factor_is_all_its_own_score():
    some, data = fitted("factor"), window(missing=0)
    parts = contributions(some, data.X)
    np.testing.assert_array_equal(parts[:, 0], some.score(data.X))
    assert (parts[:, 1:] == 0).all()


def test_parts_that_do_not_add_up_are_refused():
    class Lying:
        def __init__(self, booster):
            self.booster = booster

        def score(self, X, context=None):
            return self.booster.score(X) + 0.01 * (X[:, 0] > 1)

        def contributions(self, X, context=None):
            return self.booster.contributions(X)

    some = fitted("lightgbm")
    lying = replace(some, booster=Lying(some.booster))
    with pytest.raises(ModelError, match="AK-M028"):
        contributions(lying, window().X)


@pytest.mark.parametrize("kind", EXPLAINED)
def test_a_table_is_explained_by_name(kind):
    some, data = fitted(kind), window(seed=1)
    table = table_of(data.X)
    explained = explain(some, table)
    assert list(explained) == ["date", "ticker", *FEATURES, "bias"]
    shuffled = explain(some, table[[*reversed(table.columns)]])
    pd.testing.assert_frame_equal(explained, shuffled)


@pytest.mark.parametrize("kind", BLOCKS)
def test_no_rows_are_explained_by_no_rows(kind):
    explained = explain(fitted(kind), table_of(window().X).iloc[:0])
    assert list(explained) == ["date", "ticker", *FEATURES, "bias"]
    assert explained.empty
    assert importance(explained)["mean_abs_contribution"].isna().all()


def test_chance_has_no_explanation():
    assert explain(fitted("random"), table_of(window().X)).empty


def test_the_planted_features_matter_most():
    explained = explain(fitted("lightgbm"), table_of(window(seed=1).X))
    ranked = importance(explained)
    assert ranked["feature"].tolist()[:2] == ["value", "momentum"]
    assert ranked["mean_abs_contribution"].is_monotonic_decreasing


def test_importance_by_hand():
    explained = pd.DataFrame(
        {
            "date": WEEKS[:2],
            "ticker": ["A", "B"],
            "b": [1.0, -3.0],
            "a": [-2.0, 2.0],
            "c": [0.0, 0.5],
            "bias": [9.0, 9.0],
        }
    )
    assert importance(explained).to_dict("list") == {
        "feature": ["a", "b", "c"],
        "mean_abs_contribution": [2.0, 2.0, 0.25],
    }
