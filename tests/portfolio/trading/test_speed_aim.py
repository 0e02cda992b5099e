"""The rate of Garleanu and Pedersen: by hand, and best in the world it is made for."""

import numpy as np
import pytest
from scipy.signal import lfilter

from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.trading import (
    AimPortfolio,
    Partial,
    persistence_weight,
    trading_rate,
)
from tests.portfolio.trading.speed_markets import drifted, lively, neutral_book


def rule(**changes):
    return AimPortfolio.parse(changes, "overlays.0")


def paper(gamma, lam, rho):
    """The formula as it is printed, without the division by lambda."""
    linear = gamma * (1 - rho) + lam * rho
    root = np.sqrt(linear**2 + 4 * gamma * lam * (1 - rho) ** 2)
    return (root - linear) / (2 * (1 - rho))


@pytest.mark.parametrize("lam", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("rho", [0.0, 0.02, 0.5])
def test_the_rate_is_that_of_the_paper(lam, rho):
    gamma = 1.7
    rate = trading_rate(np.array([lam / gamma]), discount=rho)[0]
    assert rate == pytest.approx(paper(gamma, lam, rho) / lam)
    assert 0 < rate < 1
    weight = persistence_weight(0.2, np.array([rate]), discount=rho)[0]
    assert weight == pytest.approx(1 / (1 + 0.2 * paper(gamma, lam, rho) / gamma))


def test_by_hand():
    # lambda = 2 gamma: r = 2 / (1 + sqrt(9)) = 1/2, and a / gamma = 1.
    np.testing.assert_allclose(trading_rate(np.array([0.0, 2.0])), [1.0, 0.5])
    np.testing.assert_allclose(
        persistence_weight(0.5, np.array([1.0, 0.5])), [1, 2 / 3]
    )


def simulated(reverts, n=40_000, seed=0):
    shocks = np.random.default_rng(seed).normal(size=n)
    signal = lfilter([1], [1, -(1 - reverts)], shocks)
    return signal * np.sqrt(1 - (1 - reverts) ** 2)


def utility(signal, rate, weight, *, gamma, lam):
    """Mean of expected return less risk less quadratic cost; variance is one."""
    aim = weight * signal / gamma
    held = lfilter([rate], [1, -(1 - rate)], aim)
    trades = np.diff(held, prepend=0.0)
    return np.mean(held * signal - gamma / 2 * held**2 - lam / 2 * trades**2)


@pytest.mark.parametrize(("reverts", "lam"), [(0.1, 10.0), (0.4, 3.0)])
def test_no_other_rate_and_no_other_aim_earns_more(reverts, lam):
    gamma = 2.0
    signal = simulated(reverts)
    rate = trading_rate(np.array([lam / gamma]))[0]
    weight = persistence_weight(reverts, np.array([rate]))[0]
    best = utility(signal, rate, weight, gamma=gamma, lam=lam)
    assert best > 0
    for wrong in (rate / 2, min(1.0, 1.7 * rate), 1.0):
        fitting = persistence_weight(reverts, np.array([wrong]))[0]
        assert utility(signal, wrong, fitting, gamma=gamma, lam=lam) < 0.98 * best
    for factor in (0.75, 1.3):
        assert (
            utility(signal, rate, factor * weight, gamma=gamma, lam=lam) < 0.97 * best
        )
    grid = [
        utility(signal, r, w, gamma=gamma, lam=lam)
        for r in np.linspace(0.05, 1, 39)
        for w in np.linspace(0.1, 1.5, 29)
    ]
    assert best > 0.995 * max(grid)


def test_the_faster_signal_gets_less_weight_in_an_optimal_blend():
    """Two signals of one strength: the best mix is that of the formula."""
    gamma, lam, slow, fast = 2.0, 8.0, 0.05, 0.5
    signals = [simulated(slow, seed=1), simulated(fast, seed=2)]
    rate = trading_rate(np.array([lam / gamma]))[0]
    weights = [persistence_weight(r, np.array([rate]))[0] for r in (slow, fast)]

    def earned(one, two):
        aim = (one * signals[0] + two * signals[1]) / gamma
        held = lfilter([rate], [1, -(1 - rate)], aim)
        trades = np.diff(held, prepend=0.0)
        alpha = signals[0] + signals[1]
        return np.mean(held * alpha - gamma / 2 * held**2 - lam / 2 * trades**2)

    best = earned(*weights)
    assert weights[1] < 0.65 * weights[0]
    assert best > 0.995 * max(
        earned(one, two)
        for one in np.linspace(0.2, 1.4, 25)
        for two in np.linspace(0.0, 1.2, 25)
    )
    assert best > 1.01 * earned(weights[0], weights[0])


def test_where_trading_is_free_it_is_the_aim():
    aim = neutral_book()
    free = rule().apply(aim, Account(drifted(aim)), lively(bps=0.0))
    np.testing.assert_allclose(free.weights, aim)


def test_dear_and_quiet_names_are_traded_more_slowly():
    aim, account = neutral_book(), Account(neutral_book(seed=5))
    block = {"weigh_persistence": False, "prospects": {"ic": 0.03, "half_life": 4.0}}
    speed = {}
    for bps in (5.0, 20.0):
        after = rule(**block).apply(aim, account, lively(bps=bps)).weights
        speed[bps] = (after - account.holdings) / (aim - account.holdings)
    assert np.all((speed[20.0] > 0) & (speed[20.0] < speed[5.0]) & (speed[5.0] < 1))
    assert speed[5.0][:10].mean() < speed[5.0][-10:].mean()


def test_a_rate_of_its_own_is_partial_trading_to_a_smaller_aim():
    aim, account, market = neutral_book(), Account(neutral_book(seed=5)), lively()
    own = rule(rate=0.3, prospects={"half_life": 1.0}, dust=0.0)
    weight = persistence_weight(0.5, np.array([0.3]))[0]
    expected = account.holdings + 0.3 * (weight * aim - account.holdings)
    np.testing.assert_allclose(own.apply(aim, account, market).weights, expected)
    plain = rule(rate=0.3, weigh_persistence=False)
    np.testing.assert_array_equal(
        plain.apply(aim, account, market).weights,
        Partial(rate=0.3).apply(aim, account, market).weights,
    )


def test_names_at_speeds_of_their_own_still_make_a_neutral_book():
    aim, account = neutral_book(), Account(drifted(neutral_book(seed=5)))
    market = lively()
    after = rule(neutral="sector").apply(aim, account, market)
    for sector in (0, 1):
        assert abs(after.weights[market.groups == sector].sum()) < 1e-13
    assert after.notes == {}


def test_the_speed_of_each_name_from_its_cost_by_hand():
    """1/2 lambda variance move^2 = cost move: lambda = 2 cost / (variance move)."""
    market, aim, account = lively(), neutral_book(), Account(neutral_book(seed=5))
    prospects = {
        "ic": 0.03,
        "half_life": 4.0,
        "persistence": 0.6,
        "risk_aversion": 20.0,
    }
    after = rule(weigh_persistence=False, prospects=prospects, dust=0.0).apply(
        aim, account, market
    )
    variance = market.volatility(60) ** 2 * market.sessions_per_decision
    move = np.sqrt(np.mean(aim**2)) * 0.8
    rate = trading_rate(2 * 0.001 / (20.0 * variance * move))
    assert 0.2 < rate.min() < rate.max() < 0.95
    np.testing.assert_allclose(
        after.weights, account.holdings + rate * (aim - account.holdings)
    )
