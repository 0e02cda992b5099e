"""Probabilities that come true, and a threshold chosen without the tested span."""

import pickle

import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning.classification.calibration import brier_score, logistic
from alpha_kedro.learning.classification.classifier import (
    ClassifierSpec,
    OutOfFold,
    restore,
)
from alpha_kedro.learning.explaining.explain import contributions
from alpha_kedro.learning.training import TrainingData, purged_splits
from alpha_kedro.learning.trees.boosting import TreeWindow
from tests.learning.planted import FEATURES, WEEKS, replaced, stored, window

TREES = {
    "n_estimators": 12,
    "learning_rate": 0.3,
    "num_leaves": 7,
    "min_data_in_leaf": 10,
}
METHODS = ("none", "platt", "isotonic")


def spec(**overrides):
    block = {"lightgbm": TREES, "n_splits": 3, **overrides}
    return ClassifierSpec.parse(block, "models.mine.classifier")


def fitted(data=None, seed=3, **overrides):
    return spec(**overrides).fit(data or window(), seed=seed)


def known_chances(seed=0, n_names=60):
    """Return rows whose chance of success is known: logistic in the first feature."""
    rng = np.random.default_rng(seed)
    n = len(WEEKS) * n_names
    X = rng.normal(size=(n, len(FEATURES))).astype(np.float32)
    chance = logistic(1.2 * X[:, 0].astype(np.float64))
    y = np.where(rng.random(n) < chance, 1.0, -1.0) * rng.uniform(0.5, 1.5, n)
    dates = np.repeat(WEEKS.to_numpy(), n_names)
    ends = dates + np.timedelta64(14, "D")
    return TrainingData(X, y, dates, ends, FEATURES), chance


@pytest.mark.parametrize("method", METHODS)
def test_probabilities_come_true_as_often_as_they_say(method):
    data, _ = known_chances()
    fresh, chance = known_chances(seed=1)
    trees = {**TREES, "n_estimators": 40, "learning_rate": 0.1}
    told = fitted(data, calibration=method, lightgbm=trees).score(fresh.X)
    came = fresh.y > 0
    for low in np.arange(0.1, 0.9, 0.2):
        at = (told >= low) & (told < low + 0.2)
        assert came[at].mean() == pytest.approx(told[at].mean(), abs=0.06)
    # No forecast is better than the chances themselves.
    assert brier_score(chance, came, None) < brier_score(told, came, None)
    assert brier_score(told, came, None) < brier_score(chance, came, None) + 0.01


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_calibration_sets_right_trees_that_are_too_sure(method):
    """Two hundred rounds at full speed learn the noise by heart."""
    data, _ = known_chances(n_names=20)
    fresh, _ = known_chances(seed=1)
    wild = {**TREES, "n_estimators": 200}
    came = (fresh.y > 0).astype(float)
    scores = [
        brier_score(
            fitted(data, calibration=each, lightgbm=wild).score(fresh.X), came, None
        )
        for each in ("none", method)
    ]
    assert scores[1] < scores[0] - 0.01


@pytest.mark.parametrize("method", METHODS)
def test_calibration_changes_no_order_and_makes_no_ties(method):
    data = window()
    raw = fitted(data, calibration="none").score(data.X)
    told = fitted(data, calibration=method).score(data.X)
    np.testing.assert_array_equal(np.argsort(told), np.argsort(raw))
    assert len(np.unique(told)) == len(np.unique(raw))


@pytest.mark.parametrize("method", METHODS)
def test_the_tested_span_moves_neither_model_nor_threshold(method):
    whole = window()
    past = np.arange(200)
    garbled = whole.y.copy()
    garbled[200:] = np.random.default_rng(5).normal(size=100) * 1e6
    honest = fitted(whole.take(past), calibration=method)
    other = fitted(replaced(whole, y=garbled).take(past), calibration=method)
    assert stored(honest) == stored(other)
    assert honest.chosen == other.chosen
    # Seen red: the same garbling inside the window does move them.
    leaked = fitted(replaced(whole, y=garbled), calibration=method)
    assert (
        leaked.chosen["threshold"]
        != fitted(whole, calibration=method).chosen["threshold"]
    )


def test_calibration_sees_rows_their_trees_have_not_learned_from():
    """The slow twin fits each block's trees on rows taken out of the window."""
    data, mine = window(), spec()
    outcome = replaced(data, y=(data.y > 0).astype(float))
    seen = OutOfFold.of(
        TreeWindow.of(mine.lightgbm, outcome, seed=3), data.y, spec=mine, seed=3
    )
    parts = []
    for learn, held_out in purged_splits(outcome, n_splits=3, embargo=0):
        assert not set(learn.dates) & set(held_out.dates)
        rows = mine.lightgbm.rows(learn)
        parts.append(rows.train(rounds=12, seed=3).score(held_out.X))
    # Bins come from the whole window there, from its parts here.
    assert np.corrcoef(seen.log_odds, np.concatenate(parts))[0, 1] > 0.98
    in_sample = mine.lightgbm.rows(outcome).train(rounds=12, seed=3).score(data.X)
    assert np.abs(in_sample - seen.log_odds).max() > 0.5


