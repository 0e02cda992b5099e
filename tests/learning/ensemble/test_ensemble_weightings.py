"""What a date says of a model, and the weights many dates lead to: by hand."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from alpha_kedro.learning.ensemble.combination import combined, standardised
from alpha_kedro.learning.ensemble.weightings import (
    LEARNERS,
    Scores,
    by_mean_ic,
    by_sharpe,
    by_stacking,
    products,
    rank_ics,
    score_weighted_returns,
)

EQUAL = np.full(4, 0.25)
BOTH = np.array([0, 1])


def scores(*members, label, scale="rank", min_names=2):
    raw = np.stack([np.atleast_2d(np.array(own, dtype=float)) for own in members])
    told = np.atleast_2d(np.array(label, dtype=float))
    return Scores(standardised(raw, scale), told, scale, min_names)


def series(*columns):
    """Return evidence (n, n_members, 1) from a series per member."""
    return np.array(columns, dtype=float).T[:, :, None]


def random_scores(n_members=3, n_dates=6, n_names=12, seed=0, holes=0.1, scale="rank"):
    rng = np.random.default_rng(seed)
    raw = rng.normal(size=(n_members, n_dates, n_names))
    raw[rng.random(raw.shape) < holes] = np.nan
    label = rng.normal(size=(n_dates, n_names))
    label[rng.random(label.shape) < holes] = np.nan
    return Scores(standardised(raw, scale), label, scale, 4)


def test_scores_are_added_up_by_weight():
    given = np.array([[[0.5, -0.5]], [[-0.5, 0.5]]])
    mean = combined(given, np.array([0.75, 0.25]), min_members=1)
    np.testing.assert_allclose(mean, [[0.25, -0.25]])


def test_weights_of_the_members_that_score_a_name_are_brought_to_one():
    given = np.array([[[0.4, np.nan, np.nan]], [[0.1, 0.1, np.nan]]])
    weights = np.array([0.75, 0.25])
    np.testing.assert_allclose(
        combined(given, weights, min_members=1), [[0.325, 0.1, np.nan]]
    )
    np.testing.assert_allclose(
        combined(given, weights, min_members=2), [[0.325, np.nan, np.nan]]
    )


def test_a_name_that_only_members_without_weight_score_has_none():
    given = np.array([[[0.4, np.nan]], [[0.1, 0.1]]])
    mean = combined(given, np.array([1.0, 0.0]), min_members=1)
    np.testing.assert_allclose(mean, [[0.4, np.nan]])


def test_equal_scores_share_their_rank():
    told = standardised(np.array([[[1.0, 1.0, 3.0, 2.0]]]), "rank")
    np.testing.assert_allclose(told, [[[-1 / 3, -1 / 3, 0.5, 1 / 6]]])


def test_rank_ics_are_those_of_scipy():
    given = random_scores(scale="z_score")
    found = rank_ics(given)
    for place, own in enumerate(given.standardised):
        for date, (left, right) in enumerate(zip(own, given.label, strict=True)):
            known = np.isfinite(left) & np.isfinite(right)
            expected = spearmanr(left[known], right[known]).statistic
            assert found[date, place, 0] == pytest.approx(expected)


def test_a_date_with_few_names_or_one_score_says_nothing():
    given = scores([1, 2, np.nan], [1, 1, 1], label=[1, 2, 3], min_names=3)
    for each in ("ic", "sharpe", "stacking"):
        assert np.isnan(LEARNERS[each].evidence(given)[:, :, -1]).all()


def test_a_portfolio_is_long_and_short_alike_with_a_gross_of_one():
    """Ranks 0.5, -0.5, 0: half long the first name, half short the second."""
    given = scores([3, 1, 2], label=[0.1, -0.3, 7.0])
    assert score_weighted_returns(given).item() == pytest.approx(0.5 * 0.1 + 0.5 * 0.3)


def test_only_names_with_a_label_are_held():
    given = scores([9, 3, 1, 2], label=[np.nan, 0.1, -0.3, 7.0])
    earned = score_weighted_returns(given).item()
    ranks = np.array([3, 1, 2]) - 2
    assert earned == pytest.approx(ranks @ np.array([0.1, -0.3, 7.0]) / 2)


def test_mean_ics_are_weights_once_the_negative_are_gone():
    evidence = series([0.1, 0.2, 0.3, 0.0], [0.0, 0.1, 0.1, 0.0], [-1, 0, 0, 0])
    learned = by_mean_ic(evidence, EQUAL, np.arange(3))
    np.testing.assert_allclose(learned, [0.15, 0.05, 0.0])


def test_dates_that_count_less_say_less():
    evidence = series([0.1, 0.2, 0.3, 0.0], [0.0, 0.1, 0.1, 0.0])
    latest = by_mean_ic(evidence, np.array([0, 0, 1.0, 0]), BOTH)
    np.testing.assert_allclose(latest, [0.3, 0.1])


@pytest.mark.parametrize("learn", [by_mean_ic, by_sharpe])
def test_nobody_who_was_wrong_on_the_whole_has_earned_a_weight(learn):
    evidence = series([-0.1, -0.2, 0.1, -0.1], [-0.3, 0.1, 0.0, -0.1])
    assert learn(evidence, EQUAL, BOTH) is None


def sharpe_by_hand(returns, shrinkage):
    s = returns.mean(axis=0) / returns.std(axis=0)
    correlations = np.corrcoef(returns.T)
    return np.linalg.solve(
        (1 - shrinkage) * correlations + shrinkage * np.eye(len(s)), s
    )


def test_sharpe_ratios_are_adjusted_for_correlation():
    """Against the textbook, with the shrinkage of scikit-learn put in by hand."""
    from sklearn.covariance import ledoit_wolf_shrinkage

    rng = np.random.default_rng(0)
    returns = 1.0 + rng.normal(size=(60, 3)) @ np.array(
        [[1, 0.5, 0], [0, 1, 0], [0, 0, 2.0]]
    )
    unit = (returns - returns.mean(axis=0)) / returns.std(axis=0)
    shrinkage = ledoit_wolf_shrinkage(unit, assume_centered=True)
    expected = sharpe_by_hand(returns, shrinkage)
    assert (expected > 0).all()
    shares = np.full(60, 1 / 60)
    learned = by_sharpe(returns[:, :, None], shares, np.arange(3))
    np.testing.assert_allclose(learned, expected, rtol=1e-9)


@pytest.mark.parametrize("weighting", ["sharpe", "stacking"])
def test_twins_share_the_weight_of_one(weighting):
    """Without the adjustment each twin would weigh as much as the third."""
    rng = np.random.default_rng(1)
    label = rng.normal(size=(200, 30))
    first, other = (0.3 * label + rng.normal(size=label.shape) for _ in range(2))
    given = Scores(
        standardised(np.stack([first, first, other]), "z_score"), label, "z_score", 5
    )
    learner = LEARNERS[weighting]
    shares = np.full(200, 1 / 200)
    learned = learner.learn(learner.evidence(given), shares, np.arange(3))
    assert learned[0] == pytest.approx(learned[1], rel=1e-6)
    assert (learned[0] + learned[1]) / learned[2] == pytest.approx(1.0, abs=0.25)


def test_a_series_that_never_moves_has_no_sharpe_ratio():
    assert by_sharpe(series([0.1] * 4, [0.1, 0.2, 0.3, 0.1]), EQUAL, BOTH) is None
    assert by_sharpe(series([0.1], [0.2]), np.ones(1), BOTH) is None


def test_products_are_those_of_the_names_all_members_score():
    given = random_scores(n_dates=4, holes=0.15, scale="z_score")
    found = products(given)
    for date in range(4):
        rows = np.vstack([given.standardised[:, date], given.label[date]])
        rows = rows[:, np.isfinite(rows).all(axis=0)]
        unit = (rows - rows.mean(axis=1)[:, None]) / rows.std(axis=1, ddof=1)[:, None]
        expected = (unit[:-1] @ unit.T) / rows.shape[1]
        np.testing.assert_allclose(found[date], expected, rtol=1e-9)


def test_a_member_that_skips_a_date_keeps_no_other_from_it():
    given = random_scores(n_members=2, n_dates=1, holes=0.0)
    alone = products(given._replace(standardised=given.standardised[:1]))
    given.standardised[1] = np.nan
    found = products(given)
    np.testing.assert_array_equal(found[:, :1, [0, 2]], alone)
    assert np.isnan(found[:, 1]).all()


def test_stacking_is_ridge_regression_when_no_weight_is_negative():
    rng = np.random.default_rng(2)
    label = rng.normal(size=(40, 25))
    raw = np.stack([k * label + rng.normal(size=label.shape) for k in (0.6, 0.3)])
    given = Scores(standardised(raw, "z_score"), label, "z_score", 5)
    shares = np.full(40, 1 / 40)
    learned = by_stacking(products(given), shares, BOTH)
    stacked = [standardised(each[None], "z_score").ravel() for each in (*raw, label)]
    X, y = np.column_stack(stacked[:2]), stacked[2]
    gram, cross = X.T @ X / len(y), X.T @ y / len(y)
    shrunk = 0.99 * gram + 0.01 * np.trace(gram) / 2 * np.eye(2)
    np.testing.assert_allclose(learned, np.linalg.solve(shrunk, cross), rtol=1e-9)


def test_a_member_that_would_be_bet_against_is_left_out():
    rng = np.random.default_rng(3)
    label = rng.normal(size=(60, 25))
    raw = np.stack([k * label + rng.normal(size=label.shape) for k in (0.5, -0.5)])
    given = Scores(standardised(raw, "rank"), label, "rank", 5)
    for learner in LEARNERS.values():
        learned = learner.learn(learner.evidence(given), np.full(60, 1 / 60), BOTH)
        assert learned[0] > 0
        assert learned[1] == 0


@pytest.mark.parametrize("weighting", list(LEARNERS))
def test_evidence_of_a_date_is_its_own_whatever_stands_beside_it(weighting):
    """Other dates, and names nobody scores, change no bit."""
    given = random_scores(n_dates=5)
    evidence = LEARNERS[weighting].evidence
    whole = evidence(given)
    empty = np.full((3, 5, 4), np.nan)
    wider = np.concatenate([given.standardised, empty], axis=2)
    label = np.concatenate([given.label, empty[0]], axis=1)
    np.testing.assert_array_equal(
        evidence(given._replace(standardised=wider, label=label)), whole
    )
    alone = given._replace(
        standardised=given.standardised[:, 2:3], label=given.label[2:3]
    )
    np.testing.assert_array_equal(evidence(alone), whole[2:3])
