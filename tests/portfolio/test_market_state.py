"""What a decision can ask of the past, by hand."""

import numpy as np
import pytest

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.portfolio import MarketState
from tests.portfolio.overlays.overlay_markets import market_of

NAN = np.nan
CLOSE = np.array([[1.0, 4.0, NAN], [2.0, 4.0, NAN], [1.0, NAN, 5.0], [2.0, 6.0, 10.0]])


def state(**known):
    return market_of(
        3,
        close=CLOSE,
        dollar_volume=np.array([[9.0, 1, 1], [3, 1, NAN], [6, NAN, 3]]),
        **known,
    )


def test_returns_are_the_last_ones_oldest_first():
    np.testing.assert_allclose(
        state().returns(2), [[-0.5, NAN, NAN], [1.0, NAN, 1.0]], equal_nan=True
    )
    assert state().returns(3).shape == (3, 3)
    assert np.array_equal(state().returns(9), state().returns(3), equal_nan=True)
    assert market_of(3).returns(5).shape == (0, 3)


def test_volatility_is_that_of_the_known_returns_where_there_are_enough():
    spread = np.std([1.0, -0.5, 1.0], ddof=1)
    np.testing.assert_allclose(state().volatility(3), [spread, NAN, NAN])
    np.testing.assert_allclose(
        state().volatility(3, min_share=0.1), [spread, NAN, NAN]
    )  # one return has no deviation
    assert np.isnan(state().volatility(10)).all()
    assert np.isnan(market_of(3).volatility(5)).all()


def test_a_session_without_a_bar_had_no_volume():
    np.testing.assert_allclose(state().adv(2), [4.5, 0.5, 1.5])
    np.testing.assert_allclose(state().adv(99), [6.0, 2 / 3, 4 / 3])
    assert market_of(3).adv(5).tolist() == [0, 0, 0]


def test_benchmarks_are_found_by_name_or_the_nearest_is_named():
    known = state(benchmarks={"SPY": np.array([NAN, 2.0, 3.0, 6.0])})
    np.testing.assert_allclose(known.benchmark_returns("SPY", 2), [0.5, 1.0])
    np.testing.assert_allclose(known.benchmark_returns("SPY", 9), [NAN, 0.5, 1.0])
    with pytest.raises(SimulationError, match="AK-S040") as refused:
        known.benchmark("SPX")
    assert "SPY" in refused.value.wanted
    with pytest.raises(SimulationError, match="no benchmarks"):
        state().benchmark_returns("SPY", 2)


def test_the_distance_of_decisions_is_their_mean():
    every = state(past_decisions=[0, 2])
    assert every.sessions_per_decision == 1.5
    assert np.isnan(state().sessions_per_decision)


def test_nothing_of_a_state_can_be_written_to():
    known = state()
    for name, value in vars(known).items():
        if isinstance(value, np.ndarray) and value.size:
            with pytest.raises(ValueError, match="read-only"):
                value[0] = value[0]
        assert not isinstance(value, list), name
    assert isinstance(known, MarketState)
