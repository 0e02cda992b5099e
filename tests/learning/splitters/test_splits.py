"""No training label may reach a tested date, and nothing more than that is left out."""

import contextlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import clone, config_context
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning.splitters.combinatorial import CombinatorialPurgedKFold
from alpha_kedro.learning.splitters.folds import WalkForward
from alpha_kedro.learning.splitters.splits import PurgedKFold, Spans, assert_no_overlap

DAYS = pd.date_range("2020-01-01", periods=60, freq="D").as_unit("us")


def rows_of(intervals):
    """Make rows from (date, label_end) positions; label_end None is unknown."""
    return pd.DataFrame(
        {
            "date": DAYS[[start for start, _ in intervals]],
            "label_end": [pd.NaT if end is None else DAYS[end] for _, end in intervals],
        }
    ).astype("datetime64[us]")


def touches(one, other, embargo):
    """Say whether two spans share a session: the definition, spelt out."""
    first = set(range(one[0], one[1] + embargo + 1))
    return bool(first & set(range(other[0], other[1] + embargo + 1)))


intervals = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 8)).map(lambda p: (p[0], p[0] + p[1])),
    min_size=1,
    max_size=40,
)


def test_three_dates_by_hand():
    # Labels end one session later: 0->1, 1->2, 2->3. Testing date 1 takes up 1..2, so
    # row 0 (0..1) shares session 1 and row 2 (2..3) shares session 2: none may train.
    rows = rows_of([(0, 1), (1, 2), (2, 3)])
    assert Spans.of(rows).clear_of(1, 2).tolist() == [False, False, False]
    # Testing the last date takes up 2..3: only row 0, over at 1, is clear of it.
    assert Spans.of(rows).clear_of(2, 3).tolist() == [True, False, False]
    # One session of embargo moves the end of row 0 to 2, which is tested.
    assert not Spans.of(rows, embargo=1).clear_of(2, 4).any()


@settings(max_examples=40, deadline=None)
@given(intervals, st.integers(2, 5), st.integers(0, 4))
def test_purged_folds_leave_out_what_overlaps_and_nothing_else(pairs, n, embargo):
    rows = rows_of(pairs)
    splitter = PurgedKFold(n, embargo, sessions=DAYS.to_numpy())
    folds = []
    with contextlib.suppress(ConfigError):  # too few dates, or nothing left to train
        folds = list(splitter.split(rows))
    assume(folds)
    tested = np.concatenate([test for _, test in folds])
    assert sorted(tested) == list(range(len(pairs)))
    for train, test in folds:
        clear = [
            row
            for row, one in enumerate(pairs)
            if not any(touches(one, pairs[other], embargo) for other in test)
        ]
        assert train.tolist() == clear


@settings(max_examples=40, deadline=None)
@given(intervals, st.data())
def test_the_detector_agrees_with_the_definition_on_any_split(pairs, data):
    side = data.draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    train, test = np.flatnonzero(side), np.flatnonzero(np.logical_not(side))
    overlap = any(touches(pairs[i], pairs[j], 0) for i in train for j in test)
    spans = Spans.of(rows_of(pairs), sessions=DAYS.to_numpy())
    if overlap:
        with pytest.raises(ModelError, match="AK-M003"):
            assert_no_overlap(spans, train, test)
    else:
        assert_no_overlap(spans, train, test)


def test_the_detector_sees_an_unpurged_split_and_names_both_ranges():
    rows = rows_of([(day, day + 5) for day in range(20)])
    with pytest.raises(ModelError) as caught:
        assert_no_overlap(Spans.of(rows), np.arange(10), np.arange(10, 20))
    assert "5 of 10 training rows" in str(caught.value)
    assert "2020-01-06 to 2020-01-15" in str(caught.value)
    assert "2020-01-11 to 2020-01-25" in str(caught.value)


def test_the_detector_sees_a_purge_counted_in_rows():
    # Four names a day: leaving out five ROWS leaves a gap of one session, not of five.
    rows = rows_of([(day, day + 5) for day in range(20) for _ in range(4)])
    with pytest.raises(ModelError, match="AK-M003"):
        assert_no_overlap(Spans.of(rows), np.arange(40 - 5), np.arange(40, 80))


def test_the_gap_is_exact_on_both_sides():
    rows = rows_of([(day, day + 3) for day in range(30)])
    train, test = list(PurgedKFold(3, embargo=2).split(rows))[1]
    assert test.tolist() == list(range(10, 20))
    # Before: 4 + 3 + 2 = 9 is the last clear session. After: 19 + 3 + 2 = 24 is taken.
    assert train.tolist() == [*range(5), *range(25, 30)]


def test_rows_of_one_date_are_never_parted():
    rows = rows_of([(day, day + 1) for day in range(10) for _ in range(7)])
    for train, test in PurgedKFold(4).split(rows):
        assert not set(rows["date"].iloc[train]) & set(rows["date"].iloc[test])


def test_the_order_of_rows_does_not_matter():
    rows = rows_of([(day, day + 2) for day in range(12) for _ in range(3)])
    order = np.random.default_rng(0).permutation(len(rows))
    for (train, test), (mixed, mixed_test) in zip(
        PurgedKFold(3).split(rows), PurgedKFold(3).split(rows.iloc[order]), strict=True
    ):
        assert sorted(order[mixed]) == train.tolist()
        assert sorted(order[mixed_test]) == test.tolist()


