"""The simulated market is a believable, reproducible and honest set of tables."""

import re
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Panel
from alpha_kedro.core.prices import price_panel
from alpha_kedro.market.adjust import to_split_basis, total_return_close
from alpha_kedro.market.simulated import SimulatedMarket, simulate_market
from alpha_kedro.market.simulated.returns import _skewed
from alpha_kedro.market.simulated.tables import index_members, membership_table

TABLES = ("bars", "membership", "sectors", "benchmarks", "actions", "truth")
QUOTES = ("open", "high", "low", "close")
EVENTFUL = {"delisting_rate": 0.15, "split_rate": 0.5, "halt_rate": 1.0}
WILD = {"idiosyncratic_volatility": 0.6, "stress_spell": 400.0, "calm_spell": 2.0}


@cache
def eventful(**settings: object) -> SimulatedMarket:
    return simulate_market(60, 500, 11, 0.05, **(EVENTFUL | settings))


def fingerprint(market: SimulatedMarket) -> dict[str, bytes]:
    return {
        name: pd.util.hash_pandas_object(getattr(market, name)).to_numpy().tobytes()
        for name in TABLES
    }


def test_a_market_unpacks_into_bars_and_truth() -> None:
    bars, truth = eventful()
    assert bars is eventful().bars
    assert list(truth) == ["date", "ticker", "signal", "forecast"]


def test_every_table_is_sorted_and_typed() -> None:
    market = eventful()
    for name in ("bars", "benchmarks", "actions", "truth"):
        table = getattr(market, name)
        assert table["date"].dtype == "datetime64[us]"
        assert table["ticker"].dtype == "str"
        expected = table.sort_values(["date", "ticker"], kind="stable")
        pd.testing.assert_frame_equal(table, expected)
    assert market.bars["volume"].dtype == np.int64
    assert market.bars["date"].nunique() == 500


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first, again = (simulate_market(40, 400, 5, **EVENTFUL) for _ in range(2))
    other = simulate_market(40, 400, 6, **EVENTFUL)
    assert fingerprint(first) == fingerprint(again)
    for name in TABLES:
        assert fingerprint(first)[name] != fingerprint(other)[name]


def test_a_longer_market_begins_with_the_same_signals_and_returns() -> None:
    calm = {"information_coefficient": 0.0, "late_share": 0.0}
    short, longer = (simulate_market(30, n, **calm) for n in (120, 300))
    keys = ["date", "ticker"]
    truths = short.truth.merge(longer.truth, on=keys, validate="1:1")
    assert len(truths) == len(short.truth)
    assert (truths["signal_x"] == truths["signal_y"]).all()
    panels = [price_panel(market.bars) for market in (short, longer)]
    growth = [np.log(panel["close"][1:120] / panel["close"][:119]) for panel in panels]
    assert np.allclose(*growth, atol=1e-4, equal_nan=True)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    basis=st.sampled_from(["split_adjusted", "raw"]),
    overnight=st.floats(0.05, 0.9),
    volatility=st.floats(0.05, 0.4),
)
def test_open_and_close_lie_within_the_range(
    seed: int, basis: str, overnight: float, volatility: float
) -> None:
    bars, _ = simulate_market(
        20,
        100,
        seed,
        basis=basis,
        overnight_share=overnight,
        idiosyncratic_volatility=volatility,
        **EVENTFUL,
    )
    assert (bars["low"] > 0).all()
    assert (bars["low"] <= bars[["open", "close"]].min(axis=1)).all()
    assert (bars["high"] >= bars[["open", "close"]].max(axis=1)).all()
    assert (bars["volume"] >= 0).all()


def test_prices_have_four_decimals() -> None:
    prices = eventful().bars[[*QUOTES, "adj_close"]].to_numpy()
    assert (prices == np.round(prices, 4)).all()


