"""The planted signal knows what theory says; apart from it nothing knows anything."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from alpha_kedro.core.panel import Float, Panel
from alpha_kedro.core.prices import price_panel
from alpha_kedro.market.simulated import SimulatedMarket, simulate_market
from alpha_kedro.market.simulated.skill import (
    Prospects,
    forecast,
    planted_gap,
    rank_ic,
    solve_strength,
)
from alpha_kedro.market.simulated.spec import SimulatedMarketSpec


def daily_rank_ic(feature: Float, outcome: Float) -> Float:
    known = np.isfinite(feature) & np.isfinite(outcome)
    ranks = (
        pd.DataFrame(np.where(known, array, np.nan)).rank(axis=1)
        for array in (feature, outcome)
    )
    x, y = ranks
    return x.corrwith(y, axis=1).dropna().to_numpy()


def t_statistic(sample: Float) -> float:
    return float(sample.mean() / sample.std(ddof=1) * np.sqrt(len(sample)))


def forward_return(opening: Float, horizon: int = 5, lag: int = 1) -> Float:
    ahead = np.full(opening.shape, np.nan)
    ahead[: -lag - horizon] = opening[lag + horizon :] / opening[lag:-horizon] - 1
    return ahead


def oracle_rank_ic(market: SimulatedMarket, column: str, **window: int) -> Float:
    panel = price_panel(market.bars)
    truth = Panel.from_table(market.truth, [column], axes=panel.axes)
    return daily_rank_ic(truth[column], forward_return(panel["open"], **window))


@cache
def features_against_returns(skill: float, seed: int) -> dict[str, Float]:
    """Return the rank ICs of features of past bars on non-overlapping dates."""
    market = simulate_market(150, 620, seed, skill)
    panel = price_panel(market.bars)
    opening, high, low, close = (
        panel[name] for name in ("open", "high", "low", "close")
    )
    moves = pd.DataFrame(close).pct_change(fill_method=None)
    features = {
        "momentum": pd.DataFrame(close).pct_change(60, fill_method=None).to_numpy(),
        "volatility": moves.rolling(21).std().to_numpy(),
        "reversal": moves.to_numpy(),
        "range": (high - low) / close,
        "intraday": close / opening - 1,
        "dollar_volume": panel["dollar_volume"],
        "close_location": np.where(high > low, close - low, np.nan)
        / (high - low + 1e-9),
    }
    outcome = forward_return(opening)
    dates = slice(60, None, 6)
    return {
        name: daily_rank_ic(feature[dates], outcome[dates])
        for name, feature in features.items()
    }


@pytest.mark.parametrize("skill", [-0.05, 0.0, 0.05, 0.1])
def test_the_oracle_has_the_rank_ic_of_theory(skill: float) -> None:
    market = simulate_market(200, 900, 1, skill)
    assert market.theoretical_rank_ic == pytest.approx(skill, abs=2e-6)
    realised = oracle_rank_ic(market, "signal")
    error = realised.std(ddof=1) / np.sqrt(len(realised))
    assert error < 0.003
    assert abs(realised.mean() - market.theoretical_rank_ic) < 3 * error


@pytest.mark.parametrize(("horizon", "lag"), [(1, 1), (21, 2)])
def test_theory_holds_for_other_horizons_and_lags(horizon: int, lag: int) -> None:
    market = simulate_market(200, 900, 2, 0.04, horizon=horizon, lag=lag)
    realised = oracle_rank_ic(market, "signal", horizon=horizon, lag=lag)
    error = realised.std(ddof=1) / np.sqrt(len(realised))
    assert abs(realised.mean() - 0.04) < 3 * error


def test_the_signal_earns_nothing_before_the_first_fill() -> None:
    market = simulate_market(200, 900, 1, 0.1)
    panel = price_panel(market.bars)
    signal = Panel.from_table(market.truth, ["signal"], axes=panel.axes)["signal"]
    to_the_open = panel["open"][1:] / panel["close"][:-1] - 1
    assert abs(t_statistic(daily_rank_ic(signal[:-1], to_the_open))) < 3


def test_the_forecast_knows_more_than_the_signal_of_one_day() -> None:
    market = simulate_market(200, 900, 1, 0.05)
    alone, together = (
        oracle_rank_ic(market, column).mean() for column in ("signal", "forecast")
    )
    assert together > 1.2 * alone


@pytest.mark.parametrize(
    "feature",
    [
        "momentum",
        "volatility",
        "reversal",
        "range",
        "intraday",
        "dollar_volume",
        "close_location",
    ],
)
def test_nothing_in_the_past_predicts_a_market_of_noise(feature: str) -> None:
    seeds = [features_against_returns(0.0, seed)[feature] for seed in range(5)]
    assert abs(t_statistic(np.concatenate(seeds))) < 3


def test_the_same_features_do_find_a_planted_signal() -> None:
    seeds = [features_against_returns(0.05, seed) for seed in range(2)]
    assert t_statistic(np.concatenate([s["close_location"] for s in seeds])) > 5
    assert t_statistic(np.concatenate([s["intraday"] for s in seeds])) > 3


def test_no_premium_goes_to_beta() -> None:
    def final_levels(premium: float) -> Float:
        market = simulate_market(
            60, 300, 3, 0.0, equity_premium=premium, late_share=0.0
        )
        return price_panel(market.bars)["close"][[0, -1]]

    without, with_premium = final_levels(0.0), final_levels(0.2)
    extra = np.log(with_premium[1] / with_premium[0]) - np.log(without[1] / without[0])
    alive = np.isfinite(extra)
    assert np.allclose(extra[alive], np.log(1.2) * 299 / 252, atol=5e-3)


def test_equal_names_have_the_textbook_rank_ic() -> None:
    r = 0.3
    outlook = constant_prospects(variance=1 - r**2, unit_pay=1.0)
    assert rank_ic(outlook, r) == pytest.approx(6 / np.pi * np.arcsin(r / 2), rel=1e-12)


def test_the_solver_finds_the_strength_behind_a_rank_ic() -> None:
    outlook = constant_prospects(variance=1.0, unit_pay=1.0)
    for target in (-0.2, 0.0, 0.01, 0.25):
        assert rank_ic(outlook, solve_strength(outlook, target)) == pytest.approx(
            target, abs=2e-6
        )


def test_theory_agrees_with_a_simulation_of_unequal_names() -> None:
    rng = np.random.default_rng(0)
    shape = 1, 400
    centre, noise = 0.5 * rng.standard_normal(shape), np.exp(rng.normal(0, 0.4, shape))
    pay = 0.15 * noise * np.exp(rng.normal(0, 0.3, shape))
    outlook = Prospects(
        centre=centre,
        variance=noise**2,
        unit_pay=pay,
        crowding=np.zeros(shape[1]),
        echo=np.zeros(shape),
        known=np.ones(shape, bool),
    )
    signals, shocks = rng.standard_normal((2, 600, shape[1]))
    returns = centre + pay * signals + noise * shocks
    simulated = np.array(
        [spearmanr(s, f).statistic for s, f in zip(signals, returns, strict=True)]
    )
    error = simulated.std(ddof=1) / np.sqrt(len(simulated))
    # Three partners a name are a sample of all pairs: room for their own error.
    assert abs(simulated.mean() - rank_ic(outlook, 1.0)) < 3 * error + 0.004


@pytest.mark.parametrize(("horizon", "lag"), [(5, 1), (1, 1), (3, 4)])
def test_pay_and_forecast_equal_their_slow_twins(horizon: int, lag: int) -> None:
    spec = SimulatedMarketSpec(horizon=horizon, lag=lag)
    pay = np.random.default_rng(1).standard_normal((30, 2))
    paid, expected = np.zeros_like(pay), np.zeros_like(pay)
    for day in range(len(pay)):
        for gap in range(day + lag + 1, day + lag + horizon + 1):
            if gap < len(pay):
                paid[gap] += pay[day]
        for earlier in range(day + 1):
            window = range(day + lag + 1, day + lag + horizon + 1)
            pays = range(earlier + lag + 1, earlier + lag + horizon + 1)
            expected[day] += pay[earlier] * len(set(window) & set(pays))
    assert np.allclose(planted_gap(spec, pay), paid)
    assert np.allclose(forecast(spec, pay), expected)


def constant_prospects(*, variance: float, unit_pay: float) -> Prospects:
    shape = 3, 10
    return Prospects(
        centre=np.zeros(shape),
        variance=np.full(shape, variance),
        unit_pay=np.full(shape, unit_pay),
        crowding=np.zeros(10),
        echo=np.zeros(shape),
        known=np.ones(shape, bool),
    )
