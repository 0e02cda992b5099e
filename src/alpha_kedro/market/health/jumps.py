"""Moves large enough to be looked at, and what can be said about each.

A move is confirmed where many shares changed hands or the session traded through a
good part of it; it lasts where the closes after it stay; a session is calm where
neither range nor activity was unusual.
"""

from dataclasses import dataclass

import numpy as np

from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.market.health.block import Block

_LONGER = 60  # bars for the usual size of a move


@dataclass(frozen=True)
class Jumps:
    """The moves of a block that are large enough to be looked at; all are (n,).

    Attributes
    ----------
    place
        Position of the bar.
    overnight, move
        log(open / close before), log(close / close before).
    before, after
        log of the close before against the level earlier, and of the level later
        against the close; NaN where there are no bars.
    volume, turnover, reach
        Shares, dollars and log(high / low) of the session as multiples of the usual.
    volume_after
        Shares of the sessions after, the same multiple.
    usual_move
        Typical size of the ticker's daily log move around it.
    """

    place: Int
    overnight: Float
    move: Float
    before: Float
    after: Float
    volume: Float
    volume_after: Float
    turnover: Float
    reach: Float
    usual_move: Float


def find_jumps(block: Block) -> Jumps:
    """Return every bar whose open or close lies far from the close before."""
    spec = block.spec
    smallest = min(np.log(spec.smallest_split), np.log1p(spec.spike))
    size = np.fmax(np.abs(block.overnight), np.abs(block.log_return))
    large = size > smallest - spec.split_tolerance
    at = np.flatnonzero(large & ~block.is_distribution)
    level = np.log(block.close)
    earlier = block.around(level, at, -spec.settling_sessions - 1, -2)
    later = block.around(level, at, 1, spec.settling_sessions)
    own = level[at]
    dollars = block.close * block.volume
    shares_later = _median(block.around(block.volume, at, 1, spec.settling_sessions))
    return Jumps(
        place=at,
        overnight=block.overnight[at],
        move=block.log_return[at],
        before=own - block.log_return[at] - _median(earlier),
        after=_median(later) - own,
        volume=multiple(block, block.volume, at),
        volume_after=over_usual(block, block.volume, at, shares_later),
        turnover=multiple(block, dollars, at),
        reach=multiple(block, block.reach, at),
        usual_move=_typical(block, at),
    )


def is_confirmed(block: Block, jumps: Jumps) -> Bool:
    """Mark moves with unusual volume, or traded through within the session."""
    spec = block.spec
    through = block.reach[jumps.place] >= spec.confirming_range * np.abs(jumps.move)
    return (jumps.volume >= spec.confirming_volume) | through


def lasts(block: Block, jumps: Jumps) -> Bool:
    """Mark moves from one level to another; what follows may still be unknown."""
    lost = block.spec.reversion * np.abs(jumps.move)
    came_from_level = ~(np.abs(jumps.before) > lost)
    stays = ~(np.abs(jumps.after) > lost)
    return came_from_level & stays


def is_calm(block: Block, jumps: Jumps, activity: Float, *, most: float) -> Bool:
    """Mark sessions with an ordinary range and an ordinary ``activity``.

    Ordinary is up to ``most`` times the usual, or its inverse; NaN is not known to be
    anything else.
    """
    usual = np.abs(np.log(activity)) <= np.log(most)
    narrow = jumps.reach <= block.spec.calm_range
    calm: Bool = narrow & (usual | ~np.isfinite(activity))
    return calm


def multiple(block: Block, values: Float, at: Int) -> Float:
    """Return values as multiples of the median of the bars before, NaN if unknown."""
    return over_usual(block, values, at, values[at])


def over_usual(block: Block, values: Float, at: Int, those: Float) -> Float:
    """Return some numbers as multiples of the median of ``values`` before some bars."""
    usual = _median(block.around(values, at, -block.spec.usual_sessions, -1))
    with np.errstate(divide="ignore", invalid="ignore"):
        times = those / usual
    return np.where(np.isfinite(times), times, np.nan)


def _typical(block: Block, at: Int) -> Float:
    """Return the median size of the moves around some bars, their own left out."""
    sizes = block.around(np.abs(block.log_return), at, -_LONGER, _LONGER)
    sizes[:, _LONGER : _LONGER + 2] = np.nan
    return np.nan_to_num(_median(sizes))


def _median(windows: Float) -> Float:
    """Return the median of each row without its NaN; NaN where a row has nothing."""
    if not windows.size:
        return np.full(len(windows), np.nan)
    ordered = np.sort(windows, axis=1)  # NaN last
    known = np.isfinite(ordered).sum(axis=1)
    row = np.arange(len(ordered))
    upper = ordered[row, np.minimum(known // 2, ordered.shape[1] - 1)]
    lower = ordered[row, np.maximum((known - 1) // 2, 0)]
    return np.where(known > 0, (upper + lower) / 2, np.nan)
