"""Every check is first seen red: a planted leak is caught by the check meant for it."""

import numpy as np
import pandas as pd
import pytest

from tests.causality import checks
from tests.causality.checks import difficult_prices

PRICES = difficult_prices(120)
CUTS = range(30, 119, 11)


def close(prices):
    return pd.DataFrame(prices["close"])


def honest(prices):
    return close(prices).diff(5).to_numpy() / close(prices).shift(5).to_numpy()


def tomorrow(prices):
    return close(prices).shift(-1).to_numpy()


def filled_backward(prices):
    return close(prices).bfill().to_numpy()


def interpolated(prices):
    return close(prices).interpolate().to_numpy()


def centred(prices):
    return close(prices).rolling(5, center=True).mean().to_numpy()


def full_sample_z_score(prices):
    return ((close(prices) - close(prices).mean()) / close(prices).std()).to_numpy()


def best_day_of_the_sample(prices):
    return (close(prices) / close(prices).max()).to_numpy()


def rows_to_the_end(prices):
    left = np.arange(len(prices.dates))[::-1, None]
    return np.broadcast_to(left.astype(float), prices.axes.shape)


def running_mean(prices):
    known = np.nan_to_num(prices["close"])
    sums = np.cumsum(known, axis=0)
    return (sums - np.vstack([np.zeros((5, known.shape[1])), sums[:-5]])) / 5


def never_forgetting(prices):
    return close(prices).ewm(span=5, adjust=False).mean().to_numpy()


def position(prices):
    return np.broadcast_to(np.arange(prices.axes.shape[1]) * 1.0, prices.axes.shape)


def across_tickers(prices):
    return prices["close"] - np.nanmean(prices["close"], axis=1, keepdims=True)


def share_of_all_names(prices):
    return close(prices).rank(axis=1).to_numpy() / prices.axes.shape[1]


def volume_too(prices):
    return honest(prices) + 0 * np.sign(prices["volume"]) * prices["high"]


D1 = checks.assert_blind_to_the_future
D2 = checks.assert_same_when_cut_off
LATE_START = checks.assert_lookback_holds

CASES = [
    *((D1, leak, {"cuts": CUTS}) for leak in (tomorrow, filled_backward, interpolated)),
    *((D1, leak, {"cuts": CUTS}) for leak in (centred, full_sample_z_score)),
    (D1, best_day_of_the_sample, {"cuts": CUTS}),
    *((D2, leak, {"cuts": CUTS}) for leak in (tomorrow, centred, full_sample_z_score)),
    (D2, rows_to_the_end, {"cuts": CUTS}),
    (LATE_START, honest, {"cuts": CUTS, "lookback": 5}),
    (LATE_START, running_mean, {"cuts": CUTS, "lookback": 5}),
    (LATE_START, never_forgetting, {"cuts": CUTS, "lookback": 30}),
    (checks.assert_order_of_tickers_is_nothing, position, {}),
    (checks.assert_tickers_apart, across_tickers, {}),
    (checks.assert_later_listing_is_nothing, share_of_all_names, {}),
    (checks.assert_reads_only, volume_too, {"needs": ("close",)}),
    (checks.assert_scale_free, across_tickers, {}),
]


@pytest.mark.parametrize(
    ("check", "leak", "arguments"),
    CASES,
    ids=[f"{leak.__name__}-{check.__name__}" for check, leak, _ in CASES],
)
def test_the_check_catches_the_leak(check, leak, arguments):
    with pytest.raises(AssertionError):
        check(leak, PRICES, **arguments)


def test_an_honest_feature_passes_every_check():
    D1(honest, PRICES, cuts=CUTS)
    D2(honest, PRICES, cuts=CUTS)
    LATE_START(honest, PRICES, cuts=CUTS, lookback=6)
    checks.assert_order_of_tickers_is_nothing(honest, PRICES)
    checks.assert_tickers_apart(honest, PRICES)
    checks.assert_later_listing_is_nothing(honest, PRICES)
    checks.assert_reads_only(honest, PRICES, needs=("close",))
    checks.assert_scale_free(honest, PRICES)


@pytest.mark.parametrize(
    "line",
    [
        "x.shift(-1)",
        "x.shift(periods=-5)",
        "x.pct_change(-5)",
        "delay(x, -k)",
        "x.bfill()",
        "x.fillna(method='bfill')",
        "x.interpolate('linear')",
        "x.rolling(5, center=True).mean()",
        "signal.filtfilt(b, a, x)",
    ],
)
def test_the_scan_sees_a_line_that_looks_forward(line):
    assert checks.forward_looking_calls(f"y = {line}")


@pytest.mark.parametrize(
    "line", ["x.shift(1)", "x.rolling(5, center=False)", "delay(x, k)", "'bfill'"]
)
def test_the_scan_passes_a_line_that_looks_back(line):
    assert not checks.forward_looking_calls(f"y = {line}")
