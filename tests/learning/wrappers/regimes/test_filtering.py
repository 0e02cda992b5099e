"""The forward pass against every path there is, against hmmlearn, and in time."""

from itertools import product

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal

from alpha_kedro.learning.wrappers.regimes.filtering import (
    filtered,
    gaussian_log_density,
)


def chain(k, seed=0):
    """Return (k,) start, (k, k) transition of some chain."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k), size=k)


def gaussians(k, d, seed=0):
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(k, d, d))
    return rng.normal(size=(k, d)), roots @ roots.swapaxes(1, 2) + 0.2 * np.eye(d)


def by_every_path(density, start, transition):
    """Add up the likelihood of every path through the states, session by session."""
    n, k = density.shape
    probabilities, log_likelihood = np.empty((n, k)), np.empty(n)
    for last in range(n):
        total = np.zeros(k)
        for path in product(range(k), repeat=last + 1):
            likelihood = start[path[0]] * np.exp(density[0, path[0]])
            for row in range(1, last + 1):
                likelihood *= transition[path[row - 1], path[row]]
                likelihood *= np.exp(density[row, path[row]])
            total[path[-1]] += likelihood
        probabilities[last] = total / total.sum()
        log_likelihood[last] = np.log(total.sum())
    return probabilities, log_likelihood


@pytest.mark.parametrize("k", [2, 3])
def test_it_is_the_sum_over_all_paths(k):
    start, transition = chain(k)
    density = np.random.default_rng(1).normal(size=(7, k))
    density[3] = 0.0
    found = filtered(density, start=start, transition=transition)
    for ours, wanted in zip(
        found, by_every_path(density, start, transition), strict=True
    ):
        assert_allclose(ours, wanted, rtol=1e-12)


def test_two_sessions_by_hand():
    density = np.log([[0.5, 0.1], [0.2, 0.4]])
    start, transition = np.array([0.6, 0.4]), np.array([[0.9, 0.1], [0.3, 0.7]])
    found, log_likelihood = filtered(density, start=start, transition=transition)
    first = np.array([0.30, 0.04]) / 0.34
    assert_allclose(found[0], first)
    ahead = first @ transition * [0.2, 0.4]
    assert_allclose(found[1], ahead / ahead.sum())
    assert_allclose(log_likelihood, np.log([0.34, 0.34 * ahead.sum()]))


def test_a_path_that_cannot_be_is_not_believed():
    found, _ = filtered(
        np.zeros((3, 2)), start=np.array([1.0, 0.0]), transition=np.eye(2)
    )
    assert_array_equal(found, [[1.0, 0.0]] * 3)


def test_nothing_underflows_in_a_long_series_of_unlikely_days():
    start, transition = chain(2)
    density = np.tile([-900.0, -899.0], (5_000, 1))
    found, log_likelihood = filtered(density, start=start, transition=transition)
    assert_allclose(found.sum(axis=1), 1.0)
    assert log_likelihood[-1] < -4e6


@pytest.mark.parametrize("d", [1, 2, 3])
def test_the_density_is_that_of_scipy(d):
    means, covariances = gaussians(3, d)
    values = np.random.default_rng(2).normal(size=(20, d))
    found = gaussian_log_density(values, means, covariances)
    for state in range(3):
        normal = multivariate_normal(means[state], covariances[state])
        assert_allclose(found[:, state], normal.logpdf(values), rtol=1e-10)


@pytest.mark.parametrize("d", [2, 3, 5])
def test_a_row_alone_has_the_density_it_has_in_a_batch(d):
    means, covariances = gaussians(2, d)
    values = np.random.default_rng(2).normal(size=(101, d))
    together = gaussian_log_density(values, means, covariances)
    alone = [gaussian_log_density(row[None], means, covariances)[0] for row in values]
    assert_array_equal(together, alone)


def test_a_session_that_was_not_seen_says_nothing():
    means, covariances = gaussians(2, 2)
    found = gaussian_log_density(np.array([[0.1, np.nan]]), means, covariances)
    assert_array_equal(found, [[0.0, 0.0]])


@pytest.fixture(scope="module")
def reference():
    """A model of hmmlearn, and 60 sessions drawn from something else."""
    from hmmlearn.hmm import GaussianHMM

    model = GaussianHMM(2, "full")
    model.startprob_ = np.array([0.7, 0.3])
    model.transmat_ = np.array([[0.95, 0.05], [0.1, 0.9]])
    model.n_features = 2
    model.means_ = np.array([[0.2, 0.0], [-0.2, 0.3]])
    model.covars_ = np.array([np.eye(2), [[1.5, 0.4], [0.4, 0.8]]])
    return model, np.random.default_rng(3).normal(size=(60, 2))


def ours(model, values):
    density = gaussian_log_density(values, model.means_, model.covars_)
    return filtered(density, start=model.startprob_, transition=model.transmat_)


def test_the_likelihood_of_every_prefix_is_that_of_hmmlearn(reference):
    model, values = reference
    _, log_likelihood = ours(model, values)
    wanted = [model.score(values[: last + 1]) for last in range(len(values))]
    assert_allclose(log_likelihood, wanted, rtol=1e-10)


def test_a_row_is_what_hmmlearn_says_of_the_last_of_its_prefix(reference):
    """Smoothed and filtered agree on the last session alone."""
    model, values = reference
    found, _ = ours(model, values)
    wanted = [
        model.predict_proba(values[: last + 1])[-1] for last in range(len(values))
    ]
    assert_allclose(found, wanted, rtol=1e-8)


def test_smoothing_would_look_ahead(reference):
    model, values = reference
    found, _ = ours(model, values)
    smoothed = model.predict_proba(values)
    assert np.abs(smoothed - found)[:-1].max() > 0.1
    changed = values.copy()
    changed[40:] *= -3.0
    hindsight = model.predict_proba(changed)[:40]
    assert np.abs(hindsight - smoothed[:40]).max() > 0.01
    assert_array_equal(ours(model, changed)[0][:40], found[:40])


@pytest.mark.parametrize("cut", [1, 17, 31, 59])
def test_a_row_has_the_same_bits_whatever_follows(reference, cut):
    model, values = reference
    found, log_likelihood = ours(model, values)
    again, shorter = ours(model, values[:cut])
    assert_array_equal(again, found[:cut])
    assert_array_equal(shorter, log_likelihood[:cut])
