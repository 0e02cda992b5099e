"""Reference tables of the simulated market: index members, sectors, benchmarks."""

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.panel import Axes, Bool, Dates, Float, gather
from alpha_kedro.market.simulated.bars import DECIMALS, Actions
from alpha_kedro.market.simulated.lives import SECTORS, Lives, Names
from alpha_kedro.market.simulated.returns import Factors, Moves

_TECH_TILT = {"Information Technology": 5.0, "Communication Services": 2.0}
_FIRST_LEVELS = {"QQQ": 90.0, "SPY": 180.0}
_RANGE = 0.4  # mean reach of a benchmark beyond open and close, in daily volatilities
_BENCHMARK_TURNOVER = 0.02  # of the members' dollar size


def known_size(names: Names, lives: Lives, actions: Actions) -> Float:
    """Return the dollar size of each name at the PREVIOUS close, NaN where unknown.

    In the first session it is the size of the listing price, as published on the eve.
    """
    size = np.where(lives.listed, names.shares * actions.level, np.nan)
    eve = np.where(lives.listed[0], names.shares * names.price, np.nan)
    return np.vstack([eve, size[:-1]])


def index_members(size: Float, listed: Bool, dates: Dates, share: float) -> Bool:
    """Mark the index members: the largest names, reviewed in the year's first session.

    Parameters
    ----------
    size
        (n_sessions, n_tickers) dollar size known before the session; NaN unknown.
    listed
        (n_sessions, n_tickers) there is a bar.
    share
        Share of the listed names the index holds.

    Returns
    -------
    (n_sessions, n_tickers) bool

    Notes
    -----
    A name listed between two reviews joins in its second session if its first close
    would have passed the last review. A member leaves at a review or with its last bar.
    Row t depends on closes before t alone.
    """
    years = dates.astype("datetime64[Y]")
    starts = np.flatnonzero(np.r_[True, years[1:] != years[:-1]])
    column = np.arange(size.shape[1])
    member = np.zeros(listed.shape, dtype=bool)
    for start, stop in zip(starts, np.r_[starts[1:], len(dates)], strict=True):
        cutoff = np.nanquantile(size[start][listed[start]], 1 - share)
        known = np.isfinite(size[start:stop])
        first = start + known.argmax(axis=0)
        passes = size[first, column] >= cutoff
        member[start:stop] = listed[start:stop] & known & passes
    return member


def membership_table(axes: Axes, member: Bool) -> pd.DataFrame:
    """Return ticker, start, end (both inclusive; NaT: still a member) of each stay."""
    edge = np.zeros((1, member.shape[1]), dtype=bool)
    change = np.diff(np.vstack([edge, member, edge]).astype(np.int8), axis=0).T
    column, start = np.nonzero(change == 1)
    _, after = np.nonzero(change == -1)
    end = pd.Series(axes.dates[after - 1]).mask(after == len(member))
    ticker = pd.array(axes.tickers[column], "str")
    return pd.DataFrame({"ticker": ticker, "start": axes.dates[start], "end": end})


def sectors_table(names: Names) -> pd.DataFrame:
    """Return ticker and sector of every name."""
    sector = np.array(SECTORS, dtype=object)[names.sector]
    return pd.DataFrame({"ticker": names.tickers, "sector": sector}, dtype="str")


def benchmarks_table(
    dates: Dates,
    names: Names,
    factors: Factors,
    moves: Moves,
    actions: Actions,
    pool: Float,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return SPY (index members by size), QQQ (more technology) and VIX as bars.

    Parameters
    ----------
    pool
        (n_sessions, n_tickers) dollar size of the members before the session, else 0.

    Notes
    -----
    The funds hold their weights of the eve and pay dividends out as they come:
    ``close`` is without and ``adj_close`` with them. VIX is the market's annualised
    volatility in percent.
    """
    tilt = np.array([_TECH_TILT.get(name, 1.0) for name in SECTORS])[names.sector]
    pools = {"QQQ": pool * tilt, "SPY": pool}
    funds = [
        _fund(_FIRST_LEVELS[name], held, factors, moves, actions, rng)
        for name, held in pools.items()
    ]
    series = dict(zip(pools, funds, strict=True)) | {"VIX": _vix(factors, rng)}
    axes = Axes.of(dates, series)
    return gather(axes, _stack([series[name] for name in axes.tickers]))


def _fund(
    first_level: float,
    pool: Float,
    factors: Factors,
    moves: Moves,
    actions: Actions,
    rng: np.random.Generator,
) -> dict[str, Float]:
    weights = pool / pool.sum(axis=1, keepdims=True)
    overnight = np.exp(moves.gap)
    gap = (weights * overnight).sum(axis=1)
    day = (weights * overnight * (1 + moves.intraday)).sum(axis=1)
    kept = 1 - (weights * actions.payout).sum(axis=1)
    close = first_level * np.cumprod(day * kept)
    later = np.append(np.cumprod(kept[::-1])[::-1][1:], 1.0)
    bars = _bar(close * gap / day, close, factors.volatility * _RANGE, rng)
    volume = np.rint(_BENCHMARK_TURNOVER * pool.sum(axis=1) / close)
    return bars | {"adj_close": np.round(close * later, DECIMALS), "volume": volume}


def _vix(factors: Factors, rng: np.random.Generator) -> dict[str, Float]:
    close = 100 * np.sqrt(SESSIONS_PER_YEAR) * factors.volatility
    opening = np.append(close[0], close[:-1])
    bars = _bar(opening, close, np.full(len(close), 0.02), rng)
    return bars | {"adj_close": bars["close"], "volume": np.zeros(len(close))}


def _bar(
    opening: Float, close: Float, reach: Float, rng: np.random.Generator
) -> dict[str, Float]:
    above, below = np.abs(reach * rng.standard_normal((2, len(close))))
    high = np.maximum(opening, close) * (1 + above)
    low = np.minimum(opening, close) * (1 - below)
    quotes = {"open": opening, "high": high, "low": low, "close": close}
    return {name: np.round(quote, DECIMALS) for name, quote in quotes.items()}


def _stack(series: list[dict[str, Float]]) -> dict[str, Float]:
    stacked = {
        name: np.column_stack([bars[name] for bars in series]) for name in series[0]
    }
    return stacked | {"volume": stacked["volume"].astype(np.int64)}
