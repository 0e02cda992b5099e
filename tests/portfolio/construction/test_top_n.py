import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.portfolio.construction import TopN
from tests.portfolio.construction.books import aimed, history, shuffled, state


def test_the_best_names_in_equal_parts():
    aim = aimed(TopN(n=2), [1, 4, 3, 2])
    np.testing.assert_allclose(aim.weights, [0, 0.5, 0.5, 0])
    assert aim.notes == {}


def test_rank_weights_within_the_holdings():
    weights = aimed(TopN(n=3, weighting="rank"), [1, 40, 3, 2]).weights
    np.testing.assert_allclose(weights, [0, 3 / 6, 2 / 6, 1 / 6])


def test_score_weights_lie_above_the_lowest_score():
    weights = aimed(TopN(n=2, weighting="score"), [-1, 0, 1, 2]).weights
    np.testing.assert_allclose(weights, [0, 0, 2 / 5, 3 / 5])


def test_a_holding_is_kept_within_the_buffer_and_takes_a_place():
    held = [0, 0, 0, 0.5, 0]  # rank 4
    scores = [5, 4, 3, 2, 1]
    kept = aimed(TopN(n=2, buffer=2), scores, holdings=held).weights
    np.testing.assert_allclose(kept, [0.5, 0, 0, 0.5, 0])
    sold = aimed(TopN(n=2, buffer=1), scores, holdings=held).weights
    np.testing.assert_allclose(sold, [0.5, 0.5, 0, 0, 0])


def test_only_names_among_the_best_n_are_bought():
    # Two of three places are kept at ranks 4 and 5: rank 1 takes the third.
    held = [0, 0, 0, 0.3, 0.3, 0]
    weights = aimed(TopN(n=3, buffer=2), [6, 5, 4, 3, 2, 1], holdings=held).weights
    np.testing.assert_array_equal(weights > 0, [1, 0, 0, 1, 1, 0])


def test_a_short_position_is_no_holding():
    weights = aimed(TopN(n=1, buffer=9), [3, 2, 1], holdings=[0, 0, -0.5]).weights
    np.testing.assert_array_equal(weights, [1, 0, 0])


def test_a_book_short_of_names_says_so_and_keeps_the_rest_in_cash():
    aim = aimed(TopN(n=4, name_cap=0.25), [1, 2, np.nan, np.inf])
    np.testing.assert_allclose(aim.weights, [0.25, 0.25, 0, 0])
    assert aim.notes == {
        "unscored": 2,
        "short_of_names": 2,
        "over_name_cap": 2,
        "under_invested": 1,
    }


@pytest.mark.parametrize(
    ("scores", "note"),
    [
        ([2.0, 2.0, 2.0], "constant_scores"),
        ([np.nan] * 3, "too_few_names"),
        ([], "too_few_names"),
    ],
)
def test_without_an_opinion_the_book_is_flat(scores, note):
    aim = aimed(TopN(n=2), scores)
    assert not aim.weights.any()
    assert aim.notes[note] == 1


def test_one_name_is_held_alone():
    np.testing.assert_array_equal(aimed(TopN(n=1), [3.0]).weights, [1.0])


def test_names_outside_the_universe_are_neither_bought_nor_kept():
    members = state(3, universe=[False, True, True], tradable=[True, True, False])
    aim = aimed(TopN(n=1, buffer=5), [3, 2, 1], members, holdings=[1, 0, 0])
    np.testing.assert_array_equal(aim.weights, [0, 1, 0])
    assert aim.notes == {"not_tradable": 1}


def test_more_gross_than_the_cap_can_hold_is_refused():
    with pytest.raises(ConfigError, match=r"5 names x name_cap 0\.1 cannot hold"):
        TopN.parse({"n": 5, "name_cap": 0.1}, "strategies.any.top_n")


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    weighting=st.sampled_from(["equal", "rank", "score"]),
)
def test_any_book_has_n_names_and_does_not_mind_the_order_of_tickers(seed, weighting):
    rng = np.random.default_rng(seed)
    market = history(30, 2, seed=seed)
    scores = rng.integers(0, 9, 30).astype(float)
    scores[0] = 10.0
    holdings = rng.choice([0, 0.1], 30)
    spec = TopN(n=8, buffer=4, weighting=weighting)
    straight = aimed(spec, scores, market, holdings=holdings).weights
    assert np.count_nonzero(straight) <= 8
    assert straight.sum() == pytest.approx(1.0, abs=1e-12)
    order = rng.permutation(30)
    turned = aimed(
        spec, scores[order], shuffled(market, order), holdings=holdings[order]
    ).weights
    np.testing.assert_allclose(turned, straight[order], atol=1e-15)


def test_the_buffer_saves_turnover():
    rng = np.random.default_rng(1)
    slow = rng.normal(size=60)
    traded = {}
    for buffer in (0, 20):
        held, total = np.zeros(60), 0.0
        for _ in range(50):
            noise = np.random.default_rng(int(held.sum() * 10) + 3).normal(size=60)
            weights = aimed(
                TopN(n=10, buffer=buffer), slow + noise * rng.normal(), holdings=held
            ).weights
            total += np.abs(weights - held).sum() / 2
            held = weights
        traded[buffer] = total
    assert traded[20] < 0.6 * traded[0]
