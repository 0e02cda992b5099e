"""Channels, ranges and volatilities against plain loops and by hand."""

import math
from statistics import pvariance, variance

import numpy as np
import pytest

from alpha_kedro.signals.library import channels, ranges, volatility_estimators
from tests.signals.slow_windows import (
    assert_equals_twin,
    correlation,
    exponential,
    highest,
    lowest,
    mean,
    newest,
    over,
    rank,
    registered,
    shift,
    std,
    total,
    wilder,
)


def spread(b, k):
    return over(b.close, k, lambda known: math.sqrt(variance(known) * (k - 1) / k))


def within(b, middle, half):
    return (b.close - middle + half) / (2 * half)


def donchian(b, k):
    upper, lower = shift(highest(b.high, k)), shift(lowest(b.low, k))
    return (b.close - lower) / (upper - lower)


def middle(b, k):
    return (highest(b.high, k) + lowest(b.low, k)) / 2


def leading(b, short, long):
    return (middle(b, short) + middle(b, long)) / 2


def cloud(b, short, long, longest):
    found = []
    spans = leading(b, short, long), middle(b, longest)
    for close, one, other in zip(b.close, *spans, strict=True):
        edge = min(max(close, min(one, other)), max(one, other))
        unknown = math.isnan(close + one + other)
        found.append(math.nan if unknown else 1 - edge / close)
    return np.array(found)


def parkinson(b, k):
    return np.sqrt(mean(np.log(b.high / b.low) ** 2, k) / (4 * math.log(2)))


def garman_klass(b, k):
    ranges, bodies = np.log(b.high / b.low), np.log(b.close / b.open)
    return np.sqrt(mean(ranges**2 / 2 - (math.log(4) - 1) * bodies**2, k))


def rogers_satchell_variance(b, k):
    up, down = np.log(b.high / b.open), np.log(b.low / b.open)
    return mean(up * (up - b.intraday) + down * (down - b.intraday), k)


def yang_zhang(b, k):
    weight = 0.34 / (1.34 + (k + 1) / (k - 1))
    within_days = rogers_satchell_variance(b, k)
    nights, days = std(b.overnight, k) ** 2, std(b.intraday, k) ** 2
    return np.sqrt(nights + weight * days + (1 - weight) * within_days)


def overnight_share(b, k):
    nights, days = std(b.overnight, k) ** 2, std(b.intraday, k) ** 2
    return nights / (nights + days)


def ulcer(b, k):
    return np.sqrt(mean((b.close / highest(b.close, k) - 1) ** 2, k))


def chaikin_volatility(b, k):
    smooth = exponential(b.range, k)
    return smooth / shift(smooth, k) - 1


def mass_index(b, k, span):
    once = exponential(b.range, span)
    return total(once / exponential(once, span), k)


TWINS = {
    "bollinger_position": lambda b, k: within(b, mean(b.close, k), 2 * spread(b, k)),
    "bollinger_width": lambda b, k: 4 * spread(b, k) / mean(b.close, k),
    "keltner_position": lambda b, k, n: within(
        b, exponential(b.close, k), 2 * wilder(b.true_range, n)
    ),
    "donchian_position": donchian,
    "donchian_width": lambda b, k: (highest(b.high, k) - lowest(b.low, k)) / b.close,
    "ichimoku_tenkan": lambda b, k: middle(b, k) / b.close - 1,
    "ichimoku_kijun": lambda b, k: middle(b, k) / b.close - 1,
    "ichimoku_cross": lambda b, k, n: (middle(b, k) - middle(b, n)) / b.close,
    "ichimoku_senkou_a": lambda b, k, n: leading(b, k, n) / b.close - 1,
    "ichimoku_senkou_b": lambda b, k: middle(b, k) / b.close - 1,
    "ichimoku_cloud": cloud,
    "parkinson_volatility": parkinson,
    "garman_klass_volatility": garman_klass,
    "rogers_satchell_volatility": lambda b, k: np.sqrt(rogers_satchell_variance(b, k)),
    "yang_zhang_volatility": yang_zhang,
    "realized_volatility": lambda b, k: np.sqrt(mean(b.log_ret**2, k)),
    "ewma_volatility": lambda b, k: np.sqrt(exponential(b.log_ret**2, k)),
    "upside_deviation": lambda b, k: np.sqrt(mean(np.maximum(b.ret, 0) ** 2, k)),
    "volatility_ratio": lambda b, k, n: std(b.log_ret, k) / std(b.log_ret, n),
    "volatility_clustering": lambda b, k: correlation(
        abs(b.log_ret), abs(shift(b.log_ret)), k
    ),
    "leverage_effect": lambda b, k: correlation(abs(b.log_ret), shift(b.log_ret), k),
    "overnight_volatility_share": overnight_share,
    "ulcer_index": ulcer,
    "atr": lambda b, k: wilder(b.true_range, k) / b.close,
    "mean_range": lambda b, k: mean(b.true_range / b.before, k),
    "range_expansion": lambda b, k: b.true_range / shift(mean(b.true_range, k)),
    "range_rank": lambda b, k: rank(b.range, k),
    "chaikin_volatility": chaikin_volatility,
    "mass_index": mass_index,
}


