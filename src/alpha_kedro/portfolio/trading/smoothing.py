"""Scores averaged over decisions, and signals weighed by how long they last."""

from typing import Literal

import numpy as np

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.trading.aim_portfolio import persistence_weight
from alpha_kedro.portfolio.trading.decay import decay_of, mean_reversion
from alpha_kedro.portfolio.trading.ranks import centred_ranks

HalfLife = float | Literal["measured"]
"""Decisions, or ``measured``: that of the scores' rank IC, see `measured_decay`."""

_NEGLIGIBLE = 7.0  # half-lives after which a score counts less than one in a hundred


def smoothed(scores: Float, market: MarketState, half_life: HalfLife) -> Float:
    """Average the ranks of scores with those of earlier decisions.

    Parameters
    ----------
    scores
        (n_tickers,) today's, NaN where there is none.
    market
        With the scores of earlier decisions.
    half_life
        Decisions after which a rank counts half as much.

    Returns
    -------
    (n_tickers,) float64
        ``sum_k 2^(-k / half_life) rank_k / sum_k 2^(-k / half_life)`` over the
        decisions in which the name had a score, with ranks from -0.5 to 0.5; NaN where
        there is none today, so that no name is traded on what was thought of it.

    Raises
    ------
    ConfigError
        ``AK-C190`` for a half-life that is not a positive number.

    Notes
    -----
    Ranked first and averaged then. Decisions more than seven half-lives ago are left
    out. Reads past scores alone, so what it gives was known at the time.
    """
    ranks = centred_ranks(scores)
    chosen = _chosen(half_life, market)
    past = market.past_scores
    n_past = min(int(np.ceil(_NEGLIGIBLE * chosen)), len(past))
    total, weight = np.nan_to_num(ranks), np.isfinite(ranks).astype(np.float64)
    for age in range(1, n_past + 1):
        earlier = centred_ranks(past[-age])
        share = 2.0 ** (-age / chosen)
        total = total + share * np.nan_to_num(earlier)
        weight = weight + share * np.isfinite(earlier)
    mean: Float = total / np.where(weight > 0, weight, np.nan)
    return np.where(np.isfinite(ranks), mean, np.nan)


def _chosen(half_life: HalfLife, market: MarketState) -> float:
    if half_life == "measured":
        return decay_of(market).half_life
    if not isinstance(half_life, int | float) or not 0 < half_life < np.inf:
        raise ConfigError(
            "AK-C190",
            "scores cannot be averaged over this half-life",
            got=repr(half_life),
            wanted="a positive number of decisions, or measured",
        )
    return float(half_life)


def blend_by_half_life(
    scores: Float,
    half_lives: Float,
    *,
    rate: float,
    strengths: Float | None = None,
    discount: float = 0.0,
) -> Float:
    """Blend signals, those that last longer with more weight.

    Parameters
    ----------
    scores
        (n_signals, n_tickers) NaN where there is none.
    half_lives
        (n_signals,) decisions after which each signal knows half as much.
    rate
        Part of the way to the aim that each decision trades, in (0, 1]; 1 gives every
        signal its strength, for then nothing is held longer than it is wanted.
    strengths
        (n_signals,) such as ICs; default: all the same.
    discount
        Rate per decision, see `persistence_weight`.

    Returns
    -------
    (n_tickers,) float64
        Mean of the ranks (-0.5 to 0.5) of the signals a name has, with weights
        ``strength / (1 + phi (1 - rate) / rate)``; NaN where it has none.

    Raises
    ------
    ConfigError
        ``AK-C191`` where half-lives, strengths or the rate do not fit the signals.

    Notes
    -----
    N. Garleanu and L. Pedersen 2013, equation 15: the aim is a weighted mean of
    signals, and a fast one deserves the less the slower the book.
    """
    given = np.ones(len(scores)) if strengths is None else np.asarray(strengths)
    _refuse_misfits(scores, half_lives, given, rate)
    kept = [
        persistence_weight(mean_reversion(own), np.array(rate), discount=discount)
        for own in half_lives
    ]
    weights = (given * np.array(kept))[:, None]
    ranks = np.stack([centred_ranks(row) for row in scores])
    known = np.isfinite(ranks)
    total = (weights * np.where(known, ranks, 0.0)).sum(axis=0)
    size = (np.abs(weights) * known).sum(axis=0)
    blended: Float = total / np.where(size > 0, size, np.nan)
    return blended


def _refuse_misfits(
    scores: Float, half_lives: Float, strengths: Float, rate: float
) -> None:
    lives = np.asarray(half_lives)
    fits = (
        scores.ndim == 2
        and lives.shape == strengths.shape == scores.shape[:1]
        and np.all(np.isfinite(lives) & (lives > 0))
        and np.all(np.isfinite(strengths))
        and 0 < rate <= 1
    )
    if not fits:
        raise ConfigError(
            "AK-C191",
            "signals cannot be blended with these weights",
            got=f"scores {scores.shape}, half-lives {lives}, strengths {strengths}, "
            f"rate {rate:g}",
            wanted="a positive half-life and a strength for each row of scores, and a "
            "rate in (0, 1]",
        )
