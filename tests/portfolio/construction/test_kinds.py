"""What every kind of construction holds to, whatever it is given."""

import numpy as np
import pytest

from alpha_kedro.portfolio.construction import (
    Legs,
    Optimize,
    Proportional,
    RiskWeights,
    Threshold,
    TopKDropout,
    TopN,
    Trend,
)
from alpha_kedro.portfolio.risk.exposures import ExposureSpec
from tests.portfolio.construction.books import aimed, history, state, with_changes

STYLES = ("beta", "volatility", "size", "momentum", "momentum_3m")
EXPOSED = ExposureSpec(styles=STYLES, factors=2)

KINDS = {
    "quantile": Legs(kind="quantile", name_cap=1.0, min_names=2),
    "rank": Legs(kind="rank", name_cap=1.0, min_names=2),
    "top_n": TopN(n=3, buffer=2, weighting="rank"),
    "top_k_dropout": TopKDropout(k=3, n_drop=1),
    "threshold": Threshold(threshold=0.6, short_gross=1.0),
    "proportional": Proportional(name_cap=1.0, min_names=2),
    "exposed": Proportional(name_cap=1.0, min_names=2, exposures=EXPOSED),
    "optimize": Optimize(window=100, factors=2, min_names=2, name_cap=1.0),
    "equal_weight": RiskWeights(kind="equal_weight"),
    "inverse_volatility": RiskWeights(kind="inverse_volatility", top_n=3),
    "risk_parity": RiskWeights(kind="risk_parity"),
    "minimum_variance": RiskWeights(kind="minimum_variance"),
    "trend": Trend(window=100, exposure_below=0.5),
}


@pytest.fixture(params=KINDS)
def kind(request):
    if request.param == "optimize":
        pytest.importorskip("cvxpy")
    return KINDS[request.param]


def checked(aim, market):
    weights = aim.weights
    assert weights.shape == market.tickers.shape
    assert weights.dtype == np.float64
    assert np.isfinite(weights).all()
    assert not weights[~market.universe].any()
    assert all(type(count) is int and count > 0 for count in aim.notes.values())
    return aim


def test_an_ordinary_date(kind):
    market = history(20, universe=np.arange(20) > 3)
    scores = np.where(market.universe, np.linspace(0, 1, 20), np.nan)
    aim = checked(aimed(kind, scores, market), market)
    assert aim.weights.any()


@pytest.mark.parametrize("scores", [np.nan, np.inf, 0.5])
def test_scores_that_say_nothing(kind, scores):
    market = history(8)
    checked(aimed(kind, np.full(8, scores), market), market)


@pytest.mark.parametrize("n_names", [0, 1, 2])
def test_hardly_any_names(kind, n_names):
    market = history(n_names)
    checked(aimed(kind, np.arange(n_names), market), market)


def test_one_sector_and_none(kind):
    for groups in (np.zeros(8, int), np.full(8, -1)):
        market = history(8, groups=groups)
        checked(aimed(kind, np.linspace(0, 1, 8), market), market)


def test_nobody_in_the_universe_or_tradable(kind):
    for changes in ({"universe": np.zeros(6, bool)}, {"tradable": np.zeros(6, bool)}):
        market = history(6, **changes)
        aim = checked(aimed(kind, np.arange(6.0), market), market)
        assert not aim.weights.any()


def test_without_a_history(kind):
    benchmarks = {"SPY": np.empty(0)}
    market = with_changes(state(6), benchmarks=benchmarks)
    if isinstance(kind, Trend):
        kind = kind.model_copy(update={"benchmark": None})
    checked(aimed(kind, np.linspace(0, 1, 6), market), market)


def test_the_same_inputs_give_the_same_bytes(kind):
    market = history(20)
    scores = np.random.default_rng(1).random(20)
    held = np.random.default_rng(2).random(20) / 40
    first, again = (aimed(kind, scores, market, holdings=held) for _ in range(2))
    assert first.weights.tobytes() == again.weights.tobytes()
    assert first.notes == again.notes


def test_what_it_is_given_stays_as_it_was(kind):
    market = history(12)
    scores, held = np.random.default_rng(3).random((2, 12))
    before = scores.copy(), held.copy()
    aimed(kind, scores, market, holdings=held / 20)
    np.testing.assert_array_equal(scores, before[0])
    np.testing.assert_array_equal(held, before[1])
