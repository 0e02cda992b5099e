"""How steady explanations are from fold to fold, by hand and in the limits."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.learning.explaining.explanation_stability import (
    explanation_stability,
    top_overlap,
)
from tests.learning.small_study import small_study, walk

N_ROWS = 8


def drawn(weights, *, model="m", n_rows=N_ROWS):
    """Return contributions ``weight * value`` of folds: {fold: {feature: weight}}."""
    value = np.linspace(-1, 1, n_rows)
    tables = []
    for fold, own in weights.items():
        for feature, weight in {**own, "bias": 0.0}.items():
            keys = {"date": pd.Timestamp("2020-01-03") + pd.Timedelta(f"{fold}D")}
            table = pd.DataFrame({"ticker": [f"T{i}" for i in range(n_rows)], **keys})
            table = table.assign(model=model, fold=fold, feature=feature, value=value)
            tables.append(table.assign(contribution=weight * value))
    return pd.concat(tables, ignore_index=True)


def test_shares_directions_and_ranks_by_hand():
    table = drawn(
        {
            1: {"a": 3.0, "b": -1.0, "c": 0.0},
            2: {"a": 1.0, "b": -2.0, "c": 1.0},
            3: {"a": 2.0, "b": 1.0, "c": 1.0},
        }
    )
    folds, features = explanation_stability(table)
    assert folds["fold"].tolist() == [1, 2, 3]
    assert folds["n_rows"].tolist() == [N_ROWS] * 3
    # Ranks a, b, c: (3, 2, 1), (1.5, 3, 1.5), (3, 1.5, 1.5).
    between = folds["rank_correlation_before"].tolist()
    assert np.isnan(between[0])
    assert between[1:] == pytest.approx([0.0, -0.5])
    # Mean share of the others of fold 1: (.375, .375, .25), of fold 2: (.625, .25,
    # .125), of fold 3: (.5, .375, .125).
    others = [np.sqrt(3) / 2, 0.0, np.sqrt(3) / 2]
    assert folds["rank_correlation_others"].tolist() == pytest.approx(others)
    assert folds["jaccard_before"].tolist()[1:] == pytest.approx([2 / 3, 1.0])
    assert features["feature"].tolist() == ["a", "b", "c"]
    assert features["share"].tolist() == pytest.approx([1.5 / 3, 1 / 3, 0.5 / 3])
    assert features["share_std"][0] == pytest.approx(np.std([0.75, 0.25, 0.5], ddof=1))
    assert features["n_folds"].tolist() == [3, 3, 2]
    assert features["direction"].tolist() == [1, -1, 1]
    assert features["direction_agreement"].tolist() == pytest.approx([1, 2 / 3, 1])


def test_a_model_that_is_the_same_in_every_fold_is_steady():
    weights = {name: place + 1.0 for place, name in enumerate("abcdefghijklmno")}
    folds, features = explanation_stability(drawn(dict.fromkeys(range(1, 4), weights)))
    steady = folds[["rank_correlation_before", "jaccard_before"]].iloc[1:]
    assert np.allclose(steady, 1.0)
    assert np.allclose(folds["rank_correlation_others"], 1.0)
    assert np.allclose(features["share_std"], 0.0)
    assert (features["direction_agreement"] == 1.0).all()


def test_a_model_that_turns_round_is_not():
    """Seen red: the same features, in the opposite order and direction."""
    one = {name: place + 1.0 for place, name in enumerate("abcd")}
    other = {name: place - 4.0 for place, name in enumerate("abcd")}
    folds, features = explanation_stability(drawn({1: one, 2: other}))
    assert folds["rank_correlation_before"][1] == pytest.approx(-1.0)
    assert (features["direction"] == 0).all()
    assert (features["direction_agreement"] == 0.5).all()


def test_the_leading_ten_overlap_by_hand():
    names = [f"f{place:02d}" for place in range(20)]
    one = pd.Series(np.arange(20.0, 0, -1), names)
    other = one.copy()
    other["f00"], other["f10"] = one["f10"], one["f00"]
    assert top_overlap(one, one) == 1.0
    assert top_overlap(one, other) == 9 / 11
    assert np.isnan(top_overlap(0 * one, 0 * one))


def test_a_single_fold_has_nothing_to_compare_with():
    folds, features = explanation_stability(drawn({1: {"a": 1.0, "b": -2.0}}))
    assert folds.drop(columns=["model", "fold", "n_rows"]).isna().all(axis=None)
    assert features["share_std"].isna().all()
    assert features["direction"].tolist() == [-1, 1]


def test_models_are_told_apart_and_what_is_no_number_is_left_out():
    both = pd.concat(
        [drawn({1: {"a": 1.0}, 2: {"a": 1.0}}), drawn({1: {"b": 1.0}}, model="n")]
    )
    both.loc[both["feature"] == "b", "contribution"] = np.nan
    folds, features = explanation_stability(both)
    assert folds["model"].tolist() == ["m", "m"]
    assert features["model"].tolist() == ["m"]


def test_a_feature_without_values_has_no_direction():
    table = drawn({1: {"a": 1.0}, 2: {"a": 1.0}})
    features = explanation_stability(table.assign(value=np.nan)).features
    assert features["direction"].tolist() == [0]
    assert features["direction_agreement"].isna().all()


def test_order_of_rows_makes_no_difference_and_nothing_is_nothing():
    table = drawn({1: {"a": 1.0, "b": 0.5}, 2: {"a": 0.2, "b": 0.7}})
    shuffled = table.sample(frac=1, random_state=0)
    pairs = zip(
        explanation_stability(table), explanation_stability(shuffled), strict=True
    )
    for one, other in pairs:
        pd.testing.assert_frame_equal(one, other)
    for empty in explanation_stability(table.iloc[:0]):
        assert empty.empty


def test_a_planted_signal_is_explained_alike_in_every_fold():
    contributions = walk(*small_study(n_sessions=200)).contributions
    folds, features = explanation_stability(contributions)
    assert features["feature"].tolist()[:2] == ["momentum", "reversal"]
    assert features["direction"].tolist()[:2] == [1, -1]
    assert features["direction_agreement"].tolist()[:2] == [1.0, 1.0]
    assert folds["rank_correlation_before"].min() > 0.4