def test_the_close_location_shows_the_signal_up_to_rounding() -> None:
    market = eventful()
    seen = market.bars.merge(market.truth, on=["date", "ticker"])
    reach = seen["high"] - seen["low"]
    shown = (seen["close"] - seen["low"]) / reach
    assert ((shown - ndtr(seen["signal"])).abs() <= 1.01e-4 / reach + 1e-12).all()


def test_a_halt_is_a_flat_bar_without_volume_and_shows_no_signal() -> None:
    market = eventful()
    bars = market.bars.assign(before=market.bars.groupby("ticker")["close"].shift())
    halts = bars[bars["volume"] == 0]
    assert len(halts) > 20
    for name in QUOTES:
        assert (halts[name] == halts["before"]).all()
    unseen = halts.merge(market.truth, on=["date", "ticker"])
    assert unseen.empty
    assert len(halts) + len(market.truth) == len(bars)


def test_names_list_late_die_early_and_have_no_hole_between() -> None:
    market = simulate_market(200, 500, 3, **EVENTFUL)
    close = Panel.from_table(market.bars, ["close"])["close"]
    listed = np.isfinite(close)
    starts = np.diff(listed.astype(int), axis=0, prepend=0) == 1
    assert (starts.sum(axis=0) == 1).all()
    assert listed.shape == (500, 200)
    assert 10 < (~listed[0]).sum() < 60
    assert 20 < (~listed[-1]).sum() < 100


def test_a_crash_comes_with_the_last_bar_and_so_warns_nobody() -> None:
    crashed, calm = (
        price_panel(simulate_market(200, 500, 3, crash_share=x, **EVENTFUL).bars)
        for x in (1.0, 0.0)
    )
    died = ~np.isfinite(crashed["close"][-1])
    loss = np.log(crashed["close"] / calm["close"])
    last = crashed["close"][:, died].shape[0] - 1
    last -= np.isfinite(crashed["close"][:, died])[::-1].argmax(axis=0)
    fall = np.diff(loss[:, died], axis=0)[last - 1, np.arange(died.sum())]
    assert died.sum() > 20
    assert (fall < np.log(1 - 0.39)).all()
    fallen = np.abs(np.diff(loss, axis=0)) > 0.01
    assert fallen.sum() == died.sum()


def test_a_split_moves_raw_prices_and_volumes_but_not_adjusted_ones() -> None:
    raw, adjusted = eventful(basis="raw"), eventful()
    assert "adj_close" not in raw.bars
    assert set(raw.actions["split_ratio"]) == {0.125, 1.0, 1.5, 2.0, 3.0}
    splits = raw.actions[raw.actions["split_ratio"] != 1]
    jumps = splits.merge(_with_previous_close(raw)).merge(
        _with_previous_close(adjusted), on=["date", "ticker"], suffixes=("", "_adj")
    )
    expected = jumps["close_adj"] / jumps["before_adj"] / jumps["split_ratio"]
    assert np.allclose(jumps["close"] / jumps["before"], expected, rtol=1e-3)
    last = raw.bars.groupby("ticker").tail(1).index
    shown = [*QUOTES, "volume"]
    pd.testing.assert_frame_equal(
        raw.bars.loc[last, shown], adjusted.bars.loc[last, shown]
    )


def test_raw_prices_adjusted_by_the_actions_return_what_the_vendor_says() -> None:
    raw, vendor = eventful(basis="raw"), eventful()
    bars, actions = to_split_basis(raw.bars, raw.actions)
    bars["adj_close"] = np.nan
    bars["adj_close"], _ = total_return_close(bars, actions)
    ours, theirs = (
        table.groupby("ticker")["adj_close"].pct_change(fill_method=None)
        for table in (bars, vendor.bars)
    )
    precise = (raw.bars["close"] > 5) & (vendor.bars["adj_close"] > 5)
    assert precise.mean() > 0.7
    assert np.allclose(ours[precise], theirs[precise], atol=1e-4, equal_nan=True)


