"""The state of the market on every session: what a regime is told from.

One number per session and state, known at its close, and the same for every name:

1. ``market_return``: of the members, equally weighted, or of a benchmark.
2. ``market_volatility``: its standard deviation over the last sessions.
3. ``dispersion``: how far the members' returns of a session lie apart, on average over
   the last sessions.
4. ``correlation``: of the members with one another, on average over all pairs.
5. ``trend``: how far the market stands above its moving average.
6. ``implied_volatility``: what options expect, where a series such as VIX is named.

The value of a session looks at the sessions of its window and at no others: neither
later sessions nor names that are not yet listed move a bit of it.
"""

import numpy as np
import pandas as pd
from pydantic import Field

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.kernels import dense, kernel
from alpha_kedro.core.panel import Axes, Bool, Float, Panel
from alpha_kedro.core.registry import nearest
from alpha_kedro.core.spec import Spec
from alpha_kedro.signals.market_return import benchmark_return, equal_weight_return
from alpha_kedro.signals.operators.cells import delay, ratio
from alpha_kedro.signals.operators.rolling import rolling_mean, rolling_std

_ROUNDING = 1e-12
"""Deviation that may be rounding, as a share of the mean: such a name is at rest."""


class MarketStateSpec(Spec):
    """How far back each state of the market looks."""

    benchmark: str | None = Field(
        default=None,
        description="Ticker whose total return is the market's; null: the mean of the "
        "members, equally weighted.",
    )
    implied_volatility: str | None = Field(
        default=None,
        description="Ticker whose close is what options expect, such as VIX; null: "
        "there is no such column.",
    )
    volatility_window: int = Field(
        default=21, ge=2, le=1_260, description="Window of the volatility (sessions)."
    )
    dispersion_window: int = Field(
        default=21,
        ge=1,
        le=1_260,
        description="Sessions over which the dispersion is averaged.",
    )
    correlation_window: int = Field(
        default=63, ge=3, le=1_260, description="Window of the correlation (sessions)."
    )
    trend_window: int = Field(
        default=200, ge=2, le=1_260, description="Window of the average (sessions)."
    )
    min_names: int = Field(
        default=10,
        ge=2,
        description="Fewest members for a session to have a dispersion or correlation.",
    )


