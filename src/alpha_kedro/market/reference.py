"""Membership and benchmarks, checked against the bars they belong to."""

from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Dates, Float
from alpha_kedro.market.adjust import PriceBasis, total_return_close
from alpha_kedro.market.cleaning.bars import IngestionSpec
from alpha_kedro.market.cleaning.quality import account
from alpha_kedro.market.cleaning.quarantine import (
    OUT_OF_SCOPE,
    Verdicts,
    charge_duplicates,
    charge_prices,
)
from alpha_kedro.market.columns import RAW_COLUMNS, arrange_bars
from alpha_kedro.market.tickers import canonical_tickers, match_spelling

_STANDARD_ERRORS = 4.0
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


def clean_benchmarks(
    benchmarks: pd.DataFrame | None,
    *,
    sessions: Dates,
    spec: IngestionSpec | None = None,
    actions: pd.DataFrame | None = None,
    basis: PriceBasis = "split_adjusted",
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
    actions
        date (ex-date), ticker, dividend (per share, on the basis of the prices),
        split_ratio; those of other names are passed over. None: not known.
    basis
        ``raw``: prices as quoted on the day, to which dividends and splits apply.
        ``split_adjusted``: splits are in the prices already, only dividends apply.

    Returns
    -------
    benchmarks
        date, ticker, open, high, low, close, adj_close (total return), volume, sorted
        by (date, ticker).
    report
        Rows by fate as for bars, and for each benchmark its first and last session,
        how many of the market's sessions it has and how many it lacks, and its days
        without a session, which are out of scope. Compare on the common sessions.
        ``price_only`` names those without a dividend or a vendor's total return.

    Raises
    ------
    DataError
        ``AK-D010``, ``AK-D011``, ``AK-D012``, ``AK-D017`` as in `arrange_bars`;
        ``AK-D013``, ``AK-D014``, ``AK-D025`` as in `total_return_close`.
    """
    spec = spec or IngestionSpec()
    raw = pd.DataFrame(columns=RAW_COLUMNS) if benchmarks is None else benchmarks
    given = arrange_bars(raw, calendar=spec.calendar, where="benchmarks")
    verdicts = Verdicts.of(len(given))
    days = given["date"].to_numpy()
    verdicts.charge("bad_ticker", given["ticker"].isna().to_numpy())
    verdicts.charge("no_date", np.isnat(days))
    verdicts.charge(OUT_OF_SCOPE, ~np.isin(days, sessions))
    charge_prices(verdicts, given, tolerance=spec.rounding_tolerance)
    charge_duplicates(verdicts, given)
    kept = given[verdicts.sound].reset_index(drop=True)
    events = _effective(actions, list(given["ticker"].cat.categories), basis)
    adjusted, sources = total_return_close(kept, events)
    table = kept.assign(ticker=kept["ticker"].astype("str"), adj_close=adjusted)
    off = given[~np.isin(days, sessions) & (days > sessions[0]) & (days < sessions[-1])]
    by_name = _coverage(table, off["ticker"].value_counts(), len(sessions))
    told = {"benchmarks": by_name, "price_only": sources["price_only"]}
    return table, account(given, verdicts) | told


def _effective(
    actions: pd.DataFrame | None, names: list[str], basis: PriceBasis
) -> pd.DataFrame | None:
    """Return the actions that the prices do not hold yet, spelt as the prices are."""
    if actions is None:
        return None
    told = canonical_tickers(actions["ticker"], where="actions")
    spelt = actions.assign(ticker=match_spelling(told, names))
    return spelt if basis == "raw" else spelt.assign(split_ratio=1.0)


def _coverage(
    benchmarks: pd.DataFrame, other_days: "pd.Series[int]", n_sessions: int
) -> Report:
    return {
        str(name): {
            "first": f"{dates.min():%Y-%m-%d}",
            "last": f"{dates.max():%Y-%m-%d}",
            "n_sessions": len(dates),
            "n_missing_sessions": n_sessions - len(dates),
            "n_days_without_session": int(other_days.get(name, 0)),
        }
        for name, dates in benchmarks.groupby("ticker")["date"]
    }


def misaligned(benchmark: Float, market_return: Float) -> int:
    """Tell by how many sessions a benchmark's returns are dated too late.

    Parameters
    ----------
    benchmark, market_return
        (n_sessions,) simple returns of the same sessions; NaN where one is missing.
        The market's may be the mean return of its names.

    Returns
    -------
    int
        1 where the benchmark moves as the market did a session earlier, -1 where it
        already moves as the market will a session later, and 0 where they are aligned
        or too little related to tell.

    Notes
    -----
    A neighbour has to correlate with the market by four standard errors of a
    difference, ``4 sqrt(2 / n)``, more than the session itself. An exchange that closes
    before the market opens is late by a session, and said to be.
    """
    later = {0: (benchmark, market_return)}
    later[1] = benchmark[1:], market_return[:-1]
    later[-1] = benchmark[:-1], market_return[1:]
    related = {lag: _correlation(*pair) for lag, pair in later.items()}
    n = int((np.isfinite(benchmark) & np.isfinite(market_return)).sum())
    best = max(related, key=lambda lag: abs(related[lag]))
    lead = abs(related[best]) - abs(related[0])
    return best if lead > _STANDARD_ERRORS * np.sqrt(2 / max(n, 1)) else 0


def _correlation(left: Float, right: Float) -> float:
    """Return the correlation of the common sessions, 0 where there is none."""
    common = np.isfinite(left) & np.isfinite(right)
    own, other = left[common], right[common]
    if not common.any() or not (np.ptp(own) > 0 and np.ptp(other) > 0):
        return 0.0
    return float(np.corrcoef(own, other)[0, 1])


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
