"""A benchmark held at the strategy's own risk: beforehand, and with hindsight.

Ex-ante, the benchmark is scaled anew each session by volatilities known at the close
before: anybody could have held it. Ex-post, it is scaled once by the volatilities of
the whole sample: nobody could, and it is shown because the two volatilities are equal.
What is not in the benchmark lies in cash that earns nothing, and a scale above 1 is
borrowed for nothing, as in the books of a strategy without financing.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import Field

from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Spec
from alpha_kedro.measures.availability import ROUNDING, NotAvailable, obstacle
from alpha_kedro.measures.benchmarks.market_model import common_dates


class RiskMatchSpec(Spec):
    """How a benchmark is scaled to a strategy's trailing volatility."""

    window: int = Field(
        default=60,
        ge=5,
        le=2_520,
        description="sessions behind both trailing volatilities",
    )
    cap: float = Field(
        default=2.0,
        gt=0,
        le=20,
        description="most of the benchmark to hold (share of NAV)",
    )


DEFAULT_MATCH = RiskMatchSpec()


@dataclass(frozen=True)
class RiskMatched:
    """A benchmark at a strategy's risk.

    Attributes
    ----------
    ex_ante
        Returns with the scale known at the close before; NaN until it is known.
    scale
        That scale, indexed by the session it was held over.
    ex_post
        Returns with one scale from the volatilities of the whole sample.
    ex_post_scale
        That scale; `NotAvailable` where the benchmark does not vary.
    """

    ex_ante: pd.Series
    scale: pd.Series
    ex_post: pd.Series
    ex_post_scale: float


def risk_matched(
    returns: pd.Series, benchmark: pd.Series, *, spec: RiskMatchSpec = DEFAULT_MATCH
) -> RiskMatched:
    """Scale a benchmark to the risk of a strategy.

    Parameters
    ----------
    returns, benchmark
        Simple returns per session, decimals, indexed by date.
    spec
        Window and cap of the ex-ante scale.

    Returns
    -------
    RiskMatched
        Series on the dates of ``returns``, NaN where the benchmark has no return.

    Notes
    -----
    F. and L. Modigliani, Risk-Adjusted Performance, Journal of Portfolio Management 23
    (1997), is the ex-post one.
    """
    dates = returns.index
    own = benchmark.reindex(dates).astype("float64")
    scale = ex_ante_scale(returns, benchmark, spec=spec)
    once = _ex_post_scale(returns, benchmark)
    return RiskMatched(
        ex_ante=(scale * own).rename("ex_ante"),
        scale=scale,
        ex_post=(once * own).rename("ex_post"),
        ex_post_scale=once,
    )


def ex_ante_scale(
    returns: pd.Series, benchmark: pd.Series, *, spec: RiskMatchSpec = DEFAULT_MATCH
) -> pd.Series:
    """Return how much of a benchmark had the strategy's trailing volatility.

    Returns
    -------
    Series
        On the dates of ``returns``: the ratio of the two standard deviations over the
        last ``window`` common dates BEFORE the date, at most ``cap``. NaN before there
        are as many, where the benchmark stood still, and on dates without both.

    Notes
    -----
    The value of a date depends on nothing of that date or after it.
    """
    pair = common_dates(returns, benchmark)
    own, market = (
        _trailing_deviation(pair[side].to_numpy(), spec.window) for side in pair
    )
    moved = market > ROUNDING
    ratio = np.divide(own, market, out=np.full(len(pair), np.nan), where=moved)
    known_before = np.append(np.nan, np.minimum(ratio, spec.cap))[: len(pair)]
    return pd.Series(known_before, pair.index).reindex(returns.index).rename("scale")


def _trailing_deviation(values: Float, window: int) -> Float:
    """Return the deviation of the last values up to and with each, NaN before."""
    deviation = np.full(len(values), np.nan)
    if len(values) >= window:
        spans = np.lib.stride_tricks.sliding_window_view(values, window)
        deviation[window - 1 :] = spans.std(axis=1, ddof=1)
    return deviation


def _ex_post_scale(returns: pd.Series, benchmark: pd.Series) -> float:
    pair = common_dates(returns, benchmark)
    market = pair["benchmark"].to_numpy()
    reason = obstacle(market, variation=True)
    if reason:
        return NotAvailable(reason)
    return float(pair["strategy"].std() / market.std(ddof=1))