@pytest.mark.parametrize("name", registered(channels, ranges, volatility_estimators))
def test_a_channel_equals_its_slow_twin(name):
    assert_equals_twin(name, TWINS)


def test_the_estimators_know_the_volatility_of_a_walk():
    """Many small steps a day; all but Yang and Zhang's leave out the night."""
    rng = np.random.default_rng(5)
    path = np.cumsum(rng.normal(0, 0.02 / math.sqrt(1000), (400, 1000)), axis=1)
    night = rng.normal(0, 0.01, 400)
    start = np.cumsum(night) + np.concatenate([[0], np.cumsum(path[:-1, -1])])
    bars = {
        "open": 10 * np.exp(start),
        "high": 10 * np.exp(start + np.maximum(path.max(axis=1), 0)),
        "low": 10 * np.exp(start + np.minimum(path.min(axis=1), 0)),
        "close": 10 * np.exp(start + path[:, -1]),
    }
    for name in ("parkinson", "garman_klass", "rogers_satchell"):
        assert newest(f"{name}_volatility_390", **bars) == pytest.approx(0.02, rel=0.05)
    whole = math.sqrt(0.02**2 + 0.01**2)
    for name in ("yang_zhang", "realized"):
        assert newest(f"{name}_volatility_390", **bars) == pytest.approx(whole, rel=0.1)
    assert newest("overnight_volatility_share_390", **bars) == pytest.approx(0.2, 0.2)


def test_yang_and_zhang_by_hand():
    """Two days: nights 0.1 and -0.1, days 0.2 and 0, up to 0.3 and 0, down to 0."""
    steps = np.array([[0.1, 0.4, 0.1, 0.3], [0.2, 0.2, 0.2, 0.2]])
    opened, high, low, close = (10 * np.exp(steps)).T
    weight = 0.34 / (1.34 + 3)
    nights, days = 0.02, 0.02
    within_days = (0.3 * 0.1 + 0 * -0.2 + 0) / 2
    expected = math.sqrt(nights + weight * days + (1 - weight) * within_days)
    bars = {"open": opened, "high": high, "low": low, "close": close}
    assert newest("yang_zhang_volatility_2", **bars) == pytest.approx(expected)