def test_a_row_without_a_label_never_trains_and_is_still_tested():
    rows = rows_of([(0, 1), (1, None), (2, 3), (10, None), (11, 12)])
    (first, tested), (second, _) = PurgedKFold(2).split(rows)
    assert tested.tolist() == [0, 1, 2]
    assert first.tolist() == [4]
    assert second.tolist() == [0, 2]


def test_an_embargo_on_weekly_dates_counts_the_sessions_it_is_given():
    rows = rows_of([(0, 7), (7, 14), (14, 21), (21, 28), (28, 35)])
    daily = Spans.of(rows, embargo=3, sessions=DAYS.to_numpy())
    weekly = Spans.of(rows, embargo=3)
    assert daily.last.tolist() == [10, 17, 24, 31, 38]
    assert weekly.last.tolist() == [4, 5, 6, 7, 8]  # three weeks: longer, never shorter


class TestScikitLearn:
    """Each splitter where scikit-learn takes one, beside the splits it should make."""

    rows = rows_of([(day, day + 1) for day in range(40) for _ in range(2)])
    X = np.random.default_rng(0).normal(size=(80, 3))
    y = X[:, 0] + np.random.default_rng(1).normal(size=80)

    @pytest.fixture(
        params=[
            PurgedKFold(n_splits=4, embargo=1),
            CombinatorialPurgedKFold(n_blocks=4, n_test_blocks=2, embargo=1),
            WalkForward(first_train_sessions=15, refit_every=6, embargo=1),
        ],
        ids=lambda splitter: type(splitter).__name__,
    )
    def splitter(self, request):
        return request.param

    def expected(self, splitter):
        return [
            Ridge().fit(self.X[a], self.y[a]).score(self.X[b], self.y[b])
            for a, b in splitter.split(self.rows)
        ]

    def test_scores_the_splits_of_the_table_given_as_groups(self, splitter):
        scores = cross_val_score(Ridge(), self.X, self.y, groups=self.rows, cv=splitter)
        assert scores.tolist() == self.expected(splitter)
        n_splits = splitter.get_n_splits(self.X, self.y, self.rows)
        assert len(scores) == n_splits > 3

    def test_finds_the_dates_in_a_table_of_features(self, splitter):
        names = ["f1", "f2", "f3"]
        table = self.rows.join(pd.DataFrame(self.X, columns=names))
        learner = make_pipeline(FunctionTransformer(take_features), Ridge())
        scores = cross_val_score(learner, table, self.y, cv=splitter)
        assert scores.tolist() == pytest.approx(self.expected(splitter))

    def test_searches_a_grid_that_can_be_cloned_and_shown(self, splitter):
        search = GridSearchCV(Ridge(), {"alpha": [0.1, 1e4]}, cv=splitter)
        assert type(splitter).__name__ + "(" in repr(clone(search))
        found = clone(search).fit(self.X, self.y, groups=self.rows)
        assert found.best_params_ == {"alpha": 0.1}
        assert found.n_splits_ == len(self.expected(splitter))

    def test_asks_for_groups_where_metadata_are_routed(self, splitter):
        with config_context(enable_metadata_routing=True):
            scores = cross_val_score(
                Ridge(), self.X, self.y, params={"groups": self.rows}, cv=splitter
            )
        assert scores.tolist() == self.expected(splitter)

    def test_refuses_groups_that_are_not_the_rows(self, splitter):
        with pytest.raises(ConfigError, match=r"AK-C036[\s\S]*79 rows of groups, 80"):
            next(splitter.split(self.X, groups=self.rows[:-1]))

    def test_needs_no_features_to_split(self, splitter):
        splits = [b.tolist() for _, b in splitter.split(None, groups=self.rows)]
        assert splits == [b.tolist() for _, b in splitter.split(self.rows)]

    def test_says_what_it_is(self, splitter):
        again = eval(repr(splitter))
        assert repr(again) == repr(splitter) != repr(type(splitter)())


def take_features(table):
    return table[["f1", "f2", "f3"]].to_numpy()


@pytest.mark.parametrize(("n_splits", "embargo"), [(1, 0), (5, -1)])
def test_folds_that_cannot_be_purged_are_refused(n_splits, embargo):
    with pytest.raises(ConfigError, match="AK-C031"):
        PurgedKFold(n_splits, embargo)


def test_rows_without_dates_are_refused():
    with pytest.raises(ConfigError, match="AK-C030"):
        next(PurgedKFold().split(np.zeros((10, 2))))


def test_fewer_dates_than_blocks_are_refused_with_both_counts():
    with pytest.raises(ConfigError, match="3 had") as caught:
        next(PurgedKFold(5).split(rows_of([(0, 1), (1, 2), (2, 3)])))
    assert "5 needed" in str(caught.value)


def test_a_purge_that_leaves_nothing_to_train_on_is_refused():
    with pytest.raises(ConfigError, match="AK-C032"):
        next(PurgedKFold(2, embargo=50).split(rows_of([(d, d + 1) for d in range(9)])))


def test_a_label_that_ends_before_its_decision_is_refused():
    with pytest.raises(ModelError, match="2020-01-06 -> 2020-01-04"):
        Spans.of(rows_of([(0, 1), (5, 3)]))


def test_a_day_that_is_no_session_is_refused():
    with pytest.raises(ModelError, match="AK-M001"):
        Spans.of(rows_of([(0, 1), (5, 6)]), sessions=DAYS[:6].to_numpy())


def test_a_decision_without_a_date_is_refused():
    rows = rows_of([(0, 1), (1, 2)])
    rows.loc[1, "date"] = pd.NaT
    with pytest.raises(ModelError, match="AK-M001"):
        Spans.of(rows)
