"""Bands by hand, widths from costs, and the width that is best in a world we made."""

import numpy as np
import pytest
from scipy.signal import lfilter

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.trading import NoTradeBand, band_half_width
from tests.portfolio.trading.speed_markets import (
    drifted,
    held,
    lively,
    neutral_book,
    state,
)


def band(**changes):
    return NoTradeBand.parse(changes, "overlays.0")


def test_outside_the_band_to_its_edge_by_hand():
    aim = np.array([0.4, -0.4, 0.0, 0.0])
    moved = band(width=0.1).apply(aim, held(0.2, -0.45, 0.05, -0.3), state())
    np.testing.assert_allclose(moved.weights, [0.3, -0.45, 0.05, -0.1])
    np.testing.assert_array_equal(moved.weights[1:3], [-0.45, 0.05])
    assert moved.notes == {}


def test_a_width_of_zero_is_the_aim():
    aim, account = neutral_book(), Account(drifted(neutral_book(seed=7)))
    np.testing.assert_allclose(
        band(width=0.0).apply(aim, account, lively()).weights, aim
    )


def test_a_width_in_units_of_the_mean_position_by_hand():
    # Positions aimed at are 0.4 and 0.2 large: half of their mean is 0.15.
    aim = np.array([0.4, -0.2, 0.0, 0.0])
    moved = band(share_of_mean=0.5).apply(aim, held(0.1, -0.2, 0.14, -0.3), state())
    np.testing.assert_allclose(moved.weights, [0.25, -0.2, 0.14, -0.15])


def test_leavers_are_closed_and_halted_names_left_alone():
    market = state(
        universe=[True, True, False, True], tradable=[True, True, True, False]
    )
    moved = band(width=0.1).apply(
        np.array([0.4, 0.0, 0.0, 0.5]), held(0.4, 0.05, 0.05, 0.1), market
    )
    np.testing.assert_array_equal(moved.weights, [0.4, 0.05, 0.0, 0.1])
    assert moved.notes == {"left_universe": 1, "halted": 1}


def test_the_width_from_costs_by_hand():
    # 3/2 x 0.002 x 0.01^2 / (50 x 0.03^2) = 0.00667e-3; its cube root is 0.0188.
    width = band_half_width(
        np.array([0.002, 0.0]),
        np.array([0.0009, 0.0009]),
        risk_aversion=50.0,
        move=0.01,
    )
    np.testing.assert_allclose(width, [(3e-7 / 0.045) ** (1 / 3), 0.0])


def test_the_best_width_is_the_formula_s_and_others_do_worse():
    """An aim that wanders, a cost per trade: the sum of both losses is least there."""
    rng = np.random.default_rng(5)
    move, cost, stiffness = 0.002, 0.004, 0.05
    aims = rng.normal(0, move, (4_000, 200)).cumsum(axis=0)
    formula = band_half_width(
        np.array([cost]), np.array([1.0]), risk_aversion=stiffness, move=move
    )[0]
    assert formula > 2 * move

    def loss(width):
        holding, total = np.zeros(200), 0.0
        for aim in aims:
            after = np.clip(holding, aim - width, aim + width)
            total += (0.5 * stiffness * (after - aim) ** 2).sum()
            total += cost * np.abs(after - holding).sum()
            holding = after
        return total

    scales = [0.4, 0.7, 1.0, 1.4, 2.0]
    losses = [loss(scale * formula) for scale in scales]
    assert losses.index(min(losses)) in (1, 2)  # in steps a little narrower, see Notes
    assert losses[2] < 1.05 * min(losses)
    assert losses[0] > 1.05 * losses[2]
    assert losses[4] > 1.2 * losses[2]


def test_the_dear_and_the_quiet_name_have_the_wider_bands():
    market = lively()
    aim, rule = neutral_book(), band(from_costs=True, prospects={"ic": 0.03})
    far = Account(aim + 1.0)
    near = rule.apply(aim, far, market)
    width = near.weights - aim
    assert np.all(width > 0)
    quiet, lively_names = width[:10].mean(), width[-10:].mean()
    assert quiet > 1.5 * lively_names
    dearer = rule.apply(aim, far, lively(bps=80.0)).weights - aim
    np.testing.assert_allclose(dearer, 2 * width, rtol=1e-6)


