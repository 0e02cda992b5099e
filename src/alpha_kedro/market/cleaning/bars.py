"""From raw bars to bars that can be trusted, with every row accounted for.

1. Look at all dates and tickers: which sessions there are, what is asked for.
2. Then some tickers at a time, so that the size of the table is no matter:

   a. quarantine what has no place: bad names, dates that are missing, in the future,
      not sessions, or of the session that is still going on;
   b. leave out what was not asked for: other dates, other names;
   c. quarantine bars whose prices cannot be prices, duplicates, and closes that cannot
      be believed;
   d. quarantine the bars of a ticker from where it has missed too many sessions, or so
      many at once that it was delisted: what trades under its name after that may be
      another company;
   e. put quotes on the shares of their day, accumulate the total return, flag halts.

3. Lay the clean columns together in (date, ticker) order.

A bar is judged by its day and by earlier bars of its ticker. Nothing is filled and
nothing repaired; rows kept, rejected and out of scope add up to the rows given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Int
from alpha_kedro.core.stored_table import StoredTable
from alpha_kedro.market.actions import NO_BARS, checked_actions, spelt_as_bars
from alpha_kedro.market.adjust import PriceBasis
from alpha_kedro.market.cleaning.block import clean_block, lay_together
from alpha_kedro.market.cleaning.quality import Tally, extent
from alpha_kedro.market.cleaning.quarantine import (
    NOT_FAULTS,
    Verdicts,
    refuse_none_left,
)
from alpha_kedro.market.cleaning.scope import Outline, Scope, settle_scope
from alpha_kedro.market.cleaning.spec import IngestionSpec
from alpha_kedro.market.cleaning.ticker_blocks import by_ticker, plan_blocks
from alpha_kedro.market.columns import RAW_COLUMNS

__all__ = ["CleanBars", "IngestionSpec", "clean_bars"]

_BLOCK_ROWS = 2_000_000


@dataclass(frozen=True)
class CleanBars:
    """Bars fit for use, bars refused, and the account of both.

    Attributes
    ----------
    bars
        date, ticker; open, high, low, close, volume as quoted on the day wherever
        splits are known; ``adj_close`` (total return) and ``share_factor`` (shares that
        one share of the ticker's first bar has become), all float64; ``halted`` as
        bool; sorted by (date, ticker). See `alpha_kedro.market.adjust`.
    rejects
        The refused rows as read, with a ``reason``.
    report
        Counts: ``n_kept + n_rejected + n_out_of_scope == n_input``. Where actions are
        given with a split-adjusted source, ``split_basis_unknown`` names the tickers
        they say nothing of: if one of those split, its quotes are not of their day.
    """

    bars: pd.DataFrame
    rejects: pd.DataFrame
    report: dict[str, Any]


def clean_bars(
    raw: pd.DataFrame | StoredTable,
    *,
    actions: pd.DataFrame | None = None,
    basis: PriceBasis = "split_adjusted",
    spec: IngestionSpec | None = None,
    now: datetime | None = None,
    seed: int = 0,
    block_rows: int = _BLOCK_ROWS,
) -> CleanBars:
    """Sort, check and adjust daily bars; quarantine what is not fit.

    Parameters
    ----------
    raw
        One row per (date, ticker) in any order: date, ticker, open, high, low, close
        (currency), volume (shares), ``adj_close`` where known. Other columns are
        ignored. Of a table on disk only some tickers are in memory at a time.
    actions
        date (ex-date), ticker, dividend (per share), split_ratio (new shares per old
        share), both on the basis of the prices.
    basis
        ``raw``: prices, volumes and dividends are as quoted on the day.
        ``split_adjusted``: on the shares of each ticker's last bar; where ``actions``
        know the splits they are put back on those of the day.
    spec
        Limits and scope. Default: all of XNYS.
    now
        The clock: an instant with a time zone, or in UTC. Default: now.
    seed
        Draws the tickers when ``max_tickers`` is set.
    block_rows
        Rows worked on at a time, all those of one ticker at least. Changes memory and
        time, never the result.

    Returns
    -------
    CleanBars

    Raises
    ------
    DataError
        ``AK-D010`` a ticker is not text, ``AK-D011`` a date cannot be read, ``AK-D012``
        a column is missing, ``AK-D013`` a split or ``AK-D014`` a dividend is
        impossible, ``AK-D015`` tickers keep another calendar, ``AK-D016`` no bar is
        left, ``AK-D017`` a value is not a number, ``AK-D025`` an action has no date.

    Notes
    -----
    Missing open, high, low or volume stay NaN. The order of the rows of ``raw`` changes
    nothing. A ticker keeps the total return it began with: the vendor's, if its first
    sound bar has an ``adj_close``, and then bars without one are refused; otherwise the
    one accumulated from actions, whatever later bars carry.

    What becomes of a row, and its clean values, depend on rows up to its date alone,
    with these exceptions: the level of a vendor's ``adj_close``; the quotes of a
    ``split_adjusted`` source, which are put back on their day only up to rounding; and,
    on the last session of the data, which of two rival bars is the settled one.
    """
    spec = spec or IngestionSpec()
    table, outline = by_ticker(raw, calendar=spec.calendar)
    events = spelt_as_bars(checked_actions(actions), outline.names)
    scope, places = settle_scope(outline, spec, now=now, seed=seed)
    needed = _needed(outline, places)
    unread = Tally(fates=places.fates(needed[outline.codes] == 0))
    del outline, places
    blocks = [
        clean_block(
            table.block(codes),
            scope,
            actions=_of_tickers(events, scope, codes),
            basis=basis,
            spec=spec,
        )
        for codes in plan_blocks(needed, block_rows)
    ]
    tally = Tally.of_all([unread, *(block.tally for block in blocks)])
    tally.actions[NO_BARS] += len(events) - tally.actions.total()
    refuse_none_left(tally.fates)
    rejects = pd.concat([block.rejects for block in blocks])
    bars = lay_together(blocks, scope)
    unknown = {}
    if actions is not None and basis == "split_adjusted":
        unknown = _split_basis_unknown(bars, events)
    dates = bars["date"].to_numpy()
    covers = extent(
        dates[np.append(True, dates[1:] != dates[:-1])],
        bars["ticker"].nunique(),
        sessions=scope.schedule.sessions,
    )
    return CleanBars(
        bars,
        rejects.sort_values([*RAW_COLUMNS, "reason"], ignore_index=True),
        tally.report() | unknown | covers,
    )


def _needed(outline: Outline, places: Verdicts) -> Int:
    """Return the rows to be read of each ticker; 0 where none is asked for.

    Refused rows are read too: they are kept as they came. The last entry is for rows
    without a ticker.
    """
    codes, n_names = outline.codes + 1, len(outline.names) + 1
    sizes = np.bincount(codes, minlength=n_names)
    matters = np.bincount(codes[~places.among(NOT_FAULTS)], minlength=n_names) > 0
    return np.roll(np.where(matters, sizes, 0), -1)


def _split_basis_unknown(bars: pd.DataFrame, actions: pd.DataFrame) -> dict[str, Any]:
    """Name the tickers that no action is listed for, of a split-adjusted source."""
    silent = sorted(set(bars["ticker"].unique()) - set(actions["ticker"]))
    return {"n_split_basis_unknown": len(silent), "split_basis_unknown": silent}


def _of_tickers(
    actions: pd.DataFrame, scope: Scope, codes: Sequence[int]
) -> pd.DataFrame:
    """Return the actions of some tickers."""
    own = scope.names.get_indexer(pd.Index(actions["ticker"]))
    return actions[np.isin(own, [code for code in codes if code >= 0])]
