"""What must not matter to the evidence for a factor."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.measures import ALPHALENS, evaluate_factor
from tests.measures.factor_twin import draw_factor, draw_groups

SEEDS = st.integers(0, 10_000)
CLOSE = {"rtol": 0, "atol": 1e-13}


def asked(scores, prices, seed, **more):
    """Ask in a way that depends on the seed: with and without groups, either rule."""
    groups = draw_groups(scores, seed=seed) if seed % 2 else None
    conventions = ALPHALENS if seed % 3 == 0 else None
    return evaluate_factor(
        *(scores, prices, (1, 3)),
        **{"groups": groups, "conventions": conventions, "lag": seed % 3} | more,
    )


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_only_the_order_of_the_scores_reaches_coefficients_and_quantiles(seed):
    scores, prices = draw_factor(n_sessions=25, seed=seed)
    conventions = {"conventions": None}  # edges are interpolated between scores
    before = asked(scores, prices, seed, **conventions)
    after = asked(np.exp(3 * scores) + 7, prices, seed, **conventions)
    pd.testing.assert_frame_equal(before.ic, after.ic)
    pd.testing.assert_frame_equal(before.quantiles, after.quantiles)
    pd.testing.assert_frame_equal(before.quantile_returns, after.quantile_returns)
    pd.testing.assert_frame_equal(before.losses, after.losses)


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_the_scale_of_scores_does_not_reach_the_portfolio(seed):
    scores, prices = draw_factor(n_sessions=25, seed=seed)
    before, after = (
        asked(each, prices, seed) for each in (scores, scores * 8.0)
    )  # a power of two leaves every bit of a quotient
    pd.testing.assert_frame_equal(before.weights, after.weights)
    pd.testing.assert_frame_equal(before.factor_returns, after.factor_returns)


@settings(max_examples=12, deadline=None)
@given(SEEDS, st.randoms(use_true_random=False))
def test_tickers_may_come_in_any_order(seed, random):
    scores, prices = draw_factor(n_sessions=25, seed=seed)
    groups = draw_groups(scores, seed=seed)
    columns = list(scores)
    random.shuffle(columns)
    before = asked(scores, prices, seed, groups=groups)
    after = asked(scores[columns], prices, seed, groups=groups[columns])
    pd.testing.assert_frame_equal(before.ic, after.ic)
    pd.testing.assert_frame_equal(before.summary(), after.summary())


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_what_tickers_are_called_does_not_matter(seed):
    """Other names stand in other columns: sums may differ in their last bit."""
    scores, prices = draw_factor(n_sessions=25, seed=seed)
    groups = draw_groups(scores, seed=seed)
    renamed = {name: name[::-1] for name in scores}
    before = asked(scores, prices, seed, groups=groups, relative_to="nothing")
    after = asked(
        scores.rename(columns=renamed),
        prices.rename(columns=renamed),
        seed,
        groups=groups.rename(columns=renamed),
        relative_to="nothing",
    )
    pd.testing.assert_frame_equal(before.ic, after.ic)
    for name in ("factor_returns", "spread", "pearson_ic"):
        pair = (getattr(each, name) for each in (before, after))
        np.testing.assert_allclose(*pair, **CLOSE)


@settings(max_examples=12, deadline=None)
@given(SEEDS, st.integers(1, 5))
def test_names_without_a_score_change_nothing_but_the_account(seed, extra):
    scores, prices = draw_factor(n_sessions=25, seed=seed)
    more = {f"A{place}": np.nan for place in range(extra)}
    paths = {name: 10.0 + np.arange(25) for name in more}
    groups = draw_groups(scores, seed=seed)
    before = asked(scores, prices, seed, groups=groups)
    after = asked(
        scores.assign(**more),
        prices.assign(**paths),
        seed,
        groups=groups.assign(**dict.fromkeys(more, "banks")),
    )
    pd.testing.assert_frame_equal(before.summary(), after.summary())
    pd.testing.assert_frame_equal(before.alpha_beta, after.alpha_beta)
    cells = after.losses - before.losses
    assert cells.loc[["given", "no score"]].eq(extra * 25).all().all()
    assert cells.drop(["given", "no score"]).eq(0).all().all()


@settings(max_examples=12, deadline=None)
@given(SEEDS)
def test_the_unit_of_a_price_does_not_matter(seed):
    scores, prices = draw_factor(n_sessions=25, seed=seed)
    units = 2.0 ** np.random.default_rng(seed).integers(-3, 4, scores.shape[1])
    before, after = (asked(scores, each, seed) for each in (prices, prices * units))
    pd.testing.assert_frame_equal(before.summary(), after.summary())
