"""A strategy beside a benchmark, on the days that both have."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Float
from alpha_kedro.measures.availability import NotAvailable, obstacle
from alpha_kedro.measures.benchmarks.market_model import common_dates, market_model
from alpha_kedro.measures.performance import (
    annual_return,
    annual_total,
    annual_volatility,
    max_drawdown,
)
from alpha_kedro.measures.sharpe import sharpe_ratio
from alpha_kedro.measures.significance import hac_mean

_FEWEST_DAYS = 20


@dataclass(frozen=True)
class Relative:
    """What a strategy added to a benchmark, and at what risk of straying from it.

    All numbers are of the common dates. Returns and volatilities are yearly decimals.

    Attributes
    ----------
    annual_return, annual_volatility, sharpe, max_drawdown
        Of the benchmark.
    active_return, active_t
        Mean of strategy less benchmark a year, and its t-value (HAC).
    tracking_error
        Volatility of strategy less benchmark.
    information_ratio
        ``active_return / tracking_error``.
    beta, beta_t, alpha_annual, alpha_t, correlation
        As in `MarketModel`.
    up_capture, down_capture
        Mean return of the strategy over that of the benchmark, on the sessions on which
        the benchmark rose, and fell. 1 is all of it; below 0 went the other way.
    hit_rate
        Share of the sessions on which the strategy did better.
    n_sessions, n_missing
        Common dates, and dates of the strategy without a return of the benchmark.
    start, end
        First and last common date, NaT without one.
    """

    annual_return: float
    annual_volatility: float
    sharpe: float
    max_drawdown: float
    active_return: float
    active_t: float
    tracking_error: float
    information_ratio: float
    beta: float
    beta_t: float
    alpha_annual: float
    alpha_t: float
    correlation: float
    up_capture: float
    down_capture: float
    hit_rate: float
    n_sessions: int
    n_missing: int
    start: pd.Timestamp
    end: pd.Timestamp

    def facts(self) -> dict[str, Any]:
        """Return the numbers by name, for a summary."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def relative_performance(returns: pd.Series, benchmark: pd.Series) -> Relative:
    """Hold a strategy against a benchmark.

    Parameters
    ----------
    returns, benchmark
        Simple returns per session, decimals, indexed by date. Dates without both are
        left out, counted in ``n_missing``, and never filled.

    Returns
    -------
    Relative
        Numbers are `NotAvailable` with fewer than 20 common dates; ratios also where
        what they divide by does not vary.

    Raises
    ------
    SimulationError
        ``AK-S066`` where one of them has a date twice.

    Notes
    -----
    Information ratio: R. Grinold and R. Kahn, Active Portfolio Management (2000), ch. 5
    (of active returns, as T. Goodwin, Financial Analysts Journal 54, 1998). Captures
    are ratios of mean returns: compounded daily gains alone grow without bound.
    """
    pair = common_dates(returns, benchmark)
    days: dict[str, Any] = {
        "n_sessions": len(pair),
        "n_missing": int(returns.notna().sum()) - len(pair),
        "start": pair.index[0] if len(pair) else pd.NaT,
        "end": pair.index[-1] if len(pair) else pd.NaT,
    }
    reason = obstacle(np.zeros(len(pair)), points=_FEWEST_DAYS)
    if reason:
        names = (field.name for field in fields(Relative) if field.name not in days)
        return Relative(**days | dict.fromkeys(names, NotAvailable(reason)))
    return Relative(**days | _measured(pair))


def _measured(pair: pd.DataFrame) -> dict[str, Any]:
    own, market = pair["strategy"].to_numpy(), pair["benchmark"].to_numpy()
    model = market_model(pair["strategy"], pair["benchmark"])
    active = own - market
    return {
        "annual_return": annual_return(market),
        "annual_volatility": annual_volatility(market),
        "sharpe": sharpe_ratio(market),
        "max_drawdown": max_drawdown(market),
        "active_return": annual_total(active),
        "active_t": hac_mean(active).t,
        "tracking_error": annual_volatility(active),
        "information_ratio": sharpe_ratio(active),
        "beta": model.beta,
        "beta_t": model.beta_t,
        "alpha_annual": model.alpha_annual,
        "alpha_t": model.alpha_t,
        "correlation": model.correlation,
        "up_capture": _capture(own[market > 0], market[market > 0]),
        "down_capture": _capture(own[market < 0], market[market < 0]),
        "hit_rate": float((own > market).mean()),
    }


def _capture(own: Float, market: Float) -> float:
    if not len(market):
        return NotAvailable("no such session of the benchmark")
    return float(own.mean() / market.mean())
