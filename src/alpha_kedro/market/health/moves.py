"""What a large move is: another basis, a bad print, or real."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Bool
from alpha_kedro.market.health.block import Block
from alpha_kedro.market.health.findings import make_findings
from alpha_kedro.market.health.jumps import Jumps, find_jumps, is_confirmed, multiple
from alpha_kedro.market.health.splits import (
    RATIOS,
    UNITS,
    is_unit_change,
    is_unlisted_split,
    nearest_ratio,
)


def is_spike(block: Block, jumps: Jumps) -> Bool:
    """Mark moves that are undone at once and that nothing confirms."""
    spec = block.spec
    large = np.abs(jumps.move) >= np.fmax(
        np.log1p(spec.spike), spec.spike_multiple * jumps.usual_move
    )
    undone = np.abs(jumps.move + jumps.after) <= spec.reversion * np.abs(jumps.move)
    from_level = ~(np.abs(jumps.before) > spec.reversion * np.abs(jumps.move))
    return large & undone & from_level & ~is_confirmed(block, jumps)


def check_jumps(block: Block) -> pd.DataFrame:
    """Return suspected splits, changes of unit and bad prints, each move once."""
    jumps = find_jumps(block)
    unit = is_unit_change(block, jumps)
    split = is_unlisted_split(block, jumps) & ~unit
    spike = is_spike(block, jumps) & ~unit & ~split
    return pd.concat(
        [
            _changes(block, jumps, split, "unlisted_split", RATIOS),
            _changes(block, jumps, unit, "unit_change", UNITS),
            _spikes(block, jumps, spike),
        ]
    )


def check_large_moves(block: Block) -> pd.DataFrame:
    """Return total returns beyond the threshold; they are kept, and most are real."""
    size = np.abs(block.total_return)
    at = np.flatnonzero(size > block.spec.large_move)
    volume = multiple(block, block.volume, at)
    through = block.reach[at] >= block.spec.confirming_range * np.abs(
        block.log_return[at]
    )
    open_case = (
        block.is_newest[at] & ~through & ~(volume >= block.spec.confirming_volume)
    )
    return make_findings(
        "large_move",
        **block.places(at),
        severity=np.where(open_case, "suspect", "note"),
        value=block.total_return[at],
        detail="total return {value:+.1%}, volume {volume:.1f} times the usual",
        volume=volume,
    )


def _changes(
    block: Block, jumps: Jumps, chosen: Bool, check: str, ratios: tuple[float, ...]
) -> pd.DataFrame:
    at = jumps.place[chosen]
    ratio, _ = nearest_ratio(-jumps.overnight[chosen], ratios)
    return make_findings(
        check,
        **block.places(at),
        severity="suspect",
        value=np.exp(-jumps.overnight[chosen]),
        expected=ratio,
        detail=(
            "close {before:.6g}, then open {opened:.6g}: {value:.4g} to 1, near "
            "{expected:.4g}; volume {volume:.1f} times the usual"
        ),
        before=block.before(block.close)[at] / block.factor[at],
        opened=block.open[at] / block.factor[at],
        volume=jumps.volume[chosen],
    )


def _spikes(block: Block, jumps: Jumps, chosen: Bool) -> pd.DataFrame:
    at = jumps.place[chosen]
    closes = block.around(block.close, at, -1, 1)
    return make_findings(
        "spike",
        **block.places(at),
        severity="suspect",
        value=np.expm1(jumps.move[chosen]),
        expected=0.0,
        detail=(
            "closes {before:.6g}, {close:.6g}, {after:.6g}: {value:+.1%} and back; "
            "volume {volume:.1f} times the usual"
        ),
        before=closes[:, 0],
        close=closes[:, 1],
        after=closes[:, 2],
        volume=jumps.volume[chosen],
    )
