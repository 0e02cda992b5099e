"""What trees can be asked for beside the nearest label: order, one way, some rows."""

import numpy as np
import pytest
from scipy.stats import rankdata

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning.explaining.explain import contributions
from alpha_kedro.learning.training import TrainingData
from alpha_kedro.learning.trees import xgboost_trees
from alpha_kedro.learning.trees.rank_metric import group_sizes
from alpha_kedro.learning.trees.rank_objective import (
    RankingSpec,
    grades_within_dates,
    rank_groups,
)
from tests.learning.planted import FEATURES, TREES, fitted, replaced, stored, window

RANKERS = [
    ("lightgbm", "lambdarank"),
    ("xgboost", "rank:ndcg"),
    ("xgboost", "rank:pairwise"),
]


def crowd(seed=0, n_dates=60, n_names=40, noise=0.5, tides=True):
    """Return rows whose order within dates is planted, under a tide for each date.

    Dates with high tides have high labels and a high fifth feature: it tells the level
    of a label well, and its rank within a date not at all.
    """
    rng = np.random.default_rng(seed)
    tide = np.repeat(rng.normal(size=n_dates) * 5 * tides, n_names)
    n = n_dates * n_names
    X = rng.normal(size=(n, 5)).astype(np.float32)
    y = X[:, 0] + noise * rng.normal(size=n) + tide
    X[:, 4] = tide + 0.1 * rng.normal(size=n)
    days = np.datetime64("2020-01-03", "us") + np.arange(n_dates) * np.timedelta64(
        7, "D"
    )
    dates = np.repeat(days.astype("datetime64[us]"), n_names)
    return TrainingData(X, y, dates, dates + np.timedelta64(7, "D"), FEATURES)


def rank_ic(data, scores):
    with np.errstate(invalid="ignore"):
        return np.nanmean(
            [
                np.corrcoef(rankdata(scores[at]), rankdata(data.y[at]))[0, 1]
                for at in (data.dates == date for date in np.unique(data.dates))
            ]
        )


def test_grades_by_hand():
    """Four names in two grades; a tie shares a grade; each date by itself."""
    dates = np.repeat(np.array(["2020-01-03", "2020-01-10"], "datetime64[us]"), 4)
    y = np.array([4.0, 1.0, 3.0, 2.0, 100.0, 100.0, 100.0, 300.0])
    data = TrainingData(
        np.zeros((8, 1), np.float32), y, dates, dates + np.timedelta64(7, "D"), ("a",)
    )
    np.testing.assert_array_equal(
        grades_within_dates(data, grades=2), [1, 0, 1, 0, 0, 0, 0, 1]
    )
    np.testing.assert_array_equal(
        grades_within_dates(data, grades=4), [3, 0, 2, 1, 1, 1, 1, 3]
    )


def test_grades_are_those_of_the_slow_twin():
    rng = np.random.default_rng(0)
    data = window().take(np.flatnonzero(rng.random(300) < 0.7))
    data = replaced(data, y=np.round(data.y, 1))
    for grades in (2, 5, 31):
        slow = np.concatenate(
            [
                np.floor((rankdata(data.y[at]) - 0.5) / at.sum() * grades)
                for at in (data.dates == date for date in np.unique(data.dates))
            ]
        )
        np.testing.assert_array_equal(grades_within_dates(data, grades=grades), slow)


def test_groups_are_dates():
    data = window().take(np.r_[0:7, 11:300])
    np.testing.assert_array_equal(group_sizes(data)[:4], [5, 2, 4, 5])
    assert group_sizes(data).sum() == len(data.y)


@pytest.mark.parametrize("n_names", [1, 10_001])
def test_dates_that_cannot_be_ranked_are_refused(n_names):
    data = crowd(n_dates=3, n_names=n_names)
    with pytest.raises(ModelError, match="AK-M140"):
        rank_groups(data)