def test_a_garbled_label_does_not_reach_the_scores_of_its_own_block():
    data, mine = window(), spec()
    y = data.y.copy()
    y[:100] *= -1
    odds = []
    for labels in (data.y, y):
        some = replaced(data, y=(labels > 0).astype(float))
        trees = TreeWindow.of(mine.lightgbm, some, seed=3)
        odds.append(OutOfFold.of(trees, labels, spec=mine, seed=3).log_odds)
    np.testing.assert_array_equal(odds[0][:100], odds[1][:100])
    assert not np.array_equal(odds[0][100:], odds[1][100:])


def test_a_threshold_leaves_the_share_of_names_that_is_asked_for():
    data, _ = known_chances(n_names=20)
    for worth in ("mean_root_count", "t_of_dates"):
        how = {"worth": worth, "least_share": 0.1, "most_share": 0.3}
        some = fitted(data, threshold=how)
        assert 0.1 <= some.chosen["share_above"] <= 0.31
        assert some.chosen["threshold"] > 0.5


def test_a_fixed_threshold_is_taken_as_it_is():
    assert fitted(threshold={"fixed": 0.65}).chosen["threshold"] == 0.65


def test_what_was_chosen_is_reported():
    some = fitted(calibration="isotonic")
    assert set(some.chosen) == {
        *("threshold", "share_above", "calibration"),
        *("base_rate", "brier", "log_loss", "rounds"),
    }
    assert some.chosen["calibration"] == "isotonic"
    assert some.chosen["rounds"] == 12
    assert some.chosen["base_rate"] == pytest.approx((window().y > 0).mean())


def test_reported_quality_is_that_of_rows_the_calibration_has_not_seen():
    """On noise, honest forecasts are no better than the base rate."""
    data = window()
    noise = replaced(data, y=np.random.default_rng(1).normal(size=len(data.y)))
    told = fitted(noise, calibration="isotonic").chosen
    rate = told["base_rate"]
    assert told["brier"] > rate * (1 - rate) - 0.005


def test_scores_above_the_threshold_are_positive():
    data = window()
    plain, shifted = fitted(), fitted(score="above_threshold")
    threshold = plain.chosen["threshold"]
    np.testing.assert_allclose(
        shifted.score(data.X), plain.score(data.X) - threshold, atol=1e-15
    )


@pytest.mark.parametrize("score", ["probability", "above_threshold"])
@pytest.mark.parametrize("method", METHODS)
def test_the_parts_of_a_probability_add_up_to_it(method, score):
    data = window()
    some = fitted(calibration=method, score=score)
    parts = contributions(some, data.X)
    np.testing.assert_allclose(parts.sum(axis=1), some.score(data.X), atol=1e-9)
    raw = some.trees.contributions(data.X)
    assert (parts[:, :-1] * raw[:, :-1] >= 0).all()
    assert np.ptp(parts[:, -1]) == 0


def test_a_row_alone_scores_as_in_a_batch():
    X = window().X
    for method in METHODS:
        some = fitted(calibration=method)
        alone = np.concatenate([some.score(X[row : row + 1]) for row in range(40)])
        np.testing.assert_array_equal(alone, some.score(X)[:40])


def test_the_same_rows_and_seed_leave_the_same_bytes():
    assert stored(fitted()) == stored(fitted())


@pytest.mark.parametrize("method", METHODS)
def test_a_stored_classifier_is_the_one_that_was_fitted(method):
    some, X = fitted(calibration=method), window().X
    again = restore(some.features, some.dropped_features, some.files())
    np.testing.assert_array_equal(again.score(X), some.score(X))
    np.testing.assert_array_equal(again.contributions(X), some.contributions(X))
    assert again.chosen == some.chosen
    assert again.files() == some.files()
    elsewhere = pickle.loads(pickle.dumps(some))
    np.testing.assert_array_equal(elsewhere.score(X), some.score(X))


def test_foreign_and_cut_text_is_refused():
    some = fitted()
    for name, content in some.files().items():
        for wrong in (content[:-40], b"{}", b"tree\n"):
            files = {**some.files(), name: wrong}
            with pytest.raises(ModelError, match="AK-M034"):
                restore(some.features, some.dropped_features, files)


@pytest.mark.parametrize("hurdle", [-100.0, 100.0])
def test_labels_of_one_class_are_refused(hurdle):
    with pytest.raises(ModelError, match="AK-M144"):
        fitted(hurdle=hurdle)


def test_a_block_whose_others_are_of_one_class_is_refused():
    data = window()
    y = np.where(np.arange(300) < 100, data.y, -1.0 - data.y**2)
    with pytest.raises(ModelError, match="AK-M144"):
        fitted(replaced(data, y=y))


def test_the_hurdle_is_in_units_of_the_label():
    rates = [fitted(hurdle=each).chosen["base_rate"] for each in (-0.5, 0.0, 0.5)]
    assert rates == sorted(rates, reverse=True)
    assert rates[2] == pytest.approx((window().y > 0.5).mean())


def test_weights_reach_trees_calibration_and_quality():
    data = window()
    late = data.weighted(np.where(np.arange(300) < 150, 0.01, 1.0))
    plain, weighted = fitted(data), fitted(late)
    assert stored(plain) != stored(weighted)
    assert weighted.chosen["base_rate"] == pytest.approx(
        np.average(data.y > 0, weights=late.weight)
    )


def test_trees_of_another_objective_are_refused():
    with pytest.raises(ConfigError, match="binary"):
        spec(lightgbm={**TREES, "objective": "l2"})
    with pytest.raises(ConfigError, match="least_share"):
        spec(threshold={"least_share": 0.6})
