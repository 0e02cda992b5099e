"""How fast scores lose what they know, measured on decisions whose outcome is known.

Row ``p`` of a `Track` is the period from decision ``p`` to the next one, both taken one
session later, when orders are filled: the rank IC of the returns of that period with
the scores of decision ``p`` (age 0), of the one before (age 1), and so on. A backtest
asks at every decision, so a track is kept, grows by one row each time and is used again
for the same numbers only.
"""

from collections import OrderedDict
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock

import numpy as np

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Float, Int
from alpha_kedro.measures.cross_sections import rank_correlation
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.trading.ranks import rank_agreement

PRIOR_HALF_LIFE = 4.0
"""Decisions after which a score knows half as much, before anything is measured."""

PRIOR_IC = 0.02
"""Rank IC of a period, before anything is measured."""

PRIOR_PERSISTENCE = 0.8
"""Rank correlation of scores with those before, before any are known."""

AGES = 9
_OCTAVES = 1.0  # standard deviation of the prior of the half-life, in doublings
_IC_SPREAD = 0.02  # standard deviation of the prior of the IC
_NOISE = 0.1  # standard deviation of the rank IC of one period, before any is known
_NOISE_WEIGHT = 10  # periods that this is worth
_LAG = 1  # sessions from a decision to its fill
_FEWEST_PERIODS = 3
_GRID = np.geomspace(0.25, 64.0, 257)
_PAIRS = 26
_FEWEST_PAIRS = 4


@dataclass(frozen=True)
class Decay:
    """How much scores know, and for how long.

    Attributes
    ----------
    half_life
        Decisions after which the rank IC has halved.
    ic
        Rank IC of fresh scores with the returns of the period that follows; 0 where the
        past shows none.
    n_periods
        Periods with a known outcome behind it; 0: both are what was assumed.
    """

    half_life: float
    ic: float
    n_periods: int

    @property
    def mean_reversion(self) -> float:
        """Return the share of what is known that is lost from decision to decision."""
        return mean_reversion(self.half_life)


def mean_reversion(half_life: float) -> float:
    """Return ``1 - 2^(-1 / half_life)``, the share that is lost per decision."""
    return float(1 - 2.0 ** (-1 / half_life))


def measured_decay(
    past_scores: Float,
    close: Float,
    past_decisions: Int,
    *,
    prior: float = PRIOR_HALF_LIFE,
    prior_ic: float = PRIOR_IC,
) -> Decay:
    """Fit ``ic(age) = ic 2^(-age / half_life)`` to all periods that are over.

    Parameters
    ----------
    past_scores
        (n_decisions, n_tickers) scores of earlier decisions, oldest first, NaN where
        there was none.
    close
        (n_past, n_tickers) closes up to that of this decision, NaN without a bar.
    past_decisions
        (n_decisions,) rows of those decisions in ``close``, rising.
    prior, prior_ic
        Half-life (decisions) and IC to believe in before anything is known.

    Returns
    -------
    Decay
        The most probable pair, given a normal prior of the doublings of ``half_life``
        (standard deviation 1) and of ``ic`` (0.02), and mean ICs that are normal around
        the curve with one variance for all ages. The prior fades as evidence comes in.

    Raises
    ------
    SimulationError
        ``AK-S080`` where the arrays do not belong together.

    Notes
    -----
    Returns are simple and from close to close, a session after the decisions, so a
    period counts once the close after its end is there. Errors of different ages are
    taken to be independent; they are not quite, so the fit is somewhat surer of itself
    than it may be.
    """
    _refuse_strangers(past_scores, close, past_decisions)
    rows = past_decisions + _LAG
    filled = close[rows[rows < len(close)]]
    coefficients = _TRACKS.coefficients(past_scores[: max(len(filled) - 1, 0)], filled)
    return fitted_decay(coefficients, prior=prior, prior_ic=prior_ic)


def fitted_decay(coefficients: Float, *, prior: float, prior_ic: float) -> Decay:
    """Fit the curve to (n_periods, n_ages) rank ICs, see `measured_decay`."""
    known = np.isfinite(coefficients)
    count = known.sum(axis=0)
    used = np.flatnonzero(count >= _FEWEST_PERIODS)
    if 0 not in used:
        return Decay(prior, prior_ic, 0)
    n = count[used]
    own = np.where(known, coefficients, 0.0)[:, used]
    mean = own.sum(axis=0) / n
    off = np.where(known[:, used], own - mean, 0.0)
    noise = ((off**2).sum() + _NOISE_WEIGHT * _NOISE**2) / (
        (n - 1).sum() + _NOISE_WEIGHT
    )
    precision = n / noise
    shape = 2.0 ** (-used / _GRID[:, None])
    ic = (shape @ (precision * mean) + prior_ic / _IC_SPREAD**2) / (
        shape**2 @ precision + _IC_SPREAD**-2
    )
    ic = np.maximum(ic, 0.0)
    surprise = (
        (precision * (mean - ic[:, None] * shape) ** 2).sum(axis=1)
        + ((ic - prior_ic) / _IC_SPREAD) ** 2
        + (np.log2(_GRID / prior) / _OCTAVES) ** 2
    )
    best = int(np.argmin(surprise))
    return Decay(float(_GRID[best]), float(ic[best]), int(count[0]))


