"""The three splitters on random panels, beside twins that spell the rule out.

Labels are of any length, some unknown; decisions are daily, weekly or irregular; dates
hold several names; rows come in any order; the embargo is random.
"""

import contextlib
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.learning.splitters.combinatorial import CombinatorialPurgedKFold
from alpha_kedro.learning.splitters.folds import (
    WalkForward,
    WalkForwardSpec,
    plan_folds,
)
from alpha_kedro.learning.splitters.splits import PurgedKFold, Spans, assert_no_overlap

DAYS = pd.bdate_range("2019-11-04", periods=150).as_unit("us")
SESSIONS = DAYS.to_numpy()
PERIODS = {
    "week": lambda day: day.isocalendar()[:2],
    "month": lambda day: (day.year, day.month),
    "quarter": lambda day: (day.year, day.quarter),
    "year": lambda day: day.year,
}


@dataclass
class DatedPanel:
    """Rows as positions on the sessions; ``end`` is None where no label is known."""

    start: list
    end: list
    embargo: int

    def __len__(self):
        return len(self.start)

    @property
    def rows(self):
        known = [pd.NaT if end is None else DAYS[end] for end in self.end]
        table = pd.DataFrame({"date": DAYS[self.start], "label_end": known})
        return table.astype("datetime64[us]")

    @property
    def spans(self):
        return Spans.of(self.rows, embargo=self.embargo, sessions=SESSIONS)

    def taken(self, row):
        """The sessions a row takes up, one by one."""
        start, end = self.start[row], self.end[row]
        return {start} if end is None else set(range(start, end + self.embargo + 1))

    def reordered(self, order):
        start, end = ([side[row] for row in order] for side in (self.start, self.end))
        return DatedPanel(start, end, self.embargo)


@st.composite
def panels(draw, n_sessions=60, lengths=12):
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    step = draw(st.sampled_from([1, 5, None]))
    days = np.arange(0, n_sessions, step or 1)
    if step is None:
        days = days[rng.random(len(days)) < 0.4]
    start = np.repeat(days, rng.integers(1, draw(st.integers(2, 5)), len(days)))
    length = rng.integers(0, draw(st.integers(1, lengths)), len(start))
    if draw(st.booleans()):
        length[:] = lengths // 2
    unknown = rng.random(len(start)) < draw(st.sampled_from([0.0, 0.2]))
    end = [
        None if gone or last >= n_sessions else int(last)
        for gone, last in zip(unknown, start + length, strict=True)
    ]
    panel = DatedPanel(start.tolist(), end, draw(st.integers(0, 6)))
    in_order = draw(st.booleans())
    return panel if in_order else panel.reordered(rng.permutation(len(start)))


def splits_of(splitter, panel):
    """All splits of a panel, unless it is too short for them."""
    with contextlib.suppress(ConfigError):
        return list(splitter.split(panel.rows))
    assume(False)


def assert_exact(panel, train, test):
    """What trains is all that shares no session with what is tested."""
    tested = set().union(*(panel.taken(row) for row in test))
    clear = [
        row
        for row in range(len(panel))
        if panel.end[row] is not None and not panel.taken(row) & tested
    ]
    assert train.tolist() == clear


def assert_whole_dates(panel, splits):
    days = [{panel.start[row] for row in test} for _, test in splits]
    for tested, (_, test) in zip(days, splits, strict=True):
        assert test.tolist() == [
            row for row in range(len(panel)) if panel.start[row] in tested
        ]
    return days


@settings(max_examples=60, deadline=None)
@given(panels(), st.integers(2, 6))
def test_purged_folds(panel, n_splits):
    splits = splits_of(PurgedKFold(n_splits, panel.embargo, SESSIONS), panel)
    days = assert_whole_dates(panel, splits)
    in_time = [day for tested in days for day in sorted(tested)]
    assert in_time == sorted(set(panel.start))
    assert max(map(len, days)) - min(map(len, days)) <= 1
    for train, test in splits:
        assert_exact(panel, train, test)
        assert_no_overlap(panel.spans, train, test)


