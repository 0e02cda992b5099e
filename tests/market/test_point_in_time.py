"""Quotes of the day, totals from the first bar on, and views of some day, by hand."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.panel import Panel
from alpha_kedro.core.prices import price_panel
from alpha_kedro.market import IngestionSpec, simulate_market
from alpha_kedro.market.adjust import adjustment_of, as_quoted, to_split_basis
from alpha_kedro.market.adjusted_view import adjust_as_of
from alpha_kedro.signals import LabelSpec, build_features, build_labels
from alpha_kedro.signals.features import FEATURES
from tests.market.quotes import SESSIONS, cleaned, make_quotes
from tests.market.test_adjust import make_actions

PRICES = ["open", "high", "low", "close"]
NAN = np.nan


def quoted(closes, volumes):
    """Bars of one ticker that open, trade and close at one price."""
    flat = {name: np.array(closes, dtype=float) for name in PRICES}
    keys = {"date": SESSIONS[: len(closes)], "ticker": "A"}
    rest = {"volume": np.array(volumes, dtype=float), "adj_close": NAN}
    return pd.DataFrame(keys | flat | rest)


# Two for one on the third day, 1 dollar on the old shares on the second and 0.55 on the
# new ones on the fourth.
BY_HAND = quoted([100, 99, 50, 49.45], [10, 20, 40, 60])
EVENTS = make_actions(
    (SESSIONS[1], "A", 1.0, 1.0), (SESSIONS[2], "A", 0.0, 2.0),
    (SESSIONS[3], "A", 0.55, 1.0),
)  # fmt: skip
GROWN = [100, 99 / 0.99, 100 / 0.99, 98.9 / 0.99 / (1 - 0.55 / 50)]


def test_quotes_stay_and_totals_grow_from_the_first_bar():
    bars = cleaned(BY_HAND, actions=EVENTS, basis="raw").bars
    for name in (*PRICES, "volume"):
        np.testing.assert_array_equal(bars[name], BY_HAND[name])
    assert list(bars["share_factor"]) == [1, 1, 2, 2]
    np.testing.assert_allclose(bars["adj_close"], GROWN, rtol=1e-15)


def test_a_split_adjusted_feed_is_put_back_on_the_shares_of_the_day():
    feed, paid = to_split_basis(BY_HAND, EVENTS)
    assert list(feed["close"]) == [50, 49.5, 50, 49.45]
    assert list(paid["dividend"]) == [0.5, 0.0, 0.55]
    listed = paid.assign(split_ratio=EVENTS["split_ratio"])
    found = cleaned(feed, actions=listed).bars
    pd.testing.assert_frame_equal(
        found, cleaned(BY_HAND, actions=EVENTS, basis="raw").bars
    )


def test_only_splits_the_vendor_can_have_applied_are_taken_out():
    later = make_actions((SESSIONS[30], "A", 0.0, 4.0))
    bars, _ = as_quoted(BY_HAND, pd.concat([EVENTS, later]))
    assert list(bars["close"]) == [200, 198, 50, 49.45]


def test_the_end_that_is_asked_for_does_not_change_the_quotes():
    feed, paid = to_split_basis(BY_HAND, EVENTS)
    listed = paid.assign(split_ratio=EVENTS["split_ratio"])
    early = IngestionSpec(end=pd.Timestamp(SESSIONS[1]).date())
    whole = cleaned(feed, actions=listed).bars
    cut = cleaned(feed, actions=listed, spec=early).bars
    pd.testing.assert_frame_equal(cut, whole.head(2))


def test_without_known_splits_bars_are_as_they_came():
    bars = cleaned(BY_HAND, actions=EVENTS.assign(split_ratio=1.0)).bars
    np.testing.assert_array_equal(bars["close"], BY_HAND["close"])
    assert (bars["share_factor"] == 1).all()


def test_actions_of_a_day_without_a_bar_take_effect_at_the_next():
    raw = quoted([100, 1, 48, 48], [1, 1, 1, 1]).drop(index=1)
    events = make_actions((SESSIONS[1], "A", 0.5, 2.0), (SESSIONS[2], "A", 1.5, 1.0))
    bars = cleaned(raw, actions=events, basis="raw").bars
    assert list(bars["share_factor"]) == [1, 2, 2]
    # Both dividends are paid on the new shares: 4 dollars on 100.
    np.testing.assert_allclose(bars["adj_close"], [100, 100, 100], rtol=1e-15)


def test_a_dividend_on_the_day_of_a_split_is_paid_on_the_new_shares():
    raw = quoted([100, 49], [1, 1])
    events = make_actions((SESSIONS[1], "A", 1.0, 2.0))
    bars = cleaned(raw, actions=events, basis="raw").bars
    np.testing.assert_allclose(bars["adj_close"], [100, 100], rtol=1e-15)
    halves = make_actions(*[(SESSIONS[1], "A", 0.5, ratio) for ratio in (2.0, 1.0)])
    again = cleaned(raw, actions=halves, basis="raw").bars
    np.testing.assert_array_equal(again["adj_close"], bars["adj_close"])


def test_every_action_is_accounted_for():
    raw = pd.concat([BY_HAND, make_quotes("V", sessions=SESSIONS[:4])])
    events = make_actions(
        (SESSIONS[2], "A", 0.1, 2.0), (SESSIONS[0], "A", 0.1, 3.0),
        (SESSIONS[30], "A", 0.1, 1.0), (SESSIONS[1], "Z", 0.1, 1.0),
        (SESSIONS[1], "A", 0.0, 1.0), (SESSIONS[1], "V", 0.1, 1.0),
        (SESSIONS[2], "V", 0.1, 0.5),
    )  # fmt: skip
    report = cleaned(raw, actions=events).report
    assert report["actions"] == {
        "n_after_last_bar": 1, "n_applied": 2, "n_before_first_bar": 1, "n_empty": 1,
        "n_in_vendor_close": 1, "n_without_bars": 1,
    }  # fmt: skip
    assert report["adjusted_from"] == {"vendor": 1, "actions": 1, "price_only": 0}


@pytest.mark.parametrize(
    ("day", "closes", "volumes"),
    [
        (0, [100], [10]),
        (1, [99, 99], [10, 20]),
        (2, [49.5, 49.5, 50], [20, 40, 40]),
        (3, [0.989 * 49.5, 0.989 * 49.5, 0.989 * 50, 49.45], [20, 40, 40, 60]),
    ],
    ids=["before", "after a dividend", "after a split", "after both"],
)
def test_the_view_of_a_day_knows_what_had_happened_by_then(day, closes, volumes):
    bars = cleaned(BY_HAND, actions=EVENTS, basis="raw").bars
    seen = adjust_as_of(bars, SESSIONS[day])
    assert list(seen) == ["date", "ticker", *PRICES, "volume"]
    for name in PRICES:
        np.testing.assert_allclose(seen[name], closes, rtol=1e-14)
    np.testing.assert_allclose(seen["volume"], volumes, rtol=1e-14)
    assert seen["close"].iloc[-1] == BY_HAND["close"][day]


def test_a_view_of_several_names_takes_each_at_its_own_last_bar():
    gone = make_quotes("B", sessions=SESSIONS[:2]).assign(adj_close=NAN)
    raw = pd.concat([BY_HAND, gone], ignore_index=True)
    bars = cleaned(raw, actions=EVENTS, basis="raw").bars
    seen = adjust_as_of(bars, SESSIONS[3])
    own = seen[seen["ticker"] == "B"].reset_index(drop=True)
    pd.testing.assert_frame_equal(own, gone[list(own)], check_dtype=False)
    assert adjust_as_of(bars, "2001-01-01").empty


SETTINGS = {"n_tickers": 30, "n_sessions": 520, "split_rate": 1.0, "seed": 5}


@pytest.fixture(scope="module")
def market():
    return simulate_market(basis="raw", **SETTINGS)


@pytest.fixture(scope="module")
def both_bases(market):
    """The bars of one market, from its quotes and from a split-adjusted feed of it."""
    feed, paid = to_split_basis(market.bars, market.actions)
    listed = paid.assign(split_ratio=market.actions["split_ratio"])
    return (
        cleaned(market.bars, actions=market.actions, basis="raw").bars,
        cleaned(feed, actions=listed).bars,
    )


def test_quotes_and_a_split_adjusted_feed_give_the_same_bars(market, both_bases):
    quotes, feed = both_bases
    assert (market.actions["split_ratio"] != 1).sum() > 20
    pd.testing.assert_frame_equal(quotes, feed, rtol=1e-12, atol=0)
    np.testing.assert_array_equal(quotes["share_factor"], feed["share_factor"])
    np.testing.assert_array_equal(quotes["close"], market.bars["close"])


def test_a_simulated_market_adjusts_to_its_own_total_return(both_bases):
    vendor = simulate_market(basis="split_adjusted", **SETTINGS)
    told = cleaned(vendor.bars, actions=vendor.actions)
    assert told.report["adjusted_from"]["vendor"] == told.report["n_tickers"]
    ours, theirs = (
        bars.groupby("ticker")["adj_close"].pct_change()
        for bars in (both_bases[0], told.bars)
    )
    precise = (both_bases[0]["close"] > 5) & (told.bars["adj_close"] > 5)
    assert precise.mean() > 0.7
    np.testing.assert_allclose(ours[precise], theirs[precise], atol=1e-4)
    np.testing.assert_array_equal(
        both_bases[0]["share_factor"], told.bars["share_factor"]
    )


def test_features_and_labels_do_not_depend_on_the_basis(market, both_bases):
    # Ranges of equal cents are ranked by how their prices happen to be rounded.
    names = [name for name in FEATURES if bars_are_enough(name)]
    names.remove("range_rank_7")
    assert len(names) > 0.85 * len(FEATURES)
    spy = market.benchmarks[market.benchmarks["ticker"] == "SPY"]
    features = [build_features(bars, names, benchmark=spy) for bars in both_bases]
    pd.testing.assert_frame_equal(*features, rtol=1e-5, atol=1e-7)
    labels = [labelled(price_panel(bars)) for bars in both_bases]
    pd.testing.assert_frame_equal(*labels, rtol=1e-9)


def labelled(prices):
    everybody = np.ones(prices.axes.shape, dtype=bool)
    spec = LabelSpec(kind="raw")
    return build_labels(prices, mask=everybody, spec=spec, calendar="XNYS")


def bars_are_enough(name):
    elsewhere = ("report.", "sentiment.", "sector")
    has_them = not any(need.startswith(elsewhere) for need in FEATURES[name].needs)
    return has_them and FEATURES[name].formula.needed <= SETTINGS["n_sessions"]


def test_one_share_basis_makes_volumes_comparable(both_bases):
    bars, _ = both_bases
    panel = price_panel(bars)
    worth = panel["close"] * panel["volume"] * quotes_over_totals(bars)
    np.testing.assert_allclose(panel["dollar_volume"], worth, rtol=1e-12)


def quotes_over_totals(bars):
    """Dollars of the day over total-return price times shares of the first bar."""
    level = bars["close"] * bars["share_factor"] / bars["adj_close"]
    return Panel.from_table(bars.assign(level=level), ["level"])["level"]


def test_the_adjustment_of_a_part_is_that_of_the_whole(market):
    bars = market.bars.assign(adj_close=NAN)
    whole = adjustment_of(bars, market.actions)
    for row in (100, 333):
        day = np.unique(bars["date"])[row]
        early = (bars["date"] <= day).to_numpy()
        acted = market.actions[market.actions["date"] <= day]
        part = adjustment_of(bars[early], acted)
        np.testing.assert_array_equal(part.adj_close, whole.adj_close[early])
        np.testing.assert_array_equal(part.share_factor, whole.share_factor[early])
