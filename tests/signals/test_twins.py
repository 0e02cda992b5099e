"""No feature is listed that nothing slow and obvious was ever compared with."""

from alpha_kedro.signals import FEATURE_SETS, FEATURES
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
from tests.signals import test_feature_values, test_library_anomalies
from tests.signals.slow_windows import registered

BY_MODULE = (
    *(channels, ranges, volatility_estimators, oscillators, macd, moving_averages),
    *(directional_movement, trend_lines, volume_flow, candles),
)
"""Modules whose tests ask for a twin of every feature in them."""
BY_HAND = {"share_turnover_21"}


def test_every_feature_has_a_twin():
    compared = {
        *test_feature_values.TWINS,
        *test_library_anomalies.TWINS,
        *registered(*BY_MODULE),
        *FEATURE_SETS["alpha158"],  # tests/parity
        *BY_HAND,
    }
    assert set(FEATURES) == compared
