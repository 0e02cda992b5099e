import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import norm

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction import Proportional
from alpha_kedro.portfolio.construction.neutral_book import (
    Wish,
    basis_of,
    residual,
    with_gross,
)
from alpha_kedro.portfolio.risk.exposures import ExposureSpec, exposures_of
from tests.portfolio.construction.books import (
    aimed,
    history,
    shuffled,
    state,
    with_changes,
)

STYLES = ("beta", "volatility", "size", "momentum", "momentum_3m")


def spec(**changes):
    return Proportional(**({"min_names": 2, "name_cap": 1.0} | changes))


def test_ranks_are_demeaned_and_scaled():
    aim = aimed(spec(neutral="dollar"), [1, 2, 30, 4])
    np.testing.assert_allclose(aim.weights, np.array([-3, -1, 3, 1]) / 4, atol=1e-15)
    assert aim.notes == {}


def test_scores_and_normal_scores():
    weights = aimed(spec(neutral="dollar", signal="score"), [0, 1, 5]).weights
    np.testing.assert_allclose(weights, np.array([-2, -1, 3]) / 3, atol=1e-15)
    weights = aimed(spec(neutral="dollar", signal="normal"), [0, 1, 5, 9]).weights
    shape = norm.ppf([0.125, 0.375, 0.625, 0.875])
    np.testing.assert_allclose(weights, shape * 2 / np.abs(shape).sum(), atol=1e-15)


def test_sectors_are_neutral():
    market = state(5, groups=[0, 0, 1, 1, 1])
    weights = aimed(spec(signal="score"), [1, 3, 10, 10, 40], market).weights
    wanted = np.array([-1, 1, -10, -10, 20]) * 2 / 42
    np.testing.assert_allclose(weights, wanted, atol=1e-15)


def test_equal_risk_per_unit_of_score():
    market = history(4)
    rule = spec(neutral="none", per_volatility=1.0, signal="score")
    weights = aimed(rule, [-1, -2, 1, 2], market).weights
    risk = weights * market.volatility(60)
    np.testing.assert_allclose(risk / risk[2], [-1, -2, 1, 2])


def test_the_book_is_the_residual_of_a_weighted_regression():
    market = history(60)
    rule = spec(
        per_volatility=0.5,
        signal="score",
        exposures=ExposureSpec(styles=STYLES, factors=3),
    )
    scores = np.random.default_rng(1).normal(size=60)
    weights = aimed(rule, scores, market).weights
    spread = market.volatility(60) / np.median(market.volatility(60))
    sectors = market.groups[:, None] == np.arange(3)
    columns = np.column_stack([sectors, exposures_of(market, rule.exposures).columns])
    # Dividing by the square root of the weights makes it an ordinary one.
    root = np.sqrt(spread)
    wished = (scores - scores.mean()) / spread**0.5 * root
    fit = np.linalg.lstsq(columns / root[:, None], wished, rcond=None)[0]
    slow = (wished - columns / root[:, None] @ fit) / root
    np.testing.assert_allclose(weights, slow * 2 / np.abs(slow).sum(), atol=1e-12)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cap=st.sampled_from([0.05, 1.0]))
def test_any_book_is_neutral_capped_and_of_full_gross(seed, cap):
    rng = np.random.default_rng(seed)
    market = history(90, seed=seed % 100)
    exposures = ExposureSpec(styles=STYLES, factors=2)
    rule = spec(per_volatility=1.0, exposures=exposures, name_cap=cap)
    scores = rng.normal(size=90) ** 3
    scores[rng.random(90) < 0.1] = np.nan
    weights = aimed(rule, scores, market).weights
    columns = exposures_of(market, exposures).columns
    assert np.abs(columns.T @ weights).max() < 1e-12
    assert np.abs(np.bincount(market.groups, weights)).max() < 1e-12
    assert np.abs(weights).max() <= cap * (1 + 1e-9)
    assert not weights[np.isnan(scores)].any()
    assert weights[weights > 0].sum() == pytest.approx(1.0, abs=1e-12)


