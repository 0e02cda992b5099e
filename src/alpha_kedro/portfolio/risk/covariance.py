"""Covariances of trailing returns, as they are and shrunk."""

from typing import Literal

import numpy as np

from alpha_kedro.core.panel import Bool, Float

Target = Literal["constant_correlation", "identity"]


def enough_returns(returns: Float, *, window: int, min_share: float = 0.8) -> Bool:
    """Tell which names have returns enough to be measured.

    Parameters
    ----------
    returns
        (n_sessions, n_tickers) simple returns, NaN where unknown.
    window
        Sessions asked for; a shorter history counts as missing.
    min_share
        Share of ``window`` that has to be known.

    Returns
    -------
    (n_tickers,) bool
        At least two returns, and not all of them the same.
    """
    known = np.isfinite(returns)
    asked = max(2, int(np.ceil(min_share * window)))
    enough = known.sum(axis=0) >= asked
    lowest = np.min(returns, axis=0, where=known, initial=np.inf)
    highest = np.max(returns, axis=0, where=known, initial=-np.inf)
    moves: Bool = enough & (highest > lowest)
    return moves


def deviations(returns: Float) -> Float:
    """Return deviations whose scalar products are covariances.

    Parameters
    ----------
    returns
        (n_sessions, n_tickers) simple returns, NaN where unknown.

    Returns
    -------
    (n_sessions, n_tickers) float64
        ``deviations.T @ deviations / (n_sessions - 1)`` is a covariance, positive
        semi-definite by construction. NaN for a name with fewer than two returns.

    Notes
    -----
    A missing return counts as the mean of the name, and what is known is stretched so
    that the name's variance (ddof 1) is that of its known returns. Covariances of names
    with gaps are drawn to zero by as much as their sessions do not overlap.
    """
    known = np.isfinite(returns)
    count = known.sum(axis=0)
    usable = np.where(count > 1, count, np.nan)
    mean = np.where(known, returns, 0.0).sum(axis=0) / usable
    off = np.where(known, returns - mean, 0.0 * mean)
    stretched: Float = off * np.sqrt((len(returns) - 1) / (usable - 1))
    return stretched


def sample_covariance(returns: Float) -> Float:
    """Return the covariance per session (ddof 1) of trailing returns.

    Parameters
    ----------
    returns
        (n_sessions, n_tickers) simple returns, NaN where unknown; see `deviations`.

    Returns
    -------
    (n_tickers, n_tickers) float64
        Positive semi-definite; NaN for a name with fewer than two returns.
    """
    off = deviations(returns)
    covariance: Float = off.T @ off / max(len(returns) - 1, 1)
    return covariance


def shrunk_covariance(
    returns: Float, *, target: Target = "constant_correlation"
) -> Float:
    """Return the covariance per session, drawn to a target that is better conditioned.

    Parameters
    ----------
    returns
        (n_sessions, n_tickers) simple returns, NaN where unknown; see `deviations`.
    target
        ``constant_correlation``: every variance as it is and one correlation for all
        pairs (Ledoit & Wolf 2004, Honey, I shrunk the sample covariance matrix).
        ``identity``: one variance for all and no correlation (Ledoit & Wolf 2004, A
        well-conditioned estimator).

    Returns
    -------
    (n_tickers, n_tickers) float64
        The variances of ``constant_correlation`` are those of `sample_covariance`.
        NaN for a name with fewer than two returns; leave such names out, see
        `enough_returns`.
    """
    off = deviations(returns)
    measured = np.isfinite(off).all(axis=0)
    covariance = np.full((off.shape[1],) * 2, np.nan)
    if len(off) and measured.any():
        inside = np.ix_(measured, measured)
        covariance[inside] = _shrunk(off[:, measured], target)
    return covariance


def _shrunk(off: Float, target: Target) -> Float:
    n_sessions = len(off)
    unbiased = n_sessions / (n_sessions - 1)
    if target == "constant_correlation":
        return unbiased * _to_constant_correlation(off)
    from sklearn.covariance import ledoit_wolf

    shrunk: Float = unbiased * ledoit_wolf(off, assume_centered=True)[0]
    return shrunk


def _to_constant_correlation(off: Float) -> Float:
    n_sessions, n_names = off.shape
    sample: Float = off.T @ off / n_sessions
    variance = np.diag(sample).copy()
    spread = np.sqrt(variance)
    if n_names == 1 or not (spread > 0).all():
        return sample
    pairs = n_names * (n_names - 1)
    mean_correlation = ((sample / np.outer(spread, spread)).sum() - n_names) / pairs
    target: Float = mean_correlation * np.outer(spread, spread)
    np.fill_diagonal(target, variance)
    square = off**2
    noise = square.T @ square / n_sessions - sample**2
    # How the error of a variance moves with that of a covariance, which the target
    # shares with the sample.
    shared = (off**3).T @ off / n_sessions - variance[:, None] * sample
    np.fill_diagonal(shared, 0.0)
    common = np.trace(noise) + mean_correlation * np.sum(
        shared * np.outer(1 / spread, spread)
    )
    distance = np.sum((sample - target) ** 2)
    if distance <= np.finfo(float).eps * np.sum(sample**2):
        return sample
    intensity = float(np.clip((noise.sum() - common) / distance / n_sessions, 0, 1))
    mixed: Float = intensity * target + (1 - intensity) * sample
    return mixed
