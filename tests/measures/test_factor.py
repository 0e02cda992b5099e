"""One factor judged in a single call."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.measures import evaluate_factor

NAN = np.nan
NAMES = [f"T{place:02d}" for place in range(30)]


@pytest.fixture
def prices() -> pd.DataFrame:
    moves = np.random.default_rng(0).normal(0, 0.01, (120, len(NAMES)))
    days = pd.bdate_range("2020-01-01", periods=120)
    return pd.DataFrame(100 * np.cumprod(1 + moves, axis=0), days, NAMES)


def test_the_return_starts_at_the_next_price_and_not_at_the_scores_own():
    days = pd.bdate_range("2020-01-01", periods=4)
    prices = pd.DataFrame({"A": [9.0, 1, 2, 2], "B": [1.0, 1, 1, 2]}, index=days)
    scores = pd.DataFrame({"A": [1.0] * 4, "B": [0.0] * 4}, index=days)
    found = evaluate_factor(scores, prices, horizons=(1,), quantiles=2, min_names=2)
    # After a lag of one: A doubles while B stands, then A stands while B doubles.
    np.testing.assert_allclose(found.ic[1], [1.0, -1.0, NAN, NAN])
    np.testing.assert_allclose(found.spread[1], [1.0, -1.0, NAN, NAN])


def test_every_horizon_equals_a_slow_twin(prices):
    scores = prices.iloc[::5].rank(axis=1) + 0.0
    found = evaluate_factor(scores, prices, horizons=(1, 5), quantiles=3)
    sessions = prices.to_numpy()
    for date in scores.index[:-2]:
        row = prices.index.get_loc(date)
        for horizon in (1, 5):
            after = sessions[row + 1 + horizon] / sessions[row + 1] - 1
            expected = stats.spearmanr(scores.loc[date], after).statistic
            assert found.ic.loc[date, horizon] == pytest.approx(expected, abs=1e-12)
    assert found.overlaps == {1: 1, 5: 1}


def test_a_perfect_forecast_has_coefficient_one_and_order_one(prices):
    ahead = prices.to_numpy()[2:] / prices.to_numpy()[1:-1] - 1
    scores = pd.DataFrame(ahead, prices.index[:-2], NAMES)
    summary = evaluate_factor(scores, prices).summary()
    assert list(summary.index) == [1, 5, 10]
    assert summary.loc[1, "rank_ic"] == pytest.approx(1.0)
    assert summary.loc[1, "monotonicity"] == pytest.approx(1.0)
    assert 0.2 < summary.loc[5, "rank_ic"] < 0.7
    assert summary["spread"].gt(0).all()


def test_returns_relative_to_groups_forget_what_a_whole_group_earned(prices):
    sector = {name: "up" if place < 15 else "down" for place, name in enumerate(NAMES)}
    member = np.array([1.0 if sector[name] == "up" else -1.0 for name in NAMES])
    drift = np.arange(len(prices))[:, None] * 0.01 * member
    trending = prices * np.exp(drift)
    noise = np.random.default_rng(1).normal(0, 0.1, prices.shape)
    scores = pd.DataFrame(member + noise, prices.index, NAMES)
    plain = evaluate_factor(scores, trending, horizons=(5,)).summary()
    neutral = evaluate_factor(scores, trending, horizons=(5,), groups=sector).summary()
    assert plain.loc[5, "rank_ic"] > 0.5
    assert abs(neutral.loc[5, "rank_ic"]) < 0.1


def test_a_name_without_a_group_is_left_out(prices):
    groups = dict.fromkeys(NAMES[:20], "known")
    found = evaluate_factor(prices, prices, horizons=(1,), groups=groups, quantiles=2)
    assert found.quantile_returns["n_names"].sum() == 20


def test_scores_that_stand_still_have_no_turnover(prices):
    scores = pd.DataFrame(np.tile(np.arange(30.0), (120, 1)), prices.index, NAMES)
    found = evaluate_factor(scores, prices)
    assert found.turnover["top"].iloc[1:].eq(0).all()
    assert found.rank_autocorrelation.iloc[1:].to_numpy() == pytest.approx(1.0)


@pytest.mark.parametrize(
    "misfit",
    [
        {"lag": -1},
        {"horizons": (0,)},
        {"horizons": ()},
        {"quantiles": 1},
        {"scores": pd.DataFrame([[1.0, 2.0]], ["2020-01-01"], ["T00", "T00"])},
        {"scores": pd.DataFrame({"X": [1.0]}, index=[pd.Timestamp("2020-01-01")])},
        {"scores": pd.DataFrame({"T00": [1.0]}, index=[pd.Timestamp("1999-01-01")])},
    ],
)
def test_scores_that_do_not_fit_the_prices_are_refused(prices, misfit):
    with pytest.raises(ConfigError, match="AK-C051"):
        evaluate_factor(**({"scores": prices, "prices": prices} | misfit))
