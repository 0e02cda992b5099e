import sys

import numpy as np
import pytest
from scipy.optimize import minimize

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction import Optimize
from alpha_kedro.portfolio.construction.book_task import Limits, Task
from alpha_kedro.portfolio.construction.convex_program import best_book
from alpha_kedro.portfolio.costs import NextRates
from alpha_kedro.portfolio.risk.beta import betas
from alpha_kedro.portfolio.risk.statistical_factors import FactorRisk
from tests.portfolio.construction.books import (
    aimed,
    history,
    shuffled,
    state,
    with_changes,
)

pytest.importorskip("cvxpy")
pytest.importorskip("clarabel")


def spec(**changes):
    small = {"window": 100, "factors": 3, "min_names": 2, "name_cap": 1.0}
    return Optimize(**(small | changes))


def rates(n_names, *, trading=0.0, borrow=0.0, impact=0.0):
    return NextRates(*(np.full(n_names, rate) for rate in (trading, borrow, impact)))


def task(alpha, **changes):
    alpha = np.array(alpha, float)
    none = np.zeros(len(alpha))
    given = {
        "alpha": alpha,
        "risk": FactorRisk(np.empty((len(alpha), 0)), np.ones(len(alpha))),
        "holdings": none,
        "trading": none,
        "impact": none,
        "borrow": none,
    }
    return Task(**(given | changes))


def limits(n_names, **changes):
    loose = {
        "net": np.ones((n_names, 0)),
        "net_tolerance": 1e-5,
        "beta": None,
        "beta_tolerance": 0.0,
        "name_cap": 1.0,
        "gross": 10.0,
        "long_only": False,
        "turnover": None,
        "largest_trade": None,
    }
    return Limits(**(loose | changes))


def best(task, limits):
    return best_book(task, limits)[0]


def test_without_limits_it_is_alpha_over_twice_the_variance():
    risk = FactorRisk(np.empty((2, 0)), np.array([1.0, 4.0]))
    found = best(task([0.2, -0.8], risk=risk), limits(2))
    np.testing.assert_allclose(found, [0.1, -0.1], atol=1e-7)


def test_factors_are_part_of_the_risk():
    loadings = np.array([[1.0], [2.0]])
    risk = FactorRisk(loadings, np.array([1.0, 1.0]))
    alpha = np.array([0.3, 0.1])
    wanted = np.linalg.solve(2 * (loadings @ loadings.T + np.eye(2)), alpha)
    np.testing.assert_allclose(
        best(task(alpha, risk=risk), limits(2)), wanted, atol=1e-7
    )


def test_a_cost_makes_a_band_without_trades():
    held = np.array([0.1, 0.1, 0.1])
    costly = task([0.2, 0.26, 0.1], holdings=held, trading=np.full(3, 0.04))
    # Without a trade the marginal gain is alpha - 2 w: 0, 0.06 and -0.1.
    np.testing.assert_allclose(best(costly, limits(3)), [0.1, 0.11, 0.07], atol=1e-7)


def test_impact_makes_large_trades_dear():
    dear = task([0.5], impact=np.array([0.2]))
    found = best(dear, limits(1))[0]
    assert 0.5 - 2 * found - 0.3 * np.sqrt(found) == pytest.approx(0, abs=1e-5)


def test_borrowing_is_paid_on_short_positions():
    found = best(task([0.2, -0.2], borrow=np.full(2, 0.1)), limits(2))
    np.testing.assert_allclose(found, [0.1, -0.05], atol=1e-7)


def test_limits_are_kept():
    rng = np.random.default_rng(0)
    wishes = rng.normal(size=20)
    tight = limits(
        20,
        net=np.eye(2)[np.arange(20) % 2],
        beta=rng.uniform(0.5, 1.5, 20),
        beta_tolerance=1e-4,
        name_cap=0.05,
        gross=0.7,
        turnover=0.3,
        largest_trade=np.full(20, 0.04),
    )
    found = best(task(wishes), tight)
    assert np.abs(np.bincount(np.arange(20) % 2, found)).max() <= 1.1e-5
    assert abs(tight.beta @ found) <= 1.1e-4
    assert np.abs(found).max() <= 0.04 + 1e-6
    assert np.abs(found).sum() == pytest.approx(0.6, abs=1e-6)