@pytest.mark.parametrize(("kind", "objective"), RANKERS)
def test_an_order_is_learned_where_levels_mislead(kind, objective):
    """The first splits on the level of a label go by the tide, which orders nothing."""
    data, unseen = crowd(), crowd(seed=1)
    few = {"n_estimators": 2, "max_depth": 2}
    ranker = fitted(kind, data=data, objective=objective, **few)
    assert rank_ic(unseen, ranker.score(unseen.X)) > 0.6
    pointwise = fitted(kind, data=data, **few)
    assert not rank_ic(unseen, pointwise.score(unseen.X)) > 0.3
    again = fitted(kind, data=data, objective=objective, **few)
    assert stored(again) == stored(ranker)


@pytest.mark.parametrize(("kind", "objective"), RANKERS)
def test_a_ranker_explains_itself_and_knows_its_rounds(kind, objective):
    data = crowd()
    for metric in ("loss", "rank_ic"):
        rounds = {"choose_by": "purged_kfold", "patience": 3, "metric": metric}
        some = fitted(kind, data=data, objective=objective, rounds=rounds)
        assert 1 <= some.chosen["rounds"] <= 20
        parts = contributions(some, data.X[:50])
        assert parts.shape == (50, 6)


@pytest.mark.parametrize(("kind", "objective"), RANKERS)
def test_what_a_ranker_is_told_reaches_it(kind, objective):
    data = crowd(noise=2.0)
    plain = stored(fitted(kind, data=data, objective=objective))
    told = [{"grades": 3}, {"truncation": 2}]
    if objective != "rank:pairwise":
        told.append({"gain": "exponential"})
    for ranking in told:
        some = fitted(kind, data=data, objective=objective, ranking=ranking)
        assert stored(some) != plain


def test_a_label_gain_by_hand():
    assert RankingSpec(grades=4).gains == [0, 1, 2, 3]
    assert RankingSpec(grades=4, gain="exponential").gains == [0, 1, 3, 7]


@pytest.mark.parametrize("kind", TREES)
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_monotone_score_goes_one_way(kind, sign):
    data = window(missing=0)
    y = np.abs(data.X[:, 0]).astype(np.float64) + 0.1 * data.y
    bowl = replaced(data, y=y)

    def steps(some):
        X = np.tile(data.X[:1], (200, 1))
        X[:, 0] = np.linspace(-3, 3, 200)
        return np.diff(some.score(X))

    bent = fitted(kind, data=bowl, monotone={"value": sign, "size": 0})
    assert (sign * steps(bent) >= 0).all()
    free = steps(fitted(kind, data=bowl))
    assert free.min() < 0 < free.max()


@pytest.mark.parametrize("kind", TREES)
def test_a_constraint_finds_its_feature_behind_dropped_ones(kind):
    data = window(missing=0)
    X = np.column_stack([np.ones(300, np.float32), data.X[:, 1:], data.X[:, 0]])
    y = np.abs(data.X[:, 0]).astype(np.float64)
    shifted = replaced(data, X=X, y=y, features=("flat", *FEATURES[1:], "value"))
    some = fitted(kind, data=shifted, monotone={"value": 1, "flat": -1})
    assert some.dropped_features == {"flat": "constant"}
    probe = np.tile(X[:1], (100, 1))
    probe[:, 5] = np.linspace(-3, 3, 100)
    assert (np.diff(some.score(probe)) >= 0).all()


@pytest.mark.parametrize("kind", TREES)
def test_a_constraint_on_an_unknown_feature_is_refused_with_the_nearest(kind):
    with pytest.raises(ModelError, match="is 'momentum' meant") as refused:
        fitted(kind, monotone={"momentun": 1})
    assert refused.value.code == "AK-M141"


@pytest.mark.parametrize("kind", TREES)
def test_a_constraint_may_be_on_a_feature_that_was_not_selected(kind):
    some = fitted(kind, monotone={"beta": 1, "value": 0}, monotone_absent="ignore")
    assert some.chosen["monotone_absent"] == "beta"
    assert stored(some) == stored(fitted(kind))


