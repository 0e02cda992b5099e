"""How many trees: chosen inside the window, on rows the trees did not learn from."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.splitters.splits import Spans, assert_no_overlap
from alpha_kedro.learning.training import TrainingData, purged_rows, purged_splits
from alpha_kedro.learning.trees import boosting
from alpha_kedro.learning.trees.boosting import RoundsSpec, choose_rounds
from alpha_kedro.learning.trees.rank_metric import HeldOutRankIC
from tests.learning.planted import TREES, fitted, model, replaced, stored, window

PURGED = ("purged_kfold", "purged_tail")


class SpyLibrary:
    """Answers with prepared best rounds, and remembers what it was shown."""

    kind = "lightgbm"
    n_estimators = 500

    def __init__(self, best=(), **rounds):
        self.rounds = RoundsSpec(**rounds)
        self.best = list(best)
        self.shown = []

    def best_rounds(self, learn, held_out, *, seed):
        self.shown.append((learn, held_out))
        return self.best[len(self.shown) - 1]


def n_trees(some):
    (content,) = stored(some).values()
    text = content.decode()
    return max(text.count("\nTree="), text.count('"tree_param"'))


def rounds_of(library, data=None):
    return choose_rounds(library, library, data or window(), seed=0)


def test_none_takes_every_round_and_holds_nothing_out():
    library = SpyLibrary(choose_by="none")
    assert rounds_of(library) == 500
    assert library.shown == []


def test_k_fold_takes_the_mean_of_the_best_rounds():
    library = SpyLibrary([10, 20, 33], choose_by="purged_kfold", n_splits=3)
    assert rounds_of(library) == 21


def test_the_tail_is_the_last_block_alone():
    library = SpyLibrary([17], choose_by="purged_tail", n_splits=4)
    data = window()
    assert rounds_of(library, data) == 17
    ((learn, held_out),) = library.shown
    assert data.dates[held_out].min() == data.dates[-75]
    assert data.label_end[learn].max() < data.dates[held_out].min()


def test_at_least_one_tree_is_fitted():
    assert rounds_of(SpyLibrary([0], choose_by="purged_tail")) == 1


@pytest.mark.parametrize("choose_by", PURGED)
@pytest.mark.parametrize("kind", TREES)
def test_early_stopping_sees_rows_of_the_window_only(kind, choose_by, monkeypatch):
    seen = []

    def spy(data, **how):
        for learn, held_out in purged_rows(data, **how):
            seen.append((data, learn, held_out))
            yield learn, held_out

    monkeypatch.setattr(boosting, "purged_rows", spy)
    past = window().take(np.arange(200))
    fitted(kind, data=past, rounds={"choose_by": choose_by, "patience": 3})
    assert len(seen) == (4 if choose_by == "purged_kfold" else 1)
    for data, learn, held_out in seen:
        np.testing.assert_array_equal(data.X, past.X)
        assert not set(learn) & set(held_out)


@pytest.mark.parametrize("choose_by", PURGED)
def test_the_embargo_reaches_the_blocks_that_choose_the_rounds(choose_by):
    gaps, dates = [], window().dates
    for embargo in (0, 3):
        library = SpyLibrary([5] * 4, choose_by=choose_by, embargo=embargo)
        rounds_of(library)
        learn, held_out = library.shown[-1]
        gaps.append(dates[held_out].min() - dates[learn].max())
    assert gaps[1] - gaps[0] == np.timedelta64(3 * 7, "D")


@pytest.mark.parametrize("embargo", [0, 3])
def test_no_label_of_the_learning_part_reaches_the_held_out_part(embargo):
    data = window()
    splits = list(purged_splits(data, n_splits=4, embargo=embargo))
    assert len(splits) == 4
    for learn, held_out in splits:
        before = learn.dates < held_out.dates.min()
        assert (learn.label_end[before] < held_out.dates.min()).all()
        assert (learn.dates[~before] > held_out.label_end.max()).all()


def test_the_overlap_check_is_seen_red():
    """Without purging, labels of the learning part end in the held-out part."""
    data = window()
    rows = pd.DataFrame({"date": data.dates, "label_end": data.label_end})
    spans = Spans.of(rows)
    with pytest.raises(ModelError, match="AK-M003"):
        assert_no_overlap(spans, np.arange(225), np.arange(225, 300))


@pytest.mark.parametrize("choose_by", PURGED)
@pytest.mark.parametrize("kind", TREES)
def test_the_last_fit_is_on_the_whole_window_with_the_chosen_rounds(kind, choose_by):
    rounds = {"choose_by": choose_by, "patience": 2}
    library = model(kind, n_estimators=60, rounds=rounds)
    data = window()
    chosen = choose_rounds(library, library.rows(data), data, seed=3)
    assert 1 <= chosen < 60
    some = library.fit(data, seed=3)
    assert n_trees(some) == chosen
    plain = fitted(kind, n_estimators=chosen)
    np.testing.assert_array_equal(some.score(data.X), plain.score(data.X))


def last_block(data):
    (split,) = purged_rows(data, n_splits=4, embargo=0, tail_only=True)
    return split


def scores_by_round(rows, data, learn, held_out):
    """The slow twin of early stopping: every number of rounds, fitted by itself."""
    for count in range(1, 13):
        booster = rows.train(rounds=count, seed=3, rows=learn)
        yield booster.score(data.X[held_out])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", TREES)
def test_the_best_round_is_the_one_with_the_least_error(kind, weighted):
    data = window()
    if weighted:
        data = data.weighted(np.random.default_rng(2).uniform(0.1, 9.0, len(data.y)))
    learn, held_out = last_block(data)
    weight = data.weight[held_out] if weighted else None
    rows = model(kind, n_estimators=12, rounds={"patience": 12}).rows(data)
    errors = [
        np.average((data.y[held_out] - scores) ** 2, weights=weight)
        for scores in scores_by_round(rows, data, learn, held_out)
    ]
    assert rows.best_rounds(learn, held_out, seed=3) == 1 + int(np.argmin(errors))


def rank_ic_by_hand(data, scores):
    """The slow twin: one date at a time, with scipy."""
    by_date = []
    for date in np.unique(data.dates):
        at = data.dates == date
        known = at.sum() > 1
        by_date.append(spearmanr(scores[at], data.y[at]).statistic if known else 0.0)
    return np.mean(by_date)


@pytest.mark.parametrize("kind", TREES)
def test_the_best_round_by_rank_ic_is_the_one_that_ranks_best(kind):
    data = window()
    learn, held_out = last_block(data)
    how = {"patience": 12, "metric": "rank_ic"}
    rows = model(kind, n_estimators=12, learning_rate=0.05, rounds=how).rows(data)
    part = data.take(held_out)
    ranked = [
        rank_ic_by_hand(part, scores)
        for scores in scores_by_round(rows, data, learn, held_out)
    ]
    best = rows.best_rounds(learn, held_out, seed=3)
    assert ranked[best - 1] == pytest.approx(max(ranked), abs=1e-12)
    # Seen red: least error and best order are not the same round.
    by_loss = model(kind, n_estimators=12, learning_rate=0.05, rounds={"patience": 12})
    assert by_loss.rows(data).best_rounds(learn, held_out, seed=3) != best


def test_rank_ic_is_that_of_scipy_on_dates_of_unequal_size():
    rng = np.random.default_rng(0)
    data = window().take(np.flatnonzero(rng.random(300) < 0.8))
    scores = np.round(rng.normal(size=len(data.y)), 1) + data.y
    assert HeldOutRankIC.of(data)(scores) == pytest.approx(
        rank_ic_by_hand(data, scores), abs=1e-12
    )


def test_dates_count_by_the_weight_of_their_rows():
    data = window().take(np.arange(10))
    data = data.weighted(np.repeat([1.0, 3.0], 5))
    scores = np.r_[data.y[:5], -data.y[5:]]
    assert HeldOutRankIC.of(data)(scores) == pytest.approx((1 - 3) / 4)


def test_predictions_that_rank_nothing_count_as_zero():
    data = window()
    measure = HeldOutRankIC.of(data)
    assert measure(np.zeros(len(data.y))) == 0.0
    half = np.where(data.dates < data.dates[150], data.y, 0.0)
    assert measure(half) == pytest.approx(0.5)


@pytest.mark.parametrize("kind", TREES)
def test_the_number_of_threads_changes_no_score(kind):
    data = window()
    draws = {"lightgbm": {"bagging_fraction": 0.7}, "xgboost": {"subsample": 0.7}}[kind]
    one = fitted(kind, threads=1, **draws).score(data.X)
    np.testing.assert_array_equal(one, fitted(kind, threads=2, **draws).score(data.X))


@pytest.mark.parametrize("kind", TREES)
def test_the_seed_matters_where_rows_are_drawn(kind):
    data = window()
    draws = {"lightgbm": {"bagging_fraction": 0.7}, "xgboost": {"subsample": 0.7}}[kind]
    one = fitted(kind, seed=1, **draws).score(data.X)
    assert not np.array_equal(one, fitted(kind, seed=2, **draws).score(data.X))


@pytest.mark.parametrize("kind", TREES)
def test_huber_shrugs_at_one_absurd_label(kind):
    data = window()
    y = data.y.copy()
    y[0] = 500.0
    wild = replaced(data, y=y)
    truth = 0.5 * np.nan_to_num(data.X[:, 0]) - 0.3 * np.nan_to_num(data.X[:, 1])
    gaps = {
        loss: np.abs(fitted(kind, data=wild, objective=loss).score(data.X) - truth)
        for loss in ("l2", "huber")
    }
    assert gaps["huber"].mean() < 0.5 * gaps["l2"].mean()


def test_a_restricted_window_keeps_names_and_columns_together():
    data = window()
    part = data.with_columns(np.array([1, 3]))
    assert part.features == ("momentum", "noise")
    np.testing.assert_array_equal(part.X, data.X[:, [1, 3]])
    assert isinstance(part, TrainingData)
