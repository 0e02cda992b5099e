"""What holds of every technical indicator: bounds, currency, warm-up, real prices."""

import os
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from alpha_kedro.core.panel import Panel
from alpha_kedro.core.prices import price_panel
from alpha_kedro.signals import FEATURES, compute_features
from alpha_kedro.signals.library import (
    candles,
    channels,
    directional_movement,
    macd,
    moving_averages,
    oscillators,
    ranges,
    trend_lines,
    volatility_estimators,
    volume_flow,
)
from tests.signals.slow_windows import PRICES, random_bars, registered

NAMES = registered(
    candles,
    channels,
    directional_movement,
    macd,
    moving_averages,
    oscillators,
    ranges,
    trend_lines,
    volatility_estimators,
    volume_flow,
)
DATA = Path(
    os.environ.get("ALPHA_KEDRO_DATA", Path(__file__).parents[3] / "shared" / "data")
)
every_indicator = pytest.mark.parametrize("name", NAMES)

PERCENT, SHARE, SIGNED = (0, 100), (0, 1), (-1, 1)
BOUNDS = {
    **dict.fromkeys(("rsi_wilder", "stochastic_k", "stochastic_d", "mfi"), PERCENT),
    **dict.fromkeys(("stochastic_slow_d", "ultimate_oscillator"), PERCENT),
    **dict.fromkeys(("plus_di", "minus_di", "adx", "aroon_up", "aroon_down"), PERCENT),
    **dict.fromkeys(("stochastic_rsi", "efficiency_ratio", "trend_fit"), SHARE),
    **dict.fromkeys(("overnight_volatility_share", "range_rank"), SHARE),
    **dict.fromkeys(("volume_rank", "upper_shadow", "lower_shadow"), SHARE),
    **dict.fromkeys(("mean_close_location", "doji_share", "inside_days"), SHARE),
    **dict.fromkeys(("outside_days", "overnight_share"), SHARE),
    **dict.fromkeys(("days_since_high", "days_since_low"), SHARE),
    **dict.fromkeys(("obv", "chaikin_flow", "candle_body", "engulfing"), SIGNED),
    **dict.fromkeys(("gap_reversal", "volatility_clustering"), SIGNED),
    **dict.fromkeys(("leverage_effect", "price_volume_correlation"), SIGNED),
    "move_volume_correlation": SIGNED,
    "williams_r": (-100, 0),
    "aroon": (-100, 100),
    "tsi": (-100, 100),
    "streak": (-10, 10),
    "ulcer_index": SHARE,
}
NOT_BELOW_ZERO = (
    *("atr", "mean_range", "range_expansion", "bollinger_width", "donchian_width"),
    *("vortex_plus", "vortex_minus", "choppiness", "mean_gap", "up_down_volume"),
    *("volatility_ratio", "upside_deviation", "mass_index"),
    *(f"{name}_volatility" for name in ("parkinson", "garman_klass", "yang_zhang")),
    *(f"{name}_volatility" for name in ("rogers_satchell", "realized", "ewma")),
)


def rough_prices():
    """Prices that rest on a day in ten, jump tenfold and go untraded."""
    bars = random_bars("ROUGH", seed=3)
    rng = np.random.default_rng(4)
    level = np.exp(np.cumsum(rng.choice([0, 0.02, -0.02, 2.3, -2.3], len(bars))))
    resting = rng.random(len(bars)) < 0.1
    for column in ("open", "high", "low", "close"):
        bars[column] = np.where(resting, 10 * level, bars[column] * level)
    bars["high"] = bars[["open", "high", "close"]].max(axis=1)
    bars["low"] = bars[["open", "low", "close"]].min(axis=1)
    bars.loc[rng.random(len(bars)) < 0.05, "volume"] = 0.0
    return price_panel(bars)


PANELS = {
    "walk": lambda: PRICES,
    "rough": rough_prices,
    "other currency": lambda: times(7, "open", "high", "low", "close"),
    "more shares": lambda: times(10, "volume"),
}


def times(factor, *names):
    scaled = {name: factor * PRICES[name] for name in names}
    return Panel(PRICES.axes, {**PRICES.fields, **scaled})


@cache
def found_on(panel):
    return compute_features(PANELS[panel](), NAMES)


@every_indicator
def test_a_value_stays_within_its_bounds(name):
    words = name.rstrip("0123456789_")
    least, most = BOUNDS.get(words, (-np.inf, np.inf))
    least = 0 if words in NOT_BELOW_ZERO else least
    for panel in ("walk", "rough"):
        values = found_on(panel)[name]
        known = values[np.isfinite(values)]
        assert len(known) > 50
        assert least <= known.min() <= known.max() <= most


@every_indicator
def test_the_currency_and_the_number_of_shares_are_nothing_to_it(name):
    for panel in ("other currency", "more shares"):
        assert_allclose(
            found_on(panel)[name], found_on("walk")[name], rtol=1e-6, atol=1e-8
        )


@every_indicator
def test_a_value_is_there_once_the_lookback_is(name):
    whole = found_on("walk")[name][:, list(PRICES.tickers).index("WHOLE")]
    first = FEATURES[name].lookback - 1
    assert np.isfinite(whole[first:]).all()
    assert np.isnan(whole[: int(0.5 * first)]).all()


@pytest.mark.skipif(
    not (DATA / "sp500_daily.parquet").exists(), reason="no real data on this machine"
)
def test_real_prices_give_every_indicator_a_value_nearly_everywhere():
    tickers = ("AAPL", "BA", "C", "F", "JNJ", "NVDA", "T", "XOM")
    bars = pd.read_parquet(
        DATA / "sp500_daily.parquet",
        filters=[("ticker", "in", tickers), ("date", ">=", pd.Timestamp("2006-01-01"))],
    )
    found = compute_features(price_panel(bars), NAMES)
    for name, values in found.items():
        known = values[FEATURES[name].lookback - 1 :]
        assert np.isnan(known).mean() < 0.001, name
        assert np.isfinite(known[~np.isnan(known)]).all(), name
        assert (np.nanstd(known, axis=0) > 0).all(), name
