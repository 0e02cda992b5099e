import math

import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.portfolio.costs import HalfSpreadSpec, estimated_half_spreads
from alpha_kedro.portfolio.costs.spread import squared_bounces
from tests.portfolio.costs.cost_markets import cost_panel, panel_of, quoted_bars

OPEN = HalfSpreadSpec(kind="high_low", floor_bps=0.0, cap_bps=1_000.0)


def slow_squared_bounces(high, low, close):
    """The paper and the night, one cell at a time."""
    found = np.full(close.shape, np.nan)
    for t in range(1, len(close)):
        for i in range(close.shape[1]):
            days = [(high[s, i], low[s, i], close[s, i]) for s in (t - 1, t)]
            if not all(h > lo for h, lo, _ in days):
                continue
            (h0, l0, c0), (h1, l1, _) = [tuple(map(math.log, day)) for day in days]
            night = c0 - h1 if c0 > h1 else c0 - l1 if c0 < l1 else 0.0
            h1, l1 = h1 + night, l1 + night
            found[t, i] = (c0 - (h0 + l0) / 2) * (c0 - (h1 + l1) / 2)
    return found


def test_two_sessions_by_hand():
    # Middles at 0 and .01, the close at .02 between: (.02 - 0) (.02 - .01).
    logs = {"high": [0.03, 0.03], "low": [-0.03, -0.01], "close": [0.02, 0.0]}
    bars = {name: np.exp(np.array(each)[:, None]) for name, each in logs.items()}
    found = squared_bounces(bars["high"], bars["low"], bars["close"])
    assert np.isnan(found[0, 0])
    assert found[1, 0] == pytest.approx(0.02 * 0.01, rel=1e-12)


def test_the_kernel_is_its_slow_twin():
    panel = cost_panel(40, 6)
    bars = [panel[name].copy() for name in ("high", "low", "close")]
    bars[0][7, 2] = bars[1][7, 2]  # a session at a single price
    bars[0][9:, 3] *= 1.2  # a move over night
    bars[1][9:, 3] *= 1.2
    bars[2][9:, 3] *= 1.2
    fast, slow = squared_bounces(*bars), slow_squared_bounces(*bars)
    assert np.isnan(slow).any()
    np.testing.assert_allclose(fast, slow, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("half", [0.003, 0.01])
def test_a_known_spread_is_found(half):
    bars = quoted_bars(250, np.full(12, half), trades=60)
    spec = OPEN.model_copy(update={"window": 250})
    found = estimated_half_spreads(bars, spec)[-1]
    assert found.mean() == pytest.approx(half, abs=7e-4)


def test_no_spread_is_noise_and_the_wide_are_told_from_the_narrow():
    bars = quoted_bars(250, [0.0] * 10 + [0.004] * 10, trades=60)
    found = estimated_half_spreads(bars, OPEN.model_copy(update={"window": 250}))[-1]
    assert found[:10].mean() < 0.0015
    assert found[10:].min() > found[:10].max()


def test_estimates_do_not_depend_on_the_level_of_prices():
    bars = quoted_bars(80, [0.004] * 3, trades=20)
    dearer = panel_of({name: 8 * each for name, each in bars.fields.items()})
    np.testing.assert_allclose(
        estimated_half_spreads(bars, OPEN), estimated_half_spreads(dearer, OPEN)
    )


def test_floor_and_cap_hold_and_a_short_history_says_nothing():
    bars = quoted_bars(80, [0.0, 0.05], trades=20)
    found = estimated_half_spreads(bars, HalfSpreadSpec(kind="high_low"))
    assert np.isnan(found[:15]).all()
    assert np.isfinite(found[15:]).all()
    assert found[15:, 0].min() >= 1e-4
    assert (found[40:, 1] == 50e-4).all()


def test_prices_without_high_and_low_are_refused():
    bars = quoted_bars(10, [0.01])
    only = panel_of({"close": bars["close"]})
    with pytest.raises(ConfigError, match="AK-C166") as refused:
        estimated_half_spreads(only, OPEN)
    assert refused.value.where == ["high", "low"]


def test_a_floor_above_the_cap_is_refused():
    with pytest.raises(ConfigError, match="AK-C003") as refused:
        HalfSpreadSpec.parse({"floor_bps": 60.0}, "costs.half_spread")
    assert "above cap_bps 50" in str(refused.value)