def test_no_costs_no_band():
    aim = neutral_book()
    free = band(from_costs=True).apply(aim, Account(drifted(aim)), lively(bps=0.0))
    np.testing.assert_allclose(free.weights, aim, atol=1e-12)


def test_bands_around_a_neutral_aim_give_a_neutral_book_with_few_trades():
    market, aim = lively(), neutral_book()
    account = Account(drifted(aim, volatility=0.1))
    loose = band(share_of_mean=0.2).apply(aim, account, market).weights
    kept = band(share_of_mean=0.2, neutral="sector").apply(aim, account, market)
    for sector in (0, 1):
        inside = market.groups == sector
        assert abs(loose[inside].sum()) > 1e-5
        assert abs(kept.weights[inside].sum()) < 1e-13
    assert (kept.weights == account.holdings).mean() > 0.5
    assert kept.notes == {}


def test_an_aim_that_only_scores_know_moves_as_much_as_they_do():
    steady = np.repeat(np.random.default_rng(0).normal(size=(1, 40)), 40, axis=0)
    aim = neutral_book()
    rule = band(from_costs=True, prospects={"ic": 0.03})
    still = rule.apply(aim, Account(aim + 1.0), lively(past_scores=steady))
    restless = rule.apply(aim, Account(aim + 1.0), lively())
    assert np.abs(still.weights - aim).max() < np.abs(restless.weights - aim).min()


def test_a_name_without_a_volatility_has_that_of_the_median_name():
    close = lively().close.copy()
    close[:-3, 0] = np.nan
    aim = neutral_book()
    rule = band(from_costs=True)
    assert rule.apply(aim, Account(drifted(aim)), lively(close=close)).notes == {
        "no_volatility": 1
    }


def test_costs_and_history_are_asked_for():
    aim, rule = neutral_book(), band(from_costs=True)
    with pytest.raises(SimulationError, match="AK-S081"):
        rule.apply(aim, Account(drifted(aim)), lively(rates=None))
    short = lively(
        close=lively().close[-3:], past_scores=np.empty((0, 40)), past_decisions=[]
    )
    with pytest.raises(SimulationError, match="AK-S082"):
        rule.apply(aim, Account(drifted(aim)), short)


@pytest.mark.parametrize(
    "block",
    [{}, {"width": 0.1, "from_costs": True}, {"width": 0.1, "share_of_mean": 1.0}],
)
def test_there_is_one_width(block):
    with pytest.raises(ConfigError, match="give one of"):
        band(**block)


def test_no_more_of_the_past_than_the_window_is_read():
    close = lively().close.copy()
    close[: -(60 + 1)] = 1.0
    aim, account = neutral_book(), Account(drifted(neutral_book()))
    rule = band(from_costs=True, prospects={"ic": 0.03, "half_life": 3.0})
    np.testing.assert_array_equal(
        rule.apply(aim, account, lively(close=close)).weights,
        rule.apply(aim, account, lively()).weights,
    )


def test_ar_aims_with_proportional_costs_want_the_band():
    """The experiment: scores decay as known, costs are proportional; who nets most?"""
    rng = np.random.default_rng(11)
    n, periods, reverts, sigma, ic = 300, 1_500, 0.02, 0.04, 0.05
    shocks = rng.normal(size=(periods, n)) * np.sqrt(1 - (1 - reverts) ** 2)
    z = lfilter([1], [1, -(1 - reverts)], shocks, axis=0)
    aims, cost = 0.01 * z, 0.003
    gamma = ic / (0.01 * sigma)
    width = band_half_width(
        np.array([cost]),
        np.array([sigma**2]),
        risk_aversion=gamma,
        move=0.01 * np.sqrt(1 - (1 - reverts) ** 2),
    )[0]

    def utility(step):
        holding, total = aims[0], 0.0
        for score, aim in zip(z, aims, strict=True):
            after = step(holding, aim)
            total += (ic * sigma * score * after).sum()
            total -= (0.5 * gamma * sigma**2 * after**2).sum()
            total -= cost * np.abs(after - holding).sum()
            holding = after
        return total

    def around(half_width):
        return lambda h, a: np.clip(h, a - half_width, a + half_width)

    best = utility(around(width))
    print(
        [
            utility(around(width * k)) / best
            for k in (0, 0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)
        ],
        [
            utility(lambda h, a, r=rate: h + r * (a - h)) / best
            for rate in (0.05, 0.1, 0.2, 0.35, 0.5, 0.7)
        ],
    )
    assert best > 1.15 * utility(lambda h, a: a)
    assert best > utility(around(width / 4))
    assert best > utility(around(3 * width))
    assert best > 1.02 * max(
        utility(lambda h, a, r=rate: h + r * (a - h)) for rate in (0.2, 0.35, 0.5, 0.7)
    )


