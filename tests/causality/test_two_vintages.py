"""A market fetched again after a later split or dividend has the same past.

The first vintage ends on some evening. The second goes on: names split, and pay, after
it. Whatever is dated up to that evening has to be the same in both.
"""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.market import clean_bars, simulate_market
from alpha_kedro.market.adjust import to_split_basis
from alpha_kedro.signals import build_features
from alpha_kedro.signals.features import FEATURES
from tests.market.quotes import NOW

ELSEWHERE = ("report.", "sentiment.", "sector")
ROUNDING = 1e-6
EVENING = 420
NAMES = [
    name
    for name, feature in FEATURES.items()
    if feature.formula.needed <= EVENING
    and not any(need.startswith(ELSEWHERE) for need in feature.needs)
]


@pytest.fixture(scope="module")
def market():
    return simulate_market(
        25, 520, seed=11, basis="raw", split_rate=1.5, dividend_yield=0.06
    )


@pytest.fixture(scope="module")
def evening(market):
    return pd.Timestamp(np.unique(market.bars["date"])[EVENING])


@pytest.fixture(scope="module")
def vintages(market, evening):
    """Quotes and actions as they were on the evening, and as they are at the end."""
    later = market.actions[market.actions["date"] > evening]
    assert (later["split_ratio"] != 1).sum() > 5
    assert (later["dividend"] > 0).sum() > 5
    return [
        (until(market.bars, evening), until(market.actions, evening)),
        (market.bars, market.actions),
    ]


def until(table, day):
    return table[table["date"] <= day].reset_index(drop=True)


def split_adjusted(bars, actions):
    """What a vendor shows of quotes: prices and dividends on today's shares."""
    feed, paid = to_split_basis(bars, actions)
    return feed, paid.assign(split_ratio=actions["split_ratio"])


def from_quotes(bars, actions):
    return clean_bars(bars, actions=actions, basis="raw", now=NOW).bars


def from_vendor(bars, actions):
    feed, listed = split_adjusted(bars, actions)
    return clean_bars(feed, actions=listed, now=NOW).bars


def adjusted_backward(bars, actions):
    """What used to be done: factors that hold every split and dividend to come."""
    feed, paid = to_split_basis(bars, actions)
    adjusted = feed["close"].copy()
    for event in paid[paid["dividend"] > 0].itertuples():
        own = (feed["ticker"] == event.ticker) & (feed["date"] < event.date)
        if own.any():
            adjusted[own] *= 1 - event.dividend / feed.loc[own, "close"].iloc[-1]
    return feed.assign(adj_close=adjusted, share_factor=1.0)


def pasts(vintages, day, clean):
    """Bars and features up to ``day``, of each vintage, with every feature there is."""
    for bars, actions in vintages:
        cleaned = clean(bars, actions)
        features = build_features(cleaned, NAMES)
        yield until(cleaned, day), until(features, day)


def test_all_features_of_bars_are_looked_at():
    assert len(NAMES) > 0.85 * len(FEATURES)


def test_from_quotes_the_past_is_the_same_to_the_last_bit(vintages, evening):
    (bars, features), (later_bars, later) = pasts(vintages, evening, from_quotes)
    assert (bars["share_factor"] != 1).any()
    pd.testing.assert_frame_equal(bars, later_bars, check_exact=True)
    pd.testing.assert_frame_equal(features, later, check_exact=True)


def test_factors_that_look_ahead_are_caught(vintages, evening):
    (bars, features), (later_bars, later) = pasts(vintages, evening, adjusted_backward)
    assert not np.allclose(bars["adj_close"], later_bars["adj_close"], rtol=0.1)
    with pytest.raises(AssertionError):
        pd.testing.assert_frame_equal(features, later, check_exact=True)


def test_from_a_split_adjusted_feed_the_past_is_the_same_up_to_rounding(
    vintages, evening
):
    feeds = [split_adjusted(*tables)[0] for tables in vintages]
    closes = [until(feed, evening)["close"] for feed in feeds]
    assert not np.allclose(*closes, rtol=0.1)  # the vendor did rewrite its history
    (bars, features), (later_bars, later) = pasts(vintages, evening, from_vendor)
    np.testing.assert_array_equal(bars["share_factor"], later_bars["share_factor"])
    pd.testing.assert_frame_equal(bars, later_bars, rtol=1e-12, atol=0)
    pd.testing.assert_frame_equal(features, later, rtol=ROUNDING, atol=ROUNDING)


def test_a_vendors_total_return_changes_its_level_and_keeps_its_returns(
    vintages, evening
):
    def clean(bars, actions):
        told = adjusted_backward(bars, actions)["adj_close"].round(6)
        feed, listed = split_adjusted(bars, actions)
        own = feed.assign(adj_close=told)
        return clean_bars(own, actions=listed, now=NOW).bars

    (bars, _), (later, _) = pasts(vintages, evening, clean)
    assert not np.allclose(bars["adj_close"], later["adj_close"], rtol=0.1)
    returns = [
        table.groupby("ticker")["adj_close"].pct_change() for table in (bars, later)
    ]
    np.testing.assert_allclose(*returns, atol=1e-5)
