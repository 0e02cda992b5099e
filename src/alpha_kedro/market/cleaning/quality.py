"""The account of what came in, what was kept, and how good the kept bars are."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.panel import Bool, Dates, Float
from alpha_kedro.market.cleaning.quarantine import (
    NOT_FAULTS,
    OFF_MAIN_CALENDAR,
    Verdicts,
    outside_range,
)
from alpha_kedro.market.cleaning.scope import Codes
from alpha_kedro.market.columns import PRICES
from alpha_kedro.market.dates import Days

_MAY_LACK = (*PRICES[:3], "volume")


@dataclass(frozen=True)
class Tally:
    """What was found in some tickers; the tallies of all make the report.

    Attributes
    ----------
    fates
        Rows by their first fault or ``sound``.
    oddities
        Kept bars that something is odd about.
    missing
        Sessions missing between the first and the last bar, of tickers that lack some.
    excluded
        Tickers with refused bars and none kept.
    sources
        Tickers by where their ``adj_close`` is from.
    actions
        Corporate actions by what became of them.
    unit_changes
        The first refused day of tickers that changed their unit.
    """

    fates: Counter[str] = field(default_factory=Counter)
    oddities: Counter[str] = field(default_factory=Counter)
    missing: dict[str, int] = field(default_factory=dict)
    excluded: list[str] = field(default_factory=list)
    sources: dict[str, list[str]] = field(default_factory=dict)
    actions: Counter[str] = field(default_factory=Counter)
    unit_changes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_all(cls, tallies: Iterable["Tally"]) -> "Tally":
        """Add up the tallies of tickers that do not overlap."""
        total = cls()
        for part in tallies:
            total.fates.update(part.fates)
            total.oddities.update(part.oddities)
            total.actions.update(part.actions)
            total.missing.update(part.missing)
            total.unit_changes.update(part.unit_changes)
            total.excluded.extend(part.excluded)
            for source, names in part.sources.items():
                total.sources.setdefault(source, []).extend(names)
        return total

    def report(self) -> dict[str, Any]:
        """Return what `account` returns, and how the tickers were adjusted.

        Returns
        -------
        dict
            ``adjusted_from`` counts tickers by source, ``price_only_tickers`` are those
            whose returns lack dividends, ``missing_by_ticker`` the gaps of the tickers
            that have one.
        """
        price_only = sorted(self.sources.get("price_only", []))
        return _fates(self.fates) | {
            "excluded_tickers": sorted(self.excluded),
            "unit_changes": dict(sorted(self.unit_changes.items())),
            "n_missing_sessions": sum(self.missing.values()),
            "missing_by_ticker": dict(sorted(self.missing.items())),
            **self.oddities,
            "adjusted_from": {name: len(of) for name, of in self.sources.items()},
            "price_only_tickers": price_only,
            "actions": dict(sorted(self.actions.items())),
        }


def account(given: pd.DataFrame, verdicts: Verdicts) -> dict[str, Any]:
    """Count the rows given by what became of them, and name the tickers left out.

    Returns
    -------
    dict
        ``n_input = n_kept + n_rejected + n_out_of_scope``; ``by_reason`` splits the
        rejected; ``excluded_tickers`` are those with rejected rows and none kept.
    """
    kept = set(given["ticker"][verdicts.sound])
    refused = set(given["ticker"][verdicts.faulty].dropna())
    return _fates(verdicts.fates()) | {"excluded_tickers": sorted(refused - kept)}


def _fates(fates: Mapping[str, int]) -> dict[str, Any]:
    words = ("sound", *NOT_FAULTS)
    by_reason = {word: n for word, n in fates.items() if word not in words and n}
    out_of_scope = {word: fates.get(word, 0) for word in NOT_FAULTS}
    counts = {
        "n_input": sum(fates.values()),
        "n_kept": fates.get("sound", 0),
        "n_rejected": sum(by_reason.values()),
        "n_out_of_scope": sum(out_of_scope.values()),
        "by_reason": by_reason,
    }
    off_main = out_of_scope[OFF_MAIN_CALENDAR]
    return counts | ({"n_off_main_calendar": off_main} if off_main else {})


def beyond_gaps(
    codes: Codes, rows: Days, *, main_rows: Days, max_share: float, max_gap: int
) -> Bool:
    """Mark the bars of each ticker from where it has missed too many sessions.

    Parameters
    ----------
    codes
        (n_bars,) ticker of each bar, in (ticker, date) order.
    rows
        (n_bars,) place of the date among the sessions the ticker may trade on.
    main_rows
        (n_bars,) place of the date among the main sessions on which any name has a row:
        a session that all names lack is no absence of one.
    max_share
        Share of the sessions since its first bar, of a year at least, it may miss.
    max_gap
        Rows of ``main_rows`` from a bar to the next; more are too many.

    Returns
    -------
    (n_bars,) bool

    Notes
    -----
    Each bar is judged by those before it: what is missed later costs no bar now.
    """
    place = np.arange(len(codes))
    first = _firsts(codes)
    start = np.maximum.accumulate(np.where(first, place, 0))
    span = rows - rows[start] + 1
    missed = span - (place - start) - 1
    over = missed > max_share * np.maximum(span, SESSIONS_PER_YEAR)
    over[1:] |= ~first[1:] & (np.diff(main_rows) > max_gap)
    latest = np.maximum.accumulate(np.where(over, place, -1))
    beyond: Bool = latest >= start
    return beyond


def missing_sessions(codes: Codes, rows: Days) -> dict[int, int]:
    """Count the sessions each ticker misses between its first and its last bar.

    Parameters
    ----------
    codes, rows
        As for `beyond_gaps`.

    Returns
    -------
    dict
        Sessions missed by code, of the tickers that miss any.
    """
    first = _firsts(codes)
    starts, ends = np.flatnonzero(first), np.flatnonzero(np.roll(first, -1))
    missed = rows[ends] - rows[starts] - (ends - starts)
    lacking = missed > 0
    return dict(
        zip(codes[starts[lacking]].tolist(), missed[lacking].tolist(), strict=True)
    )


def oddities(bars: pd.DataFrame, halted: Bool) -> Counter[str]:
    """Count kept bars that are odd.

    Returns
    -------
    Counter
        ``n_zero_volume_moves`` bars without volume whose prices moved all the same,
        ``n_within_rounding`` opens and closes outside low to high by less than the
        tolerance, and how often a value is missing.
    """
    volume: Float = bars["volume"].to_numpy()
    moved = outside_range(bars, "open", 0.0) | outside_range(bars, "close", 0.0)
    counts = {
        "n_halted": halted.sum(),
        "n_zero_volume_moves": ((volume == 0) & ~halted).sum(),
        "n_within_rounding": moved.sum(),
    }
    lacking = {f"n_{name}_missing": bars[name].isna().sum() for name in _MAY_LACK}
    return Counter({name: int(n) for name, n in (counts | lacking).items()})


def extent(dates: Dates, n_tickers: int, *, sessions: Dates) -> dict[str, Any]:
    """Describe what clean bars cover.

    Parameters
    ----------
    dates
        (n_dates,) dates with a bar, ascending.
    n_tickers
        How many tickers have one.
    sessions
        Of the exchange, over the same time at least.

    Returns
    -------
    dict
        ``sessions_without_bars`` names the days that no ticker has: no decision falls
        on them, and horizons do not count them.
    """
    inside = sessions[(sessions >= dates[0]) & (sessions <= dates[-1])]
    empty = pd.DatetimeIndex(np.setdiff1d(inside, dates))
    return {
        "first": f"{pd.Timestamp(dates[0]):%Y-%m-%d}",
        "last": f"{pd.Timestamp(dates[-1]):%Y-%m-%d}",
        "n_sessions": len(dates),
        "sessions_without_bars": list(empty.strftime("%Y-%m-%d")),
        "n_tickers": n_tickers,
    }


def _firsts(codes: Codes) -> Bool:
    first = np.ones(len(codes), dtype=bool)
    first[1:] = codes[1:] != codes[:-1]
    return first
