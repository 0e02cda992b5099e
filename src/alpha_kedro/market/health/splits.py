"""Prices that change their basis: splits, listed or not, and units of money.

What lasts though nothing happened in the session is a change of basis.
"""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.market.health.block import Block
from alpha_kedro.market.health.findings import make_findings
from alpha_kedro.market.health.jumps import Jumps, is_calm, lasts

RATIOS = (
    *(5 / 4, 4 / 3, 3 / 2, 2.0, 5 / 2, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0),
    *(12.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 50.0),
)
"""New shares per old one that companies choose; reverse splits are their inverses."""

UNITS = (100.0, 1_000.0)
"""Pence for pounds, and prices per lot of a thousand."""

_LEAST_ODD = 1.45  # a split's ratio below it: a night of bad news looks much like it
_SURE_TOLERANCE = 0.05
_SURE_TURNOVER = 2.0
_WILD_MARKET = 0.02  # share of the names with a jump in one session ...
_FEW = 5  # ... and more of them than this
_QUIET_DAY = 4.0  # usual moves between open and close ...
_QUIET_SHARE = 0.15  # ... or this share of the move overnight


def nearest_ratio(log_ratio: Float, ratios: tuple[float, ...]) -> tuple[Float, Float]:
    """Return the nearest ratio or inverse, and the log distance from it.

    Parameters
    ----------
    log_ratio
        (n,) log of what is compared.
    ratios
        Above one; their inverses are tried as well.
    """
    logs = np.log(np.sort(np.r_[1 / np.array(ratios), ratios]))
    middle = (logs[1:] + logs[:-1]) / 2
    found = logs[np.searchsorted(middle, log_ratio)]
    return np.exp(found), np.abs(log_ratio - found)


def is_unlisted_split(block: Block, jumps: Jumps) -> Bool:
    """Mark overnight moves by a split's ratio in a calm session, with no split listed.

    Calm in dollars, and as many more shares from then on as the split says; or calm in
    shares, where volumes are on another basis than prices. The last bar of a name that
    is gone is left out: many fall by a half on that day.
    """
    ratio, distance = nearest_ratio(-jumps.overnight, RATIOS)
    large = np.abs(np.log(ratio)) >= np.log(block.spec.smallest_split)
    quiet = np.abs(jumps.move - jumps.overnight) <= np.fmax(
        _QUIET_DAY * jumps.usual_move, _QUIET_SHARE * np.abs(jumps.overnight)
    )
    near = distance <= block.spec.split_tolerance
    listed = block.split[jumps.place] != 1.0
    known = np.isfinite(jumps.after) | block.is_newest[jumps.place]
    doubtful = (np.fmax(ratio, 1 / ratio) < _LEAST_ODD) | ~np.isfinite(jumps.after)
    sure = ~doubtful | _is_sure(block, jumps, distance)
    looks_so = near & large & quiet & known & lasts(block, jumps)
    found: Bool = looks_so & sure & ~listed & _is_ordinary(block, jumps, ratio)
    return found


def _is_ordinary(block: Block, jumps: Jumps, ratio: Float) -> Bool:
    """Mark sessions and days after whose volumes tell of no news."""
    spec = block.spec
    with np.errstate(divide="ignore"):
        level = np.log(jumps.volume_after)
    follows = ~(np.abs(level - np.log(ratio)) > np.abs(level))
    in_dollars = is_calm(block, jumps, jumps.turnover, most=spec.calm_turnover)
    in_shares = is_calm(block, jumps, jumps.volume, most=spec.calm_volume)
    ordinary: Bool = (in_dollars & follows) | in_shares
    return ordinary


def _is_sure(block: Block, jumps: Jumps, distance: Float) -> Bool:
    """Mark moves that neither news, nor a wild market explains."""
    size = np.abs(jumps.overnight)
    sessions = len(block.setting.sessions)
    at_once = np.bincount(block.row[jumps.place], minlength=sessions)
    many = np.fmax(_FEW, _WILD_MARKET * np.bincount(block.row, minlength=sessions))
    alone = (at_once <= many)[block.row[jumps.place]]
    near = distance <= _SURE_TOLERANCE
    far_out = size >= block.spec.spike_multiple * jumps.usual_move
    sure: Bool = near & far_out & ~(jumps.turnover > _SURE_TURNOVER) & alone
    return sure


def is_unit_change(block: Block, jumps: Jumps) -> Bool:
    """Mark lasting moves by a hundred or a thousand while as many shares trade."""
    _, distance = nearest_ratio(-jumps.overnight, UNITS)
    calm = is_calm(block, jumps, jumps.volume, most=block.spec.calm_turnover)
    return (distance <= 2 * block.spec.split_tolerance) & calm & lasts(block, jumps)


def is_listed_wrongly(block: Block) -> Bool:
    """Mark bars with a listed split that open a whole split away: (n_bars,) bool.

    With the split taken out such a bar has it once too rarely or once too often.
    """
    size = np.abs(np.log(block.split))
    off = np.abs(np.abs(block.overnight) - size)
    whole = off <= block.spec.reversion * size
    if block.setting.basis == "split_adjusted":
        whole &= ~block.is_distribution
    wrong: Bool = whole & (size >= np.log(block.spec.smallest_split))
    return wrong


def check_listed_splits(block: Block) -> pd.DataFrame:
    """Return listed splits that the prices do not show, or show twice."""
    at = np.flatnonzero(is_listed_wrongly(block))
    left = block.overnight[at]
    hidden = np.sign(left) == np.sign(np.log(block.split[at]))
    if block.setting.basis == "split_adjusted":
        hidden = ~hidden
    return make_findings(
        "listed_split",
        **block.places(at),
        severity="suspect",
        value=np.exp(-left),
        expected=1.0,
        detail="split {ratio:.4g} is {shown} in the prices",
        ratio=block.split[at],
        shown=np.where(hidden, "missing", "twice"),
    )
