"""Cleaning all bars of some tickers; nothing here looks at other tickers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import DATE_DTYPE, Array, Bool, Float, Int
from alpha_kedro.market.actions import Timelines, effects_at_bars
from alpha_kedro.market.adjust import PriceBasis, accumulate, share_basis
from alpha_kedro.market.cleaning.quality import (
    Tally,
    beyond_gaps,
    missing_sessions,
    oddities,
)
from alpha_kedro.market.cleaning.quarantine import (
    NOT_FAULTS,
    Verdicts,
    charge_duplicates,
    charge_prices,
)
from alpha_kedro.market.cleaning.scope import Codes, Scope
from alpha_kedro.market.cleaning.spec import IngestionSpec
from alpha_kedro.market.cleaning.spikes import Quotes, find_spikes
from alpha_kedro.market.cleaning.ticker_blocks import BarsOfBlock
from alpha_kedro.market.columns import PRICES
from alpha_kedro.market.dates import Days

COLUMNS = (*PRICES, "volume", "adj_close", "share_factor", "halted")
# Rows as a vendor adjusts them, whatever is taken of them here.
_OF_THE_VENDOR = ("sound", "unfinished", *NOT_FAULTS)


@dataclass(frozen=True)
class CleanBlock:
    """The clean bars of some tickers, column by column.

    Attributes
    ----------
    days, codes
        (n_bars,) of each bar, in (ticker, date) order.
    columns
        (n_bars,) each: prices, volume, ``adj_close``, ``share_factor``, ``halted``.
    rejects
        Refused rows with their reason, as they came.
    tally
        The account of all rows.
    """

    days: Days
    codes: Codes
    columns: dict[str, Array]
    rejects: pd.DataFrame
    tally: Tally


def clean_block(
    block: BarsOfBlock,
    scope: Scope,
    *,
    actions: pd.DataFrame,
    basis: PriceBasis,
    spec: IngestionSpec,
) -> CleanBlock:
    """Judge every row of some tickers, and complete the sound ones.

    Parameters
    ----------
    block
        Their rows.
    scope
        What is asked for.
    actions
        Checked; those of other tickers change nothing.
    basis, spec
        As for `alpha_kedro.market.clean_bars`.
    """
    given, verdicts = block.rows, Verdicts.of(len(block.codes))
    scope.charge(verdicts, block.codes, block.days)
    lines = Timelines.of(given)
    shares, paid = np.ones(len(given)), actions
    if basis == "split_adjusted":
        placed = verdicts.among(_OF_THE_VENDOR)
        shares, paid = share_basis(lines, placed, actions)
    charge_prices(verdicts, given, tolerance=spec.rounding_tolerance)
    of_vendor = _charge_unadjusted(verdicts, block)
    last = np.datetime64(scope.last_day, "D")
    charge_duplicates(verdicts, given, last=pd.Timestamp(last))
    _charge_spikes(verdicts, block, lines, shares, paid, spec)
    _charge_gaps(verdicts, block, scope, spec)
    vendors = np.where(of_vendor, given["adj_close"].to_numpy(), np.nan)
    return _completed(verdicts, block, scope, lines, shares, paid, vendors)


def lay_together(blocks: Sequence[CleanBlock], scope: Scope) -> pd.DataFrame:
    """Lay the blocks together in (date, ticker) order, column by column.

    Parameters
    ----------
    blocks
        In the order of their tickers. Their columns are taken out of them, so that no
        more than one column is in memory twice.
    scope
        What they are a part of.
    """
    first_day = scope.schedule.first_day
    n_days = scope.schedule.is_session.shape[1]
    per_day = np.zeros(n_days, dtype=np.int64)
    for block in blocks:
        per_day += np.bincount(block.days - first_day, minlength=n_days)
    places = _places(blocks, np.cumsum(per_day) - per_day, first_day)
    days = np.repeat(np.arange(n_days, dtype=np.int32) + first_day, per_day)
    codes = _placed([block.codes for block in blocks], places)
    table: dict[str, Any] = {
        "date": days.astype("datetime64[D]").astype(DATE_DTYPE),
        "ticker": scope.names.take(codes).array,
    }
    for name in COLUMNS:
        table[name] = _placed([block.columns.pop(name) for block in blocks], places)
    return pd.DataFrame(table, copy=False)


def _places(blocks: Sequence[CleanBlock], filled: Int, first_day: int) -> list[Int]:
    """Return where each row of each block belongs in (date, ticker) order.

    Parameters
    ----------
    filled
        (n_days,) where the rows of a day begin; moved on from block to block.
    """
    places = []
    for block in blocks:
        row = (block.days - first_day).astype(np.uint16)  # sorted by its digits
        order = np.argsort(row, kind="stable")
        in_block = np.bincount(row, minlength=len(filled))
        offset = filled - (np.cumsum(in_block) - in_block)
        place = np.empty(len(row), dtype=np.int64)
        place[order] = np.arange(len(row)) + offset[row[order]]
        places.append(place)
        filled = filled + in_block
    return places


def _placed(parts: list[Array], places: list[Int]) -> Array:
    column = np.empty(sum(map(len, parts)), dtype=parts[0].dtype)
    for part, place in zip(parts, places, strict=True):
        column[place] = part
    return column


def _charge_unadjusted(verdicts: Verdicts, block: BarsOfBlock) -> Bool:
    """Charge bars without an ``adj_close`` of tickers that began with one.

    A step from a vendor's total return to quotes means nothing, so a ticker keeps the
    one it began with. Return which rows are of such tickers: (n_rows,) bool.
    """
    lacking = np.isnan(block.rows["adj_close"].to_numpy())
    rows = np.flatnonzero(verdicts.sound)
    codes, days = block.codes[rows], block.days[rows]
    begins = days == days[np.searchsorted(codes, codes)]
    of_vendor = np.isin(block.codes, codes[begins & ~lacking[rows]])
    verdicts.charge("no_adj_close", of_vendor & lacking)
    return of_vendor


def _charge_spikes(
    verdicts: Verdicts,
    block: BarsOfBlock,
    lines: Timelines,
    shares: Float,
    paid: pd.DataFrame,
    spec: IngestionSpec,
) -> None:
    rows = np.flatnonzero(verdicts.sound)
    own, given = lines.of_rows(rows), block.rows
    effects = effects_at_bars(own, paid)
    since_first = own.running_product(effects.rows, effects.split)
    basis = shares[rows] * since_first
    dividend = np.zeros(len(rows))
    dividend[effects.rows] = effects.dividend * since_first[effects.rows - 1]
    quotes = Quotes(
        codes=own.codes,
        close=given["close"].to_numpy()[rows] * basis,
        volume=given["volume"].to_numpy()[rows] / basis,
        dividend=dividend,
        adj_close=given["adj_close"].to_numpy()[rows],
    )
    for fault, found in find_spikes(quotes, spec).items():
        verdicts.charge(fault, _spread(found, rows, len(verdicts.reasons)))


def _charge_gaps(
    verdicts: Verdicts, block: BarsOfBlock, scope: Scope, spec: IngestionSpec
) -> None:
    rows = np.flatnonzero(verdicts.sound)
    codes = block.codes[rows]
    beyond = beyond_gaps(
        codes,
        scope.session_rows(codes, block.days[rows]),
        main_rows=scope.main_rows(block.days[rows]),
        max_share=spec.max_gap_share,
        max_gap=spec.delisted_after,
    )
    verdicts.charge("too_many_gaps", _spread(beyond, rows, len(verdicts.reasons)))


def _completed(
    verdicts: Verdicts,
    block: BarsOfBlock,
    scope: Scope,
    lines: Timelines,
    shares: Float,
    paid: pd.DataFrame,
    vendors: Float,
) -> CleanBlock:
    """Add the total-return close, the share factor and the halts to sound rows."""
    rows = np.flatnonzero(verdicts.sound)
    kept, codes, days = block.rows.take(rows), block.codes[rows], block.days[rows]
    basis = shares[rows]
    columns: dict[str, Array] = {name: kept[name].to_numpy() * basis for name in PRICES}
    columns["volume"] = kept["volume"].to_numpy() / basis
    adjusted = accumulate(lines.of_rows(rows), columns["close"], vendors[rows], paid)
    columns["adj_close"] = adjusted.adj_close
    columns["share_factor"] = adjusted.share_factor
    columns["halted"] = _halted(kept)
    missing = missing_sessions(codes, scope.session_rows(codes, days))
    tally = Tally(
        fates=verdicts.fates(),
        oddities=oddities(kept, columns["halted"]),
        missing=dict(zip(scope.names[list(missing)], missing.values(), strict=True)),
        excluded=_without_any(verdicts, block, scope),
        sources=adjusted.sources,
        actions=Counter(adjusted.fates),
        unit_changes=_unit_changes(verdicts, block, scope),
    )
    rejects = verdicts.rejects(block.rows).astype({"ticker": "str"})
    return CleanBlock(days, codes, columns, rejects, tally)


def _halted(bars: pd.DataFrame) -> Bool:
    """Mark bars without volume whose prices are all one."""
    opening, high, low, close, volume = (
        bars[name].to_numpy() for name in (*PRICES, "volume")
    )
    opened = np.isnan(opening) | (opening == close)
    halted: Bool = (volume == 0) & (high == low) & (close == low) & opened
    return halted


def _without_any(verdicts: Verdicts, block: BarsOfBlock, scope: Scope) -> list[str]:
    kept, refused = (
        np.bincount(block.codes[rows] + 1, minlength=len(scope.names) + 1) > 0
        for rows in (verdicts.sound, verdicts.faulty)
    )
    return list(scope.names[(refused & ~kept)[1:]])


def _unit_changes(
    verdicts: Verdicts, block: BarsOfBlock, scope: Scope
) -> dict[str, str]:
    changed = verdicts.among(["unit_change"])
    codes, first = np.unique(block.codes[changed], return_index=True)
    dates = pd.DatetimeIndex(block.rows["date"][changed])[first]
    names = scope.names[codes]
    return dict(zip(names, dates.strftime("%Y-%m-%d"), strict=True))


def _spread(found: Bool, rows: Int, n_rows: int) -> Bool:
    """Return a mark on ``rows`` as one on all rows."""
    marks = np.zeros(n_rows, dtype=bool)
    marks[rows] = found
    return marks
