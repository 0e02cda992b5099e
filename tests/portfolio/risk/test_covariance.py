import numpy as np
import pytest

from alpha_kedro.portfolio.risk.covariance import (
    deviations,
    enough_returns,
    sample_covariance,
    shrunk_covariance,
)


def correlated(n_sessions=60, n_names=8, seed=0):
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 0.02, (n_sessions, 1)) * np.linspace(-1, 2, n_names)
    return common + rng.normal(0, 0.02, (n_sessions, n_names))


def shrunk_slowly(returns):
    """Ledoit & Wolf (2004), appendix B, sum by sum."""
    off = returns - returns.mean(axis=0)
    t, n = off.shape
    s = off.T @ off / t
    r = s / np.sqrt(np.outer(np.diag(s), np.diag(s)))
    mean_r = np.mean([r[i, j] for i in range(n) for j in range(i + 1, n)])
    f = mean_r * np.sqrt(np.outer(np.diag(s), np.diag(s)))
    f[np.diag_indices(n)] = np.diag(s)
    pi = rho = 0.0
    for i in range(n):
        for j in range(n):
            cross = off[:, i] * off[:, j] - s[i, j]
            pi_ij = np.mean(cross**2)
            pi += pi_ij
            if i == j:
                rho += pi_ij
                continue
            own_i, own_j = off[:, i] ** 2 - s[i, i], off[:, j] ** 2 - s[j, j]
            rho += (mean_r / 2) * (
                np.sqrt(s[j, j] / s[i, i]) * np.mean(own_i * cross)
                + np.sqrt(s[i, i] / s[j, j]) * np.mean(own_j * cross)
            )
    kappa = (pi - rho) / np.sum((f - s) ** 2)
    delta = min(1.0, max(0.0, kappa / t))
    return (delta * f + (1 - delta) * s) * t / (t - 1), delta


def test_the_sample_covariance_is_that_of_numpy():
    returns = correlated()
    np.testing.assert_allclose(
        sample_covariance(returns), np.cov(returns.T), rtol=1e-12
    )


def test_variances_are_those_of_the_known_returns():
    returns = correlated()
    returns[::3, 0] = np.nan
    found = np.diag(sample_covariance(returns))
    np.testing.assert_allclose(found, np.nanvar(returns, axis=0, ddof=1), rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_the_shrunk_covariance_is_that_of_its_slow_twin(seed):
    returns = correlated(seed=seed)
    slow, intensity = shrunk_slowly(returns)
    assert 0 < intensity < 1
    np.testing.assert_allclose(shrunk_covariance(returns), slow, rtol=1e-9)


def test_shrinking_brings_the_truth_nearer():
    rng = np.random.default_rng(0)
    truth = 0.0001 * (np.eye(40) + np.ones((40, 40)))
    returns = rng.multivariate_normal(np.zeros(40), truth, 50)
    off = {
        found.__name__: np.linalg.norm(found(returns) - truth)
        for found in (sample_covariance, shrunk_covariance)
    }
    assert off["shrunk_covariance"] < 0.75 * off["sample_covariance"]


def test_towards_one_variance_for_all():
    from sklearn.covariance import LedoitWolf

    returns = correlated()
    found = shrunk_covariance(returns, target="identity")
    unbiased = len(returns) / (len(returns) - 1)
    np.testing.assert_allclose(found, LedoitWolf().fit(returns).covariance_ * unbiased)


@pytest.mark.parametrize("target", ["constant_correlation", "identity"])
def test_gaps_leave_it_positive_semi_definite(target):
    returns = correlated(30, 20)
    returns[np.random.default_rng(1).random(returns.shape) < 0.3] = np.nan
    found = shrunk_covariance(returns, target=target)
    assert np.linalg.eigvalsh(found).min() > -1e-15


@pytest.mark.parametrize("find", [sample_covariance, shrunk_covariance])
def test_a_name_without_returns_is_nan_and_disturbs_nobody(find):
    returns = correlated()
    with_stranger = np.column_stack([returns, np.full(len(returns), np.nan)])
    found = find(with_stranger)
    np.testing.assert_array_equal(found[:-1, :-1], find(returns))
    assert np.isnan(found[-1]).all()
    assert np.isnan(found[:, -1]).all()


def test_one_name_and_two_that_are_the_same():
    one = correlated(n_names=1)
    np.testing.assert_allclose(shrunk_covariance(one), np.var(one, ddof=1))
    twice = np.column_stack([one, one])
    np.testing.assert_allclose(shrunk_covariance(twice), np.var(one, ddof=1))


def test_no_history_is_nan():
    assert np.isnan(shrunk_covariance(np.empty((0, 3)))).all()
    assert not enough_returns(np.empty((0, 3)), window=5).any()


def test_enough_returns():
    returns = correlated(10, 3)
    returns[:2, 1] = np.nan
    returns[:3, 2] = np.nan
    returns = np.column_stack([returns, np.zeros(10)])
    np.testing.assert_array_equal(
        enough_returns(returns, window=10), [True, True, False, False]
    )
    assert not enough_returns(returns, window=20).any()


def test_products_of_deviations_are_covariances():
    returns = correlated()
    off = deviations(returns)
    np.testing.assert_allclose(off.T @ off / (len(off) - 1), np.cov(returns.T))
