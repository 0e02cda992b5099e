"""How much a price moves, how lopsidedly, and how much of it with the market."""

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas import words
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    close,
    high,
    low,
    market_return,
    max_of,
    residual_std,
    ret,
    skew,
    std,
    sum_of,
)

_YEAR = 252


@feature(
    "volatility_{k}",
    at=(5, 20, 60),
    family="volatility",
    unit="decimal per session, not annualised",
    source="definition; Ang, Hodrick, Xing and Zhang (2006)",
)
def volatility(k: int) -> Formula:
    """Return the standard deviation of daily returns; 0 for a price at rest."""
    return std(ret, k)


@feature(
    "skewness_{k}",
    at=(60,),
    family="distribution",
    unit="none",
    source="Amaya, Christoffersen, Jacobs and Vasquez (2015)",
)
def skewness(k: int) -> Formula:
    """Return the skewness of daily returns; NaN for a price at rest."""
    return skew(ret, k)


@feature(
    "max_return_{k}",
    at=(20,),
    family="distribution",
    unit="decimal return",
    source="Bali, Cakici and Whitelaw (2011): MAX",
)
def max_return(k: int) -> Formula:
    """Return the best daily return of the window."""
    return max_of(ret, k)


@feature(
    "beta_{k}",
    at=(_YEAR,),
    family="market",
    unit="none",
    source="Sharpe (1964); Fama and MacBeth (1973)",
)
def beta(k: int) -> Formula:
    """Return the slope on the market; NaN where the market is at rest."""
    return words.beta(ret, market_return, k)


@feature(
    "residual_return_{k}",
    at=(20,),
    family="market",
    unit="decimal return",
    source="Blitz, Huij and Martens (2011)",
)
def residual_return(k: int) -> Formula:
    """Return the last ``k`` sessions' return that today's beta does not explain.

    Beta is that of a year.
    """
    return sum_of(ret, k) - beta(_YEAR) * sum_of(market_return, k)


@feature(
    "idiosyncratic_volatility_{k}",
    at=(60,),
    family="market",
    unit="decimal per session, not annualised",
    source="Ang, Hodrick, Xing and Zhang (2006), with the market as the only factor",
)
def idiosyncratic_volatility(k: int) -> Formula:
    """Return the volatility that the market does not explain."""
    return residual_std(ret, market_return, k)


@feature(
    "high_low_range",
    family="volatility",
    unit="decimal",
    source="Parkinson (1980)",
)
def high_low_range() -> Formula:
    """Return the day's range as a share of the close."""
    return (high - low) / close


@feature(
    "close_location",
    family="candles",
    unit="0 at the low, 1 at the high",
    source="definition",
)
def close_location() -> Formula:
    """Return where in the day's range the close lies; NaN for a day without a range."""
    return (close - low) / (high - low)
