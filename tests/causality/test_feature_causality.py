"""Every registered feature, those of tomorrow included, passes every check.

Features are checked many at once, as arrays (n_dates, n_tickers, n_features); where a
check fails, each is checked by itself, and those that fail are named.
"""

from itertools import groupby
from pathlib import Path

import numpy as np

import alpha_kedro.signals
from alpha_kedro.signals import (
    FEATURES,
    compute_features,
    longest_lookback,
    with_quotes,
)
from alpha_kedro.signals.formulas import evaluate
from alpha_kedro.signals.formulas.computing import ACROSS
from alpha_kedro.signals.inputs import Inputs
from tests.causality import checks
from tests.causality.checks import (
    difficult_bars,
    difficult_prices,
    forward_looking_calls,
)
from tests.causality.disclosures import reports_of, sentiment_of

N_DATES = longest_lookback(FEATURES) + 80
PRICES = with_quotes(difficult_prices(N_DATES), difficult_bars(N_DATES))
KNOWN = {
    "fundamentals": reports_of(PRICES.dates, PRICES.tickers),
    "sentiment": sentiment_of(PRICES.dates, PRICES.tickers),
}
NAMES = tuple(FEATURES)
OF_OTHERS = tuple(
    name
    for name, feature in FEATURES.items()
    if {part.word for part in feature.formula.walk()} & set(ACROSS)
)
"""Features that compare the names of a date."""
FROM_CLOSE = {"listed"}
"""Fields that the closes make."""


def by(key, names=NAMES):
    """(key, names) of the features that share it."""
    ordered = sorted(names, key=lambda name: key(FEATURES[name]))
    return [
        (found, tuple(own))
        for found, own in groupby(ordered, lambda name: key(FEATURES[name]))
    ]


def codes(prices):
    return np.array([sum(map(ord, ticker)) % 3 for ticker in prices.tickers])


def market_of(prices):
    """A market's return that is given, row by row of the whole history."""
    market = np.random.default_rng(3).normal(0, 0.01, N_DATES)
    return market[np.searchsorted(PRICES.dates, prices.dates)]


def through_the_front_door(names):
    def compute(prices):
        found = compute_features(prices, names, groups=codes(prices), **KNOWN)
        return np.stack([found[name] for name in names], axis=-1)

    return compute


def with_a_given_market(names):
    def compute(prices):
        market = market_of(prices)
        found = compute_features(
            prices, names, market_return=market, groups=codes(prices), **KNOWN
        )
        return np.stack([found[name] for name in names], axis=-1)

    return compute


def from_the_first_row(names):
    """What the formulas give where a history is too short for a value, too."""

    def compute(prices):
        found = np.empty((*prices.axes.shape, len(names)), dtype=np.float32)

        def open_block(tickers):
            def take(place, values):
                found[:, tickers, place] = values

            return take

        inputs = Inputs(
            prices, market_return=market_of(prices), groups=codes(prices), **KNOWN
        )
        formulas = [FEATURES[name].formula for name in names]
        evaluate(formulas, inputs, prices.axes.shape, open_block=open_block)
        return found

    return compute


def assert_each(check, computed, names, **options):
    """Check features together, and name those that fail."""
    try:
        check(computed(names), PRICES, **options)
    except AssertionError:
        failing = culprits(check, computed, names, **options)
        raise AssertionError(f"{check.__name__}: {failing}") from None


def culprits(check, computed, names, **options):
    failing = []
    for name in names:
        try:
            check(computed((name,)), PRICES, **options)
        except AssertionError:
            failing.append(name)
    return failing


def cuts(lookback):
    return np.unique(np.linspace(lookback - 1, N_DATES - 2, 8).astype(int))


def test_features_are_blind_to_the_future():
    check = checks.assert_blind_to_the_future
    assert_each(check, through_the_front_door, NAMES, cuts=cuts(60))


def test_features_are_the_same_when_the_history_is_cut_off():
    for hundreds, names in by(lambda feature: feature.formula.needed // 100):
        rows = cuts(100 * hundreds + 100)
        check = checks.assert_same_when_cut_off
        assert_each(check, through_the_front_door, names, cuts=rows)


def test_the_lookback_is_all_a_feature_needs():
    for lookback, names in by(lambda feature: feature.lookback):
        assert_each(
            checks.assert_lookback_holds,
            through_the_front_door,
            names,
            lookback=lookback,
            cuts=cuts(lookback),
        )


def test_one_session_less_would_be_caught():
    """Smoothing forgets its oldest day to the last of 32 bits, extremes most of it."""
    looking_back = [name for name in NAMES if FEATURES[name].lookback > 1]
    caught = []
    for lookback, names in by(lambda feature: feature.lookback, looking_back):
        caught += culprits(
            checks.assert_lookback_holds,
            from_the_first_row,
            names,
            lookback=lookback - 1,
            cuts=cuts(lookback),
        )
    assert len(caught) > 0.85 * len(looking_back)


def test_features_read_the_fields_of_their_formulas_and_nothing_else():
    for needs, names in by(lambda feature: feature.needs):
        given = {*needs, "close"} if FROM_CLOSE & set(needs) else set(needs)
        assert_each(checks.assert_reads_only, with_a_given_market, names, needs=given)


def test_only_features_that_compare_names_look_past_their_ticker():
    alone = tuple(name for name in NAMES if name not in OF_OTHERS)
    assert_each(checks.assert_tickers_apart, with_a_given_market, alone)
    check = checks.assert_tickers_apart
    assert culprits(check, with_a_given_market, OF_OTHERS) == list(OF_OTHERS)


def test_the_order_of_the_tickers_is_nothing_to_a_feature():
    check = checks.assert_order_of_tickers_is_nothing
    assert_each(check, through_the_front_door, NAMES)


def test_a_name_that_lists_later_changes_nothing_before():
    check = checks.assert_later_listing_is_nothing
    assert_each(check, through_the_front_door, NAMES)


def test_features_are_the_same_in_another_currency_or_say_that_they_are_not():
    """A currency of an eighth: what rounds, rounds alike."""
    check, options = checks.assert_scale_free, {"factor": 8.0, "rtol": 1e-6}
    free = tuple(name for name in NAMES if FEATURES[name].scale_free)
    assert_each(check, with_a_given_market, free, **options)
    others = [name for name in NAMES if not FEATURES[name].scale_free]
    assert culprits(check, with_a_given_market, others, **options) == others


def test_features_have_values_to_check():
    values = through_the_front_door(NAMES)(PRICES)
    for place, name in enumerate(NAMES):
        settled = values[FEATURES[name].lookback - 1 :, :, place]
        assert np.isfinite(settled).mean() > 0.5, name


def test_no_source_file_of_the_signals_looks_forward_but_the_labels():
    folder = Path(alpha_kedro.signals.__file__).parent
    sources = [path for path in folder.rglob("*.py") if path.name != "labels.py"]
    found = {path.name: forward_looking_calls(path.read_text()) for path in sources}
    assert len(found) > 40
    assert not {name: calls for name, calls in found.items() if calls}
