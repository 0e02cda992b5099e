import numpy as np
import pytest

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.portfolio.risk.beta import betas, market_returns, slopes
from tests.portfolio.construction.books import history, state, with_changes


def test_a_name_that_moves_twice_as_far_has_a_beta_of_two():
    common = np.array([0.01, -0.02, 0.03, 0.0, 0.01])
    own = np.column_stack([2 * common + 0.004, common, -common, np.zeros(5)])
    np.testing.assert_allclose(slopes(own, common, 5), [2, 1, -1, 0], atol=1e-12)


def test_betas_are_the_least_squares_slopes_where_both_are_known():
    market = history(6)
    close = market.close.copy()
    close[-40:-20, 2] = np.nan
    market = with_changes(market, close=close)
    found = betas(market, "SPY", 120)
    common = market.benchmark_returns("SPY", 120)
    returns = market.returns(120)
    for name in range(6):
        known = np.isfinite(returns[:, name])
        slope = np.polyfit(common[known], returns[known, name], 1)[0]
        assert found[name] == pytest.approx(slope, rel=1e-9)


def test_too_few_returns_or_a_benchmark_at_rest_are_nan():
    market = history(3)
    close = market.close.copy()
    close[-60:-30, 1] = np.nan
    close[-20:-3] = close[-20:-3]
    market = with_changes(market, close=close)
    np.testing.assert_array_equal(
        np.isnan(betas(market, "SPY", 60)), [False, True, False]
    )
    rest = with_changes(market, benchmarks={"SPY": np.ones(300)})
    assert np.isnan(betas(rest, "SPY", 60)).all()
    late = np.where(np.arange(300) < 280, np.nan, market.benchmarks["SPY"])
    assert np.isnan(
        betas(with_changes(market, benchmarks={"SPY": late}), "SPY", 60)
    ).all()


def test_without_a_benchmark_the_market_is_the_mean_of_the_universe():
    market = history(4, universe=[True, True, False, True])
    members = market.returns(60)[:, [0, 1, 3]]
    np.testing.assert_allclose(
        market_returns(market, None, 60), members.mean(axis=1), rtol=1e-12
    )
    found = betas(market, None, 60)
    assert found[[0, 1, 3]].mean() == pytest.approx(1.0)


def test_only_the_window_is_read():
    market = history(4)
    close = market.close.copy()
    close[:-61] = 1.0
    cut = with_changes(market, close=close)
    np.testing.assert_array_equal(betas(cut, "SPY", 60), betas(market, "SPY", 60))


def test_an_unknown_benchmark_is_named():
    with pytest.raises(SimulationError, match="AK-S040"):
        betas(state(2), "QQQ", 10)
