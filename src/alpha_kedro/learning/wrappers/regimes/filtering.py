"""What a hidden Markov chain has come to, given what was seen so far."""

import numpy as np

from alpha_kedro.core.panel import Float


def filtered(
    log_density: Float, *, start: Float, transition: Float
) -> tuple[Float, Float]:
    """Run the forward pass of a hidden Markov model (Hamilton, 1989).

    Parameters
    ----------
    log_density
        (n, k) log density of what was seen on each session, under each state; a row of
        zeros where nothing was seen.
    start
        (k,) probabilities of the states on the first session, before it is seen.
    transition
        (k, k) probability to go from a state (row) to a state (column).

    Returns
    -------
    probabilities
        (n, k), each row given the rows up to it and none after: the bits of a row are
        the same whatever follows. Rows add up to 1.
    log_likelihood
        (n,) of all that was seen up to each session.

    Notes
    -----
    In logs, and brought to sum 1 on each session: nothing underflows in a long series.
    Smoothed probabilities and the Viterbi path look at the sessions that follow; they
    are not for anybody who has to act on the day.
    """
    with np.errstate(divide="ignore"):
        ahead, log_transition = np.log(start), np.log(transition)
    log_probability = np.empty_like(log_density)
    surprise = np.empty(len(log_density))
    for row, seen in enumerate(log_density):
        joint = ahead + seen
        surprise[row] = np.logaddexp.reduce(joint)
        log_probability[row] = joint - surprise[row]
        ahead = np.logaddexp.reduce(log_probability[row][:, None] + log_transition)
    return np.exp(log_probability), np.cumsum(surprise)


def gaussian_log_density(values: Float, means: Float, covariances: Float) -> Float:
    """Return the log density of rows under normal distributions.

    Parameters
    ----------
    values
        (n, d); a row with a NaN was not seen.
    means, covariances
        (k, d) and (k, d, d).

    Returns
    -------
    (n, k); zero for rows that were not seen.
    """
    density = np.empty((len(values), len(means)))
    for state, (mean, covariance) in enumerate(zip(means, covariances, strict=True)):
        root = np.linalg.cholesky(covariance)
        whiten = np.linalg.inv(root)
        # Not a matrix product: BLAS may round a row alone otherwise than in a batch.
        white = ((values - mean)[:, None, :] * whiten).sum(axis=-1)
        scale = len(mean) * np.log(2 * np.pi) / 2 + np.log(np.diag(root)).sum()
        density[:, state] = -(white**2).sum(axis=-1) / 2 - scale
    density[np.isnan(values).any(axis=1)] = 0.0
    return density
