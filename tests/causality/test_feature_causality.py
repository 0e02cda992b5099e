"""Every registered feature, those of tomorrow included, passes every check."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import alpha_kedro.signals
from alpha_kedro.signals import (
    FEATURES,
    Inputs,
    compute_features,
    longest_lookback,
    with_share_value,
)
from alpha_kedro.signals.fundamentals import KnownReports
from alpha_kedro.signals.sentiment import known_sentiment
from tests.causality import checks
from tests.causality.checks import (
    difficult_bars,
    difficult_prices,
    forward_looking_calls,
)
from tests.causality.disclosures import reports_of, sentiment_of

PRICES = with_share_value(difficult_prices(), difficult_bars())
N_DATES = len(PRICES.dates)
PRICE_FIELDS = ("open", "high", "low", "close", "volume", "dollar_volume")
KNOWN = {
    "fundamentals": reports_of(PRICES.dates, PRICES.tickers),
    "sentiment": sentiment_of(PRICES.dates, PRICES.tickers),
}

every_feature = pytest.mark.parametrize("name", sorted(FEATURES))


def codes(prices):
    return np.array([sum(map(ord, ticker)) % 4 for ticker in prices.tickers])


def through_the_front_door(name):
    def compute(prices):
        return compute_features(prices, name, groups=codes(prices), **KNOWN)[name]

    return compute


def with_a_given_market(name):
    market = np.random.default_rng(3).normal(0, 0.01, N_DATES)

    def compute(prices):
        return compute_features(
            prices, name, market_return=market, groups=codes(prices), **KNOWN
        )[name]

    return compute


def in_double_precision(name):
    market = np.random.default_rng(3).normal(0, 0.01, (N_DATES, 1))

    def compute(prices):
        inputs = Inputs(
            dates=prices.dates,
            market_return=market,
            sector=codes(prices)[None, :] * 1.0,
            share_value=prices["share_value"],
            fundamentals=KnownReports(KNOWN["fundamentals"], prices.axes),
            sentiment=known_sentiment(KNOWN["sentiment"], prices.axes),
            **{field: prices[field] for field in PRICE_FIELDS},
        )
        return np.broadcast_to(FEATURES[name].compute(inputs), prices.axes.shape)

    return compute


def cuts(name):
    first = FEATURES[name].lookback - 1
    return np.unique(np.linspace(first, N_DATES - 2, 10).astype(int))


@every_feature
def test_a_feature_is_blind_to_the_future(name):
    compute = through_the_front_door(name)
    checks.assert_blind_to_the_future(compute, PRICES, cuts=cuts(name))


@every_feature
def test_a_feature_is_the_same_when_the_history_is_cut_off(name):
    compute = through_the_front_door(name)
    checks.assert_same_when_cut_off(compute, PRICES, cuts=cuts(name))


@every_feature
def test_the_declared_lookback_is_all_a_feature_needs(name):
    checks.assert_lookback_holds(
        through_the_front_door(name),
        PRICES,
        lookback=longest_lookback(name),
        cuts=cuts(name),
    )


@pytest.mark.parametrize("name", [n for n in FEATURES if FEATURES[n].lookback > 1])
def test_one_session_less_would_be_caught(name, monkeypatch):
    rows = cuts(name)
    short = replace(FEATURES[name], lookback=FEATURES[name].lookback - 1)
    monkeypatch.setitem(FEATURES._items, name, short)
    with pytest.raises(AssertionError):
        checks.assert_lookback_holds(
            through_the_front_door(name),
            PRICES,
            lookback=short.lookback,
            cuts=rows,
        )


@every_feature
def test_a_feature_reads_what_it_declares_and_nothing_else(name):
    needs = FEATURES[name].needs
    checks.assert_reads_only(with_a_given_market(name), PRICES, needs=needs)


@every_feature
def test_only_features_of_the_market_or_the_group_look_past_their_ticker(name):
    checks.assert_tickers_apart(with_a_given_market(name), PRICES)


@every_feature
def test_the_order_of_the_tickers_is_nothing_to_a_feature(name):
    compute = through_the_front_door(name)
    checks.assert_order_of_tickers_is_nothing(compute, PRICES)


@every_feature
def test_a_name_that_lists_later_changes_nothing_before(name):
    checks.assert_later_listing_is_nothing(through_the_front_door(name), PRICES)


@every_feature
def test_a_feature_is_the_same_in_another_currency_or_says_that_it_is_not(name):
    compute = in_double_precision(name)
    if FEATURES[name].scale_free:
        checks.assert_scale_free(compute, PRICES)
    else:
        with pytest.raises(AssertionError):
            checks.assert_scale_free(compute, PRICES)


@every_feature
def test_a_feature_has_values_to_check(name):
    values = through_the_front_door(name)(PRICES)[FEATURES[name].lookback - 1 :]
    assert np.isfinite(values).mean() > 0.5


def test_no_source_file_of_the_signals_looks_forward_but_the_labels():
    folder = Path(alpha_kedro.signals.__file__).parent
    sources = [path for path in folder.glob("*.py") if path.name != "labels.py"]
    found = {path.name: forward_looking_calls(path.read_text()) for path in sources}
    assert found
    assert not {name: calls for name, calls in found.items() if calls}
