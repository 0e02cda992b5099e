"""What did not move, did not trade, or cannot be counted: closes, halts, volumes."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Bool, Int
from alpha_kedro.market.health.block import Block
from alpha_kedro.market.health.findings import make_findings, runs_of

_COUNTED_BY_FLOAT32 = 2.0**26
"""Beyond it float32 knows every eighth share: round lots would not hide it."""

_CAPS = (2.0**31 - 1, 2.0**32 - 1)
_PRICES = ("open", "high", "low", "close")


def check_halts(block: Block) -> pd.DataFrame:
    """Return runs of bars without volume: halts, and moves that nobody traded."""
    silent = block.volume == 0
    flat = (block.high == block.low) & (block.close == block.low)
    opened = np.isnan(block.open) | (block.open == block.close)
    halted = silent & flat & opened
    moved = silent & ~halted
    return pd.concat(
        [
            run_findings(
                block, halted, "halt", "note", "{n_rows} bars without a trade"
            ),
            run_findings(
                block,
                moved,
                "move_without_volume",
                "suspect",
                "volume 0 while prices moved ({n_rows} bars)",
            ),
        ]
    )


def check_missing_values(block: Block) -> pd.DataFrame:
    """Return runs of bars that lack open, high, low or volume."""
    return pd.concat(
        [
            run_findings(
                block,
                np.isnan(getattr(block, name)),
                "missing_value",
                "note",
                f"no {name} ({{n_rows}} bars)",
            )
            for name in ("open", "high", "low", "volume")
        ]
    )


def check_stale_closes(block: Block) -> pd.DataFrame:
    """Return runs of equal closes with volume, suspect where chance makes none.

    How often the ticker closes unchanged at other times says how many such runs chance
    would make of it.
    """
    spec = block.spec
    same = (block.close == block.before(block.close)) & (block.volume > 0)
    starts, lengths = _runs_of_equal(same)
    if not len(starts):
        return make_findings("stale", ticker="", first=[], severity="note", detail="")
    code = block.code[starts]
    long = lengths >= spec.stale_run
    n_tickers = len(block.names)
    short = np.bincount(code, np.where(long, 0, lengths - 1), n_tickers)
    others = np.bincount(block.code, minlength=n_tickers) - np.bincount(
        code, np.where(long, lengths, 0), n_tickers
    )
    chance = ((short + 1) / (others + 2))[code[long]]
    at, n_rows = starts[long], lengths[long]
    expected = np.bincount(block.code, minlength=n_tickers)[code[long]] * chance ** (
        n_rows - 1.0
    )
    return make_findings(
        "stale_close",
        **block.places(at),
        last=block.date[at + n_rows - 1],
        n_rows=n_rows,
        severity=np.where(expected < spec.stale_chance, "suspect", "note"),
        value=block.close[at] / block.factor[at],
        detail="{n_rows} closes of {value:.6g} in a row, with volume",
    )


def check_repeated_bars(block: Block) -> pd.DataFrame:
    """Return bars equal to the one before in every price and in volume."""
    repeated = (block.volume > 0) & (block.high > block.low)
    for name in (*_PRICES, "volume"):
        values = getattr(block, name)
        repeated &= values == block.before(values)
    return run_findings(
        block,
        repeated,
        "repeated_bar",
        "suspect",
        "open, high, low, close and volume of the bar before ({n_rows} bars)",
    )


def check_volume_counts(block: Block) -> pd.DataFrame:
    """Return volumes at the limit of an integer, and tickers counted in float32."""
    quoted = np.rint(block.volume * block.factor)
    capped = np.isin(quoted, _CAPS)
    return pd.concat(
        [
            run_findings(
                block,
                capped,
                "volume_limit",
                "suspect",
                "volume is the largest a 32-bit integer holds ({n_rows} bars)",
            ),
            _rounded_volumes(block, quoted),
        ]
    )


def run_findings(
    block: Block, rows: Bool, check: str, severity: str, detail: str
) -> pd.DataFrame:
    """Return a finding per run of marked bars on neighbouring sessions."""
    at = np.flatnonzero(rows)
    starts, lengths = runs_of(block.code[at], block.row[at])
    return make_findings(
        check,
        **block.places(at[starts]),
        last=block.date[at[starts + lengths - 1]],
        n_rows=lengths,
        severity=severity,
        detail=detail,
    )


def _rounded_volumes(
    block: Block, quoted: "np.ndarray[tuple[int], np.dtype[np.float64]]"
) -> pd.DataFrame:
    large = quoted > _COUNTED_BY_FLOAT32
    exact = quoted.astype(np.float32).astype(np.float64) == quoted
    n = len(block.names)
    many = np.bincount(block.code[large], minlength=n)
    kept = np.bincount(block.code[large & exact], minlength=n)
    whose = np.flatnonzero((many >= block.spec.float32_rows) & (many == kept))
    born = _first_of(block, whose)
    return make_findings(
        "float32_volume",
        **block.places(born),
        last=block.date[block.ends][np.searchsorted(block.code[block.ends], whose)],
        n_rows=many[whose],
        severity="note",
        detail="{n_rows} volumes beyond 67 million, all of them float32 numbers",
    )


def _first_of(block: Block, whose: Int) -> Int:
    return block.starts[np.searchsorted(block.code[block.starts], whose)]


def _runs_of_equal(same: Bool) -> tuple[Int, Int]:
    """Return start and number of bars of each run of bars equal to its first."""
    edge = np.diff(np.r_[0, same.astype(np.int8), 0])
    starts, stops = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
    return starts - 1, stops - starts + 1
