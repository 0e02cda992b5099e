"""Volume flow, candles and two loops of the engine against plain loops and by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from alpha_kedro.signals.library import candles, volume_flow
from alpha_kedro.signals.operators.passes import mean_deviations, streaks
from alpha_kedro.signals.operators.requests import Request
from alpha_kedro.signals.operators.windows import Window
from tests.signals.slow_windows import (
    PRICES,
    Bars,
    assert_equals_twin,
    computed,
    correlation,
    exponential,
    mean,
    newest,
    over,
    rank,
    registered,
    shift,
)


def sided(x, y, k, side):
    """The mean of y on the days on which x is on a side, of those that know both."""
    return mean(np.where(np.isnan(x), np.nan, np.where(side * x > 0, y, 0)), k)


def volume_of_changes(b):
    return np.where(np.isnan(b.change), np.nan, b.volume)


def on_balance(b, k):
    net = sided(b.change, b.volume, k, 1) - sided(b.change, b.volume, k, -1)
    return net / mean(volume_of_changes(b), k)


def up_down(b, k):
    return sided(b.change, b.volume, k, 1) / sided(b.change, b.volume, k, -1)


def money_flow(b, k):
    moves, money = b.typical - shift(b.typical), b.typical * b.volume
    inflow, outflow = sided(moves, money, k, 1), sided(moves, money, k, -1)
    return 100 - 100 / (1 + inflow / outflow)


def multiplier(b):
    return ((b.close - b.low) - (b.high - b.close)) / (b.high - b.low)


def accumulation(b, fast, slow):
    """The line from the first bar on; a day without a bar leaves it where it was."""
    line = np.nancumsum(multiplier(b) * b.volume)
    spread = exponential(line, fast) - exponential(line, slow)
    return spread / exponential(b.volume, slow)


def force(b, k):
    strength = exponential(b.change * b.volume, k)
    return strength / (b.close * exponential(volume_of_changes(b), k))


def ease(b, k):
    middle = (b.high + b.low) / 2
    eased = (middle - shift(middle)) / (b.volume / b.range)
    return mean(eased, k) * mean(b.volume, k) / b.close**2


def vwap(b, k):
    return mean(b.typical * b.volume, k) / mean(b.volume, k)


def share_of_days(known, happens, k):
    return mean(np.where(np.isnan(known), np.nan, happens), k)


def overnight_share(b, k):
    nights, days = mean(abs(b.overnight), k), mean(abs(b.intraday), k)
    return nights / (nights + days)


def engulfing(b, k):
    opened, closed = shift(b.open), shift(b.close)
    up = (b.open < closed) & (closed < opened) & (opened < b.close)
    down = (b.open > closed) & (closed > opened) & (opened > b.close)
    return share_of_days(b.change, 1.0 * up - down, k)


def run(b, k):
    found, length = [], 0
    for change in b.change:
        moved = 0 if math.isnan(change) else np.sign(change)
        length = length + moved if moved * length > 0 else moved
        found.append(max(min(length, k), -k))
    enough = ~np.isnan(mean(b.change, k))
    return np.where(enough, found, np.nan)


TWINS = {
    "obv": on_balance,
    "up_down_volume": up_down,
    "mfi": money_flow,
    "chaikin_flow": lambda b, k: mean(multiplier(b) * b.volume, k) / mean(b.volume, k),
    "accumulation": accumulation,
    "force_index": force,
    "ease_of_movement": ease,
    "vwap_deviation": lambda b, k: b.close / vwap(b, k) - 1,
    "price_volume_correlation": lambda b, k: correlation(
        b.log_ret, np.log(b.volume), k
    ),
    "move_volume_correlation": lambda b, k: correlation(
        abs(b.log_ret), np.log(b.volume), k
    ),
    "volume_oscillator": lambda b, fast, slow: (
        100 * (exponential(b.volume, fast) / exponential(b.volume, slow) - 1)
    ),
    "volume_rank": lambda b, k: rank(b.volume, k),
    "candle_body": lambda b, k: mean((b.close - b.open) / b.range, k),
    "upper_shadow": lambda b, k: mean(
        (b.high - np.maximum(b.open, b.close)) / b.range, k
    ),
    "lower_shadow": lambda b, k: mean(
        (np.minimum(b.open, b.close) - b.low) / b.range, k
    ),
    "mean_close_location": lambda b, k: mean((b.close - b.low) / b.range, k),
    "doji_share": lambda b, k: share_of_days(
        b.close, abs(b.close - b.open) < b.range / 10, k
    ),
    "inside_days": lambda b, k: share_of_days(
        b.change, (b.high < shift(b.high)) & (b.low > shift(b.low)), k
    ),
    "outside_days": lambda b, k: share_of_days(
        b.change, (b.high > shift(b.high)) & (b.low < shift(b.low)), k
    ),
    "engulfing": engulfing,
    "mean_gap": lambda b, k: mean(abs(b.overnight), k),
    "overnight_share": overnight_share,
    "gap_reversal": lambda b, k: correlation(b.overnight, b.intraday, k),
    "streak": run,
}


@pytest.mark.parametrize("name", registered(volume_flow, candles))
def test_a_flow_equals_its_slow_twin(name):
    assert_equals_twin(name, TWINS)


def test_the_accumulation_line_itself_gives_the_same():
    whole = Bars(PRICES, "WHOLE")
    line = np.cumsum(multiplier(whole) * whole.volume)
    average = {3: [line[0]], 10: [line[0]], "volume": [whole.volume[0]]}
    series = ((3, 3, line), (10, 10, line), ("volume", 10, whole.volume))
    for key, span, values in series:
        for value in values[1:]:
            average[key].append(average[key][-1] * (span - 1) / (span + 1))
            average[key][-1] += value * 2 / (span + 1)
    book = (np.array(average[3]) - average[10]) / average["volume"]
    found = computed("accumulation_3_10")[-300:, list(PRICES.tickers).index("WHOLE")]
    assert_allclose(found, book[-300:], atol=2e-5)


UP, E = {"close": [11.0, 10.5, 10.5]}, math.e


@pytest.mark.parametrize(
    ("name", "columns", "expected"),
    [
        ("obv_4", {**UP, "volume": [300.0, 100.0, 100.0]}, 200 / 600),
        ("up_down_volume_4", {**UP, "volume": [300.0, 50.0, 100.0]}, 6),
        ("mfi_4", {"close": [13.0, 10.0], "volume": [200.0, 100.0]}, 2200 / 32),
        ("chaikin_flow_4", {"high": [12.0], "low": [8.0], "close": [11.0]}, 0.125),
        # The line steps up by 100, of which three sessions have half and ten 2/11.
        ("accumulation_3_10", {"high": [11.0], "close": [11.0]}, 1 / 2 - 2 / 11),
        ("force_index_3", {"close": [12.0]}, 0.5 * 2 / 12),
        ("ease_of_movement_2", {"high": [14.0]}, 2 * 4 / 2 / 100),
        ("vwap_deviation_2", {"close": [13.0], "volume": [300.0]}, 13 / 10.75 - 1),
        ("price_volume_correlation_4", {"close": [11.0], "volume": [300.0]}, 1),
        ("move_volume_correlation_4", {"close": [9.0], "volume": [300.0]}, 1),
        ("volume_oscillator_1_3", {"volume": [300.0]}, 50),
        ("volume_rank_50", {"volume": [300.0]}, 1),
        ("volume_rank_50", {}, 25.5 / 50),
        ("candle_body_1", {"high": [14.0], "close": [13.0]}, 0.75),
        ("upper_shadow_1", {"high": [14.0], "close": [13.0]}, 0.25),
        ("lower_shadow_1", {"low": [6.0], "close": [9.0]}, 0.75),
        ("mean_close_location_1", {"high": [14.0], "close": [13.0]}, 0.75),
        ("doji_share_4", {"high": [14.0, 14.0], "close": [10.3, 10.5]}, 0.25),
        ("inside_days_4", {"high": [14.0, 13.0], "low": [6.0, 7.0]}, 0.25),
        ("outside_days_4", {"high": [14.0, 13.0], "low": [6.0, 7.0]}, 0.25),
        ("engulfing_4", {"open": [10.0, 8.0], "close": [9.0, 11.0]}, 0.25),
        ("engulfing_4", {"open": [10.0, 12.0], "close": [11.0, 9.0]}, -0.25),
        ("mean_gap_4", {"open": [10 * E], "close": [10 * E]}, 0.25),
        ("overnight_share_4", {"open": [10 * E], "close": [10 * E**3]}, 1 / 3),
        ("gap_reversal_4", {"open": [12.0]}, -1),
        ("streak_10", {"close": [11.0, 12.0, 13.0]}, 3),
        ("streak_10", {"close": [12.0, 11.0, 9.0]}, -2),
        ("streak_10", {"close": [11.0, 12.0, 12.0]}, 0),
        ("streak_4", {"close": np.arange(11.0, 20.0)}, 4),
    ],
)
def test_a_flow_by_hand(name, columns, expected):
    assert newest(name, **columns) == pytest.approx(expected, rel=1e-5)


AT_REST = {
    **dict.fromkeys(("obv", "chaikin_flow", "accumulation", "force_index"), 0),
    **dict.fromkeys(("ease_of_movement", "vwap_deviation"), 0),
    **dict.fromkeys(("volume_oscillator", "doji_share", "inside_days"), 0),
    **dict.fromkeys(("outside_days", "engulfing", "mean_gap", "streak"), 0),
    "volume_rank": 25.5 / 50,
}


@pytest.mark.parametrize("name", registered(volume_flow, candles))
def test_a_price_at_rest_has_no_flow_and_no_shape(name):
    expected = AT_REST.get(name.rstrip("0123456789_"), math.nan)
    assert newest(name) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize("name", registered(volume_flow))
def test_nothing_traded_is_no_flow_at_all(name):
    rising = {"close": 10 * 1.01 ** np.arange(300), "volume": [0.0] * 300}
    expected = 25.5 / 50 if name == "volume_rank_50" else math.nan
    assert newest(name, **rising) == pytest.approx(expected, nan_ok=True)


# The loops that CCI and streaks are made of.


values = st.lists(
    st.one_of(st.integers(-80, 80).map(lambda n: n / 8), st.just(math.nan)),
    min_size=1,
    max_size=12,
)


def asked(family, x, k):
    window = Window(k, math.ceil(0.8 * k))
    (found,) = family((np.array(x)[:, None],), [Request("any", window)])
    return found[:, 0]


@settings(max_examples=60, deadline=None)
@given(x=values, k=st.integers(1, 6))
def test_a_mean_deviation_equals_its_slow_twin(x, k):
    twin = over(np.array(x), k, lambda known: np.mean(abs(known - np.mean(known))))
    assert_allclose(asked(mean_deviations, x, k), twin, atol=1e-12)


@settings(max_examples=60, deadline=None)
@given(x=values, k=st.integers(1, 6))
def test_a_streak_equals_its_slow_twin(x, k):
    def run_to(row):
        window = x[row - k + 1 : row + 1][::-1]
        return next((n for n, value in enumerate(window) if not value > 0), k)

    enough = ~np.isnan(over(np.array(x), k, len))
    twin = [run_to(row) if enough[row] else math.nan for row in range(len(x))]
    assert_array_equal(asked(streaks, x, k), twin)


def test_equal_values_have_no_mean_deviation_at_all():
    assert asked(mean_deviations, [0.1] * 7, 7)[-1] == 0
