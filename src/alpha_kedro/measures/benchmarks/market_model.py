"""What a strategy owes to a benchmark, and whether the two lie on the same days."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Float
from alpha_kedro.measures.availability import NotAvailable, obstacle
from alpha_kedro.measures.cross_sections import row_correlation
from alpha_kedro.measures.significance import hac_lags, hac_regression, t_value

_FEWEST_DAYS = 20
_STANDARD_ERRORS = 3.0


@dataclass(frozen=True)
class MarketModel:
    """``strategy = alpha + beta benchmark + noise``, by least squares.

    Attributes
    ----------
    beta, beta_t
        Slope and its t-value (HAC).
    alpha_annual, alpha_t
        Intercept times the periods of a year (decimal), and its t-value (HAC).
    correlation
        Between the two.
    n
        Dates with both returns.
    """

    beta: float
    beta_t: float
    alpha_annual: float
    alpha_t: float
    correlation: float
    n: int


def market_model(
    returns: pd.Series,
    benchmark: pd.Series,
    *,
    lags: int | None = None,
    periods_per_year: float = SESSIONS_PER_YEAR,
) -> MarketModel:
    """Regress a strategy's returns on a benchmark's of the same dates.

    Parameters
    ----------
    returns, benchmark
        Simple returns, decimals, indexed by date. Dates without both are left out and
        missing from ``n``.
    lags
        Newey-West lags; None takes them from `hac_lags`.
    periods_per_year
        252 for daily returns.

    Returns
    -------
    MarketModel
        Numbers are `NotAvailable` with fewer than 20 common dates, or where one side
        does not vary. A benchmark against itself has beta 1 and alpha 0.
    """
    pair = common_dates(returns, benchmark)
    own, market = pair["strategy"].to_numpy(), pair["benchmark"].to_numpy()
    reason = obstacle(own, points=_FEWEST_DAYS, variation=True)
    reason = reason or obstacle(market, points=_FEWEST_DAYS, variation=True)
    if reason:
        gap = NotAvailable(reason)
        return MarketModel(gap, gap, gap, gap, gap, len(pair))
    causes = np.column_stack([np.ones(len(market)), market])
    used = hac_lags(len(own)) if lags is None else lags
    (alpha, beta), (alpha_error, beta_error) = hac_regression(own, causes, lags=used)
    return MarketModel(
        beta=float(beta),
        beta_t=t_value(float(beta), float(beta_error)),
        alpha_annual=float(alpha * periods_per_year),
        alpha_t=t_value(float(alpha), float(alpha_error)),
        correlation=_correlation(own, market),
        n=len(pair),
    )


def benchmark_returns(prices: pd.Series, dates: pd.DatetimeIndex) -> pd.Series:
    """Return a benchmark's returns from one of a strategy's dates to its next.

    Parameters
    ----------
    prices
        Total-return prices indexed by date, ascending; may hold dates that the strategy
        does not trade on.
    dates
        The strategy's dates, ascending.

    Returns
    -------
    Series
        Indexed by ``dates``. The first one starts from the benchmark's last price
        before it. NaN on a date without a price and on the date after: no price is
        carried.
    """
    earlier = prices.index[prices.index < dates[0]][-1:]
    levels = prices.reindex(earlier.append(dates)).astype("float64")
    return (levels / levels.shift(1) - 1).reindex(dates).rename("benchmark")


def lead_lag_correlations(returns: pd.Series, benchmark: pd.Series) -> dict[int, float]:
    """Correlate a strategy with the benchmark one day earlier, then, and later.

    Returns
    -------
    dict
        Keys -1, 0 and 1: periods by which the benchmark is moved. Aligned series that
        have anything in common correlate most at 0.
    """
    pair = common_dates(returns, benchmark)
    own, market = pair["strategy"].to_numpy(), pair["benchmark"].to_numpy()
    reason = obstacle(own, points=_FEWEST_DAYS, variation=True)
    reason = reason or obstacle(market, points=_FEWEST_DAYS, variation=True)
    if reason:
        return dict.fromkeys((-1, 0, 1), NotAvailable(reason))
    pairs = {-1: (own[1:], market[:-1]), 0: (own, market), 1: (own[:-1], market[1:])}
    return {lag: _correlation(*both) for lag, both in pairs.items()}


def misaligned(correlations: dict[int, float], *, n: int) -> bool:
    """Tell whether a neighbouring day explains a strategy clearly better than its own.

    Parameters
    ----------
    correlations
        What `lead_lag_correlations` gives.
    n
        Number of dates behind them; "clearly" is three standard errors ``1 / sqrt(n)``.
    """
    neighbour = max(abs(correlations[-1]), abs(correlations[1]))
    return bool(neighbour > abs(correlations[0]) + _STANDARD_ERRORS / np.sqrt(n or 1))


def _correlation(left: Float, right: Float) -> float:
    return float(row_correlation(left[None, :], right[None, :])[0])


def common_dates(returns: pd.Series, benchmark: pd.Series) -> pd.DataFrame:
    """Return ``strategy`` and ``benchmark`` on the dates with both; nothing is filled.

    Raises
    ------
    SimulationError
        ``AK-S066`` where one of them has a date twice.
    """
    for own in (returns, benchmark):
        _refuse_dates_twice(own)
    both = {"strategy": returns, "benchmark": benchmark}
    return pd.concat(both, axis=1, join="inner").astype("float64").dropna()


def _refuse_dates_twice(returns: pd.Series) -> None:
    if returns.index.is_unique:
        return
    twice = returns.index[returns.index.duplicated()]
    raise SimulationError(
        "AK-S066",
        "a series of returns has a date more than once",
        where=[str(date)[:10] for date in twice],
        wanted="one return per date",
        fix="hand over the returns of one strategy or one benchmark at a time",
    )
