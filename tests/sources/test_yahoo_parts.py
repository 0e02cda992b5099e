"""The pure parts of the Yahoo source, against answers known by hand."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.sources.yahoo.answers import Failure, Served
from alpha_kedro.sources.yahoo.chart import read_chart
from alpha_kedro.sources.yahoo.plan import Request, plan
from alpha_kedro.sources.yahoo.quotes import as_quoted
from alpha_kedro.sources.yahoo.revision import keep_known, not_yet_known, why_whole
from alpha_kedro.sources.yahoo.sessions import last_final_session
from alpha_kedro.sources.yahoo.store import Known, SegmentStore
from alpha_kedro.sources.yahoo.symbols import yahoo_symbol
from tests.sources.yahoo_market import day
from tests.sources.yahoo_transport import at

DAYS = pd.date_range("2024-01-02", periods=6, freq="B", unit="us")
PRICES = ["open", "high", "low", "close"]


def served(close, splits=(), dividends=()):
    """Bars with one price a day, and events as (place of the day, value)."""
    close = np.asarray(close, dtype=float)
    bars = pd.DataFrame({"date": DAYS[: len(close)]} | dict.fromkeys(PRICES, close))
    events = [(DAYS[k], 0.0, ratio) for k, ratio in splits]
    events += [(DAYS[k], amount, 1.0) for k, amount in dividends]
    actions = pd.DataFrame(events, columns=["date", "dividend", "split_ratio"])
    types = {"date": "datetime64[us]", "dividend": float, "split_ratio": float}
    actions = actions.astype(types)
    return Served(bars.assign(adj_close=close, volume=1000.0), actions)


def quoted(*args, **events):
    return as_quoted(served(*args, **events), first=None, last=DAYS[-1])[0]


def test_quotes_are_undone_by_the_splits_after_them():
    found = quoted([10, 11, 12, 13], splits=[(2, 4.0)], dividends=[(1, 0.5), (3, 0.5)])
    assert list(found["close"]) == [40, 44, 12, 13]
    assert list(found["volume"]) == [250, 250, 1000, 1000]
    assert list(found["dividend"]) == [0, 2, 0, 0.5]
    assert list(found["split_ratio"]) == [1, 1, 4, 1]
    assert list(found["adj_close"]) == [10, 11, 12, 13]


def test_a_dividend_on_the_day_of_a_split_is_paid_on_the_new_shares():
    found = quoted([10, 11], splits=[(1, 2.0)], dividends=[(1, 0.5)])
    assert list(found["dividend"]) == [0, 0.5]


def test_two_dividends_of_one_day_add_up_and_two_splits_multiply():
    events = {"splits": [(1, 2.0), (1, 3.0)], "dividends": [(0, 0.5), (0, 0.25)]}
    found = quoted([10, 11], **events)
    assert list(found["close"]) == [60, 11]
    assert list(found["dividend"]) == [4.5, 0]


@settings(max_examples=50, deadline=None)
@given(
    close=st.lists(st.floats(1, 1e4), min_size=6, max_size=6),
    splits=st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from([0.05, 0.5, 1.5, 2, 3, 7, 20])),
        max_size=4,
    ),
)
def test_undoing_splits_is_the_inverse_of_applying_them(close, splits):
    applied = [
        price / np.prod([ratio for when, ratio in splits if when > place])
        for place, price in enumerate(close)
    ]
    found = quoted(applied, splits=splits)
    np.testing.assert_allclose(found["close"], close, rtol=1e-12)
    np.testing.assert_allclose(
        found["later_splits"] * np.asarray(applied), found["close"], rtol=1e-15
    )


def test_every_served_row_is_kept_or_counted():
    answer = served([10, np.nan, 12, 13, 14])
    twice = pd.concat([answer.bars, answer.bars.iloc[[2]]], ignore_index=True)
    _, counts = as_quoted(Served(twice, answer.actions), first=DAYS[1], last=DAYS[3])
    assert counts == {
        "served": 5,
        "without_price": 1,
        "duplicated": 1,
        "unfinished": 1,
        "kept": 2,
    }


def test_what_agrees_keeps_its_bits_and_what_moved_is_new():
    known = quoted([10, 11, 12])
    new = quoted([10 * (1 + 1e-9), 11.5, np.nan, 13])
    found, revision = keep_known(new, known, tolerance=1e-4)
    assert list(found["close"]) == [10.0, 11.5, 13.0]
    assert revision.moved == (DAYS[1],)
    assert revision.n_lost == 1
    assert not revision.is_truncated


def test_only_days_that_are_not_known_are_appended():
    known = quoted([10, 11, 12]).drop(1)
    assert list(not_yet_known(quoted([10, 11, 12, 13]), known)["date"]) == [
        DAYS[1],
        DAYS[3],
    ]


@pytest.mark.parametrize(
    ("new", "events", "why"),
    [
        ([10, 11, 12, 13], {}, None),
        ([10, 11, 12 * (1 + 9e-5), 13], {}, None),
        ([10, 11, 12 * (1 + 2e-4), 13], {}, "1 of 3 known rows moved"),
        ([10, 11, 12, 13], {"splits": [(3, 2.0)]}, "split on 2024-01-05"),
        ([10, 11, 12, 13], {"splits": [(1, 1.0005)]}, "1 of 3 known rows moved"),
        ([10, 11, 12, 13], {"dividends": [(1, 0.3)]}, "1 of 3 known rows moved"),
        ([10, 11, 12, 13], {"dividends": [(3, 0.3)]}, None),
    ],
)
def test_why_history_is_fetched_whole(new, events, why):
    now = quoted(new, **events)
    if events.get("splits"):
        now[PRICES] = quoted(new)[PRICES]
    found = why_whole(now, quoted([10, 11, 12]), tolerance=1e-4)
    assert found is None if why is None else found.startswith(why)


def test_without_a_common_session_nothing_is_appended():
    now = quoted([10, 11, 12, 13]).tail(1)
    known = quoted([10, 11, 12])
    assert why_whole(now, known, tolerance=1e-4).startswith("no session in common")


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2024-03-08 21:59", "2024-03-07"),  # closes at 21:00 UTC, and an hour more
        ("2024-03-08 22:00", "2024-03-08"),
        ("2024-03-10 12:00", "2024-03-08"),  # Sunday
        ("2024-03-11 20:59", "2024-03-08"),  # summer time: closes at 20:00 UTC
        ("2024-03-11 21:00", "2024-03-11"),
        ("2024-07-03 17:59", "2024-07-02"),  # half day: closes at 17:00 UTC
        ("2024-07-03 18:00", "2024-07-03"),
        ("2024-07-04 23:00", "2024-07-03"),  # holiday
    ],
)
def test_a_session_is_final_an_hour_after_its_close(now, last):
    found = last_final_session(at(now), calendar="XNYS", settle_minutes=60)
    assert found == day(last)


def test_an_instant_is_the_same_whichever_zone_it_is_told_in():
    told = at("2024-03-08 22:00").tz_convert("Asia/Tokyo")
    found = last_final_session(told, calendar="XNYS", settle_minutes=60)
    assert found == day("2024-03-08")


def test_an_unknown_exchange_is_refused():
    with pytest.raises(ConfigError, match="AK-C002"):
        last_final_session(at("2024-03-08"), calendar="XNYX", settle_minutes=60)


@pytest.mark.parametrize(
    ("ticker", "calendar", "symbol"),
    [
        ("BRK.B", "XNYS", "BRK-B"),
        ("BRK-B", "XNYS", "BRK-B"),
        ("^VIX", "XNYS", "^VIX"),
        ("VOD.L", "XLON", "VOD.L"),
    ],
)
def test_yahoo_spells_names_its_own_way(ticker, calendar, symbol):
    assert yahoo_symbol(ticker, calendar=calendar) == symbol


def known(**changes):
    quotes = pd.DataFrame({"date": DAYS, "close": 10.0})
    facts = {
        "quotes": quotes,
        "asked_from": DAYS[0],
        "fetched_at": at("2024-01-09"),
        "whole_at": at("2024-01-09"),
        "is_intact": True,
    }
    return Known(**(facts | changes))


@pytest.mark.parametrize(
    ("stored", "start", "target", "expected"),
    [
        (None, DAYS[2], "2024-01-10", Request("A", DAYS[2], "whole")),
        (known(), DAYS[0], "2024-01-09", None),
        (known(), DAYS[0], "2024-01-10", Request("A", DAYS[4], "append")),
        (
            known(is_intact=False),
            DAYS[2],
            "2024-01-10",
            Request("A", DAYS[0], "whole", "a segment is missing"),
        ),
        (known(), None, "2024-01-09", Request("A", None, "whole", "an earlier start")),
        (known(asked_from=None), DAYS[0], "2024-01-09", None),
        (
            known(fetched_at=at("2024-01-14 12:00")),
            DAYS[0],
            "2024-01-10",
            Request("A", DAYS[4], "append"),
        ),
        (known(fetched_at=at("2024-01-15")), DAYS[0], "2024-01-10", None),
        (
            known(quotes=pd.DataFrame({"date": DAYS, "close": np.nan})),
            DAYS[2],
            "2024-01-09",
            Request("A", DAYS[0], "whole", "no close is known"),
        ),
        (
            known(whole_at=at("2023-12-31")),
            DAYS[2],
            "2024-01-10",
            Request("A", DAYS[0], "whole", "due"),
        ),
        (
            known(whole_at=at("2023-12-31")),
            DAYS[2],
            "2024-01-09",
            Request("A", DAYS[0], "whole", "due", is_needed=False),
        ),
    ],
)
def test_no_more_is_asked_than_is_needed(stored, start, target, expected):
    found = plan(
        "A",
        stored,
        start=start,
        target=day(target),
        due_before=at("2024-01-01"),
        overlap_sessions=2,
    )
    assert found == expected


def test_segments_are_numbered_and_never_written_over(tmp_path):
    store = SegmentStore(tmp_path)
    table = quoted([10, 11])
    for kind in ("whole", "append", "whole"):
        instant = {"fetched_at": at("2024-01-09 22:00"), "asked_from": None}
        store.write("A", table, kind=kind, **instant)
    names = [segment.path.name.rsplit("-", 1)[0] for segment in store.segments("A")]
    assert names == ["000001-whole", "000002-append", "000003-whole"]


def test_what_is_stored_is_read_as_it_was(tmp_path):
    store = SegmentStore(tmp_path)
    table = quoted([10 / 3, 11 / 7], dividends=[(1, 0.1)])
    instant = at("2024-01-09 22:00:00.123456")
    store.write("A", table, kind="whole", fetched_at=instant, asked_from=DAYS[0])
    found = store.read("A")
    pd.testing.assert_frame_equal(found.quotes[list(table)], table, check_exact=True)
    assert (found.fetched_at, found.asked_from) == (instant, DAYS[0])
    assert store.read("A", as_of=instant - pd.Timedelta("1us")) is None
    assert store.read("B") is None


_KEYS = ["chart", "result", "error", "meta", "symbol", "timestamp", "indicators"]
_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(
    st.text(max_size=40)
    | _DOCUMENTS.map(lambda inner: json.dumps({"chart": inner}))
    | _DOCUMENTS.map(lambda inner: json.dumps({"chart": {"result": [inner]}}))
)
def test_no_document_makes_the_reader_fall(content):
    assert isinstance(read_chart(content, symbol="A"), Failure)