def build_market_states(
    prices: Panel,
    *,
    mask: Bool,
    spec: MarketStateSpec,
    benchmarks: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Measure the market on every session of a panel.

    Parameters
    ----------
    prices
        ``close`` at total return, as `price_panel` makes it.
    mask
        (n_dates, n_tickers) bool: members of the universe at each close.
    spec
        See `MarketStateSpec`.
    benchmarks
        Bars of the tickers ``spec`` names; not looked at where it names none.

    Returns
    -------
    DataFrame
        ``date``, ``market_return`` (simple, over one session), ``market_volatility``
        (per session, not annualised), ``dispersion`` (decimal), ``correlation`` (-1 to
        1), ``trend`` (decimal) and, where named, ``implied_volatility`` (as quoted);
        float64, one row per session. NaN until its window is inside the panel, and
        where a return or a close of the window is missing.

    Raises
    ------
    ConfigError
        ``AK-C145`` when ``benchmarks`` lacks a ticker that ``spec`` names.
    """
    close = np.asarray(prices["close"], dtype=np.float64)
    ret = ratio(close, delay(close, 1)) - 1
    market = _market_return(close, mask, spec, benchmarks, prices.axes)
    spread = dispersion(ret, mask, min_names=spec.min_names)
    states = {
        "market_return": market,
        "market_volatility": rolling_std(market, spec.volatility_window),
        "dispersion": rolling_mean(spread, spec.dispersion_window),
        "correlation": mean_correlation(
            ret, mask, window=spec.correlation_window, min_names=spec.min_names
        ),
        "trend": trend(market, window=spec.trend_window),
    }
    if spec.implied_volatility is not None:
        bars = _bars_of(spec.implied_volatility, benchmarks)
        axes = Axes.of(prices.dates, [spec.implied_volatility])
        quotes = Panel.from_table(bars, ["close"], axes=axes)
        states["implied_volatility"] = quotes["close"][:, 0]
    return pd.DataFrame({"date": prices.dates} | states)


def dispersion(ret: Float, mask: Bool, *, min_names: int) -> Float:
    """Return how far the returns of a session's members lie apart.

    Parameters
    ----------
    ret
        (n_dates, n_tickers) returns, NaN where unknown.
    mask
        (n_dates, n_tickers) bool: members.
    min_names
        Fewest members with a return.

    Returns
    -------
    (n_dates,) standard deviation (ddof 1), NaN where members are too few.
    """
    found: Float = _spreads(dense(ret), mask & np.isfinite(ret), min_names)
    return found


def mean_correlation(ret: Float, mask: Bool, *, window: int, min_names: int) -> Float:
    """Return the mean correlation of all pairs of members over a trailing window.

    Parameters
    ----------
    ret
        (n_dates, n_tickers) returns, NaN where unknown.
    mask
        (n_dates, n_tickers) bool: members. Those of the last session count, if their
        returns are known, and move, on every session of the window.
    window
        Sessions, the last included.
    min_names
        Fewest such members.

    Returns
    -------
    (n_dates,) -1 to 1, NaN in the first ``window - 1`` rows and where members are too
    few.

    Notes
    -----
    With each of the n returns standardised over the window, the variance of their mean
    is ``(n + n (n - 1) rho) / n^2``, as every variance is 1. The mean correlation is
    ``rho = (n Var(mean) - 1) / (n - 1)``: n sums, where pairs would be n (n - 1) / 2.
    """
    known = np.ascontiguousarray(np.isfinite(ret).T)
    found: Float = _correlations(
        dense(ret.T), known, np.ascontiguousarray(mask.T), window, min_names
    )
    return found


def trend(market_return: Float, *, window: int) -> Float:
    """Return how far the market stands above the mean of its last levels.

    Parameters
    ----------
    market_return
        (n_dates,) simple returns over one session.
    window
        Levels averaged, that of the session itself included (sessions).

    Returns
    -------
    (n_dates,) level over mean less 1; NaN where a return of the window is missing.
    """
    missing = np.isnan(market_return)
    level = np.where(missing, np.nan, np.nancumprod(1 + market_return))
    return ratio(level, rolling_mean(level, window)) - 1


def _market_return(
    close: Float,
    mask: Bool,
    spec: MarketStateSpec,
    benchmarks: pd.DataFrame | None,
    axes: Axes,
) -> Float:
    if spec.benchmark is None:
        return equal_weight_return(close, mask)
    return benchmark_return(_bars_of(spec.benchmark, benchmarks), axes)


def _bars_of(ticker: str, benchmarks: pd.DataFrame | None) -> pd.DataFrame:
    known = [] if benchmarks is None else sorted(benchmarks["ticker"].unique())
    if benchmarks is not None and ticker in known:
        return benchmarks[benchmarks["ticker"] == ticker]
    near = nearest(ticker, known)
    raise ConfigError(
        "AK-C145",
        f"there are no bars of the benchmark {ticker}",
        got=f"bars of {', '.join(known)}" if known else "no benchmarks",
        wanted=f"{near!r}?" if near else None,
        fix="name another series in market_states, or ingest this one",
    )


@kernel
def _spreads(ret: Float, known: Bool, min_names: int) -> Float:
    # Added name by name in the order of the columns: a column of strangers adds nothing
    # and leaves the rounding of the others as it is.
    n_dates, n_names = ret.shape
    found = np.full(n_dates, np.nan)
    for row in range(n_dates):
        count, total, square = 0, 0.0, 0.0
        for name in range(n_names):
            if known[row, name]:
                count += 1
                total += ret[row, name]
        if count < min_names:
            continue
        for name in range(n_names):
            if known[row, name]:
                square += (ret[row, name] - total / count) ** 2
        found[row] = np.sqrt(square / (count - 1))
    return found


@kernel
def _correlations(
    ret: Float, known: Bool, member: Bool, window: int, min_names: int
) -> Float:
    n_names, n_dates = ret.shape
    found = np.full(n_dates, np.nan)
    run = np.zeros(n_names, dtype=np.int64)  # sessions in a row with a return
    for last in range(n_dates):
        together = np.zeros(window)  # sum of standardised returns on each session
        count, first = 0, last - window + 1
        for name in range(n_names):
            run[name] = run[name] + 1 if known[name, last] else 0
            if run[name] < window or not member[name, last]:
                continue
            total, square = 0.0, 0.0
            for row in range(first, last + 1):
                total += ret[name, row]
            mean = total / window
            for row in range(first, last + 1):
                square += (ret[name, row] - mean) ** 2
            deviation = np.sqrt(square / window)
            if deviation <= _ROUNDING * np.abs(mean):
                continue
            count += 1
            for row in range(first, last + 1):
                together[row - first] += (ret[name, row] - mean) / deviation
        if count >= min_names:
            # Var(mean) = mean of (together / n)^2, as the mean of `together` is zero.
            variance = np.sum(together * together) / (window * count * count)
            found[last] = (count * variance - 1) / (count - 1)
    return found
