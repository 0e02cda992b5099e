"""The ensemble of daily use: the same bits as in research, stored and read back."""

import json

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import DataError, ModelError
from alpha_kedro.learning.context import Context
from alpha_kedro.learning.ensemble import (
    ENSEMBLE_FILE,
    EnsembleModel,
    MemberWeights,
    restore_ensemble,
    run_ensemble,
)
from alpha_kedro.learning.linear_models.linear import Ridge
from alpha_kedro.learning.training import TrainingData
from tests.learning.ensemble.planted_members import SESSIONS, labels_of, plan, spec
from tests.learning.planted import FEATURES, model

N_WEEKS, N_NAMES = 50, 12
MEMBERS = {
    "forest": ("lightgbm", {"min_data_in_leaf": 5}),
    "line": ("ridge", {}),
    "momentum": ("factor", {"feature": "momentum"}),
}


def samples():
    """Return keys, X with gaps, and labels that two features foresee."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_WEEKS, N_NAMES, len(FEATURES))).astype(np.float32)
    label = 0.3 * X[..., 0] + 0.2 * X[..., 1] + rng.normal(size=X.shape[:2])
    X[rng.random(X.shape) < 0.05] = np.nan
    labels = labels_of(label.astype(np.float64))
    return labels, X.reshape(-1, len(FEATURES))


LABELS, X = samples()
FOLDS = plan(N_WEEKS)


def fit_members(fold):
    """Fit every member on what was known before a fold; the first has itself."""
    known = LABELS["label_end"] < fold.test_start
    known |= fold.number == 1
    rows = np.flatnonzero(known)
    data = TrainingData(
        X[rows],
        LABELS["label"].to_numpy()[rows],
        LABELS["date"].to_numpy()[rows],
        LABELS["label_end"].to_numpy()[rows],
        FEATURES,
    )
    return {
        name: model(kind, **settings).fit(data, seed=1)
        for name, (kind, settings) in MEMBERS.items()
    }


def rows_of(fold):
    return np.flatnonzero(LABELS["date"].between(fold.test_start, fold.test_end))


@pytest.fixture(scope="module")
def research():
    """Return the members of each fold, and the predictions they gave."""
    tables, fits = [], []
    for fold in FOLDS:
        fits.append(fit_members(fold))
        rows = rows_of(fold)
        end = SESSIONS[SESSIONS.get_loc(fold.test_start) - 2]
        tables += [
            LABELS.iloc[rows][["date", "ticker"]].assign(
                model=name, fold=fold.number, score=fitted.score(X[rows]), fit_end=end
            )
            for name, fitted in fits[-1].items()
        ]
    return fits, pd.concat(tables, ignore_index=True)


def walked(research, **settings):
    return run_ensemble(
        "both",
        spec(*MEMBERS, **settings),
        research[1],
        LABELS,
        folds=FOLDS,
        sessions=SESSIONS.to_numpy(),
    )


def at(rows):
    return Context.of(LABELS.iloc[rows])


@pytest.fixture(scope="module")
def ensemble(research):
    chosen = spec(*MEMBERS, weighting="sharpe")
    weights = walked(research, weighting="sharpe")[-1].weights
    return EnsembleModel.of(chosen, weights, research[0][-1])


@pytest.mark.parametrize("weighting", ["mean", "rank_mean", "ic", "sharpe", "stacking"])
def test_daily_use_gives_the_bits_of_research(research, weighting):
    chosen = spec(*MEMBERS, weighting=weighting)
    for fold, fits, done in zip(
        FOLDS, research[0], walked(research, weighting=weighting), strict=True
    ):
        fitted = EnsembleModel.of(chosen, done.weights, fits)
        rows = rows_of(fold)
        found = fitted.score(X[rows], at(rows))
        np.testing.assert_array_equal(found, done.scores["score"])


def test_a_date_alone_scores_as_among_others(ensemble):
    rows = rows_of(FOLDS[-1])
    whole = ensemble.score(X[rows], at(rows))
    first = rows[:N_NAMES]
    np.testing.assert_array_equal(ensemble.score(X[first], at(first)), whole[:N_NAMES])


def test_the_order_of_rows_changes_no_bit(ensemble):
    rows = rows_of(FOLDS[-1])
    shuffled = np.random.default_rng(1).permutation(len(rows))
    whole = ensemble.score(X[rows], at(rows))
    found = ensemble.score(X[rows[shuffled]], at(rows[shuffled]))
    np.testing.assert_array_equal(found, whole[shuffled])


def test_rows_without_dates_cannot_be_scored(ensemble):
    with pytest.raises(ModelError, match="AK-M100"):
        ensemble.score(X[:5])


def test_a_name_asked_for_twice_is_refused(ensemble):
    rows = np.array([0, 1, 1])
    with pytest.raises(DataError, match="AK-D001"):
        ensemble.score(X[rows], at(rows))


def test_it_says_what_it_is_made_of(ensemble):
    assert ensemble.kind == "ensemble"
    assert ensemble.features == FEATURES
    assert list(ensemble.chosen) == [
        *("weight_forest", "weight_line", "weight_momentum", "weights")
    ]
    numbers = [found for found in ensemble.chosen.values() if isinstance(found, float)]
    assert sum(numbers) == pytest.approx(1.0)
    assert ensemble.chosen["weights"].startswith("learned from ")
    assert ensemble.contributions(X[:5], at(np.arange(5))) is None


def test_it_is_stored_as_text_and_comes_back_to_the_bit(ensemble, research):
    files = ensemble.files()
    assert list(files) == [ENSEMBLE_FILE]
    assert json.loads(files[ENSEMBLE_FILE])["members"] == sorted(MEMBERS)
    again = restore_ensemble(FEATURES, files, research[0][-1])
    assert again.files() == files
    assert again.chosen == ensemble.chosen
    rows = rows_of(FOLDS[-1])
    np.testing.assert_array_equal(
        again.score(X[rows], at(rows)), ensemble.score(X[rows], at(rows))
    )


def test_members_of_another_fit_are_refused(ensemble, research):
    with pytest.raises(ModelError, match="AK-M163") as refused:
        restore_ensemble(
            FEATURES,
            ensemble.files(),
            research[0][-1] | {"line": research[0][0]["line"]},
        )
    assert "where:  line" in str(refused.value)


def test_missing_members_are_named(ensemble, research):
    members = {"line": research[0][-1]["line"]}
    with pytest.raises(ModelError, match="AK-M162") as refused:
        restore_ensemble(FEATURES, ensemble.files(), members)
    assert "where:  forest, momentum" in str(refused.value)


def line_on(*names):
    """Return a ridge on some of the features."""
    columns = tuple(FEATURES.index(name) for name in names)
    data = TrainingData(
        X[:300][:, columns],
        LABELS["label"].to_numpy()[:300],
        LABELS["date"].to_numpy()[:300],
        LABELS["label_end"].to_numpy()[:300],
        names,
    )
    return model("ridge").fit(data, seed=0)


def test_members_may_take_different_features(research):
    whole = research[0][-1]["line"]
    some = line_on("size", "value")
    weights = MemberWeights(("line", "some"), np.array([0.5, 0.5]), "by hand", None)
    fitted = EnsembleModel.of(
        spec("line", "some"), weights, {"line": whole, "some": some}
    )
    assert fitted.features == FEATURES
    only = EnsembleModel.of(
        spec("line", "some"),
        weights,
        {"line": Ridge(some.features, {}, some.weights), "some": some},
    )
    assert only.features == ("size", "value")
    found = only.score(X[:24][:, [2, 0]], at(np.arange(24)))
    expected = pd.Series(some.score(X[:24][:, [2, 0]]))
    by_date = expected.groupby(np.repeat([0, 1], 12)).rank()
    np.testing.assert_allclose(found, (by_date - 1) / 11 - 0.5, atol=1e-12)
    assert not np.isnan(fitted.score(X[:24], at(np.arange(24)))).any()


def test_a_feature_is_dropped_when_no_member_uses_it():
    value = line_on("value", "size")
    lacks = Ridge(value.features, {"size": "constant"}, value.weights)
    other = Ridge(("value", "luck", "size"), {"size": "a copy"}, value.weights)
    weights = MemberWeights(("a", "b"), np.array([0.5, 0.5]), "by hand", None)
    fitted = EnsembleModel.of(spec("a", "b"), weights, {"a": lacks, "b": other})
    assert fitted.features == ("value", "size", "luck")
    assert fitted.dropped_features == {"size": "constant"}