def decay_of(market: MarketState) -> Decay:
    """Return `measured_decay` of the scores a strategy has traded on so far."""
    return measured_decay(market.past_scores, market.close, market.past_decisions)


def score_persistence(past_scores: Float) -> float:
    """Return the mean rank correlation of scores with those of the decision before.

    Parameters
    ----------
    past_scores
        (n_decisions, n_tickers) oldest first, NaN where there is none.

    Returns
    -------
    float
        Over the last 26 pairs, between 0 and 0.999; `PRIOR_PERSISTENCE` with fewer than
        four.
    """
    recent = past_scores[-_PAIRS - 1 :]
    pairs = [rank_agreement(*pair) for pair in pairwise(recent)]
    known = [value for value in pairs if np.isfinite(value)]
    if len(known) < _FEWEST_PAIRS:
        return PRIOR_PERSISTENCE
    return float(np.clip(np.mean(known), 0.0, 0.999))


def _refuse_strangers(past_scores: Float, close: Float, past_decisions: Int) -> None:
    rows = np.asarray(past_decisions)
    fits = len(rows) == len(past_scores) and (
        not len(rows)
        or (
            np.all(np.diff(rows) > 0)
            and rows[0] >= 0
            and rows[-1] < len(close)
            and past_scores.shape[1] == close.shape[1]
        )
    )
    if not fits:
        raise SimulationError(
            "AK-S080",
            "past scores, their decisions and the closes do not belong together",
            got=f"scores {past_scores.shape}, {len(rows)} decisions, closes "
            f"{close.shape}",
            wanted="a row of scores per decision, rising rows of the closes, and the "
            "same names in both",
            fix="hand over a MarketState as the backtest makes it",
        )


class _Track:
    """What is known of one stream of scores, with a copy of what it was made of."""

    def __init__(self, n_tickers: int) -> None:
        self._n = 0
        self._scores = np.empty((0, n_tickers))
        self._closes = np.empty((0, n_tickers))
        self._found = np.empty((0, AGES))

    def agrees(self, scores: Float, closes: Float) -> bool:
        """Tell whether this track was made of the same numbers, as far as both go."""
        n = min(self._n, len(scores))
        return scores.shape[1] == self._scores.shape[1] and all(
            np.array_equal(_bits(own), _bits(given))
            for own, given in (
                (self._scores[:n], scores[:n]),
                (self._closes[: n + 1], closes[: n + 1]),
            )
        )

    def grown(self, scores: Float, closes: Float) -> Float:
        """Add the periods that are new and return the coefficients of those given."""
        self._make_room(len(scores))
        for row in range(self._n, len(scores)):
            self._scores[row] = scores[row]
            self._closes[row : row + 2] = closes[row : row + 2]
            self._found[row] = _by_age(self._scores, self._closes, row)
        self._n = max(self._n, len(scores))
        return self._found[: len(scores)].copy()

    def _make_room(self, rows: int) -> None:
        if rows < len(self._closes):
            return
        size = max(64, 2 * rows)
        for name in ("_scores", "_closes", "_found"):
            old = getattr(self, name)
            new = np.full((size, old.shape[1]), np.nan)
            new[: len(old)] = old
            setattr(self, name, new)


def _by_age(scores: Float, closes: Float, row: int) -> Float:
    """Return (AGES,) rank IC of one period with scores of age 0, 1, ..."""
    moved = closes[row + 1] / closes[row] - 1
    aged = scores[max(row - AGES + 1, 0) : row + 1][::-1]
    found = np.full(AGES, np.nan)
    found[: len(aged)] = rank_correlation(aged, np.broadcast_to(moved, aged.shape))
    return found


def _bits(values: Float) -> Int:
    """Return float64 values as whole numbers, so that a NaN equals itself."""
    bits: Int = np.ascontiguousarray(values, dtype=np.float64).view(np.int64)
    return bits


class _Tracks:
    """The tracks of the last few streams of scores."""

    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._tracks: OrderedDict[int, _Track] = OrderedDict()
        self._lock = Lock()
        self._next = 0

    def coefficients(self, scores: Float, closes: Float) -> Float:
        if not len(scores):
            return np.empty((0, AGES))
        with self._lock:
            return self._track(scores, closes).grown(scores, closes)

    def _track(self, scores: Float, closes: Float) -> _Track:
        for key in reversed(self._tracks):
            if self._tracks[key].agrees(scores, closes):
                self._tracks.move_to_end(key)
                return self._tracks[key]
        self._next += 1
        self._tracks[self._next] = _Track(scores.shape[1])
        while len(self._tracks) > self._kept:
            self._tracks.popitem(last=False)
        return self._tracks[self._next]


_TRACKS = _Tracks(kept=4)