def test_the_book_is_that_of_another_solver():
    market = history(5, n_groups=1)
    held = np.random.default_rng(1).normal(0, 0.05, 5)
    cost = rates(5, trading=0.0005, borrow=0.00002, impact=0.002)
    market = with_changes(market, rates=cost)
    rule = spec(neutral="dollar", risk_aversion=20.0, name_cap=0.3)
    scores = np.random.default_rng(2).normal(size=5)
    found = aimed(rule, scores, market, holdings=held).weights
    made = rule._task(np.arange(5), scores, Account(held), market)

    def lost(x):
        weights = held + x[:5] - x[5:]
        trade = x[:5] + x[5:]
        risk = made.risk.variance(weights)
        return 1e4 * (
            risk
            + made.trading @ trade
            + made.impact @ np.maximum(trade, 0) ** 1.5
            + made.borrow @ np.maximum(-weights, 0)
            - made.alpha @ weights
        )

    def book(x):
        return held + x[:5] - x[5:]

    start = np.concatenate([np.maximum(found - held, 0), np.maximum(held - found, 0)])
    slow = minimize(
        lost,
        start + 0.01,
        bounds=[(0, 2)] * 10,
        constraints=[
            {"type": "eq", "fun": lambda x: book(x).sum()},
            {"type": "ineq", "fun": lambda x: 2 - np.abs(book(x)).sum()},
            {"type": "ineq", "fun": lambda x: 0.3 - np.abs(book(x))},
        ],
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert lost(start) <= slow.fun + 1e-3 * abs(slow.fun)
    np.testing.assert_allclose(found, book(slow.x), atol=5e-3)


def test_an_optimised_book_is_neutral_and_follows_its_scores():
    market = history(60)
    scores = np.random.default_rng(3).normal(size=60)
    rule = spec(beta_tolerance=0.001, benchmark="SPY", name_cap=0.06)
    aim = aimed(rule, scores, market)
    assert np.abs(np.bincount(market.groups, aim.weights)).max() < 2e-5
    assert abs(betas(market, "SPY", 100) @ aim.weights) < 0.0011
    assert np.abs(aim.weights).max() <= 0.06 + 1e-7
    assert np.corrcoef(aim.weights, scores)[0, 1] > 0.5


def test_long_only():
    aim = aimed(
        spec(neutral="none", short_gross=0.0, risk_aversion=0.1),
        np.arange(20.0),
        history(20),
    )
    assert aim.weights.min() >= 0
    assert aim.weights.sum() == pytest.approx(1.0, abs=1e-6)


def test_what_is_not_worth_trading_is_held_to_the_bit():
    market = history(30)
    scores = np.random.default_rng(4).normal(size=30)
    held = aimed(spec(), scores, market).weights
    dear = with_changes(market, rates=rates(30, trading=0.1))
    aim = aimed(spec(net_tolerance=0.01), scores, dear, holdings=held)
    np.testing.assert_array_equal(aim.weights, held)
    assert aim.notes["tiny_trades"] == np.count_nonzero(held)


def test_forced_sales_use_up_turnover():
    members = np.arange(10) > 0
    market = history(10, universe=members)
    held = np.zeros(10)
    held[0] = 0.4
    rule = spec(neutral="dollar", max_turnover=0.3)
    weights = aimed(rule, np.arange(10.0), market, holdings=held).weights
    assert weights[0] == 0
    assert np.abs(weights - held).sum() / 2 == pytest.approx(0.3, abs=1e-5)


def test_trades_stay_small_beside_the_market():
    market = history(20)
    rich = with_changes(market, capital=1e9)
    rule = spec(max_adv=0.1, adv_window=20)
    aim = aimed(rule, np.arange(20.0), rich)
    most = 0.1 * market.adv(20) / 1e9
    assert (np.abs(aim.weights) <= most + 2e-7).all()
    assert np.abs(aim.weights).max() > 0.9 * most[np.abs(aim.weights).argmax()]
    assert aimed(rule, np.arange(20.0), market).notes["no_capital"] == 1


def test_limits_that_cannot_be_met_are_named():
    market = history(10)
    held = np.full(10, 0.2)
    with pytest.raises(SimulationError) as refusal:
        aimed(
            spec(neutral="dollar", max_turnover=0.1),
            np.arange(10.0),
            market,
            holdings=held,
        )
    assert refusal.value.code == "AK-S018"
    (where,) = refusal.value.where
    # From 2.0 long to nothing net takes a turnover of 1.0.
    assert where == "turnover: 0.1 one-way, short by 0.9" or where.startswith(
        "turnover"
    )


def test_a_position_that_cannot_be_sold_names_cap_and_liquidity():
    stuck = task([0.0, 0.0], holdings=np.array([0.5, 0.0]))
    tight = limits(2, name_cap=0.2, largest_trade=np.array([0.1, 1.0]))
    with pytest.raises(SimulationError, match="AK-S018") as refusal:
        best(stuck, tight)
    assert [place.split(":")[0] for place in refusal.value.where] == [
        "name_cap",
        "largest_trade",
    ]


def test_the_same_task_gives_the_same_bytes_whatever_came_before():
    market = history(30)
    rng = np.random.default_rng(5)
    scores, others = rng.normal(size=30), rng.normal(size=30)
    first = aimed(spec(), scores, market).weights
    aimed(spec(), others, market)
    again = aimed(spec(), scores, market).weights
    assert first.tobytes() == again.tobytes()


def test_the_order_of_the_tickers_and_older_prices_do_not_matter():
    market = history(30)
    scores = np.random.default_rng(6).normal(size=30)
    straight = aimed(spec(), scores, market).weights
    order = np.random.default_rng(7).permutation(30)
    turned = aimed(spec(), scores[order], shuffled(market, order)).weights
    np.testing.assert_allclose(turned, straight[order], atol=1e-5)
    close = market.close.copy()
    close[:-101] *= 3
    older = aimed(spec(), scores, with_changes(market, close=close)).weights
    np.testing.assert_array_equal(older, straight)


@pytest.mark.parametrize(
    ("scores", "note"),
    [([1.0] * 6, "constant_scores"), ([np.nan] * 6, "too_few_names")],
)
def test_without_an_opinion_the_book_is_flat(scores, note):
    aim = aimed(spec(), scores, history(6))
    assert not aim.weights.any()
    assert aim.notes[note] == 1
    assert aimed(spec(), np.arange(3.0), state(3)).notes == {
        "short_history": 3,
        "too_few_names": 1,
    }


def test_absurd_numbers_are_a_failure_of_the_solver():
    with pytest.raises(SimulationError, match="AK-S019"):
        best(task([np.nan, 0.0]), limits(2))


def test_a_solver_that_stumbles_is_asked_again_with_smaller_steps(monkeypatch):
    import cvxpy

    wishes, asked = task([0.3, -0.2, 0.1]), []
    wanted = best(wishes, limits(3))
    honest = cvxpy.Problem.solve

    def stumbles_once(problem, **settings):
        asked.append(settings.get("max_step_fraction"))
        if len(asked) == 1:
            raise cvxpy.SolverError("numerical difficulties")
        return honest(problem, **settings)

    monkeypatch.setattr(cvxpy.Problem, "solve", stumbles_once)
    np.testing.assert_allclose(best(wishes, limits(3)), wanted, atol=1e-6)
    assert asked == [None, 0.9]


def test_without_the_solver_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "clarabel", None)
    with pytest.raises(ConfigError, match=r"AK-C175(.|\n)*\[optimize\]"):
        aimed(spec(), np.arange(6.0), history(6))


@pytest.mark.parametrize(
    "changes",
    [
        {"long_gross": 0.0},
        {"short_gross": 0.0},
        {"risk_aversion": 0.0},
        {"net_tolerance": 0.0},
    ],
)
def test_a_block_that_contradicts_itself_is_refused(changes):
    with pytest.raises(ConfigError, match="AK-C003"):
        Optimize.parse(changes, "strategies.any.optimize")