def test_dividends_are_quarterly_and_stand_on_the_basis_of_the_bars() -> None:
    raw, adjusted = eventful(basis="raw"), eventful()
    dividends = [
        market.actions.merge(_with_previous_close(market)).query("dividend > 0")
        for market in (raw, adjusted)
    ]
    shares = [table["dividend"] / table["before"] for table in dividends]
    assert np.allclose(*shares, rtol=1e-3)
    assert 0.0005 < shares[0].min() < shares[0].max() < 0.03
    days = raw.actions.query("dividend > 0").groupby("ticker")["date"].diff().dt.days
    assert days.min() >= 85


def test_index_members_are_the_largest_known_on_the_eve_by_hand() -> None:
    dates = np.array(
        ["2020-12-30", "2020-12-31", "2021-01-04", "2021-01-05"], "datetime64[us]"
    )
    nan = np.nan
    size = np.array(
        [
            [9.0, 5.0, 1.0, nan],
            [1.0, 5.0, 9.0, nan],  # B and C change places, the review is over
            [1.0, 5.0, 9.0, nan],  # reviewed: A leaves; D lists today
            [9.0, nan, 9.0, 7.0],  # B is gone; D was large enough at its first close
        ]
    )
    listed = np.array([[1, 1, 1, 0], [1, 1, 1, 0], [1, 1, 1, 1], [1, 0, 1, 1]], bool)
    member = index_members(size, listed, dates, share=0.5)
    expected = [[1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 1]]
    assert (member == np.array(expected, bool)).all()


def test_membership_does_not_look_ahead() -> None:
    rng = np.random.default_rng(0)
    size = np.exp(np.cumsum(rng.normal(0, 0.1, (600, 30)), axis=0))
    listed = np.ones(size.shape, bool)
    dates = np.datetime64("2020-01-01", "us") + np.arange(600) * np.timedelta64(1, "D")
    whole = index_members(size, listed, dates, share=0.8)
    for cut in (1, 200, 366, 367, 500):
        spoiled = size.copy()
        spoiled[cut:] = rng.permutation(spoiled[cut:].ravel()).reshape(-1, 30)
        seen = index_members(spoiled, listed, dates, share=0.8)
        assert (seen[:cut] == whole[:cut]).all()
        short = index_members(size[:cut], listed[:cut], dates[:cut], share=0.8)
        assert (short == whole[:cut]).all()


def test_stays_in_the_index_are_dated_inclusively_and_open_while_they_last() -> None:
    panel = Panel.from_table(
        pd.DataFrame(
            {
                "date": pd.to_datetime(["2020-01-02", "2020-01-03", "2020-01-06"]),
                "ticker": ["AAAA", "BBBB", "AAAA"],
            }
        ),
        [],
    )
    member = np.array([[True, False], [True, True], [False, True]])
    table = membership_table(panel.axes, member)
    assert table["ticker"].tolist() == ["AAAA", "BBBB"]
    assert table["start"].dt.day.tolist() == [2, 3]
    assert table["end"].dt.day[0] == 3
    assert table["end"].isna().tolist() == [False, True]


def test_members_are_listed_and_about_four_fifths_of_the_names() -> None:
    market = eventful()
    spans = market.bars.groupby("ticker")["date"].agg(["min", "max"])
    stays = market.membership.join(spans, on="ticker")
    assert (stays["start"] >= stays["min"]).all()
    assert (stays["end"].isna() | (stays["end"] <= stays["max"])).all()
    first = market.bars["date"].min()
    opened = (market.membership["start"] == first).sum()
    assert opened == pytest.approx(0.8 * (spans["min"] == first).sum(), abs=1)


