"""Risk of few factors and of each name alone, from trailing returns."""

from dataclasses import dataclass

import numpy as np

from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.risk.covariance import deviations

_LEAST_SPECIFIC = 0.05
"""Share of a name's variance that is its own at the least."""


@dataclass(frozen=True, eq=False)
class FactorRisk:
    """A covariance per session: ``loadings @ loadings.T + diag(specific)``.

    Attributes
    ----------
    loadings
        (n_tickers, n_factors) covariances with factors of unit variance, decimals per
        session.
    specific
        (n_tickers,) variances of what factors do not explain.
    """

    loadings: Float
    specific: Float

    def variance(self, weights: Float) -> float:
        """Return the variance per session of a book."""
        common = self.loadings.T @ weights
        return float(common @ common + (self.specific * weights**2).sum())


def factor_risk(returns: Float, n_factors: int) -> FactorRisk:
    """Fit statistical factors to trailing returns.

    Parameters
    ----------
    returns
        (n_sessions, n_tickers) simple returns, NaN where unknown; every name with
        returns enough, see `alpha_kedro.portfolio.risk.covariance.enough_returns`.
    n_factors
        Factors wanted; at most one less than sessions or names is given.

    Returns
    -------
    FactorRisk
        Factors are the principal components of the correlations, so that a name is not
        heard for being volatile. The sign of a factor is such that most names load on
        it positively. Total variances are those of the returns, unless less than a
        twentieth of one would be specific.

    Notes
    -----
    Connor & Korajczyk 1986, Performance measurement with the arbitrage pricing theory;
    components are taken from the smaller of the two product matrices.
    """
    off = deviations(returns)
    n_sessions, n_names = off.shape
    count = max(min(n_factors, n_sessions - 1, n_names - 1), 0)
    spread = np.sqrt((off**2).sum(axis=0) / max(n_sessions - 1, 1))
    common = _components(off / spread / np.sqrt(max(n_sessions - 1, 1)), count)
    loadings = spread[:, None] * common
    variance = spread**2
    specific = variance - (loadings**2).sum(axis=1)
    return FactorRisk(loadings, np.maximum(specific, _LEAST_SPECIFIC * variance))


def _components(unit: Float, count: int) -> Float:
    """Return (n_names, count) correlations with the principal components."""
    from scipy.linalg import eigh

    n_sessions, n_names = unit.shape
    if not count:
        return np.empty((n_names, 0))
    by_session = n_sessions < n_names
    product = unit @ unit.T if by_session else unit.T @ unit
    last = len(product) - 1
    size, vectors = eigh(product, subset_by_index=(last - count + 1, last))
    if by_session:
        vectors = unit.T @ vectors
    else:
        vectors = vectors * np.sqrt(np.maximum(size, 0.0))
    signs = np.where(vectors.sum(axis=0) < 0, -1.0, 1.0)
    found: Float = (vectors * signs)[:, ::-1]
    return found
