"""Sentiment of a session: its tweets, all of them, and no others."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.panel import Axes
from alpha_kedro.core.prices import price_panel
from alpha_kedro.signals import compute_features
from alpha_kedro.signals.sentiment import known_sentiment
from tests.causality.disclosures import garbled_rows, sentiment_of

DATES = pd.bdate_range("2024-01-01", periods=100).as_unit("us")
TICKERS = ["AAA", "BBB"]
AXES = Axes.of(DATES, TICKERS)


def said(*rows):
    """Rows of (ticker, session, scores of the tweets)."""
    table = []
    for ticker, session, scores in rows:
        day = DATES[session]
        spread = np.std(scores, ddof=1) if len(scores) > 1 else np.nan
        good = sum(score > 0.05 for score in scores)
        bad = sum(score < -0.05 for score in scores)
        counts = (float(len(scores)), np.mean(scores), spread, float(good), float(bad))
        table.append((day, ticker, day, *counts))
    names = ["known_at", "ticker", "date", "n_tweets", "sent_mean", "sent_std"]
    return pd.DataFrame(table, columns=[*names, "n_pos", "n_neg"])


def every_day(ticker="BBB"):
    """Somebody speaks of another name each session: the source is open."""
    return [(ticker, row, [0.1]) for row in range(len(DATES))]


def feature(name, table):
    prices = dict.fromkeys(("open", "high", "low", "close"), 10.0)
    bars = pd.DataFrame(
        [(day, ticker) for day in DATES for ticker in TICKERS],
        columns=["date", "ticker"],
    ).assign(volume=1.0, **prices)
    values = compute_features(price_panel(bars), name, sentiment=table)[name]
    return pd.Series(values[:, 0])


def test_a_level_weighs_days_by_their_tweets():
    table = said(("AAA", 10, [0.2, 0.4, 0.6]), ("AAA", 12, [-0.8]), *every_day())
    found = feature("sentiment_level_5", table)
    assert np.isnan(found[12])  # of five sessions three are known
    assert found[14] == pytest.approx((0.2 + 0.4 + 0.6 - 0.8) / 4)
    assert found[16] == pytest.approx(-0.8)


def test_a_day_without_tweets_is_no_tweet_and_no_score():
    table = said(("AAA", 3, [0.5]), *every_day())
    sums = known_sentiment(table, AXES)
    assert sums["n_tweets"][4:, 0].tolist() == [0.0] * 96
    assert np.isnan(feature("sentiment_level_5", table)[20:]).all()


def test_a_name_has_no_count_before_it_was_first_spoken_of():
    sums = known_sentiment(said(("AAA", 30, [0.5]), *every_day()), AXES)
    assert np.isnan(sums["n_tweets"][:30, 0]).all()
    assert sums["n_tweets"][30, 0] == 1


def test_a_session_on_which_the_source_is_silent_is_unknown():
    quiet = [row for row in every_day() if row[1] != 50]
    sums = known_sentiment(said(("AAA", 3, [0.5]), *quiet), AXES)
    assert np.isnan(sums["n_tweets"][50]).all()
    assert np.isfinite(sums["n_tweets"][51]).all()


def test_a_weekend_counts_for_the_session_after_it():
    friday = said(("AAA", 4, [0.5, 0.5]))
    weekend = said(("AAA", 5, [0.1])).assign(date=DATES[5] - pd.Timedelta(days=1))
    monday = said(("AAA", 5, [0.3]))
    table = pd.concat([friday, weekend, monday, said(*every_day())])
    assert known_sentiment(table, AXES)["n_tweets"][4:6, 0].tolist() == [2, 2]


def test_the_change_is_against_twenty_sessions_before():
    table = said(("AAA", 10, [0.1]), ("AAA", 30, [0.7]), *every_day())
    assert feature("sentiment_change_20", table)[34] == pytest.approx(0.6)


def test_the_dispersion_is_that_of_all_tweets_together():
    rng = np.random.default_rng(1)
    days = [rng.uniform(-1, 1, n) for n in rng.integers(1, 9, 20)]
    rows = [("AAA", 20 + place, scores) for place, scores in enumerate(days)]
    found = feature("sentiment_dispersion_20", said(*rows, *every_day()))
    assert found[39] == pytest.approx(np.std(np.concatenate(days), ddof=1), rel=1e-6)


def test_one_tweet_disagrees_with_nobody():
    table = said(("AAA", 30, [0.4]), *every_day())
    assert np.isnan(feature("sentiment_dispersion_20", table)[35])


def test_equal_tweets_do_not_disagree():
    table = said(("AAA", 30, [0.1, 0.1, 0.1]), *every_day())
    assert feature("sentiment_dispersion_20", table)[49] == pytest.approx(0, abs=1e-7)


def test_attention_is_measured_against_what_is_usual():
    counts = [row % 3 for row in range(100)]
    rows = [("AAA", row, [0.0] * n) for row, n in enumerate(counts) if n]
    rows.append(("AAA", 0, [0.0]))
    found = feature("attention_z_60", said(*rows, *every_day()))
    last = np.log1p(counts[40:])
    wanted = (last[-1] - last.mean()) / last.std(ddof=1)
    assert found[99] == pytest.approx(wanted, rel=1e-6)


def test_the_positive_share():
    table = said(("AAA", 30, [0.5, 0.2, -0.3]), ("AAA", 31, [0.0]), *every_day())
    assert feature("positive_share_5", table)[34] == pytest.approx(0.5)


@given(place=st.integers(0, 99), seed=st.integers(0, 50))
@settings(max_examples=40, deadline=None)
def test_what_is_said_later_moves_nothing_before(place, seed):
    table = sentiment_of(DATES, TICKERS)
    whole, cut = known_sentiment(table, AXES), DATES[place]
    later = (table["known_at"] > cut).to_numpy()
    for other in (garbled_rows(table, later, seed), table[~later]):
        seen = known_sentiment(other, AXES)
        for name, values in whole.items():
            np.testing.assert_array_equal(seen[name][: place + 1], values[: place + 1])


def test_the_sums_equal_loops():
    table = sentiment_of(DATES, TICKERS)
    found = known_sentiment(table, AXES)
    for r, day in enumerate(AXES.dates):
        for c, ticker in enumerate(AXES.tickers):
            rows = table[(table["known_at"] == day) & (table["ticker"] == ticker)]
            before = table["ticker"].eq(ticker) & table["known_at"].le(day)
            heard = before.any() and table["known_at"].eq(day).any()
            count = rows["n_tweets"].sum() if heard else np.nan
            score = (rows["n_tweets"] * rows["sent_mean"]).sum() if heard else np.nan
            np.testing.assert_equal(found["n_tweets"][r, c], count)
            assert found["score"][r, c] == pytest.approx(score, nan_ok=True)


def test_what_is_known_at_a_session_without_bars_counts_at_the_next():
    axes = Axes.of(DATES.delete(50), TICKERS)
    table = said(("AAA", 50, [0.5, 0.5]), ("AAA", 51, [0.3]))
    sums = known_sentiment(table, axes)
    assert sums["n_tweets"][50, 0] == 3
    assert sums["score"][50, 0] == pytest.approx(1.3)
    alone = known_sentiment(said(("AAA", 50, [0.5])), axes)
    assert alone["n_tweets"][50, 0] == 1


def test_what_is_known_outside_the_sessions_is_added_to_none():
    inner = Axes.of(DATES[10:90], TICKERS)
    table = said(("AAA", 3, [0.5]), ("AAA", 95, [0.5]), ("BBB", 10, [0.1]))
    counts = known_sentiment(table, inner)["n_tweets"]
    assert counts[0].tolist() == [0, 1], "spoken of before, but not that day"
    assert np.isnan(counts[1:]).all()
