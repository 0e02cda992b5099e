"""Trends, their direction and straightness, against plain loops and by hand."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from alpha_kedro.signals.library import directional_movement, trend_lines
from tests.signals.slow_windows import (
    PRICES,
    Bars,
    assert_equals_twin,
    computed,
    days_since,
    fitted,
    highest,
    lowest,
    mean,
    newest,
    registered,
    shift,
    total,
    wilder,
)


def movement(b):
    """How far the high went up and the low down, the lesser of both counting as 0."""
    up, down = b.high - shift(b.high), shift(b.low) - b.low
    plus = [
        u if u > d and u > 0 else 0 * (u + d) for u, d in zip(up, down, strict=True)
    ]
    minus = [
        d if d > u and d > 0 else 0 * (u + d) for u, d in zip(up, down, strict=True)
    ]
    return np.array(plus), np.array(minus)


def indicator(b, k, side):
    return 100 * wilder(movement(b)[side], k) / wilder(b.true_range, k)


def directional_index(b, k):
    plus, minus = indicator(b, k, 0), indicator(b, k, 1)
    return wilder(100 * abs(plus - minus) / (plus + minus), k)


def vortex(b, k, ahead, behind):
    return mean(abs(ahead - shift(behind)), k) / mean(b.true_range, k)


def aroon_up(b, k):
    return 100 * (k - days_since(b.high, k + 1, max)) / k


def aroon_down(b, k):
    return 100 * (k - days_since(b.low, k + 1, min)) / k


def efficiency(b, k):
    return abs(b.close - shift(b.close, k)) / total(abs(b.change), k)


def choppiness(b, k):
    way = total(b.true_range, k) / (highest(b.high, k) - lowest(b.low, k))
    return 100 * np.log10(way) / math.log10(k)


TWINS = {
    "plus_di": lambda b, k: indicator(b, k, 0),
    "minus_di": lambda b, k: indicator(b, k, 1),
    "adx": directional_index,
    "vortex_plus": lambda b, k: vortex(b, k, b.high, b.low),
    "vortex_minus": lambda b, k: vortex(b, k, b.low, b.high),
    "aroon_up": aroon_up,
    "aroon_down": aroon_down,
    "aroon": lambda b, k: aroon_up(b, k) - aroon_down(b, k),
    "days_since_high": lambda b, k: days_since(b.close, k, max) / k,
    "days_since_low": lambda b, k: days_since(b.close, k, min) / k,
    "efficiency_ratio": efficiency,
    "choppiness": choppiness,
    "trend_slope": lambda b, k: fitted(np.log(b.close), k, "slope"),
    "trend_fit": lambda b, k: fitted(np.log(b.close), k, "fit"),
    "trend_residual": lambda b, k: (
        np.log(b.close) - fitted(np.log(b.close), k, "today")
    ),
    "adjusted_slope": lambda b, k: (
        fitted(np.log(b.close), k, "slope") * fitted(np.log(b.close), k, "fit")
    ),
}


@pytest.mark.parametrize("name", registered(directional_movement, trend_lines))
def test_a_trend_equals_its_slow_twin(name):
    assert_equals_twin(name, TWINS)


def test_the_directional_index_is_that_of_wilders_book():
    """Sums that lose a fourteenth a day, an index that begins as a mean of fourteen."""
    whole, k = Bars(PRICES, "WHOLE"), 14

    def sums(x):
        running = [np.sum(x[1 : k + 1])]
        for value in x[k + 1 :]:
            running.append(running[-1] - running[-1] / k + value)
        return np.array(running)

    plus, minus = (sums(side) / sums(whole.true_range) for side in movement(whole))
    spread = 100 * abs(plus - minus) / (plus + minus)
    book = [np.mean(spread[:k])]
    for value in spread[k:]:
        book.append((book[-1] * (k - 1) + value) / k)
    found = computed("adx_14")[-100:, list(PRICES.tickers).index("WHOLE")]
    assert_allclose(found, book[-100:], rtol=1e-5)


def swinging(n, first, second):
    """Prices that move by one step and then the other, n times each."""
    moves = np.tile([first, second], n)
    prices = 1000 + np.cumsum(moves)
    return {"high": prices + 1.0, "low": prices - 1.0, "open": prices, "close": prices}


def test_a_directional_index_by_hand():
    """Two up, one down: movements 2, 0, 2, 0 and 0, 1, 0, 1 weigh 1/2, 1/4, ...

    After a rise the averages are 4/3 and 1/3, so the index of the day is 60; after a
    fall 2/3 and 2/3, so it is 0. Their average is 40 after a rise and 20 after a fall.
    """
    up_last, down_last = swinging(60, -1.0, 2.0), swinging(60, 2.0, -1.0)
    assert newest("adx_2", **up_last) == pytest.approx(40, abs=1e-3)
    assert newest("adx_2", **down_last) == pytest.approx(20, abs=1e-3)
    # The true range is 3 after a rise and 2 after a fall: 8/3 on average at a rise.
    assert newest("plus_di_2", **up_last) == pytest.approx(50, abs=1e-3)
    assert newest("minus_di_2", **up_last) == pytest.approx(12.5, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        # An outside day moves on the side on which it went further.
        ("plus_di_1", {"high": [13.0], "low": [8.0]}, 60),
        ("minus_di_1", {"high": [13.0], "low": [8.0]}, 0),
        ("aroon_up_25", {"high": [12.0, 11.0, 11.0, 11.0]}, 100 * 22 / 25),
        ("aroon_up_25", {"high": [12.0, *[11.0] * 25]}, 0),
        ("aroon_up_25", {"high": [12.0, 11.0, 12.0]}, 100 * 23 / 25),
        ("aroon_down_25", {"low": [9.5, 9.0, 9.5]}, 100 * 24 / 25),
        ("aroon_25", {"high": [12.0], "low": [9.0, 9.5, 9.5]}, 100 - 92),
        ("days_since_high_60", {"close": [13.0, 12.0, 12.0, 12.0]}, 3 / 60),
        ("days_since_low_60", {"close": [9.0, 12.0]}, 1 / 60),
        ("vortex_plus_2", {"high": [12.0], "close": [12.0]}, 1),
        ("vortex_minus_2", {"high": [13.0, 12.0]}, 3 / 5),
        ("efficiency_ratio_10", {"close": [12.0, 11.0]}, 1 / 3),
        # True ranges 2, 2, 2 and 2 in a range of 2 are no way made at all.
        ("choppiness_4", {"high": [11.0] * 5, "low": [9.0] * 5}, 100),
        ("trend_slope_20", {"close": 10 * 1.01 ** np.arange(20)}, math.log(1.01)),
        ("trend_fit_20", {"close": 10 * 1.01 ** np.arange(20)}, 1),
        # Of three values 0, 0 and x the line ends at 5/6 x.
        ("trend_residual_3", {"close": [10 * math.e]}, 1 / 6),
        ("adjusted_slope_3", {"close": [10 * math.e]}, 0.5 * 0.75),
    ],
)
def test_a_trend_by_hand(name, columns, expected):
    assert newest(name, **columns) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", registered(directional_movement, trend_lines))
def test_a_price_at_rest_has_no_direction(name):
    value = newest(name)
    at_rest = {"aroon_up_25": 0, "aroon_down_25": 0, "aroon_25": 0}
    if name.startswith(("trend_slope", "trend_residual")):
        assert value == 0
    elif name.startswith("days_since"):
        k = int(name.rsplit("_", 1)[1])
        assert value == pytest.approx((k - 1) / k)
    elif name in at_rest:
        assert value == at_rest[name]
    else:
        assert math.isnan(value)
