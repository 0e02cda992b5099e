"""Alpha158 says what Qlib says, and says it the same whatever surrounds a bar."""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Panel
from alpha_kedro.core.prices import price_panel
from alpha_kedro.signals import (
    build_features,
    compute_features,
    feature_names,
    forward_returns,
    longest_lookback,
    with_quotes,
)
from alpha_kedro.signals.formulas import evaluate
from tests.causality.checks import assert_lookback_holds, assert_same_bits
from tests.parity.alpha158_twin import NAMES, slow_alpha158

GOLDEN = Path(
    os.environ.get(
        "ALPHA_KEDRO_GOLDEN", Path(__file__).parents[3] / "shared" / "golden"
    )
)
golden_only = pytest.mark.skipif(
    not GOLDEN.exists(), reason="no values of Qlib on this machine"
)
PAIRS = ("alpha158", "alpha158_real")
ROUNDING = ("WVMA10", "GB000", slice("2017-02-02", "2017-03-15"))
"""Where the reference prints what is left of a moving sum, and the truth is 0."""


def panel_of(bars):
    return with_quotes(price_panel(bars), bars)


def at(panel, values, rows):
    """The cells of an array (n_dates, n_tickers) that an index (ticker, date) names."""
    columns = pd.Index(panel.tickers).get_indexer(rows.get_level_values("ticker"))
    places = pd.Index(panel.dates).get_indexer(rows.get_level_values("date"))
    return values[places, columns].astype(float)


# What Qlib computed.


@cache
def bars_of(pair):
    bars = pd.read_parquet(GOLDEN / f"{pair}_input.parquet")
    return bars.astype({"date": "datetime64[us]"})


@cache
def expected_of(pair):
    """The columns of Qlib by (ticker, date), days missing inside a listing included."""
    table = pd.read_parquet(GOLDEN / f"{pair}_expected.parquet")
    keys = {"instrument": "ticker", "datetime": "date"}
    return table.rename(columns=keys).set_index(["ticker", "date"]).sort_index()


def assert_agrees(found, wanted, name):
    """NaN where the reference is, and elsewhere as close as 32 bits allow."""
    assert_array_equal(np.isnan(found), np.isnan(wanted), err_msg=name)
    assert_allclose(found, wanted, rtol=1e-4, atol=1e-4, err_msg=name)


@golden_only
@pytest.mark.parametrize("pair", PAIRS)
def test_all_columns_say_what_qlib_says(pair):
    panel, expected = panel_of(bars_of(pair)), expected_of(pair).copy()
    values = compute_features(panel, "alpha158")
    name, ticker, days = ROUNDING
    if ticker in expected.index.levels[0]:
        assert (expected.loc[(ticker, days), name] > 1e9).sum() == 30
        expected.loc[(ticker, days), name] = 0.0
    assert [*values, "LABEL0"] == list(expected.columns)
    for name, column in values.items():
        found = at(panel, column, expected.index)
        assert_agrees(found, expected[name].to_numpy(dtype=float), name)


@golden_only
@pytest.mark.parametrize("pair", PAIRS)
def test_the_label_is_that_of_a_market_that_trades_at_its_closes(pair):
    """Qlib buys at the next close and sells at the one after it.

    Where there is no bar to sell at it has no label; ours holds the position at its
    last close, or takes the loss of a delisting. Everywhere else they are equal.
    """
    panel, expected = panel_of(bars_of(pair)), expected_of(pair)["LABEL0"]
    close = panel["quoted_close"]
    traded_at_close = Panel(panel.axes, {**panel.fields, "open": close, "close": close})
    label = forward_returns(traded_at_close, horizon=1, delisting_return=-0.3)
    has_exit = np.zeros(close.shape, dtype=bool)
    has_exit[:-2] = np.isfinite(close[2:])
    sold = at(panel, has_exit, expected.index).astype(bool)
    found = at(panel, label, expected.index)
    assert_agrees(found[sold], expected[sold].to_numpy(dtype=float), "LABEL0")
    assert expected[~sold].isna().all()
    assert set(known(found[~sold])) <= {0.0, -0.3}


def known(values):
    return np.round(values[~np.isnan(values)], 12)


