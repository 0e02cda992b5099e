"""The shape of a name's returns: lottery tickets, tails, and what days owe to days."""

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    across_rank,
    close,
    corr,
    delay,
    kurt,
    log_of,
    log_ret,
    market_return,
    max_of,
    mean,
    min_of,
    quantile,
    quoted_close,
    residual_std,
    ret,
    smaller,
    sqrt,
    std,
    var,
)
from alpha_kedro.signals.library.market_model import idiosyncratic_skewness

_DECIMAL = "decimal return"
_MONTH, _YEAR, _WEEK = 21, 252, 5
_WORST = (0.005, 0.015, 0.025, 0.035, 0.045)
"""Midpoints of the five steps to the worst twentieth."""


# Lotteries.


@feature(
    "max5_return_{k}",
    at=(_MONTH,),
    family="distribution",
    unit=_DECIMAL,
    source="Bali, Cakici and Whitelaw (2011): MAX(5)",
)
def max5_return(k: int) -> Formula:
    """Return the mean of the five best daily returns.

    Each is a quantile of the window, so where days are missing it lies between two
    returns rather than on one.
    """
    steps = max(k - 1, 1)
    first, *others = (quantile(ret, k, 1 - place / steps) for place in range(5))
    return sum(others, first) / 5


@feature(
    "scaled_max_{k}",
    at=(_MONTH,),
    family="distribution",
    unit="standard deviations",
    source="Asness, Frazzini, Gormsen and Pedersen (2020): SMAX",
)
def scaled_max(k: int) -> Formula:
    """Return the mean of the five best daily returns over the year's volatility."""
    return max5_return(k) / std(ret, _YEAR)


@feature(
    "min_return_{k}",
    at=(_MONTH,),
    family="distribution",
    unit=_DECIMAL,
    source="Bali, Cakici and Whitelaw (2011): MIN, its sign as it is",
)
def min_return(k: int) -> Formula:
    """Return the worst daily return of the window."""
    return min_of(ret, k)


@feature(
    "lottery_index",
    family="distribution",
    unit="-0.5 to 0.5",
    source="Kumar (2009), by ranks rather than by vigintiles",
)
def lottery_index() -> Formula:
    """Return the mean rank by cheapness, idiosyncratic volatility and skewness.

    Cheap is a low price with splits undone, which is not what the share cost that day.
    """
    cheap = across_rank(-log_of(quoted_close))
    wild = across_rank(residual_std(ret, market_return, 60))
    return (cheap + wild + across_rank(idiosyncratic_skewness(_YEAR))) / 3


# Tails.


@feature(
    "value_at_risk_{k}",
    at=(_YEAR,),
    family="distribution",
    unit=_DECIMAL,
    source="Atilgan, Bali, Demirtas and Gunaydin (2020), at 5 %, its sign as it is",
)
def value_at_risk(k: int) -> Formula:
    """Return the daily return that one day in twenty fell short of."""
    return quantile(ret, k, 0.05)


@feature(
    "expected_shortfall_{k}",
    at=(_YEAR,),
    family="distribution",
    unit=_DECIMAL,
    source="Atilgan, Bali, Demirtas and Gunaydin (2020), at 5 %, its sign as it is",
)
def expected_shortfall(k: int) -> Formula:
    """Return the mean of the worst twentieth of daily returns, by five quantiles."""
    first, *others = (quantile(ret, k, q) for q in _WORST)
    return sum(others, first) / len(_WORST)


@feature(
    "quantile_skewness_{k}",
    at=(_YEAR,),
    family="distribution",
    unit="-1 to 1",
    source="Kim and White (2004), after Hinkley (1975)",
)
def quantile_skewness(k: int) -> Formula:
    """Return how lopsided the inner four fifths of daily returns are."""
    high, middle, low = (quantile(ret, k, q) for q in (0.9, 0.5, 0.1))
    return (high + low - 2 * middle) / (high - low)


@feature(
    "kurtosis_{k}",
    at=(60,),
    family="distribution",
    unit="none, 0 for the normal distribution",
    source="Amaya, Christoffersen, Jacobs and Vasquez (2015), of daily returns",
)
def kurtosis(k: int) -> Formula:
    """Return the excess kurtosis of daily returns."""
    return kurt(ret, k)


@feature(
    "signed_variation_{k}",
    at=(_MONTH,),
    family="distribution",
    unit="-1 to 1",
    source="Bollerslev, Li and Zhao (2020): relative signed jumps, of daily returns",
)
def signed_variation(k: int) -> Formula:
    """Return good less bad variance over all of it."""
    return mean(ret * abs(ret), k) / mean(ret * ret, k)


@feature(
    "worst_drawdown_{k}",
    at=(_YEAR,),
    family="distribution",
    unit="decimal, 0 or below",
    source="Magdon-Ismail and Atiya (2004)",
)
def worst_drawdown(k: int) -> Formula:
    """Return the deepest drawdown of the window, each from the k sessions before it."""
    return min_of(close / max_of(close, k) - 1, k)


# From day to day.


@feature(
    "autocorrelation_{k}",
    at=(60, _YEAR),
    family="distribution",
    unit="-1 to 1",
    source="Lo and MacKinlay (1990)",
)
def autocorrelation(k: int) -> Formula:
    """Return the correlation of returns with those of the session before."""
    return corr(ret, delay(ret, 1), k)


@feature(
    "variance_ratio_{k}",
    at=(_YEAR,),
    family="distribution",
    unit="1 for a random walk, above it for a trend",
    source="Lo and MacKinlay (1988), without their correction for few sessions",
)
def variance_ratio(k: int) -> Formula:
    """Return the variance of five-day over five times that of one-day log returns."""
    weekly = log_of(close / delay(close, _WEEK))
    return var(weekly, k) / (_WEEK * var(log_ret, k))


# Volatility.


@feature(
    "downside_deviation_{k}",
    at=(60, _YEAR),
    family="volatility",
    unit="decimal per session, not annualised",
    source="Sortino and van der Meer (1991), against 0",
)
def downside_deviation(k: int) -> Formula:
    """Return the root of the mean squared loss, a gain counting as 0."""
    loss = smaller(ret, 0)
    return sqrt(mean(loss * loss, k))


@feature(
    "volatility_of_volatility_{k}",
    at=(_YEAR,),
    family="volatility",
    unit="ratio",
    source="Baltussen, van Bekkum and van der Grient (2018), of past volatility",
)
def volatility_of_volatility(k: int) -> Formula:
    """Return the deviation of monthly volatility over its mean."""
    monthly = std(ret, _MONTH)
    return std(monthly, k) / mean(monthly, k)
