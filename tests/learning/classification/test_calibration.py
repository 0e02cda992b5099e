"""Maps from scores to probabilities, against scikit-learn; thresholds by hand."""

import numpy as np
import pandas as pd
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss
from sklearn.metrics import log_loss as peer_log_loss

from alpha_kedro.learning.classification.calibration import (
    Calibration,
    brier_score,
    log_loss,
    logistic,
)
from alpha_kedro.learning.classification.threshold import ThresholdSpec
from tests.learning.planted import WEEKS

METHODS = ("none", "platt", "isotonic")


def test_scores_of_quality_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    told, came, weight = rng.random(50), rng.integers(0, 2, 50), rng.random(50)
    assert brier_score(told, came, weight) == pytest.approx(
        brier_score_loss(came, told, sample_weight=weight)
    )
    assert log_loss(told, came, weight) == pytest.approx(
        peer_log_loss(came, told, sample_weight=weight)
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_the_stored_map_is_that_of_scikit_learn(weighted):
    rng = np.random.default_rng(0)
    odds = np.round(rng.normal(size=400), 2)
    came = (rng.random(400) < logistic(2 * odds - 0.5)).astype(float)
    weight = rng.uniform(0.1, 3.0, 400) if weighted else None
    grid = np.linspace(-4, 4, 81)
    steps = IsotonicRegression(out_of_bounds="clip").fit(odds, came, weight)
    stepped = Calibration.fit("isotonic", odds, came, weight)
    np.testing.assert_allclose(stepped.apply(grid), steps.predict(grid), atol=2e-6)
    curve = LogisticRegression(C=np.inf, tol=1e-8)
    curve.fit(odds[:, None], came, sample_weight=weight)
    drawn = Calibration.fit("platt", odds, came, weight)
    np.testing.assert_allclose(
        drawn.apply(grid), curve.predict_proba(grid[:, None])[:, 1], atol=2e-5
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_map_only_rises_even_on_scores_that_are_upside_down(method):
    rng = np.random.default_rng(0)
    odds = rng.normal(size=400)
    for came in (odds > 0, odds < 0, rng.random(400) < 0.3):
        told = Calibration.fit(method, odds, came.astype(float), None)
        grid = np.sort(odds)
        assert (np.diff(told.apply(grid)) > 0).all()
        assert 0 <= told.apply(grid).min() <= told.apply(grid).max() <= 1


def test_the_threshold_is_the_candidate_worth_most_by_hand():
    """Shares 1/4, 2/4, 3/4: names worth 3; 3 + 1; 3 + 1 - 5, over root counts."""
    probability = np.array([0.2, 0.4, 0.6, 0.8])
    label = np.array([0.0, -5.0, 1.0, 3.0])
    dates = WEEKS[:4].to_numpy()
    how = ThresholdSpec(least_share=0.25, most_share=0.75, n_candidates=3)
    worth = [
        how.worth_of(probability >= each, label, dates) for each in (0.8, 0.6, 0.4)
    ]
    np.testing.assert_allclose(worth, [3.0, 4 / np.sqrt(2), -1 / np.sqrt(3)])
    assert how.choose(probability, label, dates) == 0.8
    label[2] = 2.0  # 5 / root 2 beats 3
    assert how.choose(probability, label, dates) == 0.6


def test_the_t_of_dates_counts_dates_not_names():
    how = ThresholdSpec(worth="t_of_dates")
    dates = np.repeat(WEEKS[:3].to_numpy(), 2)
    label = np.array([1.0, 3.0, 2.0, 4.0, 3.0, 5.0])
    means = pd.Series([2.0, 3.0, 4.0])
    everyone = np.ones(6, dtype=bool)
    t = means.mean() / means.std() * np.sqrt(3)
    assert how.worth_of(everyone, label, dates) == pytest.approx(t)
    assert how.worth_of(dates == dates[0], label, dates) == -np.inf
