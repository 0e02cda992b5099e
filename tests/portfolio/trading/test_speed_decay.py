"""How fast scores decay: found again where it is known, and never with the future."""

import time

import numpy as np
import pytest
from scipy.stats import spearmanr

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.portfolio.trading import decay, measured_decay, score_persistence
from alpha_kedro.portfolio.trading.decay import AGES, PRIOR_HALF_LIFE, PRIOR_IC


def planted(half_life, *, ic=0.08, n=200, n_decisions=300, every=5, seed=0, noise=0.0):
    """Scores that follow an AR(1) and know the next period's returns by ``ic``."""
    rng = np.random.default_rng(seed)
    keeps = 2 ** (-1 / half_life)
    signal = rng.normal(size=(n_decisions, n))
    for row in range(1, n_decisions):
        signal[row] = keeps * signal[row - 1] + np.sqrt(1 - keeps**2) * signal[row]
    moves = rng.normal(size=(n_decisions * every + 2, n))
    for row in range(n_decisions):
        # From the close after the decision to the close after the next one.
        moves[row * every + 2 : (row + 1) * every + 2] += ic * signal[row] / every**0.5
    close = 50 * np.exp(0.01 * moves.cumsum(axis=0))
    scores = signal + noise * rng.normal(size=signal.shape)
    return scores, close[:-1], np.arange(n_decisions) * every


def slow_twin(scores, close, decisions):
    """(n_periods, AGES) rank ICs, one at a time."""
    rows = decisions + 1
    found = []
    for p in range(len(rows) - 1):
        if rows[p + 1] >= len(close):
            break
        moved = close[rows[p + 1]] / close[rows[p]] - 1
        found.append([np.nan] * AGES)
        for age in range(min(AGES, p + 1)):
            known = np.isfinite(scores[p - age]) & np.isfinite(moved)
            found[-1][age] = spearmanr(scores[p - age][known], moved[known])[0]
    return np.array(found)


@pytest.mark.parametrize("half_life", [1.0, 3.0, 8.0])
def test_a_planted_half_life_is_found(half_life):
    found = measured_decay(*planted(half_life))
    assert found.half_life == pytest.approx(half_life, rel=0.3)
    assert found.ic == pytest.approx(0.075, abs=0.02)
    assert found.n_periods == 299


def test_noise_in_the_scores_lowers_the_ic_and_not_the_half_life():
    found = measured_decay(*planted(4.0, noise=1.0, n_decisions=500))
    assert found.half_life == pytest.approx(4.0, rel=0.35)
    assert found.ic == pytest.approx(0.055, abs=0.02)


def test_before_anything_is_known_it_is_what_was_assumed():
    scores, close, decisions = planted(3.0)
    start = measured_decay(scores[:2], close[:9], decisions[:2])
    assert (start.half_life, start.ic, start.n_periods) == (
        PRIOR_HALF_LIFE,
        PRIOR_IC,
        0,
    )
    own = measured_decay(scores[:0], close[:1], decisions[:0], prior=7.0, prior_ic=0.1)
    assert (own.half_life, own.ic) == (7.0, 0.1)


def test_what_was_assumed_fades():
    scores, close, decisions = planted(1.0, ic=0.15)
    off = [
        abs(
            np.log2(measured_decay(scores[:n], close[: 5 * n], decisions[:n]).half_life)
        )
        for n in (6, 25, 60, 250)
    ]
    assert off[0] > off[1] > off[3]
    assert off[3] < 0.5


def test_scores_without_skill_have_no_ic_and_the_assumed_half_life():
    found = measured_decay(*planted(3.0, ic=0.0, n_decisions=600))
    assert found.ic < 0.01
    assert 1.0 < found.half_life < 16.0


def test_the_coefficients_are_those_of_the_slow_twin():
    scores, close, decisions = planted(3.0, n=30, n_decisions=40)
    scores[5, :7], close[33, 3:9] = np.nan, np.nan
    rows = decisions + 1
    fast = decay._TRACKS.coefficients(
        scores[: len(close[rows[rows < len(close)]]) - 1],
        close[rows[rows < len(close)]],
    )
    np.testing.assert_allclose(fast, slow_twin(scores, close, decisions), atol=1e-12)


