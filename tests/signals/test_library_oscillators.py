"""Oscillators and averages of the price against plain loops and the textbooks."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from alpha_kedro.signals.library import macd, moving_averages, oscillators
from tests.signals.slow_windows import (
    PRICES,
    Bars,
    assert_equals_twin,
    computed,
    exponential,
    highest,
    lowest,
    mean,
    newest,
    over,
    registered,
    shift,
    weighted,
    wilder,
)


def rsi(b, k):
    rises, falls = wilder(b.rise, k), wilder(b.fall, k)
    return 100 - 100 / (1 + rises / falls)


def stochastic_rsi(b, k):
    index = rsi(b, k)
    return (index - lowest(index, k)) / (highest(index, k) - lowest(index, k))


def stochastic(b, k):
    span = highest(b.high, k) - lowest(b.low, k)
    return 100 * (b.close - lowest(b.low, k)) / span


def commodity_channel(b, k):
    spread = over(b.typical, k, lambda known: np.mean(abs(known - np.mean(known))))
    return (b.typical - mean(b.typical, k)) / (0.015 * spread)


def ultimate(b, *spans):
    pressure = b.close - np.minimum(b.low, b.before)
    short, middle, long = (mean(pressure, k) / mean(b.true_range, k) for k in spans)
    return 100 * (4 * short + 2 * middle + long) / 7


def macd_line(b, fast, slow):
    return exponential(b.close, fast) - exponential(b.close, slow)


def signal(b, fast, slow, k):
    return exponential(macd_line(b, fast, slow), k)


def trix(b, k):
    thrice = exponential(exponential(exponential(b.close, k), k), k)
    return 100 * (thrice / shift(thrice) - 1)


def true_strength(b, slow, fast):
    moves = exponential(exponential(b.change, slow), fast)
    return 100 * moves / exponential(exponential(abs(b.change), slow), fast)


def awesome(b, fast, slow):
    middle = (b.high + b.low) / 2
    return (mean(middle, fast) - mean(middle, slow)) / b.close


def hull(b, k):
    raced = 2 * weighted(b.close, k // 2) - weighted(b.close, k)
    return weighted(raced, math.isqrt(k))


def double(b, k):
    once = exponential(b.close, k)
    return 2 * once - exponential(once, k)


def triple(b, k):
    once = exponential(b.close, k)
    twice = exponential(once, k)
    return 3 * once - 3 * twice + exponential(twice, k)


TWINS = {
    "rsi_wilder": rsi,
    "stochastic_rsi": stochastic_rsi,
    "stochastic_k": stochastic,
    "stochastic_d": lambda b, k: mean(stochastic(b, k), 3),
    "stochastic_slow_d": lambda b, k: mean(mean(stochastic(b, k), 3), 3),
    "williams_r": lambda b, k: stochastic(b, k) - 100,
    "cci": commodity_channel,
    "ultimate_oscillator": ultimate,
    "macd": lambda b, fast, slow: macd_line(b, fast, slow) / b.close,
    "macd_signal": lambda b, *spans: signal(b, *spans) / b.close,
    "macd_histogram": lambda b, fast, slow, k: (
        (macd_line(b, fast, slow) - signal(b, fast, slow, k)) / b.close
    ),
    "ppo": lambda b, fast, slow: (
        100 * macd_line(b, fast, slow) / exponential(b.close, slow)
    ),
    "trix": trix,
    "tsi": true_strength,
    "awesome_oscillator": awesome,
    "ema_deviation": lambda b, k: b.close / exponential(b.close, k) - 1,
    "wma_deviation": lambda b, k: b.close / weighted(b.close, k) - 1,
    "hull_deviation": lambda b, k: b.close / hull(b, k) - 1,
    "dema_deviation": lambda b, k: b.close / double(b, k) - 1,
    "tema_deviation": lambda b, k: b.close / triple(b, k) - 1,
    "sma_cross": lambda b, fast, slow: mean(b.close, fast) / mean(b.close, slow) - 1,
    "sma_slope": lambda b, k, n: mean(b.close, k) / shift(mean(b.close, k), n) - 1,
}


@pytest.mark.parametrize("name", registered(oscillators, macd, moving_averages))
def test_an_oscillator_equals_its_slow_twin(name):
    assert_equals_twin(name, TWINS)


def recursion(x, start, step):
    """The average that begins as the mean of its first ``start`` values."""
    known = x[~np.isnan(x)]
    values = [np.mean(known[:start])]
    for value in known[start:]:
        values.append(values[-1] + step * (value - values[-1]))
    return np.array(values)


def last(name, n):
    return computed(name)[-n:, list(PRICES.tickers).index("WHOLE")]


WHOLE = Bars(PRICES, "WHOLE")


def test_relative_strength_is_that_of_wilders_book():
    rises, falls = (recursion(x, 14, 1 / 14) for x in (WHOLE.rise, WHOLE.fall))
    book = 100 - 100 / (1 + rises / falls)
    assert_allclose(last("rsi_wilder_14", 200), book[-200:], rtol=1e-5)


def test_macd_is_that_of_a_recursion_from_the_first_close():
    fast, slow = (recursion(WHOLE.close, 1, 2 / (1 + span)) for span in (12, 26))
    line = fast - slow
    book = (line - recursion(line, 1, 2 / 10))[-200:] / WHOLE.close[-200:]
    found = last("macd_histogram_12_26_9", 200)
    assert_allclose(found, book, atol=1e-5 * abs(line / WHOLE.close).max())


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        # One rise of 3 and one fall of 1 after it: weights 1/2 and 1/4.
        ("rsi_wilder_2", {"close": [13.0, 12.0]}, 100 * 0.75 / (0.75 + 0.5)),
        ("stochastic_k_5", {"high": [14.0], "low": [10.0], "close": [13.0]}, 75),
        (
            "stochastic_d_5",
            {"high": [14.0], "low": [9.0] * 3, "close": [11.5]},
            250 / 3,
        ),
        ("williams_r_10", {"high": [14.0], "low": [10.0], "close": [13.0]}, -25),
        # 19 typical prices of 10 and one of 11: their mean deviation is 0.095.
        ("cci_20", {"close": [13.0]}, 0.95 / (0.015 * 0.095)),
        # A true range of 2 each day, the close 1.5 above its low on the last of them.
        (
            "ultimate_oscillator_1_2_4",
            {"high": [11.0] * 4, "low": [9.0] * 4, "close": [10.0, 10.0, 10.0, 10.5]},
            100 * (4 * 0.75 + 2 * 2.5 / 4 + 4.5 / 8) / 7,
        ),
        ("macd_1_3", {"close": [12.0]}, (12 - 11) / 12),
        ("ppo_1_3", {"close": [12.0]}, 100 / 11),
        ("awesome_oscillator_1_4", {"high": [18.0]}, (14 - 11) / 10),
        ("wma_deviation_3", {"close": [12.0]}, 12 / 11 - 1),
        ("hull_deviation_4", {"close": [12.0]}, 12 / (10 + 2 / 3 * (8 / 3 - 0.8)) - 1),
        ("dema_deviation_3", {"close": [12.0]}, 12 / 11.5 - 1),
        ("tema_deviation_3", {"close": [12.0]}, 12 / 11.75 - 1),
        ("sma_cross_1_2", {"close": [12.0]}, 12 / 11 - 1),
        ("sma_slope_2_1", {"close": [12.0, 14.0]}, 13 / 11 - 1),
    ],
)
def test_an_oscillator_by_hand(name, columns, expected):
    assert newest(name, **columns) == pytest.approx(expected, rel=1e-5)


def test_a_steady_rise_is_as_strong_as_can_be():
    rising = np.linspace(10, 40, 400)
    steady = dict.fromkeys(("open", "high", "low", "close"), rising)
    assert newest("rsi_wilder_14", **steady) == 100
    assert newest("tsi_25_13", **steady) == pytest.approx(100)
    assert newest("trix_15", **steady) > 0
