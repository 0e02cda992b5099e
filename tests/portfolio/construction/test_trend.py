import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.portfolio.construction import Trend
from tests.portfolio.construction.books import aimed, history, state, with_changes


def walks(*steps, n_past=60):
    """Closes that rise or fall by a step each session, up and down by a little."""
    wobble = 1 + 0.001 * (-1) ** np.arange(n_past)[:, None]
    close = (1 + np.array(steps)) ** np.arange(n_past)[:, None] * wobble
    return state(len(steps), close=close)


def spec(**changes):
    small = {"window": 20, "volatility_window": 20, "gate_window": 20}
    return Trend(**(small | {"benchmark": None} | changes))


@pytest.mark.parametrize("signal", ["average", "momentum"])
def test_names_that_rise_are_held_by_inverse_volatility(signal):
    market = walks(0.01, -0.01, 0.02)
    aim = aimed(spec(signal=signal), [np.nan] * 3, market)
    inverse = 1 / market.volatility(20)[[0, 2]]
    np.testing.assert_allclose(aim.weights[[0, 2]], inverse / inverse.sum())
    assert aim.weights[1] == 0
    assert aim.notes == {}


def test_momentum_leaves_out_the_last_sessions():
    market = walks(0.01)
    close = market.close.copy()
    close[-3:] = 0.5
    market = with_changes(market, close=close)
    assert not aimed(spec(signal="momentum"), [0], market).weights.any()
    late = spec(signal="momentum", skip=3)
    assert aimed(late, [0], market).weights == pytest.approx([1.0])


@pytest.mark.parametrize(("step", "kept"), [(0.01, 1.0), (-0.01, 0.3)])
def test_the_gate_takes_the_book_down_with_the_market(step, kept):
    benchmark = 1.0 * (1 + step) ** np.arange(60)
    market = with_changes(walks(0.01, 0.01), benchmarks={"SPY": benchmark})
    aim = aimed(spec(benchmark="SPY", exposure_below=0.3), [0, 0], market)
    np.testing.assert_allclose(aim.weights, kept / 2)
    assert aim.notes == ({} if kept == 1 else {"gate_closed": 1})


def test_a_gate_that_cannot_tell_is_closed():
    late = np.where(np.arange(60) < 50, np.nan, 1.01 ** np.arange(60))
    market = with_changes(walks(0.01), benchmarks={"SPY": late})
    aim = aimed(spec(benchmark="SPY"), [0], market)
    assert not aim.weights.any()
    assert aim.notes == {"gate_closed": 1, "gate_unknown": 1}


def test_an_unknown_benchmark_is_named():
    with pytest.raises(SimulationError, match="AK-S040"):
        aimed(spec(benchmark="SPX"), [0], walks(0.01))


def test_short_histories_and_names_at_rest_are_counted():
    market = walks(0.01, 0.01, 0.0)
    close = market.close.copy()
    close[:50, 1] = np.nan
    close[:, 2] = 1.0
    aim = aimed(spec(), [0] * 3, with_changes(market, close=close))
    np.testing.assert_allclose(aim.weights, [1, 0, 0])
    assert aim.notes == {"short_history": 2}
    assert aimed(spec(), [0] * 3, state(3)).notes == {
        "short_history": 3,
        "too_few_names": 1,
    }


def test_nothing_in_trend_is_a_flat_book():
    aim = aimed(spec(), [0, 0], walks(-0.01, -0.02))
    assert not aim.weights.any()
    assert aim.notes == {"none_in_trend": 1, "under_invested": 1}


def test_skipping_the_whole_window_is_refused():
    with pytest.raises(ConfigError, match="skip 20 is not inside window 20"):
        Trend.parse({"window": 20, "skip": 20}, "strategies.any.trend")


def test_only_the_window_is_read():
    market = history(9)
    straight = aimed(Trend(window=100), np.zeros(9), market).weights
    close = market.close.copy()
    close[:-100] *= 3
    cut = aimed(Trend(window=100), np.zeros(9), with_changes(market, close=close))
    np.testing.assert_array_equal(cut.weights, straight)
