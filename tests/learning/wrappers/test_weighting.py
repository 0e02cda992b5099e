"""How much a row counts: by hand, against slow twins, and inside its window alone."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning.context import Context
from alpha_kedro.learning.linear_models.linear import RidgeSpec
from alpha_kedro.learning.training import TrainingData
from alpha_kedro.learning.wrappers.weighting import (
    WeightingModel,
    WeightingSpec,
    session_numbers,
    uniqueness,
)
from tests.learning.planted import replaced, window

SESSIONS = pd.bdate_range("2021-01-04", periods=120).as_unit("us").to_numpy()


def rows(decided, held=5, tickers=("AAA",), lag=1):
    """Return rows decided on some sessions, held so long from the next one on."""
    at = np.repeat(decided, len(tickers))
    names = np.tile(np.array(tickers, dtype=object), len(decided))
    rng = np.random.default_rng(0)
    return TrainingData(
        rng.normal(size=(len(at), 2)).astype(np.float32),
        rng.normal(size=len(at)),
        SESSIONS[at],
        SESSIONS[at + lag + held],
        ("a", "b"),
        context=Context(SESSIONS[at], names),
    )


def test_a_row_counts_half_after_a_half_life():
    data = rows(np.array([0, 10, 20]))
    weighed = WeightingSpec(half_life=10).weigh(data, sessions=SESSIONS)
    np.testing.assert_allclose(weighed.weight * 7 / 12, [0.25, 0.5, 1.0])
    assert weighed.weight.mean() == pytest.approx(1)


def test_age_is_counted_in_sessions_not_in_rows_or_days():
    """Weekdays stand in for sessions nobody named."""
    weekly = rows(np.arange(0, 100, 5))
    known = WeightingSpec(half_life=20).weigh(weekly, sessions=SESSIONS)
    guessed = WeightingSpec(half_life=20).weigh(weekly)
    np.testing.assert_allclose(known.weight, guessed.weight)
    assert known.weight[-1] / known.weight[-5] == pytest.approx(2)


def test_weekly_labels_that_do_not_overlap_are_wholly_unique():
    data = rows(np.arange(0, 100, 5), held=5, tickers=("AAA", "BBB"))
    weighed = WeightingSpec(uniqueness=True).weigh(data, sessions=SESSIONS)
    np.testing.assert_allclose(weighed.weight, 1.0)


def test_daily_labels_of_five_sessions_share_each_of_them():
    """The first and the last have some to themselves: 1, 1/2, 1/3, 1/4, 1/5."""
    decided = np.arange(30)
    shares = uniqueness(np.zeros(30, dtype=np.int64), decided + 1, decided + 6)
    np.testing.assert_allclose(shares[4:-4], 0.2)
    edge = np.mean([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])
    np.testing.assert_allclose(shares[[0, -1]], edge)


def test_labels_of_another_ticker_take_nothing_away():
    twice = uniqueness(np.array([0, 0]), np.array([1, 1]), np.array([6, 6]))
    apart = uniqueness(np.array([0, 1]), np.array([1, 1]), np.array([6, 6]))
    np.testing.assert_allclose(twice, 0.5)
    np.testing.assert_allclose(apart, 1.0)


def slow_uniqueness(tickers, starts, ends):
    """One label, one session at a time, as the book tells it."""
    shares = []
    for ticker, start, end in zip(tickers, starts, ends, strict=True):
        lived = range(min(start, end - 1) + 1, end + 1)
        alive = [
            sum(
                other == ticker and min(opened, closed - 1) < session <= closed
                for other, opened, closed in zip(tickers, starts, ends, strict=True)
            )
            for session in lived
        ]
        shares.append(np.mean([1 / count for count in alive]))
    return np.array(shares)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 9)),
        min_size=1,
        max_size=25,
    )
)
def test_uniqueness_is_that_of_the_slow_twin(labels):
    tickers, starts, lengths = np.array(labels, dtype=np.int64).T
    ends = starts + lengths
    np.testing.assert_allclose(
        uniqueness(tickers, starts, ends),
        slow_uniqueness(tickers, starts, ends),
        rtol=1e-9,
    )


def test_every_date_counts_alike_whatever_its_names():
    data = rows(np.arange(0, 50, 5), tickers=tuple("ABCDEF"))
    some = data.take(np.flatnonzero(np.random.default_rng(3).random(60) < 0.6))
    weighed = WeightingSpec(equal_dates=True).weigh(some)
    totals = pd.Series(weighed.weight).groupby(some.dates).sum()
    np.testing.assert_allclose(totals, totals.iloc[0])


def test_factors_multiply_and_age_comes_on_top_of_equal_dates():
    data = rows(np.array([0, 10, 20]), tickers=tuple("ABC")).take(np.arange(8))
    both = WeightingSpec(equal_dates=True, half_life=10)
    totals = pd.Series(both.weigh(data, sessions=SESSIONS).weight)
    totals = totals.groupby(data.dates).sum().to_numpy()
    np.testing.assert_allclose(totals / totals[-1], [0.25, 0.5, 1.0])
    given_before = data.weighted(np.arange(1.0, 9.0))
    again = WeightingSpec(half_life=10).weigh(given_before, sessions=SESSIONS)
    alone = WeightingSpec(half_life=10).weigh(data, sessions=SESSIONS)
    ratio = again.weight / alone.weight / np.arange(1.0, 9.0)
    np.testing.assert_allclose(ratio, ratio[0])


def test_rows_after_the_window_change_no_weight():
    data = rows(np.arange(0, 100, 2), tickers=("AAA", "BBB"))
    past = np.arange(40)
    spec = WeightingSpec(half_life=20, uniqueness=True)
    early = spec.weigh(data.take(past), sessions=SESSIONS).weight
    cut = spec.weigh(data.take(past), sessions=SESSIONS[:80]).weight
    np.testing.assert_array_equal(early, cut)
    # Seen red: inside the window the later rows do matter.
    later = spec.weigh(data, sessions=SESSIONS).weight[past]
    assert not np.allclose(early / early.mean(), later / later.mean())


def test_a_model_learns_what_recent_rows_say():
    data = window()
    turned = np.where(np.arange(300) < 150, -1.0, 1.0) * data.y
    changed = replaced(data, y=turned)
    ridge = RidgeSpec(alpha=(1.0,))
    told = WeightingModel(WeightingSpec(half_life=20), ridge).fit(changed, seed=0)
    untold = ridge.fit(changed, seed=0)
    scores = [np.corrcoef(some.score(data.X), data.y)[0, 1] for some in (told, untold)]
    assert scores[0] > 0.9
    assert scores[1] < 0.7


def test_uniqueness_needs_the_names():
    data = rows(np.arange(0, 50, 5))
    nameless = TrainingData(data.X, data.y, data.dates, data.label_end, data.features)
    with pytest.raises(ModelError, match="AK-M143"):
        WeightingSpec(uniqueness=True).weigh(nameless)
    assert WeightingSpec(half_life=5).weigh(nameless).weight is not None


def test_a_weighting_that_weighs_nothing_is_refused():
    with pytest.raises(ConfigError, match="nothing is weighed"):
        WeightingSpec.parse({"lag": 2}, "models.mine.weighting")


def test_sessions_are_numbered_across_holidays():
    days = np.array(["2021-07-02", "2021-07-06"], dtype="datetime64[us]")
    assert np.diff(session_numbers(days, days)) == 1
    assert np.diff(session_numbers(days, None)) == 2
