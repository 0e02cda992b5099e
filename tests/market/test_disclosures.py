"""Reports and sentiment are placed by the day they became known, and counted."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from alpha_kedro.core.errors import DataError
from alpha_kedro.market.disclosures import first_closes
from alpha_kedro.market.fundamentals import (
    QUANTITIES,
    FundamentalsSpec,
    clean_fundamentals,
)
from alpha_kedro.market.sentiment import SentimentSpec, clean_sentiment
from tests.market.quotes import NOW, SESSIONS, make_quotes

BARS = make_quotes("AAA", "BBB")
LAST = BARS["date"].max()


def report(ticker="AAA", known="2023-02-01", end="2022-12-31", **figures):
    row = dict.fromkeys(QUANTITIES, 1.0)
    keys = {"ticker": ticker, "known_date": known, "end_date": end}
    return keys | {"amend": False, "period_focus": "FY"} | row | figures


def tweets(ticker="AAA", day="2023-02-01", **measures):
    row = {"n_tweets": 3, "sent_mean": 0.2, "sent_std": 0.1, "n_pos": 2, "n_neg": 0}
    return {"date": day, "ticker": ticker} | row | measures


def cleaned(clean, raw, **options):
    """Clean as of a fixed day, and check that every row is accounted for."""
    found = clean(pd.DataFrame(raw), bars=BARS, **({"now": NOW} | options))
    told = found.report
    assert told["n_input"] == len(raw)
    assert told["n_kept"] == len(found.table)
    assert told["n_rejected"] == len(found.rejects)
    assert told["n_kept"] + told["n_rejected"] + told["n_out_of_scope"] == len(raw)
    return found


def reports(*raw, **options):
    return cleaned(clean_fundamentals, list(raw), **options)


def sentiment(*raw, **options):
    return cleaned(clean_sentiment, list(raw), **options)


@pytest.mark.parametrize(
    ("day", "lag", "session"),
    [
        ("2023-02-01", 0, "2023-02-01"),
        ("2023-02-04", 0, "2023-02-06"),  # a Saturday
        ("2023-02-20", 0, "2023-02-21"),  # Presidents' Day
        ("2023-02-01", 1, "2023-02-02"),
        ("2023-02-04", 1, "2023-02-07"),
    ],
)
def test_a_row_is_known_at_the_first_close_on_or_after_its_day(day, lag, session):
    kept = reports(report(known=day), spec=FundamentalsSpec(lag_sessions=lag)).table
    assert kept["known_at"].tolist() == [pd.Timestamp(session)]
    said = sentiment(tweets(day=day), spec=SentimentSpec(lag_sessions=lag)).table
    assert said["known_at"].tolist() == [pd.Timestamp(session)]


@given(
    offsets=st.lists(st.integers(0, 55), min_size=1, max_size=20),
    lag=st.integers(0, 3),
)
@settings(max_examples=50, deadline=None)
def test_no_close_comes_before_the_day(offsets, lag):
    days = pd.Series(pd.Timestamp("2023-01-03") + pd.to_timedelta(offsets, unit="D"))
    until = pd.Timestamp("2023-03-01")
    found = first_closes(
        days.astype("datetime64[us]"), until=until, calendar="XNYS", lag_sessions=lag
    )
    for day, close in zip(days, found, strict=True):
        later = [s for s in SESSIONS if s >= day.to_datetime64()]
        if len(later) > lag:
            assert close == later[lag]
        else:
            assert np.isnat(close) or close > SESSIONS[-1]


FAULTS = {
    "bad_ticker": {"ticker": "../x"},
    "bad_date": {"known": None},
    "future_date": {"known": "2999-12-31"},
    "bad_period": {"period_focus": "H1"},
    "known_before_end": {"end": "2023-02-02"},
    "known_too_late": {"end": "2019-12-31"},
    "infinite": {"assets": np.inf},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_report_without_a_place_in_time_is_refused(fault):
    found = reports(report(**FAULTS[fault]), report())
    assert found.rejects["reason"].tolist() == [fault]
    assert len(found.table) == 1


def test_a_figure_that_looks_absurd_was_known_that_day():
    kept = reports(report(assets=10.0, revenues=-1e12, equity=np.nan)).table
    assert kept[["assets", "revenues"]].iloc[0].tolist() == [10, -1e12]


def test_names_without_bars_and_days_after_the_last_bar_are_out_of_scope():
    found = reports(report("ZZZ"), report(known="2023-05-01"), report())
    assert found.report["n_out_of_scope"] == 2
    assert found.report["without_bars"] == ["ZZZ"]


def test_what_is_waited_for_beyond_the_last_bar_is_out_of_scope():
    last = f"{LAST:%Y-%m-%d}"
    assert len(reports(report(known=last)).table) == 1
    waiting = FundamentalsSpec(lag_sessions=1)
    assert reports(report(known=last), spec=waiting).report["n_out_of_scope"] == 1


def reasons(*raw):
    return reports(*raw).report["by_reason"]


def test_the_same_row_twice_counts_once():
    assert reasons(report(), report()) == {"duplicate": 1}


def test_other_figures_of_the_same_morning_are_both_refused():
    """Two companies under one ticker: nobody can tell which is meant."""
    assert reasons(report(), report(assets=2.0)) == {"conflicting_duplicate": 2}


def test_a_restatement_of_the_same_morning_takes_the_place_of_the_report():
    found = reports(report(), report(assets=2.0, amend=True))
    assert found.report["by_reason"] == {"superseded": 1}
    assert found.table["assets"].tolist() == [2.0]


def test_of_what_becomes_known_at_one_close_the_later_counts():
    found = reports(report(known="2023-02-04"), report(known="2023-02-05", assets=2.0))
    assert found.table["assets"].tolist() == [2.0]


def test_a_restatement_is_kept_beside_the_report():
    found = reports(report(), report(known="2023-02-10", amend=True, assets=2.0))
    assert found.table["assets"].tolist() == [1.0, 2.0]
    assert found.table["amended"].tolist() == [False, True]


def test_a_restatement_that_changes_nothing_is_no_news_and_one_back_is():
    first, again = report(equity=np.nan), report(known="2023-02-02", equity=np.nan)
    other = report(known="2023-02-03", equity=5.0)
    back = report(known="2023-02-06", equity=np.nan)
    found = reports(first, again, other, back)
    assert found.report["by_reason"] == {"repeated": 1}
    assert found.table["equity"].tolist() == pytest.approx(
        [np.nan, 5, np.nan], nan_ok=1
    )


def test_the_share_factor_is_that_of_the_last_bar_up_to_the_report():
    split = BARS.assign(share_factor=np.where(BARS["date"] >= "2023-02-01", 2.0, 1.0))
    raw = pd.DataFrame(
        [
            report(known=day, assets=n)
            for n, day in enumerate(("2023-01-31", "2023-02-01"))
        ]
        + [report(known="2022-11-01", end="2022-09-30")]
    )
    found = clean_fundamentals(raw, bars=split, now=NOW).table
    factors = found.set_index("known_at")["share_factor"]
    assert factors["2023-01-31"] == 1
    assert factors["2023-02-01"] == 2
    assert np.isnan(factors["2022-11-01"])


def test_the_order_of_the_rows_is_nothing():
    raw = [
        report(known="2023-02-04"),
        report(known="2023-02-05", assets=2.0),
        report("BBB"),
        report("BBB", assets=3.0),
        report("brk.b"),
        report(known="2023-02-10", assets=2.0, end="2022-09-30", period_focus="q3"),
    ]
    forth, back = reports(*raw), reports(*raw[::-1])
    assert_frame_equal(forth.table, back.table)
    assert_frame_equal(forth.rejects, back.rejects, check_dtype=False)


def test_the_spelling_of_share_classes_follows_the_bars():
    bars = make_quotes("BRK-B")
    found = clean_fundamentals(pd.DataFrame([report("brk.b")]), bars=bars, now=NOW)
    assert found.table["ticker"].tolist() == ["BRK-B"]


@given(cut=st.integers(0, len(SESSIONS) - 2), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_what_becomes_known_later_moves_no_row_known_before(cut, seed):
    rng, day = np.random.default_rng(seed), pd.Timestamp(SESSIONS[cut])
    known = pd.Timestamp("2023-01-03") + pd.to_timedelta(rng.integers(0, 57, 30), "D")
    ends = pd.to_datetime(rng.choice(["2022-09-30", "2022-12-31"], 30))
    raw = pd.DataFrame(
        [
            report(str(ticker), known=k, end=e, assets=float(a))
            for ticker, k, e, a in zip(
                rng.choice(["AAA", "BBB"], 30),
                known,
                ends,
                rng.integers(0, 3, 30),
                strict=True,
            )
        ]
    )
    later = raw["known_date"] > day
    garbled = raw.assign(
        assets=np.where(later, rng.integers(0, 3, 30), raw["assets"]),
        ticker=np.where(later, "AAA", raw["ticker"]),
    )
    whole, *others = (
        clean_fundamentals(table, bars=BARS, now=NOW).table
        for table in (raw, garbled, raw[~later])
    )
    until = whole[whole["known_at"] <= day]
    for other in others:
        assert_frame_equal(other[other["known_at"] <= day], until)


SAID_WRONG = {
    "bad_ticker": {"ticker": ""},
    "bad_date": {"day": None},
    "future_date": {"day": "2023-12-01"},
    "infinite": {"sent_mean": np.inf},
    "bad_count": {"n_tweets": -1},
    "no_score": {"sent_mean": np.nan},
}


@pytest.mark.parametrize("fault", SAID_WRONG)
def test_a_day_of_sentiment_that_makes_no_sense_is_refused(fault):
    found = sentiment(tweets(**SAID_WRONG[fault]), tweets())
    assert found.rejects["reason"].tolist() == [fault]


@pytest.mark.parametrize(
    "counts", [{"n_pos": 2, "n_neg": 2}, {"n_pos": 0.5}, {"n_neg": np.nan}]
)
def test_counts_that_do_not_add_up_are_refused(counts):
    assert sentiment(tweets(**counts)).report["by_reason"] == {"bad_count": 1}


def test_a_weekend_has_its_own_rows_at_the_close_of_the_monday():
    days = ("2023-02-03", "2023-02-04", "2023-02-05", "2023-02-06")
    kept = sentiment(*(tweets(day=day) for day in days)).table
    assert [f"{day:%a}" for day in kept["known_at"]] == ["Fri", "Mon", "Mon", "Mon"]
    assert [f"{day:%a}" for day in kept["date"]] == ["Fri", "Sat", "Sun", "Mon"]


def test_a_day_of_sentiment_stands_once():
    found = sentiment(tweets(), tweets(), tweets("BBB"), tweets("BBB", n_tweets=9))
    assert found.report["by_reason"] == {"duplicate": 1, "conflicting_duplicate": 2}


@pytest.mark.parametrize("clean", [clean_fundamentals, clean_sentiment])
def test_a_market_without_the_table_has_an_empty_one(clean):
    found = clean(None, bars=BARS)
    assert found.table.empty
    assert found.table["known_at"].dtype == "datetime64[us]"
    assert found.report["n_input"] == 0


@pytest.mark.parametrize("clean", [clean_fundamentals, clean_sentiment])
def test_a_missing_column_is_named(clean):
    with pytest.raises(DataError, match="AK-D012"):
        clean(pd.DataFrame({"ticker": ["AAA"]}), bars=BARS)


def test_today_is_the_newest_day_known():
    found = clean_fundamentals(
        pd.DataFrame([report(known="2023-02-01")]),
        bars=BARS,
        now=datetime(2023, 1, 31, 22),
    )
    assert found.rejects["reason"].tolist() == ["future_date"]


@pytest.mark.parametrize(
    ("known", "lag", "split"),
    [
        ("2023-02-03", 1, "2023-02-06"),  # a Friday, used on the Monday after
        ("2023-02-04", 0, "2023-02-06"),  # a Saturday
    ],
)
def test_figures_per_share_are_on_the_shares_of_the_day_they_were_stated(
    known, lag, split
):
    bars = BARS.assign(share_factor=np.where(BARS["date"] >= split, 4.0, 1.0))
    raw = pd.DataFrame([report(known=known, eps_basic=4.0)])
    waiting = FundamentalsSpec(lag_sessions=lag)
    found = clean_fundamentals(raw, bars=bars, spec=waiting, now=NOW).table
    assert found["known_at"].tolist() == [pd.Timestamp(split)]
    assert found["share_factor"].tolist() == [1.0]


def test_share_factors_follow_their_rows_where_days_known_are_not_in_order():
    bars = BARS.assign(share_factor=np.where(BARS["date"] >= "2023-02-06", 4.0, 1.0))
    raw = [report("AAA", known="2023-02-06"), report("BBB", known="2023-02-04")]
    found = clean_fundamentals(pd.DataFrame(raw), bars=bars, now=NOW).table
    assert found["ticker"].tolist() == ["AAA", "BBB"]
    assert found["share_factor"].tolist() == [4.0, 1.0]


def test_stamps_with_a_time_of_day_are_known_a_day_later_all_of_them():
    stamps = ("2023-02-01 17:30", "2023-02-02 00:00")
    ends = ("2022-09-30", "2022-12-31")
    raw = (report(known=k, end=e) for k, e in zip(stamps, ends, strict=True))
    kept = reports(*raw).table
    wanted = [pd.Timestamp("2023-02-02"), pd.Timestamp("2023-02-03")]
    assert kept["known_at"].tolist() == kept["known_date"].tolist() == wanted
    assert kept["end_date"].tolist() == [pd.Timestamp(end) for end in ends]
    said = sentiment(*(tweets(day=day) for day in stamps)).table
    assert said["known_at"].tolist() == said["date"].tolist() == wanted


def test_a_time_of_day_in_the_end_of_a_period_moves_nothing():
    kept = reports(report(end="2022-12-31 23:59:59")).table
    assert kept["known_at"].tolist() == [pd.Timestamp("2023-02-01")]
    assert kept["end_date"].tolist() == [pd.Timestamp("2022-12-31")]


@pytest.mark.parametrize("amend", [True, 1, 1.0, "1.0", " True ", "1"])
def test_a_restatement_is_one_however_it_is_marked(amend):
    assert reports(report(amend=amend)).table["amended"].tolist() == [True]


@pytest.mark.parametrize("amend", [False, 0, 0.0, "0.0", "false", "", None, np.nan])
def test_what_is_not_marked_is_no_restatement(amend):
    assert reports(report(amend=amend)).table["amended"].tolist() == [False]
