import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.portfolio.overlays import ImpliedVolatilityGate, RegimeGate
from tests.portfolio.overlays.overlay_markets import account_of, book, cash, market_of

WEIGHTS = book(0.6, 0.4, -0.2, 0)


def under(gate, closes, name="SPY"):
    market = market_of(benchmarks={name: np.array(closes, dtype=float)})
    return gate.apply(WEIGHTS, cash(), market)


def test_below_its_average_the_gate_closes():
    gate = RegimeGate(sma=3, exposure_below=0.5)
    shut = under(gate, [10, 11, 12, 9])  # mean of 11, 12, 9 is 10.67
    np.testing.assert_allclose(shut.weights, WEIGHTS / 2)
    assert shut.notes == {"gate_closed": 1}
    ajar = under(gate, [10, 9, 8, 11])
    assert ajar.weights is WEIGHTS
    assert ajar.notes == {}


def test_within_the_band_it_stays_as_it_was():
    gate = RegimeGate(sma=2, band=0.1, exposure_below=0.0)
    # Distances from the mean of two: +33 %, then -4 %: still open.
    assert under(gate, [10, 20, 18.5]).weights is WEIGHTS
    # -33 %, then +2.4 %: still closed.
    assert not under(gate, [20, 10, 10.5]).weights.any()
    # Never outside the band: open.
    assert under(gate, [10, 10.1, 10.2]).weights is WEIGHTS


def test_the_state_is_that_of_a_walk_through_all_closes():
    rng = np.random.default_rng(5)
    closes = 100 * np.exp(rng.normal(0, 0.02, 300).cumsum())
    gate = RegimeGate(sma=20, band=0.03, exposure_below=0.0)
    closed = False
    for end in range(20, len(closes) + 1):
        distance = closes[end - 1] / closes[end - 20 : end].mean() - 1
        closed = distance < 0 if abs(distance) > 0.03 else closed
        assert under(gate, closes[:end]).weights.any() == (not closed)


def test_too_short_a_past_or_a_missing_close_is_noted_and_leaves_the_gate_open():
    gate = RegimeGate(sma=4)
    late = under(gate, [np.nan, np.nan, 12, 11, 10])
    assert late.weights is WEIGHTS
    assert late.notes == {"gate_unknown": 1}
    stale = under(RegimeGate(sma=3), [10, 11, 12, 9, np.nan])
    assert stale.notes == {"gate_closed": 1, "benchmark_missing": 1}


def test_a_benchmark_that_is_not_there_is_asked_for():
    with pytest.raises(SimulationError, match="AK-S040"):
        RegimeGate(benchmark="SPX").apply(WEIGHTS, cash(), market_of())


def test_above_its_level_implied_volatility_closes_the_gate():
    gate = ImpliedVolatilityGate(level=30.0, exposure_above=0.25)
    np.testing.assert_allclose(under(gate, [20, 31], "VIX").weights, WEIGHTS / 4)
    assert under(gate, [31, 29], "VIX").weights is WEIGHTS
    assert under(gate, [np.nan, np.nan], "VIX").notes["gate_unknown"] == 1


def test_it_opens_again_below_its_release():
    gate = ImpliedVolatilityGate(level=30.0, release=25.0, exposure_above=0.0)
    assert not under(gate, [20, 31, 27], "VIX").weights.any()
    assert under(gate, [31, 24, 27], "VIX").weights.any()


def test_what_is_stuck_is_not_scaled_but_counted():
    market = market_of(
        tradable=[False, True, True, True], benchmarks={"SPY": np.array([2.0, 1.0])}
    )
    gate = RegimeGate(sma=2, exposure_below=0.0)
    shut = gate.apply(WEIGHTS, account_of([0.5, 0, 0, 0]), market)
    np.testing.assert_array_equal(shut.weights, [0.6, 0, 0, 0])
    assert shut.notes == {"gate_closed": 1, "stuck": 1}


def test_without_a_band_no_close_before_the_average_is_read():
    closes = 100 * np.exp(np.random.default_rng(6).normal(0, 0.02, 60).cumsum())
    gate = RegimeGate(sma=20)
    garbled = closes.copy()
    garbled[:-20] = 1e9
    np.testing.assert_array_equal(
        under(gate, garbled).weights, under(gate, closes).weights
    )


def test_a_release_above_the_level_is_refused():
    with pytest.raises(ConfigError, match="release 40 above level 30"):
        ImpliedVolatilityGate.parse({"release": 40.0}, "overlays")
