"""The as-of join against loops that ask every question anew."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.panel import Axes
from alpha_kedro.signals.as_of import newest_known

SESSIONS = pd.bdate_range("2024-01-01", periods=30).as_unit("us")
TICKERS = ("AAA", "BBB", "CCC")
AXES = Axes.of(SESSIONS, TICKERS)
MAX_AGE = 8


def table(*rows):
    """Rows of (ticker, known_at as a number of a session, quarter)."""
    columns = ["ticker", "known", "quarter"]
    found = pd.DataFrame(rows, columns=columns).astype({"ticker": "str"})
    quarters = pd.date_range("2022-03-31", periods=40, freq="QE").as_unit("us")
    all_sessions = pd.bdate_range("2023-11-01", "2024-04-30").as_unit("us")
    first = all_sessions.get_loc(SESSIONS[0])
    return found.assign(
        known_at=all_sessions[first + found["known"].to_numpy(dtype=int)],
        end_date=quarters[found["quarter"].to_numpy(dtype=int)],
        value=np.arange(len(found), dtype=float),
    )


def by_loops(known, max_age=MAX_AGE):
    """For each session and name, look at every row there is."""
    values = np.full(AXES.shape, np.nan)
    ages = np.full(AXES.shape, -1)
    for r, day in enumerate(AXES.dates):
        for c, ticker in enumerate(AXES.tickers):
            seen = [
                row
                for row in known.itertuples()
                if row.ticker == ticker and row.known_at <= day
            ]
            if not seen:
                continue
            best = max(seen, key=lambda row: (row.end_date, row.known_at))
            same = [row.known_at for row in seen if row.end_date == best.end_date]
            if min(same) < AXES.dates[0]:
                continue
            age = sum(min(same) < other <= day for other in AXES.dates)
            if age <= max_age:
                values[r, c], ages[r, c] = best.value, age
    return values, ages


def spread(known, max_age=MAX_AGE):
    newest = newest_known(known, AXES, max_age_sessions=max_age)
    return newest.spread(known["value"].to_numpy()), newest.age


rows_of_tables = st.lists(
    st.tuples(
        st.sampled_from([*TICKERS, "OFF"]), st.integers(-20, 40), st.integers(0, 5)
    ),
    max_size=25,
    unique=True,
)


@given(rows=rows_of_tables, max_age=st.integers(0, 40))
@settings(max_examples=150, deadline=None)
def test_the_join_equals_the_loops(rows, max_age):
    known = table(*rows)
    found, wanted = spread(known, max_age), by_loops(known, max_age)
    np.testing.assert_array_equal(found[0], wanted[0])
    np.testing.assert_array_equal(found[1], wanted[1])


@given(rows=rows_of_tables, cut=st.integers(0, 29), seed=st.integers(0, 99))
@settings(max_examples=150, deadline=None)
def test_no_row_is_seen_before_it_is_known(rows, cut, seed):
    """Rows known after a session are garbled, taken away and shuffled."""
    known = table(*rows)
    whole = spread(known)[0][: cut + 1]
    later = known["known_at"] > SESSIONS[cut]
    rng = np.random.default_rng(seed)
    other = known.copy()
    ends = rng.permutation(other.loc[later, "end_date"].to_numpy())
    other.loc[later, "value"] = rng.normal(size=later.sum())
    other.loc[later, "ticker"] = rng.permutation(other.loc[later, "ticker"].to_numpy())
    other.loc[later, "end_date"] = ends
    key = ["ticker", "known_at", "end_date"]
    for changed in (other.drop_duplicates(key), known[~later]):
        shuffled = changed.sample(frac=1, random_state=seed).reset_index(drop=True)
        np.testing.assert_array_equal(spread(shuffled)[0][: cut + 1], whole)


@given(rows=rows_of_tables, start=st.integers(0, 29 - MAX_AGE))
@settings(max_examples=100, deadline=None)
def test_the_age_and_one_session_is_all_that_has_to_be_loaded(rows, start):
    known = table(*rows)
    axes = Axes(AXES.dates[start : start + MAX_AGE + 1], AXES.tickers)
    newest = newest_known(known, axes, max_age_sessions=MAX_AGE)
    wanted = newest_known(known, AXES, max_age_sessions=MAX_AGE)
    np.testing.assert_array_equal(newest.rows[-1], wanted.rows[start + MAX_AGE])
    np.testing.assert_array_equal(newest.age[-1], wanted.age[start + MAX_AGE])


def column(known, ticker="AAA", max_age=MAX_AGE):
    return spread(known, max_age)[0][:, TICKERS.index(ticker)]


def test_a_row_counts_from_the_session_it_is_known_at():
    seen = column(table(("AAA", 3, 0)), max_age=99)
    assert np.isnan(seen[:3]).all()
    assert (seen[3:] == 0).all()


def test_a_late_word_on_an_old_quarter_does_not_replace_a_newer_one():
    assert column(table(("AAA", 3, 1), ("AAA", 5, 0)))[6] == 0


def test_a_restatement_of_the_same_quarter_counts_from_its_own_day():
    seen = column(table(("AAA", 3, 1), ("AAA", 5, 1)))
    assert seen[3:7].tolist() == [0, 0, 1, 1]


def test_a_restatement_makes_a_quarter_no_younger():
    seen = column(table(("AAA", 3, 1), ("AAA", 5, 1)))
    assert np.isfinite(seen[3 : 3 + MAX_AGE + 1]).all()
    assert np.isnan(seen[3 + MAX_AGE + 1 :]).all()


def test_of_two_quarters_known_at_once_the_later_counts():
    assert column(table(("AAA", 3, 1), ("AAA", 3, 2), ("AAA", 3, 0)))[3] == 1


def test_what_was_known_before_the_first_session_keeps_older_quarters_out():
    assert np.isnan(column(table(("AAA", -4, 3), ("AAA", 2, 2)))).all()


def test_a_table_without_rows_says_nothing():
    assert np.isnan(spread(table())[0]).all()


@pytest.mark.parametrize("ahead", [1, 5])
def test_a_join_on_the_period_would_be_caught(ahead):
    """The usual leak: a quarter is used from its end, before anybody knew it."""
    known = table(("AAA", 10, 2), ("BBB", 20, 3))
    leaky = known.assign(known_at=known["known_at"] - pd.offsets.BDay(ahead))
    seen, honest = spread(leaky)[0], spread(known)[0]
    assert np.isfinite(seen[10 - ahead, 0])
    assert np.isnan(honest[10 - ahead, 0])
