"""Whether dates are the right ones: against the market, the calendar, each other."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Array, Bool, Float, Int
from alpha_kedro.market.columns import arrange_bars
from alpha_kedro.market.health.block import Block, Setting
from alpha_kedro.market.health.findings import make_findings, runs_of
from alpha_kedro.market.health.tally import Tally, daily_returns

_SHIFTS = (-1, 0, 1)
_FEWEST = 60  # returns that a correlation is taken over


def check_shifted_dates(block: Block) -> pd.DataFrame:
    """Return windows of sessions in which a ticker moves with the market's neighbours.

    The returns of a ticker whose dates are one session late go with the market's of
    the session before. Windows next to each other make one finding.
    """
    spec = block.spec
    if len(block.starts) < spec.market_names:
        return make_findings(
            "shifted_dates", ticker="", first=[], severity="", detail=""
        )
    own = daily_returns(block)
    market = _mean_by_session(block, own)
    windows, width = _windows(block)
    n_windows = int(windows.max()) + 1
    fits = np.stack(
        [
            _correlations(own, market[block.row + lag], windows, n_windows)
            for lag in _SHIFTS
        ]
    )
    other = np.fmax(fits[0], fits[2])
    apart = np.flatnonzero(other - np.fmax(fits[1], 0.0) > spec.shift_excess)
    code, window = apart // width, apart % width
    starts, lengths = runs_of(code, window)
    at = [
        np.flatnonzero(np.isin(windows, apart[a : a + n]))
        for a, n in zip(starts, lengths, strict=True)
    ]
    first, last = [rows[0] for rows in at], [rows[-1] for rows in at]
    return make_findings(
        "shifted_dates",
        ticker=block.names[code[starts]],
        first=block.date[first],
        last=block.date[last],
        n_rows=[len(rows) for rows in at],
        severity="suspect",
        value=other[apart[starts]],
        expected=fits[1][apart[starts]],
        detail="correlation {value:.2f} with the market a session {side}, "
        "{expected:.2f} with its own",
        side=np.where(fits[0] > fits[2], "before", "after")[apart[starts]],
    )


def check_calendar(
    unsound: pd.DataFrame, n_rows: "pd.Series[int]", setting: Setting
) -> pd.DataFrame:
    """Return tickers with too many bars on days without a session.

    Parameters
    ----------
    unsound
        Rows that are unfit, with their ``reason``.
    n_rows
        By ticker: rows given.
    setting
        Calendar and thresholds.
    """
    stray = unsound[unsound["reason"] == "not_a_session"].groupby("ticker")["date"]
    counted = stray.agg(["size", "min", "max"])
    share = counted["size"] / n_rows.reindex(counted.index)
    found = counted[
        (share > setting.spec.max_off_calendar_share) & (counted["size"] > 1)
    ]
    return make_findings(
        "other_calendar",
        ticker=found.index,
        first=found["min"],
        last=found["max"],
        n_rows=found["size"],
        severity="suspect",
        value=share[found.index],
        expected=0.0,
        detail="{value:.0%} of its bars are on days without a session of {exchange}",
        exchange=setting.calendar,
    )


def check_benchmarks(
    benchmarks: pd.DataFrame, market: Tally, setting: Setting
) -> pd.DataFrame:
    """Return sessions a benchmark lacks, days it has too many, and shifted dates.

    Parameters
    ----------
    benchmarks
        As bars.
    market
        Of the names; its mean return is what a benchmark is compared with.
    setting
        Sessions and thresholds.
    """
    given = arrange_bars(benchmarks, calendar=setting.calendar, where="benchmarks")
    filled = np.flatnonzero(market.present)
    if not len(filled):
        return make_findings("benchmark", ticker="", first=[], severity="", detail="")
    span = setting.sessions[filled[0] : filled[-1] + 1]
    mean = _ratio(
        market.moved, market.n_moved, market.n_moved >= setting.spec.market_names
    )
    return pd.concat(
        [
            table
            for name, series in given.groupby("ticker", observed=True)
            for table in _benchmark(str(name), series, span, mean, setting)
        ]
    )


def _benchmark(
    name: str, series: pd.DataFrame, span: Array, mean: Float, setting: Setting
) -> list[pd.DataFrame]:
    series = series[series["close"].gt(0)].drop_duplicates("date")
    dates = series["date"].to_numpy()
    place = np.searchsorted(span, dates)
    inside = (dates >= span[0]) & (dates <= span[-1])
    missing = np.flatnonzero(~np.isin(span, dates))
    extra = dates[inside & ~np.isin(dates, span)]
    starts, lengths = runs_of(np.zeros_like(missing), missing)
    return [
        make_findings(
            "benchmark_gap",
            ticker=name,
            first=span[missing[starts]],
            last=span[missing[starts + lengths - 1]],
            n_rows=lengths,
            severity="suspect",
            detail="{n_rows} sessions without a bar",
        ),
        make_findings(
            "benchmark_extra_day",
            ticker=name,
            first=extra,
            severity="note",
            detail="a bar on a day without a session",
        ),
        _shifted_benchmark(
            name, series[np.isin(dates, span)], place, span, mean, setting
        ),
    ]


def _shifted_benchmark(
    name: str,
    series: pd.DataFrame,
    place: Int,
    span: Array,
    mean: Float,
    setting: Setting,
) -> pd.DataFrame:
    row = np.searchsorted(setting.sessions, series["date"].to_numpy())
    close = series["adj_close"].fillna(series["close"]).to_numpy()
    own = np.r_[np.nan, np.where(np.diff(row) == 1, close[1:] / close[:-1] - 1, np.nan)]
    padded = np.r_[np.nan, mean, np.nan]
    one = np.zeros(len(own), dtype=np.int64)
    fits = np.array(
        [_correlations(own, padded[row + 1 + lag], one, 1)[0] for lag in _SHIFTS]
    )
    size = np.abs(fits)
    shifted = max(size[0], size[2]) - size[1] > setting.spec.shift_excess
    return make_findings(
        "benchmark_shifted",
        ticker=name,
        first=series["date"].to_numpy()[:1] if shifted else [],
        last=series["date"].to_numpy()[-1:] if shifted else None,
        n_rows=len(series),
        severity="suspect",
        value=fits[0] if size[0] > size[2] else fits[2],
        expected=fits[1],
        detail="correlation {value:.2f} with the names a session apart, "
        "{expected:.2f} with theirs",
    )


def _mean_by_session(block: Block, returns: Float) -> Float:
    """Return the mean return of each session, padded by NaN for either neighbour."""
    known = np.isfinite(returns)
    n = len(block.setting.sessions)
    total = np.bincount(block.row[known], returns[known], n).astype(np.float64)
    count = np.bincount(block.row[known], minlength=n)
    mean = _ratio(total, count, count >= block.spec.market_names)
    return np.append(mean, [np.nan, np.nan])  # rows n and -1: beyond the sample


def _windows(block: Block) -> tuple[Int, int]:
    """Return for each bar the number of its ticker's window, and windows per ticker."""
    width = len(block.setting.sessions) // block.spec.shift_window + 1
    return block.code * width + block.row // block.spec.shift_window, width


def _correlations(one: Float, other: Float, group: Int, n_groups: int) -> Float:
    """Return the correlation within each group, NaN where there are too few."""
    known = np.isfinite(one) & np.isfinite(other)
    x, y, g = one[known], other[known], group[known]
    n = np.bincount(g, minlength=n_groups)
    sums = [np.bincount(g, w, n_groups) for w in (x, y, x * x, y * y, x * y)]
    with np.errstate(divide="ignore", invalid="ignore"):
        mx, my, xx, yy, xy = (total / n for total in sums)
        fit = (xy - mx * my) / np.sqrt((xx - mx * mx) * (yy - my * my))
    return np.where((n >= _FEWEST) & np.isfinite(fit), fit, np.nan)


def _ratio(total: Float, count: Int, enough: Bool) -> Float:
    out = np.full(len(total), np.nan)
    np.divide(total, count, out=out, where=enough)
    return out
