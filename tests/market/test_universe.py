"""Who is in on which day, counted on fingers."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.calendar import sessions_between
from alpha_kedro.core.panel import Axes
from alpha_kedro.market import (
    listing_fates,
    membership_mask,
    survivorship_coverage,
)
from tests.market.quotes import SESSIONS, cleaned, make_quotes

AXES = Axes.of(SESSIONS[:10], ["A", "B"])


def stays(*rows: tuple[str, object, object]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["ticker", "start", "end"])
    return table.astype({"start": "datetime64[us]", "end": "datetime64[us]"})


def test_both_days_of_a_membership_are_inside():
    mask = membership_mask(stays(("B", SESSIONS[2], SESSIONS[4])), AXES)
    assert list(np.flatnonzero(mask[:, 1])) == [2, 3, 4]
    assert not mask[:, 0].any()


def test_an_open_end_lasts_and_an_unknown_name_is_left_out():
    table = stays(("A", "1999-01-04", None), ("Q", "1999-01-04", None))
    assert list(membership_mask(table, AXES).sum(axis=0)) == [10, 0]


def test_a_membership_may_begin_on_a_day_without_a_session():
    mask = membership_mask(stays(("A", "2023-01-07", "2023-01-08")), AXES)
    assert not mask.any()


def test_without_membership_everything_is_in():
    assert membership_mask(None, AXES).all()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("AB"), st.integers(-3, 12), st.integers(0, 12)),
        max_size=5,
    )
)
def test_the_mask_equals_asking_every_day_of_every_stay(spans):
    days = pd.date_range("2022-12-26", "2023-02-01").as_unit("us")
    table = stays(*[(name, days[5 + a], days[5 + a + n]) for name, a, n in spans])
    mask = membership_mask(table, AXES)
    for row, date in enumerate(AXES.dates):
        for column, name in enumerate(AXES.tickers):
            inside = table["ticker"].eq(name) & table["start"].le(date)
            assert mask[row, column] == (inside & table["end"].ge(date)).any()


def test_coverage_counts_the_members_nobody_has_prices_of():
    bars = cleaned(make_quotes("A", "B")).bars
    table = stays(
        ("A", "2000-01-03", None), ("Q", "2000-01-03", None), ("B", "2023-02-02", None)
    ).assign(price_ticker=["A", None, "B"])
    coverage = survivorship_coverage(table, bars)
    assert coverage.to_dict("records") == [
        {"year": 2023, "members": 2, "priced": 1, "covered": 0.5}
    ]


def test_coverage_counts_those_who_left_by_year_and_fate():
    sessions = sessions_between("XNYS", "2021-01-04", "2023-03-01")
    raw = make_quotes("A", "B", "C", "D", sessions=sessions)[["date", "ticker"]]
    last = {"B": "2022-11-15", "C": "2022-11-15", "D": "2023-02-01"}
    ends = pd.to_datetime(raw["ticker"].map(last).fillna("2023-03-01"))
    bars = raw[raw["date"] <= ends]
    members = stays(("A", "2000-01-03", None), ("D", "2000-01-03", None))
    coverage = survivorship_coverage(
        members.assign(price_ticker=members["ticker"]),
        bars,
        listings=listing_fates(bars, delisted_after=10)[0],
    )
    assert coverage[["year", "delisted", "source_ended"]].to_numpy().tolist() == [
        [2021, 0, 0],
        [2022, 0, 2],
        [2023, 1, 0],
    ]
    assert list(coverage.dtypes.iloc[-2:]) == ["int64", "int64"]