@settings(max_examples=60, deadline=None)
@given(panels(), st.integers(2, 6), st.data())
def test_combinations_of_blocks(panel, n_blocks, data):
    k = data.draw(st.integers(1, n_blocks - 1))
    splitter = CombinatorialPurgedKFold(n_blocks, k, panel.embargo, SESSIONS)
    splits = splits_of(splitter, panel)
    assert len(splits) == splitter.n_splits
    days = assert_whole_dates(panel, splits)
    blocks = [{*block} for block in np.array_split(sorted({*panel.start}), n_blocks)]
    chosen = [set().union(*some) for some in combinations(blocks, k)]
    assert days == chosen  # each combination once
    for train, test in splits:
        assert_exact(panel, train, test)
        assert_no_overlap(panel.spans, train, test)


@settings(max_examples=30, deadline=None)
@given(panels(), st.integers(2, 7), st.data())
def test_each_path_covers_every_date_once(panel, n_blocks, data):
    k = data.draw(st.integers(1, n_blocks - 1))
    splitter = CombinatorialPurgedKFold(n_blocks, k, panel.embargo, SESSIONS)
    splits = splits_of(splitter, panel)
    block = splitter.blocks(panel.rows)
    used = []
    for path in splitter.paths():
        assert len(path) == n_blocks
        scored = np.zeros(len(panel), dtype=int)
        for number, split in enumerate(path):
            rows = splits[split][1]
            scored[rows[block[rows] == number]] += 1
            used.append((split, number))
        assert (scored == 1).all()
    assert len(used) == len(set(used)) == splitter.n_splits * k


@settings(max_examples=30, deadline=None)
@given(panels(), st.integers(2, 6))
def test_one_tested_block_is_the_purged_fold(panel, n_splits):
    fold = splits_of(PurgedKFold(n_splits, panel.embargo, SESSIONS), panel)
    one = CombinatorialPurgedKFold(n_splits, 1, panel.embargo, SESSIONS)
    for (train, test), (same, too) in zip(fold, one.split(panel.rows), strict=True):
        assert (train.tolist(), test.tolist()) == (same.tolist(), too.tolist())


walks = st.fixed_dictionaries(
    {
        "first_train_sessions": st.integers(10, 40),
        "train_sessions": st.one_of(st.none(), st.integers(5, 40)),
        "refit_every": st.one_of(st.sampled_from([*PERIODS]), st.integers(1, 30)),
    }
)


def walk_of(panel, walk):
    window = "expanding" if walk["train_sessions"] is None else "rolling"
    return WalkForward(window=window, embargo=panel.embargo, sessions=SESSIONS, **walk)


def due_of(day, first, refit_every):
    """The refit a tested date belongs to."""
    if isinstance(refit_every, int):
        return (day - first) // refit_every
    return PERIODS[refit_every](DAYS[day])


@settings(max_examples=100, deadline=None)
@given(panels(), walks)
def test_walk_forward(panel, walk):
    splits = splits_of(walk_of(panel, walk), panel)
    days = assert_whole_dates(panel, splits)
    first = min(panel.start) + walk["first_train_sessions"]
    tested = [day for each in days for day in sorted(each)]
    assert tested == [day for day in sorted({*panel.start}) if day >= first]
    refits = [
        [due_of(day, tested[0], walk["refit_every"]) for day in each] for each in days
    ]
    assert all(len({*each}) == 1 for each in refits)
    assert len({each[0] for each in refits}) == len(refits)
    for (train, test), each in zip(splits, days, strict=True):
        start = min(each)
        oldest = start - (walk["train_sessions"] or start)
        assert train.tolist() == [
            row
            for row in range(len(panel))
            if panel.end[row] is not None
            and panel.start[row] >= oldest
            and max(panel.taken(row)) < start
        ]
        assert_no_overlap(panel.spans, train, test)


@settings(max_examples=60, deadline=None)
@given(panels(), walks)
def test_a_plan_names_the_dates_its_rows_have(panel, walk):
    splitter = walk_of(panel, walk)
    splits = splits_of(splitter, panel)
    dates = panel.rows["date"].to_numpy()
    assert [
        (fold.train_start, fold.train_end, fold.test_start, fold.test_end)
        for fold in plan_folds(panel.spans, splitter.spec)
    ] == [
        tuple(pd.Timestamp(end(dates[side])) for side in pair for end in (min, max))
        for pair in splits
    ]