E, STEP = math.e, 10 * math.e
LINES = {"high": [14.0, *[11.0] * 9], "low": [8.0, *[9.0] * 9], "close": [11.5]}
"""The extremes are ten days old: gone from nine sessions, still in twenty-six."""


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        ("bollinger_position_4", {"close": [14.0]}, 0.5 + 3 / (4 * math.sqrt(3))),
        ("bollinger_width_4", {"close": [14.0]}, 4 * math.sqrt(3) / 11),
        (
            "bollinger_width_4",
            {"close": [14.0]},
            4 * pvariance([0, 0, 0, 4]) ** 0.5 / 11,
        ),
        # The mean is 11 and the average true range 1, so the bands are 9 and 13.
        ("keltner_position_3_2", {"close": [12.0], "high": [12.0]}, 0.75),
        ("donchian_position_20", {"high": [12.0, 10.0], "close": [13.0]}, 1.5),
        ("donchian_width_20", {"high": [13.0, 10.0], "low": [9.0]}, 0.4),
        ("ichimoku_tenkan_9", LINES, 10 / 11.5 - 1),
        ("ichimoku_kijun_26", LINES, 11 / 11.5 - 1),
        ("ichimoku_cross_9_26", LINES, -1 / 11.5),
        ("ichimoku_senkou_a_9_26", LINES, 10.5 / 11.5 - 1),
        ("ichimoku_senkou_b_52", LINES, 11 / 11.5 - 1),
        # The cloud lies between 10.5 and 11: above it, in it, below it.
        ("ichimoku_cloud_9_26_52", LINES, 0.5 / 11.5),
        ("ichimoku_cloud_9_26_52", {**LINES, "close": [10.8]}, 0),
        ("ichimoku_cloud_9_26_52", {**LINES, "close": [10.0]}, -0.5 / 10),
        ("parkinson_volatility_4", {"high": [STEP]}, 1 / math.sqrt(16 * math.log(2))),
        (
            "garman_klass_volatility_4",
            {"high": [STEP], "close": [STEP]},
            math.sqrt((0.5 - 2 * math.log(2) + 1) / 4),
        ),
        ("rogers_satchell_volatility_4", {"high": [STEP]}, 0.5),
        ("rogers_satchell_volatility_4", {"high": [STEP], "close": [STEP]}, 0),
        ("realized_volatility_4", {"close": [STEP, 10.0]}, math.sqrt(2 / 4)),
        ("ewma_volatility_3", {"close": [STEP]}, math.sqrt(0.5)),
        ("upside_deviation_4", {"close": [12.0, 10.0]}, 0.1),
        ("volatility_ratio_2_4", {"close": [STEP, 10.0]}, math.sqrt(2 / (2 / 3))),
        ("volatility_clustering_4", {"close": [STEP, 10.0]}, 0.5 / math.sqrt(0.75)),
        # Opens as far as closes: the nights vary by themselves alone.
        ("overnight_volatility_share_4", {"open": [STEP], "close": [STEP]}, 1),
        ("ulcer_index_4", {"close": [20.0, 15.0]}, 0.125),
        ("atr_2", {"high": [11.0], "low": [9.0]}, 0.1),
        # A gap belongs to the true range.
        ("mean_range_2", {"open": [12.0], "high": [12.0], "low": [11.5]}, 0.1),
        ("range_expansion_4", {"high": [11.0, 12.0], "low": [9.0, 9.0]}, 6),
        ("range_rank_7", {"high": [*[13.0] * 6, 12.0]}, 1 / 7),
        ("chaikin_volatility_1", {"high": [12.0, 13.0]}, 0.5),
        # Of ranges 0, 0, 3 the first average is 1.5 and its own 0.75.
        ("mass_index_1_3", {"high": [13.0]}, 2),
    ],
)
def test_a_channel_by_hand(name, columns, expected):
    assert newest(name, **columns) == pytest.approx(expected, rel=1e-5, abs=1e-7)


AT_REST = {
    "bollinger_width": 0,
    "donchian_width": 0,
    "range_rank": 4 / 7,
    **{f"ichimoku_{line}": 0 for line in ("tenkan", "kijun", "cross", "cloud")},
    **{f"ichimoku_senkou_{span}": 0 for span in "ab"},
    **{
        f"{name}_volatility": 0
        for name in ("parkinson", "garman_klass", "rogers_satchell", "yang_zhang")
    },
    **dict.fromkeys(("realized_volatility", "ewma_volatility", "ulcer_index"), 0),
    **dict.fromkeys(("upside_deviation", "atr", "mean_range"), 0),
}


@pytest.mark.parametrize("name", registered(channels, ranges, volatility_estimators))
def test_a_price_at_rest_has_no_width_and_no_place_in_it(name):
    expected = AT_REST.get(name.rstrip("0123456789_"), math.nan)
    assert newest(name) == pytest.approx(expected, nan_ok=True)
