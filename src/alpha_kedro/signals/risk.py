"""How much a price moves, how lopsidedly, and how much of it with the market."""

from alpha_kedro.core.panel import Float
from alpha_kedro.signals.features import Inputs, feature, most_of
from alpha_kedro.signals.operators import (
    ratio,
    rolling_beta,
    rolling_max,
    rolling_residual_std,
    rolling_skewness,
    rolling_std,
    rolling_sum,
)


@feature(
    "volatility_{k}",
    windows=(5, 20, 60),
    lookback=1,
    needs=("close",),
    unit="decimal per session, not annualised",
    formula="std(ret_1, {k}), ddof 1",
    source="definition; Ang, Hodrick, Xing and Zhang (2006)",
)
def volatility(inputs: Inputs, k: int) -> Float:
    """Return the standard deviation of daily returns; 0 for a price at rest."""
    return rolling_std(inputs.ret, k, most_of(k))


@feature(
    "skewness_{k}",
    windows=(60,),
    lookback=1,
    needs=("close",),
    unit="none",
    formula="m3 / m2^1.5 of ret_1 over {k} sessions",
    source="Amaya, Christoffersen, Jacobs and Vasquez (2015)",
)
def skewness(inputs: Inputs, k: int) -> Float:
    """Return the skewness of daily returns; NaN for a price at rest."""
    return rolling_skewness(inputs.ret, k, most_of(k))


@feature(
    "max_return_{k}",
    windows=(20,),
    lookback=1,
    needs=("close",),
    unit="decimal return",
    formula="max(ret_1, {k})",
    source="Bali, Cakici and Whitelaw (2011): MAX",
)
def max_return(inputs: Inputs, k: int) -> Float:
    """Return the best daily return of the window."""
    return rolling_max(inputs.ret, k, most_of(k))


@feature(
    "beta_{k}",
    windows=(252,),
    lookback=1,
    needs=("close", "market_return"),
    unit="none",
    formula="cov(ret_1, market, {k}) / var(market, {k})",
    source="Sharpe (1964); Fama and MacBeth (1973)",
)
def beta(inputs: Inputs, k: int) -> Float:
    """Return the slope on the market; NaN where the market is at rest."""
    return rolling_beta(inputs.ret, inputs.market_return, k, most_of(k))


@feature(
    "residual_return_{k}",
    windows=(20,),
    lookback=253 - 20,
    needs=("close", "market_return"),
    unit="decimal return",
    formula="sum(ret_1, {k}) - beta_252 * sum(market, {k})",
    source="Blitz, Huij and Martens (2011)",
)
def residual_return(inputs: Inputs, k: int) -> Float:
    """Return the last ``k`` sessions' return that today's beta does not explain."""
    explained = beta(inputs, 252) * rolling_sum(inputs.market_return, k)
    return rolling_sum(inputs.ret, k) - explained


@feature(
    "idiosyncratic_volatility_{k}",
    windows=(60,),
    lookback=1,
    needs=("close", "market_return"),
    unit="decimal per session, not annualised",
    formula="standard error (ddof 2) of ret_1 on the market over {k} sessions",
    source="Ang, Hodrick, Xing and Zhang (2006), with the market as the only factor",
)
def idiosyncratic_volatility(inputs: Inputs, k: int) -> Float:
    """Return the volatility that the market does not explain."""
    return rolling_residual_std(inputs.ret, inputs.market_return, k, most_of(k))


@feature(
    "high_low_range",
    lookback=1,
    needs=("high", "low", "close"),
    unit="decimal",
    formula="(high - low) / close",
    source="Parkinson (1980)",
)
def high_low_range(inputs: Inputs) -> Float:
    """Return the day's range as a share of the close."""
    return ratio(inputs.high - inputs.low, inputs.close)


@feature(
    "close_location",
    lookback=1,
    needs=("high", "low", "close"),
    unit="0 at the low, 1 at the high",
    formula="(close - low) / (high - low)",
    source="definition",
)
def close_location(inputs: Inputs) -> Float:
    """Return where in the day's range the close lies; NaN for a day without a range."""
    return ratio(inputs.close - inputs.low, inputs.high - inputs.low)