def test_a_period_counts_from_the_close_after_its_end_and_not_before():
    scores, close, decisions = planted(3.0, n_decisions=60)
    today = decisions[50]
    known = measured_decay(scores[:50], close[: today + 1], decisions[:50])
    # The last of 50 scores, of five sessions ago, opened a period that is not over.
    assert known.n_periods == 49
    earlier = [
        measured_decay(scores[:50], close[: today - n], decisions[:50]).n_periods
        for n in (0, 3, 4)
    ]
    assert earlier == [49, 49, 48]
    changed = close.copy()
    changed[today + 1 :] *= 2.0
    assert measured_decay(scores[:50], changed[: today + 1], decisions[:50]) == known


def test_a_track_is_not_taken_for_another():
    """Seen red with a track that was told apart by its length alone."""
    one, other = (planted(h, n=50, n_decisions=80, seed=4) for h in (1.0, 8.0))
    fresh = []
    for own in (one, other):
        decay._TRACKS._tracks.clear()
        fresh.append(measured_decay(*own))
    for _ in range(2):
        assert measured_decay(*one) == fresh[0]
        assert measured_decay(*other) == fresh[1]
    turned = one[0].copy()
    turned[3] = -turned[3]
    decay._TRACKS._tracks.clear()
    alone = measured_decay(turned, *one[1:])
    measured_decay(*one)
    assert measured_decay(turned, *one[1:]) == alone != fresh[0]


def test_growing_day_by_day_and_all_at_once_are_the_same_to_the_bit():
    scores, close, decisions = planted(3.0, n=40, n_decisions=50)
    decay._TRACKS._tracks.clear()
    grown = [
        measured_decay(scores[:n], close[: decisions[n] + 1], decisions[:n])
        for n in range(50)
    ]
    for n in (49, 20, 3):
        decay._TRACKS._tracks.clear()
        alone = measured_decay(scores[:n], close[: decisions[n] + 1], decisions[:n])
        assert alone == grown[n]


def test_no_more_than_a_few_streams_are_kept():
    for seed in range(9):
        measured_decay(*planted(2.0, n=10, n_decisions=20, seed=seed))
    assert len(decay._TRACKS._tracks) == 4


@pytest.mark.parametrize("wrong", ["rows", "order", "names", "beyond"])
def test_arrays_that_do_not_belong_together_are_refused(wrong):
    scores, close, decisions = planted(3.0, n=10, n_decisions=20)
    bad = {
        "rows": (scores[:-1], close, decisions),
        "order": (scores, close, decisions[::-1]),
        "names": (scores[:, :5], close, decisions),
        "beyond": (scores, close[:50], decisions),
    }
    with pytest.raises(SimulationError, match="AK-S080"):
        measured_decay(*bad[wrong])


def test_persistence_is_the_mean_rank_correlation_of_neighbours():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(40, 60)).cumsum(axis=0)
    pairs = [
        spearmanr(a, b)[0] for a, b in zip(scores[-27:-1], scores[-26:], strict=True)
    ]
    assert score_persistence(scores) == pytest.approx(np.mean(pairs))
    assert score_persistence(scores[:4]) == 0.8
    assert score_persistence(np.full((9, 5), np.nan)) == 0.8
    assert score_persistence(np.tile(scores[:1], (9, 1))) == 0.999


def test_a_backtest_of_600_decisions_and_500_names_takes_less_than_two_seconds():
    scores, close, decisions = planted(4.0, n=500, n_decisions=600)
    measured_decay(scores[:3], close, decisions[:3])
    score_persistence(scores[:8])
    decay._TRACKS._tracks.clear()
    start = time.process_time()
    for n in range(600):
        past = scores[:n]
        measured_decay(past, close[: decisions[n] + 1], decisions[:n])
        score_persistence(past)
    assert time.process_time() - start < 4.0  # 0.45 measured
