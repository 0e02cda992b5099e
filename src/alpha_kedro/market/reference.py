"""Membership, sectors and benchmarks, checked against the bars they belong to."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Dates
from alpha_kedro.market.adjust import total_return_close
from alpha_kedro.market.bars import IngestionSpec
from alpha_kedro.market.columns import RAW_COLUMNS, arrange_bars
from alpha_kedro.market.quality import account
from alpha_kedro.market.quarantine import (
    OUT_OF_SCOPE,
    Verdicts,
    charge_duplicates,
    charge_prices,
)
from alpha_kedro.market.tickers import match_spelling

UNKNOWN = "UNKNOWN"
_FOR_EVER = pd.Timestamp("2262-01-01")

Report = dict[str, Any]


def clean_membership(
    membership: pd.DataFrame | None, *, bars: pd.DataFrame
) -> tuple[pd.DataFrame, Report]:
    """Return who was a member from when to when, under the names that have prices.

    Parameters
    ----------
    membership
        ticker, start, end (inclusive, NaT: still in), price_ticker; None makes every
        name a member from its first bar on.
    bars
        Clean bars.

    Returns
    -------
    membership
        ticker, start, end sorted by (ticker, start); intervals of one ticker that
        overlap are one.
    report
        Counts; ``without_prices`` names the index symbols nobody can trade here.

    Raises
    ------
    DataError
        ``AK-D021`` an interval without a start or ending before it, ``AK-D022`` no
        member has prices.
    """
    listed = bars.groupby("ticker")["date"].min()
    if membership is None:
        everybody = listed.rename("start").reset_index()
        everybody["end"] = pd.Series(pd.NaT, everybody.index, dtype="datetime64[us]")
        return everybody, {"source": "listing", "n_intervals": len(everybody)}
    _refuse_backward(membership)
    named = membership["price_ticker"]
    spelt = match_spelling(named, listed.index)
    priced = spelt.isin(listed.index)
    _refuse_no_member(priced)
    intervals = membership.assign(ticker=spelt)[priced][["ticker", "start", "end"]]
    merged = _merge_overlaps(intervals)
    return merged, {
        "source": "membership",
        "n_input": len(membership),
        "n_intervals": len(merged),
        "n_overlapping": len(intervals) - len(merged),
        "n_respelt": int((spelt != named)[priced].sum()),
        "n_without_prices": int((~priced).sum()),
        "without_prices": sorted(set(membership["ticker"][~priced])),
    }


def _merge_overlaps(intervals: pd.DataFrame) -> pd.DataFrame:
    ordered = intervals.sort_values(["ticker", "start", "end"], ignore_index=True)
    end = ordered["end"].fillna(_FOR_EVER)
    reached = (
        end.groupby(ordered["ticker"]).cummax().groupby(ordered["ticker"]).shift(1)
    )
    # A ticker's first interval has nothing to overlap: NaT compares False.
    stint = (~(ordered["start"] <= reached)).cumsum()
    merged = ordered.assign(end=end).groupby(stint)
    table = merged.agg(
        ticker=("ticker", "first"), start=("start", "first"), end=("end", "max")
    )
    return table.assign(end=table["end"].where(table["end"] < _FOR_EVER)).reset_index(
        drop=True
    )


def clean_sectors(
    sectors: pd.DataFrame | None,
    *,
    tickers: Iterable[str],
    max_unknown_share: float = 0.2,
) -> tuple[pd.DataFrame, Report]:
    """Return one sector for each ticker, ``UNKNOWN`` where none is given.

    Parameters
    ----------
    sectors
        ticker, sector; None makes every sector ``UNKNOWN``.
    tickers
        The names that have bars.
    max_unknown_share
        Share of the names that may lack a sector when a table is given: more means
        that the table belongs to another market.

    Raises
    ------
    DataError
        ``AK-D023`` a ticker has two rows, ``AK-D024`` too many have none.
    """
    names = pd.Index(sorted(set(tickers)), dtype="str", name="ticker")
    if sectors is None:
        table = pd.DataFrame({"ticker": names, "sector": UNKNOWN})
        return table, {"n_tickers": len(names), "n_unknown": len(names)}
    spelt = sectors.assign(ticker=match_spelling(sectors["ticker"], names))
    _refuse_two_sectors(spelt)
    labels = spelt.set_index("ticker")["sector"].replace("", None)
    given = labels.reindex(names)
    unknown = given.isna()
    _refuse_unknown(unknown, max_unknown_share)
    table = given.fillna(UNKNOWN).astype("str").reset_index()
    return table, {
        "n_tickers": len(names),
        "n_sectors": int(given.nunique()),
        "n_unknown": int(unknown.sum()),
        "unknown": list(names[unknown]),
    }


def clean_benchmarks(
    benchmarks: pd.DataFrame | None,
    *,
    sessions: Dates,
    spec: IngestionSpec | None = None,
) -> tuple[pd.DataFrame, Report]:
    """Return benchmark bars on the market's sessions; missing days stay missing.

    Parameters
    ----------
    benchmarks
        As raw bars; None gives an empty table.
    sessions
        (n_sessions,) of the clean bars, ascending.
    spec
        Calendar and rounding tolerance. Default: those of XNYS.

    Returns
    -------
    benchmarks
        date, ticker, open, high, low, close, adj_close (total return), volume, sorted
        by (date, ticker).
    report
        Rows by fate as for bars, and for each benchmark its first and last session
        and how many of the market's sessions it lacks. Compare on the common ones.
    """
    spec = spec or IngestionSpec()
    raw = pd.DataFrame(columns=RAW_COLUMNS) if benchmarks is None else benchmarks
    given = arrange_bars(raw, calendar=spec.calendar, where="benchmarks")
    verdicts = Verdicts.of(len(given))
    days = given["date"].to_numpy()
    verdicts.charge(OUT_OF_SCOPE, (days < sessions[0]) | (days > sessions[-1]))
    verdicts.charge("bad_ticker", given["ticker"].isna().to_numpy())
    verdicts.charge("not_a_session", ~np.isin(days, sessions))
    charge_prices(verdicts, given, tolerance=spec.rounding_tolerance)
    charge_duplicates(verdicts, given)
    kept = given[verdicts.sound].reset_index(drop=True)
    adjusted, _ = total_return_close(kept)
    table = kept.assign(ticker=kept["ticker"].astype("str"), adj_close=adjusted)
    report = account(given, verdicts) | {"benchmarks": _coverage(table, len(sessions))}
    return table, report


def _coverage(benchmarks: pd.DataFrame, n_sessions: int) -> Report:
    return {
        str(name): {
            "first": f"{dates.min():%Y-%m-%d}",
            "last": f"{dates.max():%Y-%m-%d}",
            "n_missing_sessions": n_sessions - len(dates),
        }
        for name, dates in benchmarks.groupby("ticker")["date"]
    }


def _refuse_backward(membership: pd.DataFrame) -> None:
    start, end = membership["start"], membership["end"]
    wrong = membership[start.isna() | (end < start)]
    if len(wrong):
        raise DataError(
            "AK-D021",
            f"{len(wrong)} membership interval(s) do not run from a start to an end",
            where=[
                f"{row.ticker} {row.start} .. {row.end}" for row in wrong.itertuples()
            ],
            wanted="start <= end; an empty end: still a member",
            fix="correct markets.files.membership",
        )


def _refuse_no_member(priced: pd.Series) -> None:
    if not priced.any():
        raise DataError(
            "AK-D022",
            "no member of the index has bars",
            got=f"{len(priced)} membership interval(s), none under the name of a bar",
            wanted="at least one",
            fix="give the bars' names as price_ticker in markets.files.membership",
        )


def _refuse_two_sectors(sectors: pd.DataFrame) -> None:
    twice = sectors[sectors.duplicated("ticker", keep=False)].sort_values("ticker")
    if len(twice):
        raise DataError(
            "AK-D023",
            f"{twice['ticker'].nunique()} ticker(s) have more than one sector row",
            where=[f"{row.ticker}: {row.sector}" for row in twice.itertuples()],
            wanted="one row per ticker",
            fix="keep one sector for each; a change over time cannot be used",
        )


def _refuse_unknown(unknown: pd.Series, limit: float) -> None:
    if unknown.mean() > limit:
        raise DataError(
            "AK-D024",
            f"{int(unknown.sum())} of {len(unknown)} tickers have no sector",
            where=unknown.index[unknown],
            wanted=f"at most {limit:.0%} without",
            fix="give a sectors table of this market, or none at all",
        )