@settings(max_examples=60, deadline=None)
@given(panels(), walks, st.integers(20, 59))
def test_later_rows_change_no_fold_but_the_last(panel, walk, today):
    """What was planned and trained with the history of a day stands ever after."""
    seen = [row for row in range(len(panel)) if panel.start[row] <= today]
    past = panel.reordered(seen)
    past.end = [None if end is None or end > today else end for end in past.end]
    earlier = splits_of(walk_of(past, walk), past)
    later = splits_of(walk_of(panel, walk), panel)
    *done, (train, test) = [
        tuple([seen[row] for row in side] for side in pair) for pair in earlier
    ]
    grown = [(before.tolist(), after.tolist()) for before, after in later]
    assert done == grown[: len(done)]
    assert train == grown[len(done)][0]
    assert {*test} <= {*grown[len(done)][1]}


@settings(max_examples=30, deadline=None)
@given(panels(), walks, st.integers(0, 10**6))
def test_the_order_of_rows_changes_no_walk(panel, walk, seed):
    order = np.random.default_rng(seed).permutation(len(panel))
    mixed = panel.reordered(order)
    for here, there in zip(
        splits_of(walk_of(panel, walk), panel),
        splits_of(walk_of(mixed, walk), mixed),
        strict=True,
    ):
        for side, other in zip(here, there, strict=True):
            assert side.tolist() == sorted(order[other].tolist())


def shared_session_forgiven(spans, start, end):
    clear = (spans.last <= start) | (spans.first > end)
    return clear & (spans.last >= 0)


def next_session_purged_too(spans, start, end):
    clear = (spans.last < start) | (spans.first > end + 1)
    return clear & (spans.last >= 0)


def embargo_forgotten_before(spans, start, end):
    clear = (spans.last - 2 < start) | (spans.first > end)
    return clear & (spans.last >= 0)


def embargo_forgotten_after(spans, start, end):
    clear = (spans.last < start) | (spans.first > end - 2)
    return clear & (spans.last >= 0)


def nothing_after_trains(spans, start, end):
    return (spans.last < start) & (spans.last >= 0)


def gap_counted_in_rows(spans, start, end):
    clear = (spans.first < start) | (spans.first > end)
    clear &= spans.last >= 0
    edge = np.flatnonzero(spans.first >= start)[0]
    clear[max(0, edge - 5) : edge] = False
    return clear


def labels_forgotten(spans, start, end):
    return (spans.last < start) | (spans.first > end)


def check_all(panel, splitter):
    for train, test in splitter.split(panel.rows):
        assert_exact(panel, train, test)


@pytest.mark.parametrize(
    "fault",
    [
        shared_session_forgiven,
        next_session_purged_too,
        embargo_forgotten_before,
        embargo_forgotten_after,
        nothing_after_trains,
        gap_counted_in_rows,
        labels_forgotten,
    ],
)
def test_planted_faults_of_the_rule_are_seen(fault, monkeypatch):
    start = [day for day in range(60) for _ in range(3)]
    end = [None if row % 7 == 0 else day + 3 for row, day in enumerate(start)]
    panel = DatedPanel(start, end, 2)
    splitters = [
        PurgedKFold(4, 2, SESSIONS),
        CombinatorialPurgedKFold(5, 2, 2, SESSIONS),
    ]
    for splitter in splitters:
        check_all(panel, splitter)
    monkeypatch.setattr(Spans, "clear_of", fault)
    for splitter in splitters:
        with pytest.raises((AssertionError, ConfigError)):
            check_all(panel, splitter)


def test_a_week_is_a_week_of_the_calendar():
    # Two years end within a week; the Monday and Tuesday of another are no decisions.
    days = [day for day in range(120) if day not in (60, 61)]
    panel = DatedPanel(days, [day + 1 for day in days], 0)
    spec = WalkForwardSpec(first_train_sessions=10, refit_every="week")
    folds = plan_folds(panel.spans, spec)
    assert [fold.test_start.weekday() for fold in folds].count(0) == len(folds) - 1
    assert {fold.test_end.weekday() for fold in folds} == {4}
    new_year = next(fold for fold in folds if fold.test_end.year == 2020)
    assert new_year.test_start == pd.Timestamp("2019-12-30")
