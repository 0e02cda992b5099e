"""A strategy's returns by month, year, rolling window and drawdown."""

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.measures.availability import ROUNDING
from alpha_kedro.measures.performance import drawdown

_DRAWDOWN_COLUMNS = (
    "peak",
    "trough",
    "recovery",
    "depth",
    "sessions_down",
    "sessions",
)


def monthly_returns(returns: pd.Series) -> pd.DataFrame:
    """Compound daily returns into calendar months.

    Parameters
    ----------
    returns
        (n,) simple returns, decimals, indexed by date.

    Returns
    -------
    DataFrame
        One row per year, columns 1 to 12; NaN for months without returns, and for
        months with a missing one.
    """
    dates = pd.DatetimeIndex(returns.index)
    months = {"year": dates.year, "month": dates.month, "growth": 1 + returns.array}
    growth = pd.DataFrame(months).groupby(["year", "month"]).prod(skipna=False)
    table = growth.pivot_table("growth", index="year", columns="month", dropna=False)
    return (table - 1).reindex(columns=range(1, 13)).rename_axis(columns="month")


def yearly_returns(returns: pd.Series) -> pd.Series:
    """Compound daily returns into calendar years; NaN where a return is missing."""
    years = pd.DatetimeIndex(returns.index).year
    growth = (1 + returns).groupby(years).prod(skipna=False)
    return (growth - 1).rename_axis("year")


def rolling_sharpe(returns: pd.Series, *, window: int = SESSIONS_PER_YEAR) -> pd.Series:
    """Return the annualised Sharpe ratio of the ``window`` sessions up to each date.

    NaN during the first ``window - 1`` sessions and where the window has no volatility.
    The standard error at one year is about 1.0: read the line as a band of that width.
    """
    span = returns.rolling(window)
    deviation = span.std()
    per_session = span.mean() / deviation.where(deviation > ROUNDING)
    annual: pd.Series = per_session * np.sqrt(SESSIONS_PER_YEAR)
    return annual


def worst_drawdowns(returns: pd.Series, *, count: int = 5) -> pd.DataFrame:
    """List the deepest drawdowns, the deepest first.

    Parameters
    ----------
    returns
        (n,) simple returns, decimals, indexed by date. NAV starts at 1.0.
    count
        Longest list to return.

    Returns
    -------
    DataFrame
        peak (date of the last high; the first date where the loss begins with the
        first return), trough, recovery (first date back at the high, NaT where there is
        none yet), depth (negative), ``sessions_down`` (peak to trough) and ``sessions``
        (peak to recovery, or to the last date).
    """
    below = np.concatenate([[0.0], drawdown(returns.to_numpy())])
    starts, ends = _episodes(below < -ROUNDING)
    rows = [_episode(below, returns, *span) for span in zip(starts, ends, strict=True)]
    table = pd.DataFrame(rows, columns=_DRAWDOWN_COLUMNS)
    dates = dict.fromkeys(("peak", "trough", "recovery"), "datetime64[us]")
    deepest = table.astype(dates).sort_values("depth", kind="stable")
    return deepest.head(count).reset_index(drop=True)


def _episodes(under: Bool) -> tuple[Int, Int]:
    """Return the first row of each run of True, and the row after its last."""
    steps = np.diff(np.concatenate([[False], under, [False]]).astype(np.int8))
    return np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)


def _episode(
    below: Float, returns: pd.Series, start: int, end: int
) -> tuple[object, ...]:
    """Describe one drawdown; row 0 of ``below`` lies before the first return."""
    dates = returns.index
    trough = start + int(np.argmin(below[start:end]))
    recovered = end < len(below)
    last = end if recovered else len(below) - 1
    return (
        dates[max(start - 2, 0)],
        dates[trough - 1],
        dates[end - 1] if recovered else pd.NaT,
        float(below[trough]),
        trough - start + 1,
        last - start + 1,
    )