def test_a_constraint_is_a_sign():
    with pytest.raises(ConfigError, match="AK-C003"):
        fitted("lightgbm", monotone={"value": 2})


@pytest.mark.parametrize("kind", TREES)
def test_a_row_that_weighs_two_is_two_rows(kind):
    """Where leaves may have any size, and features few values, so that bins agree."""
    data = window(missing=0)
    data = replaced(data, X=np.sign(np.round(data.X)))
    loose = {"lightgbm": {"min_data_in_leaf": 1}, "xgboost": {"min_child_weight": 0.0}}
    weight = np.where(np.arange(300) % 3 == 0, 2.0, 1.0)
    # As they are: weighted() would bring them to mean one, and penalties would notice.
    weighted = replaced(data, weight=weight)
    repeated = data.take(np.repeat(np.arange(300), weight.astype(int)))
    one, other, neither = (
        fitted(kind, data=each, **loose[kind]).score(data.X)
        for each in (weighted, repeated, data)
    )
    np.testing.assert_allclose(one, other, atol=1e-5)
    assert np.abs(one - neither).max() > 0.05


@pytest.mark.parametrize("kind", TREES)
def test_equal_weights_are_no_weights(kind):
    data = window()
    alike = data.weighted(np.full(300, 3.0))
    np.testing.assert_allclose(
        fitted(kind, data=alike).score(data.X), fitted(kind).score(data.X), atol=1e-6
    )


@pytest.mark.parametrize(("kind", "objective"), RANKERS)
def test_weights_reach_the_rankers(kind, objective):
    data = crowd(noise=2.0)
    late = data.weighted(np.where(np.arange(len(data.y)) < 1_200, 0.01, 1.0))
    y = data.y.copy()
    y[:1_200] *= -1
    broken = replaced(late, y=y)
    unseen = crowd(seed=1)
    weighted = rank_ic(
        unseen, fitted(kind, data=broken, objective=objective).score(unseen.X)
    )
    even = replaced(broken, weight=None)
    unweighted = rank_ic(
        unseen, fitted(kind, data=even, objective=objective).score(unseen.X)
    )
    assert weighted > unweighted + 0.1


def test_rows_are_drawn_by_whole_dates():
    data = window()
    how = {"bagging_fraction": 0.5, "bagging_by": "dates", "n_estimators": 6}
    some = fitted("lightgbm", data=data, **how)
    trees = some.booster.trees.trees_to_dataframe()
    roots = trees[trees["node_depth"] == 1]["count"]
    assert (roots % 5 == 0).all()
    assert (roots < 300).all()
    by_row = fitted("lightgbm", data=data, **{**how, "bagging_by": "rows"})
    assert stored(by_row) != stored(some)


@pytest.mark.parametrize(
    ("kind", "parameter", "value"),
    [
        ("lightgbm", "extra_trees", True),
        ("lightgbm", "path_smooth", 50.0),
        ("lightgbm", "feature_fraction_bynode", 0.4),
        ("xgboost", "colsample_bynode", 0.4),
    ],
)
def test_a_parameter_reaches_the_library(kind, parameter, value):
    assert stored(fitted(kind, **{parameter: value})) != stored(fitted(kind))


def test_binary_takes_zeros_and_ones():
    with pytest.raises(ModelError, match="AK-M142"):
        fitted("lightgbm", objective="binary")
    data = window()
    signs = replaced(data, y=(data.y > 0).astype(float))
    odds = fitted("lightgbm", data=signs, objective="binary").score(data.X)
    assert odds.min() < -1 < 1 < odds.max()


@pytest.mark.parametrize("text", [b"", b"{}", b'{"learner":', b"tree\n"])
def test_text_that_xgboost_did_not_write_is_refused(text):
    with pytest.raises(ModelError, match="AK-M034"):
        xgboost_trees.restore(("a",), {}, {"trees.json": text})
