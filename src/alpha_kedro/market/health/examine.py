"""The whole check: blocks of tickers one after the other, then the market as one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from alpha_kedro.core.calendar import sessions_between
from alpha_kedro.core.errors import DataError
from alpha_kedro.market.adjust import PriceBasis
from alpha_kedro.market.health import (
    activity,
    adjustment,
    alignment,
    lives,
    moves,
    splits,
)
from alpha_kedro.market.health.block import Setting, make_block
from alpha_kedro.market.health.findings import (
    WHOLE_MARKET,
    collect,
    make_findings,
)
from alpha_kedro.market.health.raw_bars import (
    RawBars,
    day_at,
    rows_of,
    rows_or_none,
    survey,
)
from alpha_kedro.market.health.refusals import check_refusals
from alpha_kedro.market.health.spec import HealthSpec
from alpha_kedro.market.health.summary import summarise_findings
from alpha_kedro.market.health.tally import Tally, join, tally
from alpha_kedro.market.health.twins import check_twins
from alpha_kedro.market.health.vintages import check_revisions

BLOCK_CHECKS = (
    activity.check_halts,
    activity.check_missing_values,
    activity.check_stale_closes,
    activity.check_repeated_bars,
    activity.check_volume_counts,
    moves.check_jumps,
    splits.check_listed_splits,
    moves.check_large_moves,
    adjustment.check_distributions,
    adjustment.check_dividends,
    adjustment.check_negative_dividends,
    alignment.check_shifted_dates,
)
"""Checks of one ticker's series, and of a block of them against its mean."""

MARKET_CHECKS = (
    lives.check_outages,
    lives.check_gaps,
    lives.check_ends,
    lives.check_renames,
    lives.check_short_histories,
    lives.check_last_session,
)
"""Checks of the market as a whole, from the tallies of the blocks."""


@dataclass(frozen=True)
class Health:
    """What is wrong with a market's raw data, or odd about it.

    Attributes
    ----------
    findings
        ticker (empty: the whole market), check (a name in ``CHECKS``), first, last (a
        finding may be a run of days), n_rows, value, expected (NaN: no such number),
        severity (refused, suspect, note), detail; the worst first.
    summary
        The same as counts, with thresholds and account; see ``summarise_findings``.
    """

    findings: pd.DataFrame
    summary: dict[str, Any]


@dataclass(frozen=True)
class _Examined:
    findings: list[pd.DataFrame]
    tally: Tally
    unsound: pd.DataFrame
    n_rows: "pd.Series[int]"


def check_health(
    raw: RawBars,
    *,
    actions: pd.DataFrame | None = None,
    rejects: pd.DataFrame | None = None,
    benchmarks: pd.DataFrame | None = None,
    membership: pd.DataFrame | None = None,
    previous: RawBars | None = None,
    basis: PriceBasis = "split_adjusted",
    spec: HealthSpec | None = None,
    calendar: str = "XNYS",
    now: datetime | date | None = None,
) -> Health:
    """Look for faults in raw bars; nothing is changed, filled or dropped.

    Parameters
    ----------
    raw
        Bars as they came: date, ticker, open, high, low, close, adj_close (NaN: not
        known), volume. A stored table is read some tickers at a time.
    actions
        date (ex-date), ticker, dividend, split_ratio on the basis of the bars.
    rejects
        What ``clean_bars`` refused of these bars; findings about them are ``refused``.
        None: it has not run, and rows it would refuse are ``suspect``.
    benchmarks
        As bars, to be compared with the names.
    membership
        Of the index; None is reported, for the universe is then today's survivors.
    previous
        An older vintage of the bars, to tell what the vendor has rewritten.
    basis
        Of the prices: ``raw`` as quoted, or ``split_adjusted``.
    spec
        Thresholds. Default: `HealthSpec()`.
    calendar
        ISO code of the exchange.
    now
        The clock, with a time zone or in UTC, or the newest day a bar may have.
        Default: now.

    Returns
    -------
    Health

    Raises
    ------
    DataError
        ``AK-D090`` no bars at all; ``AK-D010``, ``AK-D011``, ``AK-D012`` and
        ``AK-D017`` as in `clean_bars`, for tables that cannot be read.

    Notes
    -----
    Findings are outcome data: whether a move lasts is told by later sessions. They may
    inform a person, never a feature. The order of the rows of ``raw`` changes nothing.
    Each finding counts against the rows of its ticker alone, except the comparison with
    the market, whose mean is taken over the tickers of one block.
    """
    spec = spec or HealthSpec()
    blocks, setting = _plan(raw, basis, spec, calendar, day_at(now, calendar))
    seen = [
        _examine(rows_of(raw, names), actions, rows_or_none(previous, names), setting)
        for names in blocks
    ]
    market = join([each.tally for each in seen])
    unsound = pd.concat([each.unsound for each in seen], ignore_index=True)
    n_rows = pd.concat([each.n_rows for each in seen])
    findings = collect(
        [
            check_refusals(unsound, rejects, setting.sessions),
            *(table for each in seen for table in each.findings),
            *(check(market, setting) for check in MARKET_CHECKS),
            alignment.check_calendar(unsound, n_rows, setting),
            _check_prices_at_all(n_rows, market, unsound, rejects),
            check_twins(market, lambda names: _closes(raw, names, setting), setting),
            *_references(benchmarks, membership, market, setting),
        ]
    )
    account = {
        "n_input": int(n_rows.sum()),
        "n_bars": int(market.lives["n_bars"].sum()),
        "n_unsound": len(unsound),
        "n_tickers": len(n_rows),
    }
    return Health(findings, summarise_findings(findings, account=account, spec=spec))


