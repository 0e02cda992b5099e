"""How long a factor knows what comes, against decays that were planted."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.measures import evaluate_factor


def planted(*, memory, strength=0.05, n_sessions=300, n_names=120, seed=0):
    """Draw scores that know each move after the fill, and the prices."""
    rng = np.random.default_rng(seed)
    days = pd.bdate_range("2015-01-01", periods=n_sessions)
    names = [f"T{place:03d}" for place in range(n_names)]
    state = rng.normal(size=(n_sessions, n_names))
    for row in range(1, n_sessions):
        fresh = np.sqrt(1 - memory**2) * state[row]
        state[row] = memory * state[row - 1] + fresh
    moves = rng.normal(size=state.shape)
    moves[2:] = strength * state[:-2] + np.sqrt(1 - strength**2) * moves[2:]
    prices = np.exp(np.cumsum(0.01 * moves, axis=0))
    return pd.DataFrame(state, days, names), pd.DataFrame(prices, days, names)


@pytest.fixture(scope="module")
def fading():
    return evaluate_factor(*planted(memory=0.9), horizons=(1,))


def test_a_score_fades_at_the_pace_of_its_memory(fading):
    curve = fading.decay_by_age
    assert list(curve.index) == list(range(21))
    assert curve.loc[0, "rank_ic"] == pytest.approx(0.05, abs=0.012)
    assert curve.loc[10, "rank_ic"] < 0.6 * curve.loc[0, "rank_ic"]
    # A memory of 0.9 per session halves in 6.6 sessions.
    assert fading.half_life == pytest.approx(np.log(0.5) / np.log(0.9), rel=0.35)


def test_the_interval_is_two_errors_wide_on_either_side(fading):
    curve = fading.decay_by_age
    reach = 1.959964 * curve["standard_error"]
    np.testing.assert_allclose(curve["high"] - curve["rank_ic"], reach)
    np.testing.assert_allclose(curve["rank_ic"] - curve["low"], reach)


def test_by_horizon_a_persistent_score_gains_before_it_fades(fading):
    curve = fading.decay(8)
    assert curve.index.name == "horizon"
    assert curve.loc[1, "rank_ic"] == pytest.approx(
        fading.summary().loc[1, "rank_ic"], abs=1e-15
    )
    assert curve.loc[5, "rank_ic"] > 1.3 * curve.loc[1, "rank_ic"]


def test_a_score_of_one_session_knows_nothing_a_day_later():
    curve = evaluate_factor(*planted(memory=0.0, strength=0.1), (1,)).decay(3, by="age")
    assert curve.loc[0, "t"] > 8
    assert curve.loc[1:, "t"].abs().max() < 3


@pytest.mark.parametrize(
    ("market", "reason"),
    [
        ({"memory": 0.9, "strength": 0.0}, "not clear of zero"),
        ({"memory": 1.0, "strength": 0.1}, "has not halved within 20"),
        ({"memory": 0.9, "n_sessions": 24}, "ages, at least 4 needed"),
    ],
)
def test_a_half_life_that_cannot_be_fitted_says_why(market, reason):
    scores, prices = planted(**market)
    if market.get("n_sessions"):
        scores = scores.iloc[:1]
    found = evaluate_factor(scores, prices, (1,))
    assert np.isnan(found.half_life)
    assert reason in found.half_life.reason


def test_a_score_that_is_the_return_itself_has_no_half_life():
    """Its coefficient is 1 on every date, so there is no error to weigh it by."""
    _, prices = planted(memory=0.0)
    perfect = prices.shift(-2) / prices.shift(-1) - 1
    found = evaluate_factor(perfect, prices, (1,))
    assert found.decay_by_age.loc[0, "rank_ic"] == pytest.approx(1.0)
    assert "no standard error" in found.half_life.reason


def test_a_misspelt_curve_is_refused_and_not_taken_for_the_other(fading):
    with pytest.raises(ConfigError, match="AK-C002") as refused:
        fading.decay(5, by="horizons")
    assert "'horizon'" in str(refused.value)


def test_a_half_life_is_exact_where_the_curve_is():
    from alpha_kedro.measures.factor.decay import half_life

    ages = np.arange(21)
    curve = pd.DataFrame({"rank_ic": 0.03 * 0.5 ** (ages / 4)}, ages)
    curve = curve.assign(standard_error=0.005, t=curve["rank_ic"] / 0.005)
    assert half_life(curve) == pytest.approx(4.0, rel=1e-4)
    assert half_life(-curve.assign(standard_error=-0.005)) == pytest.approx(4, rel=1e-4)


def test_ages_that_are_known_better_weigh_more_in_a_half_life():
    from alpha_kedro.measures.factor.decay import half_life

    ages = np.arange(21)
    clear, doubtful = 0.03 * 0.5 ** (ages / 4), 0.03 * 0.5 ** (ages / 12)
    known = ages < 10
    curve = pd.DataFrame({"rank_ic": np.where(known, clear, doubtful)}, ages)
    curve = curve.assign(standard_error=np.where(known, 1e-4, 1.0))
    curve["t"] = curve["rank_ic"] / curve["standard_error"]
    assert half_life(curve) == pytest.approx(4.0, rel=1e-3)
