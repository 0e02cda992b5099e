"""Ranks averaged over decisions and over signals: by hand."""

import numpy as np
import pytest
from scipy.stats import rankdata

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.portfolio.trading import blend_by_half_life, measured_decay, smoothed
from alpha_kedro.portfolio.trading.ranks import centred_ranks, rank_agreement
from tests.portfolio.trading.speed_markets import lively, state


def past(*rows, n=4):
    return state(
        n, past_scores=np.array(rows, dtype=float), past_decisions=np.arange(len(rows))
    )


def test_ranks_from_minus_to_plus_a_half():
    np.testing.assert_allclose(
        centred_ranks(np.array([30.0, 10.0, np.nan, 20.0, 20.0])),
        [0.375, -0.375, np.nan, 0, 0],
    )
    assert np.isnan(centred_ranks(np.array([np.nan, np.inf]))).all()
    scores = np.random.default_rng(0).normal(size=50)
    np.testing.assert_allclose(
        centred_ranks(scores), (rankdata(scores) - 0.5) / 50 - 0.5, atol=1e-15
    )


def test_the_memory_of_ranks_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        centred_ranks(np.array([1.0, 2.0]))[0] = 9.0


def test_ranks_agree_over_the_names_in_both():
    one, other = np.array([1.0, 2, 3, np.nan, 5]), np.array([1.0, 3, 2, 9, np.nan])
    assert rank_agreement(one, other) == pytest.approx(0.5)
    assert np.isnan(rank_agreement(one[:2], other[:2]))


def test_a_mean_over_decisions_by_hand():
    # Weights 1 and 1/2: ranks 0.375 today and -0.375 before give 0.125.
    today = np.array([4.0, 3.0, 2.0, 1.0])
    found = smoothed(today, past([1.0, 2.0, 3.0, 4.0]), 1.0)
    np.testing.assert_allclose(found, np.array([0.375, 0.125, -0.125, -0.375]) / 3)


def test_a_name_without_a_score_today_has_none_and_a_gap_counts_nothing():
    today = np.array([np.nan, 3.0, 2.0, 1.0])
    earlier = [9.0, np.nan, 2.0, 3.0]
    found = smoothed(today, past(earlier), 1.0)
    assert np.isnan(found[0])
    ranks, before = centred_ranks(today), centred_ranks(np.array(earlier))
    assert found[1] == ranks[1]
    assert found[2] == pytest.approx((ranks[2] + before[2] / 2) / 1.5)


def test_without_a_past_or_with_a_short_memory_it_is_today_s_rank():
    today = np.array([4.0, 3.0, 2.0, 1.0])
    np.testing.assert_array_equal(smoothed(today, state(), 4.0), centred_ranks(today))
    barely = smoothed(today, past([1.0, 2.0, 3.0, 4.0]), 0.05)
    np.testing.assert_allclose(barely, centred_ranks(today), atol=1e-5)


def test_it_is_the_recursion_of_an_exponential_mean():
    rows = np.random.default_rng(0).normal(size=(200, 4))
    keeps = 2 ** (-1 / 3.0)
    mean = weight = 0.0
    for row in rows:
        mean, weight = keeps * mean + centred_ranks(row), keeps * weight + 1
    found = smoothed(rows[-1], past(*rows[:-1]), 3.0)
    np.testing.assert_allclose(found, mean / weight, atol=0.005)


def test_measured_is_the_half_life_of_the_rank_ic():
    market = lively()
    scores = np.random.default_rng(9).normal(size=40)
    known = measured_decay(market.past_scores, market.close, market.past_decisions)
    np.testing.assert_array_equal(
        smoothed(scores, market, "measured"), smoothed(scores, market, known.half_life)
    )


def test_smoother_scores_change_more_slowly():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(60, 100))

    def agreement(half_life):
        last = [smoothed(rows[n], past(*rows[:n], n=100), half_life) for n in (58, 59)]
        return rank_agreement(*last)

    found = [agreement(half_life) for half_life in (0.2, 1.0, 4.0, 12.0)]
    assert found == sorted(found)
    assert found[-1] > 0.9


@pytest.mark.parametrize("half_life", [0.0, -1.0, float("nan"), "monthly"])
def test_a_half_life_is_positive(half_life):
    with pytest.raises(ConfigError, match="AK-C190"):
        smoothed(np.arange(4.0), past([1.0, 2, 3, 4]), half_life)


def test_a_blend_by_hand():
    # phi is 1/2 and 3/4; at rate 1/2 the weights are 1 / 1.5 and 1 / 1.75.
    scores = np.array([[4.0, 3, 2, 1], [1.0, 2, 3, 4]])
    found = blend_by_half_life(scores, np.array([1.0, 0.5]), rate=0.5)
    share = (1 / 1.5 - 1 / 1.75) / (1 / 1.5 + 1 / 1.75)
    np.testing.assert_allclose(found, share * np.array([0.375, 0.125, -0.125, -0.375]))


def test_at_full_speed_a_blend_knows_no_half_life():
    scores = np.random.default_rng(0).normal(size=(3, 20))
    plain = np.mean([centred_ranks(row) for row in scores], axis=0)
    np.testing.assert_allclose(
        blend_by_half_life(scores, np.array([1.0, 5.0, 20.0]), rate=1.0), plain
    )
    only = blend_by_half_life(
        scores, np.ones(3), rate=0.5, strengths=np.array([0.0, 2.0, 0.0])
    )
    np.testing.assert_allclose(only, centred_ranks(scores[1]))


def test_a_name_has_the_mean_of_the_signals_it_has():
    scores = np.array([[1.0, 2.0, np.nan, np.nan], [4.0, np.nan, 3.0, np.nan]])
    found = blend_by_half_life(scores, np.array([2.0, 2.0]), rate=0.5)
    np.testing.assert_allclose(found, [0.0, 0.25, -0.25, np.nan])


@pytest.mark.parametrize(
    "wrong",
    [
        {"half_lives": np.array([1.0])},
        {"half_lives": np.array([1.0, 0.0])},
        {"rate": 0.0},
        {"strengths": np.array([1.0, np.nan])},
    ],
)
def test_weights_have_to_fit_the_signals(wrong):
    fitting = {"half_lives": np.array([1.0, 2.0]), "rate": 0.5}
    with pytest.raises(ConfigError, match="AK-C191"):
        blend_by_half_life(np.ones((2, 4)), **(fitting | wrong))
