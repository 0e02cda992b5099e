"""What is worth its cost: by hand, against a slow minimiser, and with free trading."""

import numpy as np
import pytest
from scipy.optimize import minimize

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.risk.exposures import ExposureSpec, exposures_of
from alpha_kedro.portfolio.trading import CostAware, NoTradeBand, Partial
from alpha_kedro.portfolio.trading.cost_aware import _risk
from alpha_kedro.portfolio.trading.tradeoff import Prospects, tradeoff_of
from tests.portfolio.trading.speed_markets import drifted, lively, neutral_book, walk

KNOWN = {"ic": 0.03, "half_life": 3.0, "persistence": 0.7}


def rule(**changes):
    return CostAware.parse({"prospects": KNOWN, "horizon": 2.0} | changes, "overlays.0")


def test_the_soft_threshold_by_hand():
    market, aim = lively(), neutral_book()
    account = Account(aim + np.linspace(-0.2, 0.2, 40))
    terms = tradeoff_of(aim, market, Prospects(**KNOWN))
    width = 0.001 / 2.0 / (terms.risk_aversion * terms.variance)
    after = rule().apply(aim, account, market)
    np.testing.assert_allclose(
        after.weights, np.clip(account.holdings, aim - width, aim + width)
    )
    assert after.notes == {}


def test_the_risk_aversion_that_a_book_stands_for_by_hand():
    """With it, alpha = ic volatility z asks for the aim: aim = alpha / (gamma var)."""
    market = lively()
    spread = market.volatility(60) * np.sqrt(market.sessions_per_decision)
    z = np.random.default_rng(0).normal(size=40)
    z /= np.sqrt(np.mean(z**2))
    aim = 0.01 * z / spread
    terms = tradeoff_of(aim, market, Prospects(**KNOWN))
    alpha = 0.03 * spread * z
    np.testing.assert_allclose(alpha / (terms.risk_aversion * terms.variance), aim)
    assert terms.move == pytest.approx(np.sqrt(np.mean(aim**2) * (1 - 0.7**2)))


@pytest.mark.parametrize("factors", [0, 3])
def test_where_trading_is_free_it_is_the_aim(factors):
    aim = neutral_book()
    free = rule(factors=factors, neutral="sector")
    after = free.apply(aim, Account(drifted(aim)), lively(bps=0.0))
    np.testing.assert_allclose(after.weights, aim, atol=1e-12)


def test_factor_risk_and_impact_against_a_slow_minimiser():
    n = 10
    close = walk(n, 200, common=1.0)
    market = lively(n, close=close, bps=5.0, impact=0.004)
    aim = neutral_book(n, gross=1.0)
    account = Account(drifted(aim, volatility=0.5))
    own = rule(factors=2, neutral="sector")
    fast = own.apply(aim, account, market).weights
    terms = tradeoff_of(aim, market, Prospects(**KNOWN))
    risk = _risk(terms, market, 60, 2)
    covariance = risk.loadings @ risk.loadings.T + np.diag(risk.specific)

    def loss(weights):
        off, trades = weights - aim, weights - account.holdings
        cost = market.rates.cost_of(trades).sum() / 2.0
        return 1e5 * (terms.risk_aversion / 2 * off @ covariance @ off + cost)

    def split(both):
        return account.holdings + both[:n] - both[n:]

    nets = [
        {"type": "eq", "fun": lambda both, s=s: split(both)[s::2].sum()} for s in (0, 1)
    ]
    trades = aim - account.holdings
    found = minimize(
        lambda both: loss(split(both)),
        np.concatenate([np.maximum(trades, 0), np.maximum(-trades, 0)]),
        bounds=[(0, None)] * (2 * n),
        constraints=nets,
        method="SLSQP",
        options={"maxiter": 1_000, "ftol": 1e-12},
    )
    slow = split(found.x)
    assert np.abs(fast - account.holdings).sum() > 0.03
    assert loss(fast) <= loss(slow) * (1 + 1e-4)
    np.testing.assert_allclose(fast, slow, atol=2e-3)


def test_what_names_have_in_common_adds_up_to_their_variance():
    market = lively(close=walk(40, 200, common=1.0))
    terms = tradeoff_of(neutral_book(), market, Prospects(**KNOWN))
    risk = _risk(terms, market, 60, 3)
    np.testing.assert_allclose(
        (risk.loadings**2).sum(axis=1) + risk.specific, terms.variance
    )
    assert (risk.loadings[:, 0] ** 2 > 0.2 * terms.variance).all()


def test_dearer_trading_trades_less_and_a_longer_horizon_more():
    aim, account = neutral_book(), Account(neutral_book(seed=6))

    def traded(bps, **changes):
        after = rule(**changes).apply(aim, account, lively(bps=bps)).weights
        return np.abs(after - account.holdings).sum()

    amounts = [traded(bps) for bps in (0.0, 5.0, 20.0, 80.0)]
    assert amounts == sorted(amounts, reverse=True)
    assert traded(20.0) < traded(20.0, horizon=8.0)
    assert traded(20.0, horizon=None) == pytest.approx(
        traded(20.0, horizon=1 / (1 - 2 ** (-1 / 3)))
    )


RULES = [
    Partial(rate=0.3, neutral="sector", exposures=ExposureSpec(styles=("beta",))),
    NoTradeBand(
        share_of_mean=0.3, neutral="sector", exposures=ExposureSpec(styles=("beta",))
    ),
    rule(
        neutral="sector",
        exposures={
            "styles": ["beta", "momentum_3m"],
            "factors": 2,
            "factor_window": 100,
        },
        factors=3,
    ),
]


@pytest.mark.parametrize("speed", RULES, ids=lambda each: each.kind)
def test_measured_exposures_are_brought_back_as_well(speed):
    market = lively(n_past=300, close=walk(40, 300, common=1.0))
    columns = np.hstack(
        [
            exposures_of(market, speed.exposures).columns,
            (market.groups[:, None] == [0, 1]).astype(float),
        ]
    )
    aim = neutral_book()
    aim -= columns @ np.linalg.lstsq(columns, aim, rcond=None)[0]
    account = Account(drifted(aim, volatility=0.2))
    assert np.abs(columns.T @ account.holdings).min() > 1e-3
    after = speed.apply(aim, account, market)
    np.testing.assert_allclose(columns.T @ after.weights, 0, atol=1e-11)
    assert "not_neutral" not in after.notes


def test_costs_have_to_be_known():
    with pytest.raises(SimulationError, match="AK-S081"):
        rule().apply(neutral_book(), Account(neutral_book(seed=5)), lively(rates=None))


def test_the_order_of_names_does_not_matter():
    market, aim = lively(), neutral_book()
    account = Account(drifted(aim))
    there = rule(neutral="sector", factors=2).apply(aim, account, market).weights
    turned = lively(
        close=market.close[:, ::-1],
        groups=market.groups[::-1],
        past_scores=market.past_scores[:, ::-1],
    )
    back = rule(neutral="sector", factors=2).apply(
        aim[::-1], Account(account.holdings[::-1]), turned
    )
    np.testing.assert_allclose(back.weights[::-1], there, atol=1e-12)