@golden_only
@pytest.mark.parametrize("ticker", ["GB002", "GB004"], ids=["hole", "thirty days"])
def test_the_twin_says_what_qlib_says(ticker):
    """Where the twin is shown less of the past, once it makes no difference."""
    bars = bars_of("alpha158")
    cut, settled = (120, 61) if ticker == "GB002" else (0, 0)
    sessions = np.sort(bars["date"].unique())[cut : cut + 90]
    own = bars[(bars["ticker"] == ticker) & bars["date"].isin(sessions)]
    twin = slow_alpha158(own, sessions).iloc[settled:]
    expected = expected_of("alpha158").reindex(twin.index)
    assert expected["KMID"].isna().any() == (ticker == "GB002")
    for name in NAMES:
        assert_agrees(twin[name].to_numpy(), expected[name].to_numpy(float), name)


# A market of hard cases, for machines without the values of Qlib.


def walk(rng, ticker, dates):
    close = 20 * np.exp(np.cumsum(rng.normal(0, 0.02, len(dates))))
    open_ = close * np.exp(rng.normal(0, 0.01, len(dates)))
    spread = np.exp(np.abs(rng.normal(0, 0.01, (2, len(dates)))))
    prices = {
        "open": open_,
        "high": np.maximum(open_, close) * spread[0],
        "low": np.minimum(open_, close) / spread[1],
        "close": close,
        "vwap": np.sqrt(open_ * close),
    }
    rounded = {name: np.round(values, 1) for name, values in prices.items()}  # ties
    volume = np.round(rng.lognormal(10, 1, len(dates)))
    return pd.DataFrame({"date": dates, "ticker": ticker, **rounded, "volume": volume})


@cache
def hard_bars(n_sessions=100):
    """A jump, forty flat days, days unsold, holes, a short listing and a lone bar.

    The flat days move by what 32 bits cannot hold. CENT costs so little that it counts
    as at rest half of the time. AWAY is back on the day on which sixty sessions from
    the last one reach those that remember it as listed.
    """
    rng = np.random.default_rng(3)
    dates = pd.bdate_range("2020-01-01", periods=n_sessions).as_unit("us")
    names = ("JUMP", "FLAT", "IDLE", "HOLE", "LATE", "LONE", "AWAY", "CENT")
    walks = (walk(rng, name, dates) for name in names)
    jump, flat, idle, hole, late, lone, away, cent = walks
    prices = ["open", "high", "low", "close", "vwap"]
    last = n_sessions - 1
    jump.loc[last - 50 :, prices] *= 100
    rest = range(last - 70, last - 30)
    flat.loc[rest, prices] = 12.5 * (1 + 1e-9 * rng.random((len(rest), 5)))
    cent[prices] *= 4e-5
    idle.loc[idle.index % 7 == 0, "volume"] = 0.0
    idle.loc[last - 40 : last - 30, "volume"] = 0.0
    hole = hole.drop(index=[*range(last - 45, last - 39), last - 20])
    late = late.loc[last - 33 : last - 4]
    lone = lone.loc[[last - 10]]
    away = away.drop(index=range(max(last - 310, 0), last - 54))
    tables = (jump, flat, idle, hole, late, lone, away, cent)
    return pd.concat(tables, ignore_index=True)


def test_all_columns_say_what_the_slow_twin_says():
    panel = panel_of(hard_bars())
    twin = slow_alpha158(hard_bars(), panel.dates)
    values = compute_features(panel, "alpha158")
    assert list(values) == NAMES == list(feature_names("alpha158"))
    for name in NAMES:
        assert_agrees(at(panel, values[name], twin.index), twin[name].to_numpy(), name)


def test_days_without_a_bar_have_no_row():
    table = build_features(hard_bars(), "alpha158")
    wanted = hard_bars()[["date", "ticker"]].sort_values(["date", "ticker"])
    assert_frame_equal(table[["date", "ticker"]], wanted.reset_index(drop=True))
    assert list(table.columns[2:]) == NAMES
    assert set(table.dtypes.iloc[2:]) == {np.dtype("float32")}


# What a value may depend on.


def same(one, other):
    assert_frame_equal(one, other, check_exact=True)


