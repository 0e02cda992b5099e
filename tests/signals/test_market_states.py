"""The states of the market by hand, by their slow twins, and blind to the future."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Axes, Panel
from alpha_kedro.signals.market_states import (
    MarketStateSpec,
    build_market_states,
    dispersion,
    mean_correlation,
    trend,
)

nan = np.nan
SPEC = MarketStateSpec(
    volatility_window=4,
    dispersion_window=3,
    correlation_window=6,
    trend_window=8,
    min_names=3,
)
N_DATES, N_NAMES = 40, 9


@pytest.fixture(scope="module")
def market():
    """Prices of nine names with gaps and late listings, and who is a member."""
    rng = np.random.default_rng(7)
    common = rng.normal(0, 0.01, size=(N_DATES, 1))
    close = 100 * np.cumprod(1 + common + rng.normal(0, 0.01, (N_DATES, N_NAMES)), 0)
    close[:12, 3] = nan
    close[20, 5] = nan
    close[:, 7] = 50.0
    dates = pd.bdate_range("2021-01-04", periods=N_DATES).as_unit("us")
    axes = Axes.of(dates, [f"T{place}" for place in range(N_NAMES)])
    return Panel(axes, {"close": close}), rng.random((N_DATES, N_NAMES)) < 0.9


def quotes(dates, **levels):
    """Return the bars of series, one price a session."""
    prices = dict.fromkeys(("open", "high", "low", "close", "adj_close"))
    bars = [
        pd.DataFrame({"date": dates, "ticker": ticker, "volume": 0.0}).assign(
            **dict.fromkeys(prices, close)
        )
        for ticker, close in levels.items()
    ]
    return pd.concat(bars, ignore_index=True)


def slow_states(prices, mask, spec):
    """Every number from the rows it is defined on, one session at a time."""
    close = pd.DataFrame(prices["close"])
    ret = close / close.shift() - 1
    members = ret.where(mask)
    market, spread = members.mean(axis=1), members.std(axis=1)
    spread[members.count(axis=1) < spec.min_names] = nan
    rows = []
    for last in range(len(close)):
        upto = slice(0, last + 1)
        rows.append(
            {
                "market_return": market[last],
                "market_volatility": whole(market[upto], 4).std(),
                "dispersion": whole(spread[upto], 3).mean(),
                "correlation": pairs(ret[upto], mask[last], spec),
                "trend": climb(market[upto], spec.trend_window),
            }
        )
    return pd.DataFrame(rows)


def whole(values, window):
    """The last values where all of them are known, else none."""
    recent = values.tail(window)
    return recent if recent.count() == window else recent[:0]


def pairs(ret, members, spec):
    recent = ret.loc[:, members].tail(spec.correlation_window).dropna(axis=1)
    moving = recent.loc[:, recent.std() > 0]
    if len(recent) < spec.correlation_window or moving.shape[1] < spec.min_names:
        return nan
    table = moving.corr().to_numpy()
    return table[~np.eye(len(table), dtype=bool)].mean()


def climb(market, window):
    level = (1 + whole(market, window)).cumprod()
    return level.iloc[-1] / level.mean() - 1 if len(level) else nan


def test_the_states_of_a_market_are_those_of_the_slow_twin(market):
    prices, mask = market
    found = build_market_states(prices, mask=mask, spec=SPEC)
    assert_array_equal(found["date"], prices.dates)
    wanted = slow_states(prices, mask, SPEC)
    assert found.columns.tolist() == ["date", *wanted]
    for name in wanted:
        assert_allclose(found[name], wanted[name], rtol=1e-9, atol=1e-12)
    assert found.notna().all(axis=1).sum() > 25


def test_each_state_begins_where_its_window_is_known(market):
    prices, mask = market
    found = build_market_states(prices, mask=mask, spec=SPEC)
    first = found.drop(columns="date").notna().idxmax()
    # A return takes two closes; a mean of levels, as many of them as there are.
    assert first.tolist() == [1, 4, 3, 6, 8]


@pytest.mark.parametrize("cut", [9, 21, 33])
@pytest.mark.parametrize("change", ["cut", "garbled", "listed"])
def test_what_comes_later_moves_no_bit(market, cut, change):
    prices, mask = market
    rng = np.random.default_rng(cut)
    close = prices["close"].copy()
    tickers, dates = list(prices.tickers), prices.dates
    if change == "cut":
        close, mask, dates = close[:cut], mask[:cut], dates[:cut]
    elif change == "garbled":
        close[cut:] = rng.lognormal(size=close[cut:].shape)
        mask = np.vstack([mask[:cut], ~mask[cut:]])
    else:
        late = np.full((N_DATES, 1), nan)
        late[cut:] = 20 + np.arange(N_DATES - cut)[:, None]
        close = np.hstack([late, close])
        mask = np.hstack([np.ones((N_DATES, 1), bool), mask])
        tickers = ["A", *tickers]
    other = Panel(Axes.of(dates, tickers), {"close": close})
    before = build_market_states(prices, mask=market[1], spec=SPEC)[:cut]
    after = build_market_states(other, mask=mask, spec=SPEC)[:cut]
    pd.testing.assert_frame_equal(after, before, check_exact=True)


def test_a_change_of_today_is_seen_today(market):
    """The test above would pass for states that look at nothing."""
    prices, mask = market
    close = prices["close"].copy()
    close[30] *= np.linspace(0.9, 1.2, N_NAMES)
    mask = mask.copy()
    mask[30] = True
    other = Panel(prices.axes, {"close": close})
    changed = build_market_states(other, mask=mask, spec=SPEC).iloc[30]
    before = build_market_states(prices, mask=mask, spec=SPEC).iloc[30]
    assert (changed.drop("date") != before.drop("date")).all()


def test_dispersion_by_hand():
    ret = np.array([[0.01, 0.03, 0.5], [0.02, 0.02, 0.02], [0.01, nan, nan]])
    mask = np.array([[True, True, False], [True] * 3, [True] * 3])
    assert_allclose(dispersion(ret, mask, min_names=2), [np.sqrt(2) / 100, 0.0, nan])


def test_correlation_by_hand():
    up, down = [0.01, -0.01, 0.03], [-0.01, 0.01, -0.03]
    everyone = np.ones((3, 2), dtype=bool)
    for names, wanted in (((up, up), 1.0), ((up, down), -1.0)):
        ret = np.array(names).T
        found = mean_correlation(ret, everyone, window=3, min_names=2)
        assert_allclose(found, [nan, nan, wanted])


def test_names_at_rest_have_no_correlation():
    moving = np.array([0.01, -0.01, 0.03])
    ret = np.column_stack([moving, 2 * moving, np.full(3, 0.1), np.zeros(3)])
    everyone = np.ones(ret.shape, dtype=bool)
    found = mean_correlation(ret, everyone, window=3, min_names=2)
    assert_allclose(found[2], 1.0)
    assert np.isnan(mean_correlation(ret, everyone, window=3, min_names=3)[2])


def test_trend_by_hand():
    found = trend(np.array([nan, 0.1, 0.1, nan, 0.0, -0.5]), window=2)
    assert_allclose(found, [nan, nan, 1.21 / 1.155 - 1, nan, nan, 0.5 / 0.75 - 1])


def test_a_benchmark_may_stand_for_the_market(market):
    prices, mask = market
    level = 300 * 1.001 ** np.arange(N_DATES)
    spec = SPEC.model_copy(update={"benchmark": "SPY", "implied_volatility": "VIX"})
    bars = quotes(prices.dates, SPY=level, VIX=np.arange(N_DATES) + 10.0)
    found = build_market_states(prices, mask=mask, spec=spec, benchmarks=bars)
    assert_allclose(found["market_return"][1:], 0.001)
    assert_allclose(found["market_volatility"][4:], 0.0, atol=1e-14)
    assert_array_equal(found["implied_volatility"], np.arange(N_DATES) + 10.0)
    plain = build_market_states(prices, mask=mask, spec=SPEC)
    assert_array_equal(found["correlation"], plain["correlation"])


@pytest.mark.parametrize("bars", ["none", "others"])
def test_a_benchmark_nobody_has_is_refused(market, bars):
    prices, mask = market
    spec = SPEC.model_copy(update={"implied_volatility": "VIXX"})
    table = None if bars == "none" else quotes(prices.dates, SPY=1.0, VIX=1.0)
    with pytest.raises(ConfigError, match="AK-C145") as refused:
        build_market_states(prices, mask=mask, spec=spec, benchmarks=table)
    assert ("VIX'" in str(refused.value)) is (table is not None)


def test_a_panel_shorter_than_every_window_has_no_states(market):
    prices, mask = market
    few = Panel(
        Axes.of(prices.dates[:3], prices.tickers), {"close": prices["close"][:3]}
    )
    found = build_market_states(few, mask=mask[:3], spec=SPEC)
    assert len(found) == 3
    assert found[["market_volatility", "correlation", "trend"]].isna().all(axis=None)
