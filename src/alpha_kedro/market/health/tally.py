"""What a block leaves behind for the questions that concern the whole market."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Float, Int
from alpha_kedro.market.health.block import Block

CHUNK = 10
"""Sessions per fingerprint: twenty equal closes always hold one whole chunk."""

_FEWEST_VALUES = 5  # different closes in a chunk: flat lines are alike everywhere
_LARGEST_RETURN = 0.2  # what a market's mean is not led away by


@dataclass(frozen=True)
class Tally:
    """Small tables about the bars of some tickers.

    Attributes
    ----------
    lives
        A row per ticker with bars: ticker; first, last (session number); n_bars;
        first_price (open), last_close, last_volume (multiple of the usual).
    gaps
        A row per run of missing sessions: ticker, first, last (session numbers), level
        (close after over close before).
    present
        (n_sessions,) names with a bar.
    moved, n_moved
        (n_sessions,) sum and count of daily returns, wild ones cut.
    prints
        A row per chunk of closes: ticker, chunk, print (hash of the closes).
    """

    lives: pd.DataFrame
    gaps: pd.DataFrame
    present: Int
    moved: Float
    n_moved: Int
    prints: pd.DataFrame


def tally(block: Block, unsound: pd.DataFrame) -> Tally:
    """Count and condense one block; a session with an unsound row is not missing."""
    n = len(block.setting.sessions)
    given = _given_sessions(block, unsound)
    daily = daily_returns(block)
    known = np.isfinite(daily)
    return Tally(
        lives=_lives(block, given),
        gaps=_gaps(block, given),
        present=np.bincount(block.row, minlength=n),
        moved=np.bincount(block.row[known], daily[known], n).astype(np.float64),
        n_moved=np.bincount(block.row[known], minlength=n),
        prints=_prints(block),
    )


def join(tallies: list[Tally]) -> Tally:
    """Add up the tallies of all blocks."""
    return Tally(
        lives=pd.concat([each.lives for each in tallies], ignore_index=True),
        gaps=pd.concat([each.gaps for each in tallies], ignore_index=True),
        present=np.sum([each.present for each in tallies], axis=0),
        moved=np.sum([each.moved for each in tallies], axis=0),
        n_moved=np.sum([each.n_moved for each in tallies], axis=0),
        prints=pd.concat([each.prints for each in tallies], ignore_index=True),
    )


def daily_returns(block: Block) -> Float:
    """Return total returns over one session, cut at the wild ones, else NaN."""
    cut = np.clip(block.total_return, -_LARGEST_RETURN, _LARGEST_RETURN)
    return np.where(block.step == 1, cut, np.nan)


def _lives(block: Block, given: Int) -> pd.DataFrame:
    starts, ends = block.starts, block.ends
    stretch = len(block.setting.sessions) + 1
    own = block.code[starts] * stretch
    first = given[np.searchsorted(given, own)] - own
    last = given[np.searchsorted(given, own + stretch) - 1] - own
    window = block.around(block.volume, ends, -block.spec.usual_sessions, -1)
    known = np.isfinite(window).any(axis=1)
    usual = np.full(len(ends), np.nan)
    usual[known] = np.nanmedian(window[known], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        last_volume = block.volume[ends] / usual
    return pd.DataFrame(
        {
            "ticker": block.names[block.code[starts]],
            "first": first,
            "last": last,
            "n_bars": ends - starts + 1,
            "first_price": np.where(
                np.isfinite(block.open[starts]), block.open[starts], block.close[starts]
            ),
            "last_close": block.close[ends] / block.factor[ends],
            "last_volume": last_volume,
        }
    )


def _given_sessions(block: Block, unsound: pd.DataFrame) -> Int:
    """Return a sorted number for each (ticker, session) that came with any row."""
    stretch = len(block.setting.sessions) + 1
    code = pd.Index(block.names).get_indexer(pd.Index(unsound["ticker"]))
    row = np.searchsorted(block.setting.sessions, unsound["date"].to_numpy())
    padded = np.append(block.setting.sessions, np.datetime64("NaT"))
    placed = (code >= 0) & (padded[row] == unsound["date"].to_numpy())
    lost = (code * stretch + row)[placed]
    return np.union1d(block.code * stretch + block.row, lost)


def _gaps(block: Block, given: Int) -> pd.DataFrame:
    stretch = len(block.setting.sessions) + 1
    keys = block.code * stretch + block.row
    code, row = given // stretch, given % stretch
    at = np.flatnonzero((np.diff(code) == 0) & (np.diff(row) > 1)) + 1
    later = np.searchsorted(keys, given[at])
    earlier = np.searchsorted(keys, given[at - 1], side="right") - 1
    inside = (earlier >= 0) & (later < len(keys))
    at, later, earlier = at[inside], later[inside], earlier[inside]
    own = (block.code[later] == code[at]) & (block.code[earlier] == code[at])
    at, later, earlier = at[own], later[own], earlier[own]
    return pd.DataFrame(
        {
            "ticker": block.names[code[at]],
            "first": row[at - 1] + 1,
            "last": row[at] - 1,
            "level": block.close[later] / block.close[earlier],
        }
    )


def _prints(block: Block) -> pd.DataFrame:
    """Hash the closes of each whole chunk of sessions that is no flat line."""
    chunk = block.row // CHUNK
    edges = (np.diff(block.code) != 0) | (np.diff(chunk) != 0)
    starts = np.flatnonzero(np.r_[True, edges][: len(block)])
    lengths = np.diff(np.r_[starts, len(block)])
    whole = starts[lengths == CHUNK]
    closes = (block.close / block.factor)[whole[:, None] + np.arange(CHUNK)]
    different = (np.diff(np.sort(closes, axis=1), axis=1) != 0).sum(axis=1) + 1
    lively = different >= _FEWEST_VALUES
    whole, closes = whole[lively], closes[lively]
    bits = np.ascontiguousarray(closes).view(np.uint64)
    odd = 2 * np.random.default_rng(0).integers(2**62, size=CHUNK, dtype=np.uint64) + 1
    return pd.DataFrame(
        {
            "ticker": block.names[block.code[whole]],
            "chunk": chunk[whole],
            "print": (bits * odd).sum(axis=1, dtype=np.uint64),
        }
    )