def test_one_width_for_all_from_the_cube_root_of_cost_by_volatility():
    """Width 3 x mean position x (0.001 / median volatility)^(1/3)."""
    market, aim = lively(), neutral_book()
    width = 3.0 * 0.05 * np.cbrt(0.001 / np.median(market.volatility(60)))
    after = band(cost_root=3.0).apply(aim, Account(aim + 1.0), market)
    np.testing.assert_allclose(after.weights - aim, width)
    dear = band(cost_root=3.0).apply(aim, Account(aim + 1.0), lively(bps=80.0))
    np.testing.assert_allclose(dear.weights - aim, 2 * width)


def test_the_constant_of_the_cube_root_is_what_costs_and_scores_say():
    market = lively(close=lively_of_one_volatility())
    aim, prospects = neutral_book(), {"ic": 0.02, "persistence": 0.9, "half_life": 5.0}
    own = band(from_costs=True, prospects=prospects)
    there = own.apply(aim, Account(aim + 1.0), market).weights - aim
    # Per decision of five sessions the volatility is the root of five times as large.
    shape = np.sqrt(np.mean(aim**2)) / np.abs(aim).mean()
    constant = shape * np.cbrt(
        1.5 * (1 - 0.9**2) / 0.02 / np.sqrt(market.sessions_per_decision)
    )
    same = band(cost_root=constant).apply(aim, Account(aim + 1.0), market).weights - aim
    np.testing.assert_allclose(there, same, rtol=0.1)


def lively_of_one_volatility():
    rng = np.random.default_rng(0)
    signs = rng.choice([-0.02, 0.02], size=(200, 40))
    return 50 * np.cumprod(1 + signs, axis=0)


def test_no_position_passes_the_cap_and_the_book_stays_neutral():
    market, aim = lively(), neutral_book()
    aim = np.clip(aim, -0.08, 0.08)
    for sector in (0, 1):
        aim[sector::2] -= aim[sector::2].mean()
    account = Account(drifted(1.5 * aim, volatility=0.1))
    capped = band(share_of_mean=0.8, neutral="sector", name_cap=0.1)
    after = capped.apply(aim, account, market)
    loose = band(share_of_mean=0.8, neutral="sector").apply(aim, account, market)
    assert np.abs(loose.weights).max() > 0.1
    assert np.abs(after.weights).max() <= 0.1
    assert abs(after.weights[market.groups == 0].sum()) < 1e-12
    assert after.notes == {}


def test_an_empty_book_is_bought_at_once_within_the_cap():
    aim = np.array([0.5, 0.2, -0.3, -0.4])
    block = {"share_of_mean": 0.5, "neutral": "book"}
    empty = held(0, 0, 0, 0)
    np.testing.assert_allclose(band(**block).apply(aim, empty, state()).weights, aim)
    capped = band(**block, name_cap=0.36).apply(aim, empty, state()).weights
    np.testing.assert_allclose(capped.sum(), 0, atol=1e-14)
    assert capped.max() == 0.36
    slowly = band(**block, ramp=True).apply(aim, empty, state()).weights
    np.testing.assert_allclose(np.abs(slowly).sum(), 0.7)


def test_a_cap_in_units_of_the_mean_position():
    aim = np.array([0.4, 0.0, -0.2, -0.2])  # 0.8 / 3 on average
    capped = band(width=0.0, cap_of_mean=0.9).apply(aim, held(0, 0, 0, 0), state())
    np.testing.assert_allclose(capped.weights, [0.24, 0, -0.2, -0.2])
