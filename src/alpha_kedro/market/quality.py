"""The account of what came in, what was kept, and how good the kept bars are."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR, sessions_between
from alpha_kedro.core.panel import Bool
from alpha_kedro.market.columns import PRICES
from alpha_kedro.market.quarantine import OUT_OF_SCOPE, Verdicts, outside_range

_MAY_LACK = (*PRICES[:3], "volume")


def missing_sessions(bars: pd.DataFrame, *, calendar: str) -> pd.DataFrame:
    """Count the sessions each ticker misses between its first and its last bar.

    Parameters
    ----------
    bars
        One row per (date, ticker), all dates sessions of ``calendar``.

    Returns
    -------
    DataFrame
        Indexed by ticker: ``span`` (sessions from first to last bar) and ``missing``.
    """
    row = _session_rows(bars, calendar)
    rows = row.groupby(bars["ticker"], observed=True).agg(["min", "max", "size"])
    span = rows["max"] - rows["min"] + 1
    return pd.DataFrame({"span": span, "missing": span - rows["size"]})


def beyond_gaps(
    bars: pd.DataFrame, *, calendar: str, max_share: float, max_gap: int
) -> Bool:
    """Mark the bars of each ticker from where it has missed too many sessions.

    Parameters
    ----------
    bars
        One row per (date, ticker), sorted by date, all dates sessions of ``calendar``.
    max_share
        Share of the sessions since its first bar, of a year at least, it may miss.
    max_gap
        Sessions missed at once that are too many.

    Returns
    -------
    (n_bars,) bool

    Notes
    -----
    Each bar is judged by those before it: what is missed later costs no bar now.
    """
    row = _session_rows(bars, calendar)
    by_ticker = row.groupby(bars["ticker"], observed=True)
    span = row - by_ticker.transform("min") + 1
    missed = span - by_ticker.cumcount() - 1
    over = missed > max_share * span.clip(lower=SESSIONS_PER_YEAR)
    over |= by_ticker.diff() > max_gap
    beyond = over.groupby(bars["ticker"], observed=True).cummax()
    return beyond.to_numpy(dtype=bool)


def _session_rows(bars: pd.DataFrame, calendar: str) -> "pd.Series[int]":
    """Return the place of each bar's date among the sessions."""
    dates = bars["date"]
    sessions = sessions_between(calendar, dates.min(), dates.max())
    return pd.Series(np.searchsorted(sessions, dates.to_numpy()), index=bars.index)


def account(given: pd.DataFrame, verdicts: Verdicts) -> dict[str, Any]:
    """Count the rows given by what became of them, and name the tickers left out.

    Returns
    -------
    dict
        ``n_input = n_kept + n_rejected + n_out_of_scope``; ``by_reason`` splits the
        rejected; ``excluded_tickers`` are those with rejected rows and none kept.
    """
    by_reason = verdicts.counts()
    n_out_of_scope = by_reason.pop(OUT_OF_SCOPE, 0)
    kept = set(given["ticker"][verdicts.sound])
    refused = set(verdicts.rejects(given)["ticker"].dropna())
    return {
        "n_input": len(given),
        "n_kept": int(verdicts.sound.sum()),
        "n_rejected": sum(by_reason.values()),
        "n_out_of_scope": n_out_of_scope,
        "by_reason": by_reason,
        "excluded_tickers": sorted(refused - kept),
    }


def describe(bars: pd.DataFrame, *, calendar: str, tolerance: float) -> dict[str, Any]:
    """Describe clean bars: extent, and every oddity that was kept.

    Returns
    -------
    dict
        ``n_zero_volume_moves`` counts bars without volume whose prices moved all the
        same, ``n_within_rounding`` opens and closes outside low to high by less than
        the tolerance, ``missing_by_ticker`` the gaps of the tickers that have one.
        ``sessions_without_bars`` names the days that no ticker has: no decision falls
        on them, and horizons do not count them.
    """
    gaps = missing_sessions(bars, calendar=calendar)["missing"]
    dates = bars["date"]
    sessions = sessions_between(calendar, dates.min(), dates.max())
    empty = pd.DatetimeIndex(np.setdiff1d(sessions, dates.to_numpy()))
    still = bars["volume"].eq(0) & ~bars["halted"]
    moved = outside_range(bars, "open", 0.0) | outside_range(bars, "close", 0.0)
    return {
        "first": f"{dates.min():%Y-%m-%d}",
        "last": f"{dates.max():%Y-%m-%d}",
        "n_sessions": dates.nunique(),
        "sessions_without_bars": list(empty.strftime("%Y-%m-%d")),
        "n_tickers": len(gaps),
        "n_missing_sessions": int(gaps.sum()),
        "missing_by_ticker": {str(k): int(n) for k, n in gaps[gaps > 0].items()},
        "n_halted": int(bars["halted"].sum()),
        "n_zero_volume_moves": int(still.sum()),
        "n_within_rounding": int(moved.sum()),
    } | {f"n_{name}_missing": int(bars[name].isna().sum()) for name in _MAY_LACK}


def adjustment(sources: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Tell where the total-return closes are from; see ``total_return_close``.

    Returns
    -------
    dict
        ``adjusted_from`` counts tickers by source; ``price_only_tickers`` names those
        whose returns lack dividends.
    """
    return {
        "adjusted_from": {source: len(names) for source, names in sources.items()},
        "price_only_tickers": list(sources["price_only"]),
    }