def test_the_funds_follow_the_names_and_vix_the_volatility() -> None:
    market = simulate_market(100, 800, 2)
    funds = Panel.from_table(market.benchmarks, ["adj_close"])
    assert funds.tickers.tolist() == ["QQQ", "SPY", "VIX"]
    qqq, spy, vix = funds["adj_close"].T
    close = price_panel(market.bars)["close"]
    average = np.nanmean(close[1:] / close[:-1] - 1, axis=1)
    moves = spy[1:] / spy[:-1] - 1
    assert np.corrcoef(moves, average)[0, 1] > 0.9
    assert 0.7 < np.corrcoef(moves, qqq[1:] / qqq[:-1] - 1)[0, 1] < 0.999
    assert np.corrcoef(np.abs(moves), vix[1:])[0, 1] > 0.3


def test_benchmarks_are_sound_bars_and_vix_has_no_volume() -> None:
    benchmarks = eventful().benchmarks
    inner = benchmarks[["open", "close"]]
    assert (benchmarks["low"] <= inner.min(axis=1)).all()
    assert (benchmarks["high"] >= inner.max(axis=1)).all()
    vix = benchmarks[benchmarks["ticker"] == "VIX"]
    assert (vix["volume"] == 0).all()
    assert (vix["adj_close"] == vix["close"]).all()
    assert (benchmarks["volume"] == 0).sum() == len(vix)


def test_volatility_clusters_and_volume_follows_it() -> None:
    market = simulate_market(100, 1_500, 4)
    spy = market.benchmarks.query("ticker == 'SPY'")["adj_close"].to_numpy()
    size = np.abs(np.diff(np.log(spy)))
    assert np.corrcoef(size[1:], size[:-1])[0, 1] > 0.1
    panel = price_panel(market.bars)
    moves = np.abs(np.log(panel["close"][1:] / panel["close"][:-1]))
    volume = panel["dollar_volume"][1:]
    alive = np.isfinite(moves[:, 0]) & (volume[:, 0] > 0)
    assert np.corrcoef(moves[alive, 0], np.log(volume[alive, 0]))[0, 1] > 0.2


def test_tickers_survive_yaml_and_file_names() -> None:
    tickers = simulate_market(2_000, 70).sectors["ticker"]
    assert tickers.is_unique
    assert tickers.is_monotonic_increasing
    assert all(re.fullmatch("[A-Z]{1,5}", ticker) for ticker in tickers)
    assert not set(tickers) & {"ON", "NO", "YES", "TRUE", "FALSE", "NULL", "NONE", "NA"}


def test_sectors_are_the_eleven_of_gics() -> None:
    assert simulate_market(500, 70).sectors["sector"].nunique() == 11


@pytest.mark.parametrize("skew", [-6.0, -1.0, -0.1, 0.3, 2.0])
def test_skewed_shocks_have_the_moments_asked_for(skew: float) -> None:
    points, weights = np.polynomial.hermite_e.hermegauss(80)
    weights = weights / weights.sum()
    shocks = _skewed(points, np.full(points.shape, skew))
    moments = [weights @ shocks**power for power in (1, 2, 3)]
    assert moments == pytest.approx([0.0, 1.0, skew], abs=2e-3)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"horizn": 5}, "AK-C003"),
        ({"information_coefficient": 0.5}, "AK-C003"),
        ({"information_coefficient": 0.3, "horizon": 63}, "AK-C010"),
        ({"calm_volatility": 0.05, "stress_volatility": 0.6} | WILD, "AK-C011"),
        ({"calendar": "XSHG", "n_sessions": 6_000, "n_tickers": 20}, "AK-C012"),
        ({"late_share": 1.0}, "AK-C013"),
    ],
)
def test_impossible_markets_are_refused(settings: dict[str, object], code: str) -> None:
    block = {"n_tickers": 200, "n_sessions": 400} | settings
    with pytest.raises(ConfigError) as caught:
        simulate_market(**block)  # type: ignore[arg-type]
    assert caught.value.code == code


def _with_previous_close(market: SimulatedMarket) -> pd.DataFrame:
    before = market.bars.groupby("ticker")["close"].shift()
    return market.bars.assign(before=before)[["date", "ticker", "close", "before"]]
