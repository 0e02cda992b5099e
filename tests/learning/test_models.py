"""What every model promises, whatever it is made of."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning.factors import FactorSpec
from alpha_kedro.learning.models import ModelSpec, make_model
from alpha_kedro.learning.scoring import feature_matrix, scoring
from alpha_kedro.signals import FEATURE_SETS
from tests.learning.planted import (
    BLOCKS,
    FEATURES,
    LEARNED,
    fitted,
    model,
    replaced,
    stored,
    window,
)


def table_of(X, features=FEATURES):
    keys = pd.DataFrame({"date": pd.Timestamp("2021-01-01"), "ticker": "AAA"}, [0])
    keys = keys.loc[[0] * len(X)].reset_index(drop=True).assign(sector="Energy")
    return keys.join(pd.DataFrame(X, columns=list(features)))


@pytest.mark.parametrize("kind", LEARNED)
def test_a_planted_signal_is_found_on_rows_never_seen(kind):
    unseen = window(seed=1, missing=0)
    truth = 0.5 * unseen.X[:, 0] - 0.3 * unseen.X[:, 1]
    scores = fitted(kind).score(unseen.X)
    assert scores.dtype == np.float64
    assert np.corrcoef(scores, truth)[0, 1] > 0.85


@pytest.mark.parametrize("kind", BLOCKS)
def test_the_same_rows_and_seed_leave_the_same_bytes(kind):
    assert stored(fitted(kind)) == stored(fitted(kind))


@pytest.mark.parametrize("kind", LEARNED)
def test_rows_in_any_order_leave_the_same_bytes_once_sorted(kind):
    data = window()
    tickers = np.tile(np.arange(5), len(data.y) // 5)
    shuffled = np.random.default_rng(9).permutation(len(data.y))
    back = np.lexsort((tickers[shuffled], data.dates[shuffled]))
    again = replaced(
        data,
        X=data.X[shuffled][back],
        y=data.y[shuffled][back],
        dates=data.dates[shuffled][back],
    )
    assert stored(fitted(kind, data=again)) == stored(fitted(kind, data=data))


@pytest.mark.parametrize("kind", BLOCKS)
def test_a_row_alone_scores_as_in_a_batch(kind):
    X = window().X
    some = fitted(kind)
    alone = np.concatenate([some.score(X[row : row + 1]) for row in range(20)])
    np.testing.assert_array_equal(alone, some.score(X)[:20])


@pytest.mark.parametrize("kind", BLOCKS)
def test_a_fitted_model_survives_the_trip_to_another_process(kind):
    some, X = fitted(kind), window().X
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(some)).score(X), some.score(X)
    )


@pytest.mark.parametrize("kind", LEARNED)
@pytest.mark.parametrize(
    ("label", "code"),
    [(np.nan, "AK-M022"), (np.inf, "AK-M022"), (-np.inf, "AK-M022")],
)
def test_one_broken_label_is_refused_with_its_date(kind, label, code):
    data = window()
    y = data.y.copy()
    y[7] = label
    with pytest.raises(ModelError, match="2020-01-10") as refused:
        fitted(kind, data=replaced(data, y=y))
    assert refused.value.code == code


@pytest.mark.parametrize("kind", LEARNED)
def test_constant_labels_are_refused(kind):
    data = window()
    with pytest.raises(ModelError, match="AK-M023"):
        fitted(kind, data=replaced(data, y=np.full(len(data.y), 0.25)))


@pytest.mark.parametrize("kind", LEARNED)
def test_no_rows_are_refused(kind):
    with pytest.raises(ModelError, match="AK-M021"):
        fitted(kind, data=window().take(np.array([], dtype=np.int64)))


@pytest.mark.parametrize("kind", LEARNED)
def test_an_infinite_feature_is_refused_by_name(kind):
    X = window().X.copy()
    X[3, 2] = np.inf
    with pytest.raises(ModelError, match="size") as refused:
        fitted(kind, data=replaced(window(), X=X))
    assert refused.value.code == "AK-M024"


@pytest.mark.parametrize("kind", LEARNED)
def test_features_without_information_are_left_out_and_listed(kind):
    data = window()
    X = data.X.copy()
    X[:, 2], X[:, 3], X[:, 4] = np.nan, 1.5, X[:, 0]
    some = fitted(kind, data=replaced(data, X=X))
    assert some.dropped_features == {
        "size": "all missing",
        "noise": "constant",
        "luck": "copy of value",
    }
    assert some.features == FEATURES
    other = X.copy()
    other[:, 2:] = 99
    np.testing.assert_array_equal(some.score(other), some.score(X))


@pytest.mark.parametrize("kind", LEARNED)
def test_a_window_without_information_is_refused(kind):
    data = window()
    with pytest.raises(ModelError, match="AK-M026"):
        fitted(kind, data=replaced(data, X=np.ones_like(data.X)))


def test_too_few_rows_for_one_split_are_no_model():
    with pytest.raises(ModelError, match="AK-M025"):
        fitted("lightgbm", data=window().take(np.arange(10)))


@pytest.mark.parametrize("kind", LEARNED)
def test_a_fit_can_only_reach_the_rows_it_is_given(kind):
    """Labels after the window are garbled; the fit on the window does not move."""
    whole = window()
    past = np.arange(200)
    garbled = whole.y.copy()
    garbled[200:] = np.random.default_rng(5).normal(size=100) * 1e6
    honest = fitted(kind, data=whole.take(past))
    other = fitted(kind, data=replaced(whole, y=garbled).take(past))
    assert stored(honest) == stored(other)
    # Seen red: the same garbling inside the window does move it.
    leaked = fitted(kind, data=replaced(whole, y=garbled))
    assert stored(leaked) != stored(fitted(kind, data=whole))


def test_misaligned_and_unsorted_rows_are_refused():
    data = window()
    for wrong in (
        {"y": data.y[:-1]},
        {"features": FEATURES[:-1]},
        {"dates": data.dates[::-1]},
    ):
        with pytest.raises(ModelError, match="AK-M020"):
            replaced(data, **wrong)


def test_a_misspelt_booster_parameter_is_refused_with_the_right_one():
    block = {"kind": "lightgbm", "lightgbm": {"num_leafs": 31}}
    with pytest.raises(ConfigError, match="did you mean 'num_leaves'"):
        ModelSpec.parse(block, "models.mine")


@pytest.mark.parametrize(
    "block",
    [
        {"kind": "lightgbm", "lightgbm": {"learning_rate": -0.1}},
        {"kind": "lightgbm", "lightgbm": {"n_estimators": "300"}},
        {"kind": "xgboost", "xgboost": {"subsample": 1.5}},
        {"kind": "ridge", "ridge": {"alpha": [0.0]}},
        {"kind": "ridge", "ridge": {"alpha": []}},
        {"kind": "factor", "factor": {"sign": 2}},
        {"kind": "deep_thought"},
    ],
)
def test_parameters_out_of_range_are_refused(block):
    with pytest.raises(ConfigError, match="AK-C003"):
        ModelSpec.parse(block, "models.mine")


@pytest.mark.parametrize("kind", BLOCKS)
def test_a_kind_without_its_block_has_the_defaults(kind):
    spec = ModelSpec.parse({"kind": kind}, "models.mine")
    assert make_model(spec) == getattr(spec, kind)


def test_a_raw_factor_scores_by_one_feature_and_keeps_gaps():
    data = window()
    scores = fitted("factor", feature="momentum", sign=-1).score(data.X)
    np.testing.assert_array_equal(scores, -data.X[:, 1].astype(np.float64))
    assert np.isnan(scores).any()


def test_the_feature_a_factor_is_without_parameters_exists():
    assert FactorSpec().feature in FEATURE_SETS["weekly_equity"]


def test_an_unknown_factor_is_refused_with_the_nearest_feature():
    with pytest.raises(ConfigError, match="did you mean 'momentum'"):
        fitted("factor", feature="momentun")


def test_random_scores_depend_on_seed_and_row_but_not_on_labels():
    data = window()
    scores = fitted("random").score(data.X)
    other_labels = replaced(data, y=-data.y)
    np.testing.assert_array_equal(
        scores, fitted("random", data=other_labels).score(data.X)
    )
    assert not np.array_equal(scores, fitted("random", seed=4).score(data.X))
    assert abs(np.corrcoef(scores, data.y)[0, 1]) < 0.15


def test_random_scores_are_uniform():
    X = np.random.default_rng(0).normal(size=(20_000, 3)).astype(np.float32)
    scores = fitted("random").score(X)
    counts, _ = np.histogram(scores, bins=10, range=(0, 1))
    assert counts.sum() == len(X)
    # Ten cells of 2,000 with a standard deviation of 42 each.
    assert np.abs(counts - 2_000).max() < 4.5 * 42


@settings(max_examples=20, deadline=None)
@given(st.permutations(FEATURES), st.integers(0, 3))
def test_features_are_matched_by_name(names, extra_keys):
    some, X = FITTED, window().X
    columns = [FEATURES.index(name) for name in names]
    table = table_of(X[:, columns], names)
    table = table.drop(columns=["sector", "ticker", "date"][:extra_keys])
    np.testing.assert_array_equal(scoring(some, table), some.score(X))


FITTED = fitted("lightgbm")


def test_columns_taken_by_position_would_score_otherwise():
    """The fault that matching by name prevents is real."""
    X = window().X
    assert not np.array_equal(FITTED.score(X[:, ::-1]), FITTED.score(X))


def test_missing_extra_and_doubled_features_are_refused_by_name():
    table = table_of(window().X)
    missing = table.rename(columns={"momentum": "momentum_12_1"})
    with pytest.raises(ModelError, match="is 'momentum_12_1' meant"):
        scoring(FITTED, missing)
    with pytest.raises(ModelError, match="extra beta"):
        scoring(FITTED, table.assign(beta=np.float32(1)))
    with pytest.raises(ModelError, match="twice luck"):
        scoring(FITTED, pd.concat([table, table[["luck"]]], axis=1))


def test_a_feature_that_is_not_float32_is_missing():
    table = table_of(window().X).astype({"size": "float64"})
    with pytest.raises(ModelError, match="missing size"):
        feature_matrix(table, FEATURES)


def test_infinite_values_are_not_scored():
    table = table_of(window().X)
    table.loc[0, "noise"] = np.inf
    with pytest.raises(ModelError, match="AK-M024"):
        scoring(FITTED, table)


def test_naming_a_model_loads_no_heavy_library():
    code = (
        "import sys, alpha_kedro.learning.models, alpha_kedro.learning.storage.store;"
        "print({'lightgbm', 'xgboost', 'sklearn', 'scipy.stats'} & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert shown.stdout.strip() == "set()"


def test_a_missing_xgboost_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(ConfigError, match=r"alpha-kedro\[boost\]"):
        model("xgboost").fit(window(), seed=0)
