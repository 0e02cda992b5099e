"""Reports and sentiment reach features on the day they became known, through the chain.

Raw tables are cleaned and laid on the bars as the pipelines do it. What became known
after a cut is garbled, given to other names, or taken away; no feature up to the cut
may move by a bit. Each usual way to get it wrong is planted once and has to be seen.
"""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.panel import Axes
from alpha_kedro.market import simulate_market
from alpha_kedro.market.fundamentals import (
    QUANTITIES,
    FundamentalsSpec,
    clean_fundamentals,
)
from alpha_kedro.market.sentiment import SentimentSpec, clean_sentiment
from alpha_kedro.signals import FEATURE_SETS, build_features
from alpha_kedro.signals.fundamentals import KnownReports
from alpha_kedro.signals.sentiment import known_sentiment

SETS = ("fundamental", "sentiment")
NAMES = [name for each in SETS for name in FEATURE_SETS[each]]
MARKET = simulate_market(
    25, 560, seed=4, delisting_rate=0.1, restated_share=0.3, tweeted_share=0.6
)
SESSIONS = pd.DatetimeIndex(np.unique(MARKET.bars["date"]))
CUTS = [SESSIONS[row] for row in (200, 331, 540)]
LATE = datetime(2030, 1, 1)


def known(fundamentals, sentiment, lag=0):
    reports = clean_fundamentals(
        fundamentals,
        bars=MARKET.bars,
        spec=FundamentalsSpec(lag_sessions=lag),
        now=LATE,
    )
    said = clean_sentiment(
        sentiment, bars=MARKET.bars, spec=SentimentSpec(lag_sessions=lag), now=LATE
    )
    return {"fundamentals": reports.table, "sentiment": said.table}


def chain(fundamentals=MARKET.fundamentals, sentiment=MARKET.sentiment, **options):
    tables = known(fundamentals, sentiment, **options)
    return build_features(MARKET.bars, SETS, **tables)


def garbled(table, later):
    """Other figures, of other names, in the rows that are marked."""
    rng = np.random.default_rng(12)
    other = table.copy()
    numbers = table.select_dtypes("number").columns
    noise = rng.lognormal(0, 1, (later.sum(), 1))
    values = other.loc[later, numbers].to_numpy() * noise
    other[numbers] = other[numbers].astype(float)
    other.loc[later, numbers] = rng.permutation(values)
    other.loc[later, "ticker"] = rng.permutation(other.loc[later, "ticker"].to_numpy())
    return other.sample(frac=1, random_state=3)


def after(cut):
    """(changed tables) for every way to change what becomes known after a day."""
    reports, tweets = MARKET.fundamentals, MARKET.sentiment
    late, said_late = reports["known_date"] > cut, tweets["date"] > cut
    return {
        "garbled": (garbled(reports, late), garbled(tweets, said_late)),
        "taken away": (reports[~late], tweets[~said_late]),
    }


def until(features, cut):
    kept = features[features["date"] <= cut]
    return kept.reset_index(drop=True)


@pytest.fixture(scope="module")
def whole():
    return chain()


@pytest.mark.parametrize("change", ["garbled", "taken away"])
@pytest.mark.parametrize("cut", CUTS, ids=str)
def test_what_becomes_known_later_moves_no_feature_before(whole, cut, change):
    seen = chain(*after(cut)[change])
    pd.testing.assert_frame_equal(until(seen, cut), until(whole, cut), check_exact=True)


def test_it_does_move_the_features_after(whole):
    seen = chain(*after(CUTS[0])["garbled"])
    with pytest.raises(AssertionError):
        pd.testing.assert_frame_equal(seen, whole)


def test_there_is_something_to_move(whole):
    settled = until(whole, CUTS[-1])
    settled = settled[settled["date"] > CUTS[0]]
    share = settled[NAMES].notna().mean()
    assert (share > 0.25).all(), share.to_dict()
    assert (share[list(FEATURE_SETS["fundamental"])] > 0.6).all(), share.to_dict()


def test_one_name_tells_nothing_of_another(whole):
    victim = whole["ticker"].iloc[0]
    of_victim = MARKET.fundamentals["ticker"] == victim
    reports = MARKET.fundamentals.copy()
    reports.loc[of_victim, QUANTITIES] = 7.0
    others = whole["ticker"] != victim
    seen = chain(reports, MARKET.sentiment)
    pd.testing.assert_frame_equal(seen[others], whole[others], check_exact=True)


@pytest.mark.parametrize("lag", [1, 3])
def test_a_lag_shifts_every_value_by_that_many_sessions(lag):
    axes = Axes.of_table(MARKET.bars)
    one, other = (
        known(MARKET.fundamentals, MARKET.sentiment, lag=wait) for wait in (0, lag)
    )
    assets, later = (
        KnownReports(tables["fundamentals"], axes)["assets"] for tables in (one, other)
    )
    np.testing.assert_array_equal(later[250:], assets[250 - lag : -lag])
    said, later = (
        known_sentiment(tables["sentiment"], axes)["n_tweets"]
        for tables in (one, other)
    )
    np.testing.assert_array_equal(later[250:], said[250 - lag : -lag])


def from_the_end_of_the_quarter(reports):
    return reports.assign(known_date=reports["end_date"])


def as_restated_at_last(reports):
    """What today's database says was reported then."""
    final = reports.sort_values("known_date").groupby(["ticker", "end_date"]).tail(1)
    first = reports.groupby(["ticker", "end_date"])["known_date"].min()
    keys = pd.MultiIndex.from_frame(final[["ticker", "end_date"]])
    return final.assign(known_date=first.reindex(keys).to_numpy())


LEAKS = [from_the_end_of_the_quarter, as_restated_at_last]
BEFORE_REPORTS = pd.Timestamp("2015-04-15")  # the quarter is over, and nobody told


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.__name__)
def test_a_planted_leak_is_caught(leak):
    """The check garbles by the true day known; the leak gives rows an earlier one."""
    reports = MARKET.fundamentals
    late = garbled(reports, reports["known_date"] > BEFORE_REPORTS).sort_index()
    one, other = (
        until(chain(leak(table), MARKET.sentiment), BEFORE_REPORTS)
        for table in (reports, late)
    )
    with pytest.raises(AssertionError):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_tweets_of_the_weekend_dated_to_the_friday_are_caught():
    cut = next(day for day in SESSIONS[100:] if day.day_of_week == 4)
    tweets = MARKET.sentiment

    def moved_to_friday(table):
        back = pd.to_timedelta((table["date"].dt.day_of_week - 4).clip(lower=0), "D")
        summed = table.assign(date=table["date"] - back)
        return summed.drop_duplicates(["date", "ticker"], keep="last")

    late = garbled(tweets, tweets["date"] > cut)
    one, other = (
        until(chain(MARKET.fundamentals, moved_to_friday(table.sort_index())), cut)
        for table in (tweets, late)
    )
    with pytest.raises(AssertionError):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