def test_order_of_the_rows_and_further_columns_are_nothing():
    bars = hard_bars().sample(frac=1, random_state=0)
    more = bars.assign(sector="Zinc", note=None)
    same(build_features(more, "alpha158"), build_features(hard_bars(), "alpha158"))


def test_prices_are_those_quoted_whatever_the_total_return():
    with_dividends = hard_bars().assign(adj_close=0.8 * hard_bars()["close"])
    whole = build_features(hard_bars(), "alpha158")
    same(build_features(with_dividends, "alpha158"), whole)


@pytest.mark.parametrize("ticker", ["JUMP", "FLAT", "IDLE"])
def test_a_ticker_by_itself_has_the_values_it_has_among_others(ticker):
    own = hard_bars()[hard_bars()["ticker"] == ticker]
    whole = build_features(hard_bars(), "alpha158")
    alone = whole[whole["ticker"] == ticker].reset_index(drop=True)
    same(build_features(own, "alpha158"), alone)


def test_a_window_may_begin_before_the_history_does():
    """A history of thirty days has all but the price of thirty days ago, and sixty."""
    late = hard_bars()[hard_bars()["ticker"] == "LATE"]
    names = [name for name in NAMES if name not in ("ROC30", "ROC60")]
    whole = build_features(hard_bars(), names)
    alone = whole[whole["ticker"] == "LATE"].reset_index(drop=True)
    same(build_features(late, names), alone)
    with pytest.raises(ConfigError, match="AK-C021") as caught:
        build_features(late, "alpha158")
    assert caught.value.where == ["ROC30", "ROC60"]


def test_a_lone_bar_has_what_one_day_can_say():
    table = build_features(hard_bars(), "alpha158")
    lone = table[table["ticker"] == "LONE"].iloc[0]
    assert lone[["KMID", "MA5", "CNTP60", "IMAX5", "VMA20"]].notna().all()
    assert lone[["ROC5", "STD5", "BETA5", "SUMP5", "CORR60"]].isna().all()
    assert lone["IMAX5"] == pytest.approx(1 / 5)


def test_the_names_of_the_tickers_are_nothing():
    """Under names that sort the other way each ticker keeps its bits."""
    turned = hard_bars().assign(ticker=hard_bars()["ticker"].str[::-1])
    table = build_features(turned, "alpha158")
    table["ticker"] = table["ticker"].str[::-1]
    table = table.sort_values(["date", "ticker"], ignore_index=True)
    same(table, build_features(hard_bars(), "alpha158"))


def test_a_feature_asked_for_alone_has_the_bits_it_has_among_all():
    panel = panel_of(hard_bars())
    whole = compute_features(panel, "alpha158")
    for name in NAMES:
        assert_same_bits(compute_features(panel, name)[name], whole[name], name)


@pytest.mark.parametrize("threads", [1, 2])
def test_blocks_and_threads_change_no_bit(monkeypatch, threads):
    herd = [
        hard_bars().assign(ticker=hard_bars()["ticker"] + end) for end in "abcdefghi"
    ]
    bars = pd.concat(herd, ignore_index=True)
    whole = build_features(bars, "alpha158")
    inside = evaluate.__globals__
    assert bars["ticker"].nunique() > 2 * inside["_REGISTERS"]
    monkeypatch.setitem(inside, "_CELLS_PER_BLOCK", 1)
    same(build_features(bars, "alpha158", threads=threads), whole)


def test_the_lookback_alone_gives_the_last_row_and_one_session_less_does_not():
    """At cuts in and after the holes, as listings begin and end, on flat days."""
    lookback, n_sessions = longest_lookback("alpha158"), 400
    panel = panel_of(hard_bars(n_sessions))
    last = n_sessions - 1

    def stacked(prices):
        return np.stack([*compute_features(prices, "alpha158").values()], axis=-1)

    cuts = {*range(lookback, n_sessions, 5), *range(last - 47, last - 31), last}
    assert_lookback_holds(stacked, panel, lookback=lookback, cuts=sorted(cuts))
    with pytest.raises(AssertionError, match="cells moved"):
        assert_lookback_holds(stacked, panel, lookback=lookback - 1, cuts=[last])
