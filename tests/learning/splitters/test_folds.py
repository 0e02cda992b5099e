"""The plan of a walk-forward: exact gaps, and test dates that leave none out."""

import inspect

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.learning.splitters.folds import (
    WalkForward,
    WalkForwardSpec,
    plan_folds,
)
from alpha_kedro.learning.splitters.splits import Spans, assert_no_overlap

DAYS = pd.bdate_range("2019-01-01", periods=400).as_unit("us")


def rows_of(n_days, horizon, *, names=1, step=1):
    """Make dated rows; the last ``horizon`` days have no label yet."""
    day = np.repeat(np.arange(0, n_days, step), names)
    known = day + horizon < n_days
    ends = DAYS[np.minimum(day + horizon, n_days - 1)].where(known)
    return pd.DataFrame({"date": DAYS[day], "label_end": ends})


def plan(rows, **parameters):
    spec = WalkForwardSpec(**parameters)
    spans = Spans.of(rows, embargo=spec.embargo, sessions=DAYS.to_numpy())
    return spans, plan_folds(spans, spec)


def test_two_folds_by_hand():
    # Twelve days, labels end two days later, four days of history, a fit every four.
    spans, folds = plan(rows_of(12, 2), first_train_sessions=4, refit_every=4)
    rows = [fold.rows(spans) for fold in folds]
    assert [test.tolist() for _, test in rows] == [[4, 5, 6, 7], [8, 9, 10, 11]]
    # 1 + 2 = 3 is before day 4; 5 + 2 = 7 is before day 8.
    assert [train.tolist() for train, _ in rows] == [[0, 1], [0, 1, 2, 3, 4, 5]]
    assert folds[1].train_end == DAYS[5]
    assert (folds[1].test_start, folds[1].test_end) == (DAYS[8], DAYS[11])


@settings(max_examples=40, deadline=None)
@given(
    horizon=st.integers(1, 12),
    embargo=st.integers(0, 6),
    history=st.integers(20, 60),
    reach=st.one_of(st.none(), st.integers(20, 80)),
    step=st.sampled_from([1, 5]),
    refit=st.one_of(st.sampled_from(["month", "quarter", "year"]), st.integers(1, 90)),
)
def test_folds_partition_the_test_dates_and_the_gap_is_exact(
    horizon, embargo, history, reach, step, refit
):
    rows = rows_of(200, horizon, names=2, step=step)
    spans, folds = plan(
        rows,
        window="expanding" if reach is None else "rolling",
        train_sessions=reach,
        first_train_sessions=history,
        refit_every=refit,
        embargo=embargo,
    )
    tested = np.concatenate([fold.rows(spans)[1] for fold in folds])
    assert tested.tolist() == np.flatnonzero(spans.first >= history).tolist()
    for fold in folds:
        train, test = fold.rows(spans)
        start = spans.first[test].min()
        oldest = 0 if reach is None else start - reach
        day = spans.first
        usable = (day >= oldest) & (day + horizon + embargo < start)
        assert train.tolist() == np.flatnonzero(usable).tolist()
        assert_no_overlap(spans, train, test)


def test_the_newest_decisions_are_scored_though_they_have_no_label():
    rows = rows_of(100, 10)
    spans, folds = plan(rows, first_train_sessions=40)
    assert rows["label_end"].iloc[folds[-1].rows(spans)[1]].isna().any()
    assert folds[-1].test_end == rows["date"].max()


def test_years_start_where_the_calendar_says():
    _, folds = plan(rows_of(400, 5), first_train_sessions=200)
    assert [fold.test_start.year for fold in folds] == [2019, 2020]
    assert folds[1].test_start == pd.Timestamp("2020-01-01")


def test_the_first_test_date_can_be_named():
    _, folds = plan(
        rows_of(400, 5),
        first_train_sessions=50,
        first_test=pd.Timestamp("2020-02-03").date(),
    )
    assert folds[0].test_start == pd.Timestamp("2020-02-03")


def test_later_data_change_no_fold_but_the_last():
    parameters = {"first_train_sessions": 50, "refit_every": "quarter", "embargo": 3}
    _, folds = plan(rows_of(200, 5), **parameters)
    _, longer = plan(rows_of(390, 5), **parameters)
    assert folds[:-1] == longer[: len(folds) - 1]


def test_a_first_test_after_the_last_decision_is_named_as_the_reason():
    late = DAYS[70].date()
    with pytest.raises(ConfigError, match=f"first_test {late}"):
        plan(rows_of(60, 5), first_train_sessions=20, first_test=late)


@pytest.mark.parametrize(
    "parameters",
    [
        {"first_train_sessions": 100},
        {"first_train_sessions": 10, "first_test": DAYS[5].date()},
        {"window": "rolling", "train_sessions": 500, "first_train_sessions": 10},
        {"first_train_sessions": 3, "refit_every": 3},
    ],
    ids=["no history", "first test too early", "window too long", "no label in time"],
)
def test_windows_longer_than_the_history_are_refused(parameters):
    with pytest.raises(ConfigError, match="AK-C032"):
        plan(rows_of(60, 5), **parameters)


def test_the_splitter_takes_the_parameters_of_the_spec_with_its_defaults():
    signature = inspect.signature(WalkForward)
    for name, parameter in signature.parameters.items():
        if name != "sessions":
            assert parameter.default == WalkForwardSpec.model_fields[name].default


def test_the_splitter_gives_the_rows_of_the_plan():
    rows = rows_of(200, 5, names=3)
    splitter = WalkForward(first_train_sessions=60, refit_every="month", embargo=2)
    spans, folds = plan(rows, first_train_sessions=60, refit_every="month", embargo=2)
    pairs = list(splitter.split(np.zeros((len(rows), 1)), groups=rows))
    assert len(pairs) == splitter.get_n_splits(rows) == len(folds)
    for (train, test), fold in zip(pairs, folds, strict=True):
        assert (train.tolist(), test.tolist()) == tuple(
            side.tolist() for side in fold.rows(spans)
        )


@pytest.mark.parametrize(
    "parameters",
    [
        {"embargo": -1},
        {"refit_every": "fortnight"},
        {"window": "rolling"},
        {"train_sessions": 100},
    ],
)
def test_parameters_that_make_no_plan_are_refused(parameters):
    with pytest.raises(ConfigError, match="AK-C003"):
        WalkForward(**parameters)