def _plan(
    raw: RawBars, basis: PriceBasis, spec: HealthSpec, calendar: str, today: date
) -> tuple[list[list[str] | None], Setting]:
    """Return the tickers of each block, None for all at once, and the setting."""
    sizes, first = survey(raw, calendar)
    if sizes.empty or first is None:
        raise DataError(
            "AK-D090",
            "there are no bars to check",
            wanted="at least one row with a date and a ticker",
            fix="look at the source; run kedro run --pipeline=ingestion",
        )
    last = pd.Timestamp(today)
    sessions = sessions_between(calendar, min(first, last), last)
    setting = Setting(spec, calendar, sessions, last, basis)
    number = sizes.cumsum() // spec.block_rows
    blocks: list[list[str] | None] = [
        list(own.index) for _, own in sizes.groupby(number)
    ]
    return (blocks if len(blocks) > 1 else [None]), setting


def _examine(
    raw: pd.DataFrame,
    actions: pd.DataFrame | None,
    previous: pd.DataFrame | None,
    setting: Setting,
) -> _Examined:
    """Run every check that needs the bars of some tickers only."""
    block, unsound = make_block(raw, actions=actions, setting=setting)
    found = [check(block) for check in BLOCK_CHECKS] if len(block) else []
    if previous is not None:
        found.append(check_revisions(raw, previous, setting))
    n_rows = raw["ticker"].value_counts(sort=False)
    return _Examined(found, tally(block, unsound), unsound, n_rows)


def _check_prices_at_all(
    n_rows: "pd.Series[int]",
    market: Tally,
    unsound: pd.DataFrame,
    rejects: pd.DataFrame | None,
) -> pd.DataFrame:
    """Return the tickers that came without one sound bar."""
    named = unsound[unsound["reason"] != "bad_ticker"]
    bare = named[~named["ticker"].isin(set(market.lives["ticker"]))]
    bare = bare.groupby("ticker")["date"].agg(["size", "min", "max"])
    return make_findings(
        "no_prices",
        ticker=bare.index,
        first=bare["min"],
        last=bare["max"],
        n_rows=bare["size"],
        severity="suspect" if rejects is None else "refused",
        detail="{n_rows} rows, none of them a sound bar",
    )


def _references(
    benchmarks: pd.DataFrame | None,
    membership: pd.DataFrame | None,
    market: Tally,
    setting: Setting,
) -> Iterator[pd.DataFrame]:
    if benchmarks is not None and len(benchmarks):
        yield alignment.check_benchmarks(benchmarks, market, setting)
    if membership is None or membership.empty:
        yield make_findings(
            "undated_universe",
            ticker=WHOLE_MARKET,
            first=setting.sessions[:1],
            last=setting.sessions[[market.lives["last"].max()]],
            severity="note",
            detail="no dated membership: names that left are missing",
        )


def _closes(raw: RawBars, names: list[str], setting: Setting) -> pd.DataFrame:
    """Return date, ticker and close of the sound bars of some tickers."""
    block, _ = make_block(rows_of(raw, names), actions=None, setting=setting)
    columns: dict[str, Any] = {
        "ticker": block.names[block.code],
        "date": block.date,
        "close": block.close,
    }
    return pd.DataFrame(columns)