def test_the_cap_is_met_by_the_nearest_neutral_book():
    rng = np.random.default_rng(4)
    basis = basis_of(np.column_stack([np.ones(8), rng.normal(size=8)]))
    stiff = rng.uniform(0.5, 2, 8)
    wish = residual(rng.normal(size=8), stiff, basis)
    found = Wish(wish, stiff, basis).within(0.7).weights
    slow = minimize(
        lambda x: 0.5 * stiff @ (x - wish) ** 2,
        np.zeros(8),
        bounds=[(-0.7, 0.7)] * 8,
        constraints=[{"type": "eq", "fun": lambda x: basis.T @ x}],
        options={"ftol": 1e-14, "maxiter": 500},
    ).x
    assert np.count_nonzero(np.abs(wish) > 0.7) > 1
    np.testing.assert_allclose(found, slow, atol=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_a_book_that_barely_fits_under_the_cap_is_neutral_and_whole(seed):
    rng = np.random.default_rng(seed)
    basis = basis_of(rng.normal(size=(90, 8)))
    stiff = rng.uniform(0.1, 4, 90)
    wish = residual(rng.normal(size=90) ** 3, stiff, basis)
    wish *= 2 / np.abs(wish).sum()
    cap = 1.06 * 2 / 90
    book = with_gross(Wish(wish, stiff, basis), 2.0, cap=cap)
    assert np.count_nonzero(np.abs(book) == cap) > 60
    assert np.abs(basis.T @ book).max() < 1e-13
    assert np.abs(book).sum() == pytest.approx(2.0, abs=1e-13)
    assert np.abs(book).max() <= cap


def test_names_with_gaps_are_counted():
    market = history(6, groups=[0, 0, 0, 0, -1, 0])
    close = market.close.copy()
    close[:-20, 0] = np.nan
    market = with_changes(market, close=close)
    rule = spec(per_volatility=1.0, exposures=ExposureSpec(styles=("beta",)))
    aim = aimed(rule, [1, 2, 3, np.nan, 5, 6], market)
    assert aim.notes == {
        "unscored": 1,
        "no_sector": 1,
        "no_exposure": 1,
        "no_volatility": 1,
    }


@pytest.mark.parametrize(
    ("scores", "groups", "note"),
    [
        ([1.0, 1.0, 1.0], [0, 0, 0], "constant_scores"),
        ([1.0, 2.0, 3.0], [0, 1, 2], "nothing_left"),
        ([1.0, np.nan, np.nan], [0, 0, 0], "too_few_names"),
        ([], [], "too_few_names"),
    ],
)
def test_without_an_opinion_the_book_is_flat(scores, groups, note):
    market = state(len(scores), groups=np.array(groups, int))
    aim = aimed(spec(), scores, market)
    assert not aim.weights.any()
    assert aim.notes[note] == 1


def test_a_cap_that_leaves_no_room_is_named():
    with pytest.raises(SimulationError) as refusal:
        aimed(spec(name_cap=0.1), np.arange(12.0))
    assert refusal.value.code == "AK-S015"
    assert "12 names x name_cap 0.1" in str(refusal.value)


def test_a_cap_that_is_met_exactly_is_allowed():
    weights = aimed(spec(name_cap=0.2, neutral="dollar"), np.arange(10.0)).weights
    np.testing.assert_allclose(np.abs(weights), 0.2, atol=1e-9)


@pytest.mark.parametrize(
    "changes",
    [
        {"long_gross": 2.0},
        {"long_gross": 0.0, "short_gross": 0.0},
        {"exposures": {"styles": ["value"]}},
        {"band": 1.0},
    ],
)
def test_a_block_that_contradicts_itself_is_refused(changes):
    with pytest.raises(ConfigError, match="AK-C003"):
        Proportional.parse(changes, "strategies.any.proportional")


def test_the_order_of_the_tickers_does_not_matter():
    market = history(50)
    rule = spec(name_cap=0.06, exposures=ExposureSpec(styles=STYLES, factors=3))
    scores = np.random.default_rng(2).normal(size=50)
    order = np.random.default_rng(3).permutation(50)
    straight = aimed(rule, scores, market).weights
    turned = aimed(rule, scores[order], shuffled(market, order)).weights
    np.testing.assert_allclose(turned, straight[order], atol=1e-11)


def test_holdings_play_no_part():
    scores = np.arange(8.0)
    held = Account(np.full(8, 0.1))
    np.testing.assert_array_equal(
        aimed(spec(), scores, account=held).weights, aimed(spec(), scores).weights
    )
