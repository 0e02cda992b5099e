import numpy as np
import pytest

from alpha_kedro.portfolio.risk.beta import betas
from alpha_kedro.portfolio.risk.exposures import (
    ExposureSpec,
    exposures_of,
    moved,
    ranked,
    sector_columns,
)
from alpha_kedro.portfolio.risk.statistical_factors import factor_risk
from tests.portfolio.construction.books import history, state, with_changes

STYLES = ("beta", "volatility", "size", "momentum", "momentum_3m")


def test_styles_are_ranks_of_what_they_are_named_after():
    market = history(20, universe=np.arange(20) > 2)
    found = exposures_of(market, ExposureSpec(styles=STYLES, benchmark="SPY"))
    close = market.close
    expected = [
        betas(market, "SPY", 252),
        market.returns(60).std(axis=0, ddof=1),
        market.dollar_volume[-60:].mean(axis=0),
        close[-22] / close[-253] - 1,
        close[-1] / close[-64] - 1,
    ]
    for column, values in zip(found.columns.T, expected, strict=True):
        assert not column[:3].any()
        order = np.argsort(np.argsort(values[3:]))
        np.testing.assert_allclose(column[3:], (order + 0.5) / 17 - 0.5)
    assert found.missing == 0


def test_an_unknown_exposure_is_the_middle_and_counted():
    market = history(10)
    close = market.close.copy()
    close[:-100, 4] = np.nan
    market = with_changes(market, close=close)
    found = exposures_of(market, ExposureSpec(styles=STYLES, factors=2))
    assert found.missing == 1
    np.testing.assert_array_equal(found.columns[4, [0, 3, 5, 6]], 0)
    assert (found.columns[4, [1, 2, 4]] != 0).any()


def test_without_history_nothing_is_known():
    found = exposures_of(state(4), ExposureSpec(styles=STYLES, factors=3))
    assert not found.columns.any()
    assert found.columns.shape == (4, 8)
    assert found.missing == 4


def test_only_the_windows_are_read():
    market = history(12)
    spec = ExposureSpec(styles=STYLES, factors=3)
    straight = exposures_of(market, spec).columns
    close = market.close.copy()
    close[:-253] *= 5
    cut = exposures_of(with_changes(market, close=close), spec).columns
    np.testing.assert_array_equal(cut, straight)


def test_ranks_share_ties_and_skip_strangers():
    market = state(5, universe=[True, True, True, True, False])
    found = ranked(np.array([3.0, 1.0, 3.0, np.nan, 9.0]), market)
    np.testing.assert_allclose(found, [1 / 6, -1 / 3, 1 / 6, np.nan, np.nan])


def test_sector_columns():
    market = state(5, groups=[2, 0, 2, -1, 7], universe=[True] * 4 + [False])
    np.testing.assert_array_equal(
        sector_columns(market, by_sector=True),
        [[0, 1], [1, 0], [0, 1], [0, 0], [0, 0]],
    )
    assert sector_columns(market, by_sector=False).tolist() == [[1]] * 5


def test_moves_need_their_window():
    market = history(3, 64)
    close = market.close
    np.testing.assert_array_equal(moved(market, 63), close[-1] / close[0] - 1)
    assert np.isnan(moved(market, 64)).all()


@pytest.mark.parametrize("shape", [(40, 90), (90, 40)])
def test_factors_keep_total_variances_and_find_what_is_common(shape):
    rng = np.random.default_rng(0)
    loadings = rng.uniform(0.5, 1.5, shape[1])
    returns = rng.normal(0, 0.01, (shape[0], 1)) * loadings
    returns = returns + rng.normal(0, 0.01, shape)
    risk = factor_risk(returns, 3)
    assert risk.loadings.shape == (shape[1], 3)
    total = (risk.loadings**2).sum(axis=1) + risk.specific
    np.testing.assert_allclose(total, returns.var(axis=0, ddof=1), rtol=1e-10)
    assert np.corrcoef(risk.loadings[:, 0], loadings)[0, 1] > 0.7
    weights = rng.normal(size=shape[1])
    dense = risk.loadings @ risk.loadings.T + np.diag(risk.specific)
    assert risk.variance(weights) == pytest.approx(weights @ dense @ weights)


def test_both_product_matrices_give_the_same_factors():
    returns = np.random.default_rng(1).normal(size=(30, 30)) * 0.01
    by_name = factor_risk(returns[:, :29], 4).loadings
    again = factor_risk(returns[:, :29][:, ::-1], 4).loadings[::-1]
    np.testing.assert_allclose(by_name, again, atol=1e-12)
    wide = np.column_stack([returns[:, :29], returns[:, :3] + 1e-9])
    assert factor_risk(wide, 4).loadings.shape == (32, 4)


def test_more_factors_than_there_can_be():
    returns = np.random.default_rng(2).normal(size=(5, 3))
    assert factor_risk(returns, 60).loadings.shape == (3, 2)
    assert factor_risk(returns[:, :1], 3).loadings.shape == (1, 0)
