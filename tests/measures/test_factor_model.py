"""Factors off the panel: known at the close, and what they earned the session after."""

import numpy as np
import pytest
import statsmodels.api as sm

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.measures.factor_model import fit_factor_model
from alpha_kedro.measures.risk_factors import (
    RiskFactorSpec,
    change,
    factor_exposures,
    standardised,
)
from tests.measures.toy_books import draw_panel, fitted

SHORT = RiskFactorSpec(
    beta=40, size=20, momentum=40, reversal=10, volatility=20, min_names=5
)


@pytest.fixture(scope="module")
def panel():
    return draw_panel(n_dates=100, n_tickers=25)


def slow_raw(panel, row: int, ticker: int) -> dict[str, float]:
    """The definitions, one cell at a time."""
    _, _, close, volume = panel
    returns = close[1:] / close[:-1] - 1
    market = np.array([np.nanmean(day) for day in returns])
    own = returns[:row, ticker]
    window = own[-40:], market[:row][-40:]
    known = np.isfinite(window[0])
    beta = np.polyfit(window[1][known], window[0][known], 1)[0]
    return {
        "beta": beta,
        "size": np.log(np.nanmean(volume[row - 19 : row + 1, ticker])),
        "momentum": close[row - 10, ticker] / close[row - 40, ticker] - 1,
        "reversal": 1 - close[row, ticker] / close[row - 10, ticker],
        "volatility": np.nanstd(own[-20:], ddof=1),
    }


@pytest.mark.parametrize("row", [60, 99])
def test_exposures_are_their_definitions(panel, row):
    exposures = factor_exposures(*panel, spec=SHORT)
    slow = [slow_raw(panel, row, ticker) for ticker in range(25)]
    known = np.isfinite(panel[2][row])
    for place, name in enumerate(exposures.names[1:], start=1):
        raw = np.array([each[name] for each in slow])
        inside = known & np.isfinite(raw)
        z = (raw - raw[inside].mean()) / raw[inside].std(ddof=1)
        np.testing.assert_allclose(
            exposures.values[row, place],
            np.clip(np.where(np.isfinite(raw), z, 0), -3, 3),
            atol=1e-9,
        )
    assert (exposures.values[:, 0] == 1).all()


def test_no_exposure_moves_with_what_comes_later(panel):
    dates, tickers, close, volume = panel
    before = factor_exposures(*panel, spec=SHORT).values[:60]
    rng = np.random.default_rng(9)
    other, more = close.copy(), volume.copy()
    other[60:] *= rng.uniform(0.1, 9, other[60:].shape)
    more[60:] *= 7
    after = factor_exposures(dates, tickers, other, more, spec=SHORT).values[:60]
    np.testing.assert_array_equal(before, after)


def test_slopes_are_those_of_weighted_least_squares(panel):
    exposures = factor_exposures(*panel, spec=SHORT)
    returns = change(panel[2], 1)
    model = fit_factor_model(exposures, returns, min_names=5)
    for row in (70, 98):
        known = np.isfinite(returns[row + 1]) & exposures.universe[row]
        fit = sm.WLS(
            returns[row + 1][known],
            exposures.values[row][:, known].T,
            weights=np.sqrt(exposures.dollar_volume[row][known]),
        ).fit()
        np.testing.assert_allclose(model.returns[row], fit.params, atol=1e-12)
        assert model.r_squared[row] == pytest.approx(fit.rsquared, abs=1e-10)
    assert model.dates[0] == panel[0][1]


def test_planted_factor_returns_are_found(panel):
    exposures = factor_exposures(*panel, spec=SHORT)
    truth = np.array([0.01, 0.004, -0.003, 0.002, 0.001, -0.002])
    returns = np.full(panel[2].shape, np.nan)
    returns[1:] = np.einsum("ikj,k->ij", exposures.values[:-1], truth)
    model = fit_factor_model(exposures, returns, min_names=5)
    np.testing.assert_allclose(model.returns[60:], np.tile(truth, (39, 1)), atol=1e-9)
    assert model.r_squared[60:] == pytest.approx(1.0)


def test_value_is_a_factor_where_it_is_known(panel):
    value = np.tile(np.linspace(0, 1, 25), (100, 1))
    value[:, 3] = np.nan
    model = fitted(panel, value=value, spec=SHORT)
    assert model.names[-1] == "value"
    assert (model.exposures[:, -1, 3] == 0).all()
    assert model.notes["average_value"] == 100


def test_collinear_exposures_get_a_ridge_and_are_counted(panel):
    exposures = factor_exposures(*panel, spec=SHORT)
    assert fitted(panel, spec=SHORT).notes["sessions_with_ridge"] == 40
    # Until there is a momentum or a beta their columns are all 0, which is singular.
    first = int(np.flatnonzero(np.abs(exposures.values[:, 3]).sum(axis=1))[0])
    assert first == 40
    values = exposures.values.copy()
    values[:, 5] = values[:, 4]
    twin = type(exposures)(**{**vars(exposures), "values": values})
    model = fit_factor_model(twin, change(panel[2], 1), min_names=5)
    assert model.notes["sessions_with_ridge"] == 99
    assert np.isfinite(model.returns).all()
    np.testing.assert_allclose(model.returns[:, 4], model.returns[:, 5], atol=1e-6)


def test_too_few_names_leave_no_factor_returns(panel):
    model = fitted(panel, spec=SHORT.model_copy(update={"min_names": 26}))
    assert model.notes["sessions_without_regression"] == 99
    assert (model.returns == 0).all()
    assert np.isnan(model.r_squared).all()


def test_names_outside_the_universe_take_no_part(panel):
    inside = np.isfinite(panel[2])
    inside[:, 20:] = False
    model = fitted(panel, universe=inside, spec=SHORT)
    dates, tickers, close, volume = panel
    wild = close.copy()
    wild[:, 20:] *= np.cumprod(np.full((100, 1), 1.3), axis=0)
    other = fitted((dates, tickers, wild, volume), universe=inside, spec=SHORT)
    np.testing.assert_allclose(model.returns, other.returns, atol=1e-12)


def test_one_name_and_equal_names_are_average():
    values = np.array([[5.0, np.nan], [2.0, 2.0]])
    everyone = np.ones((2, 2), dtype=bool)
    assert (standardised(values, everyone, cut=3.0) == 0).all()


def test_prices_that_do_not_fit_are_refused(panel):
    dates, tickers, close, volume = panel
    with pytest.raises(SimulationError, match="AK-S068"):
        fitted((dates, tickers, close[:, :5], volume), spec=SHORT)
    with pytest.raises(SimulationError, match="AK-S068"):
        fitted((dates[:1], tickers, close[:1], volume[:1]), spec=SHORT)
