"""Volatility measured from the whole of a day's bar, and from how returns disperse.

All are decimal per session and not annualised. The estimators of open, high, low and
close need fewer days than closes alone: Parkinson's a fifth, Yang and Zhang's up to a
fourteenth for the same error. Those of one day's range miss what happens overnight.
"""

from math import log

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    close,
    corr,
    delay,
    ewm_mean,
    high,
    larger,
    log_of,
    log_ret,
    low,
    max_of,
    mean,
    open_,
    ret,
    sqrt,
    std,
    var,
)
from alpha_kedro.signals.library.bar import before

_DECIMAL = "decimal per session, not annualised"
_range = log_of(high / low)
_body = log_of(close / open_)
_overnight = log_of(open_ / before)
_above = log_of(high / close) * log_of(high / open_)
_below = log_of(low / close) * log_of(low / open_)
_rogers_satchell = _above + _below


@feature(
    "parkinson_volatility_{k}",
    at=(20, 60),
    family="volatility",
    unit=_DECIMAL,
    source="Parkinson (1980)",
)
def parkinson_volatility(k: int) -> Formula:
    """Return the volatility that the ranges speak of, overnight moves left out."""
    return sqrt(mean(_range * _range, k) / (4 * log(2)))


@feature(
    "garman_klass_volatility_{k}",
    at=(20, 60),
    family="volatility",
    unit=_DECIMAL,
    source="Garman and Klass (1980)",
)
def garman_klass_volatility(k: int) -> Formula:
    """Return the volatility of ranges and bodies, overnight moves left out.

    NaN where bodies larger than their ranges, which no true bar has, outweigh them.
    """
    daily = 0.5 * _range * _range - (2 * log(2) - 1) * _body * _body
    return sqrt(mean(daily, k))


@feature(
    "rogers_satchell_volatility_{k}",
    at=(20, 60),
    family="volatility",
    unit=_DECIMAL,
    source="Rogers and Satchell (1991)",
)
def rogers_satchell_volatility(k: int) -> Formula:
    """Return the volatility within the days, right in a trend as well."""
    return sqrt(mean(_rogers_satchell, k))


@feature(
    "yang_zhang_volatility_{k}",
    at=(20, 60),
    family="volatility",
    unit=_DECIMAL,
    source="Yang and Zhang (2000)",
)
def yang_zhang_volatility(k: int) -> Formula:
    """Return the volatility of nights and days together, right in a trend as well."""
    weight = 0.34 * (k - 1) / (1.34 * (k - 1) + k + 1)
    by_day = weight * var(_body, k) + (1 - weight) * mean(_rogers_satchell, k)
    return sqrt(var(_overnight, k) + by_day)


@feature(
    "realized_volatility_{k}",
    at=(10, 120, 252),
    family="volatility",
    unit=_DECIMAL,
    source="Andersen, Bollerslev, Diebold and Ebens (2001), of days",
)
def realized_volatility(k: int) -> Formula:
    """Return the root of the mean squared log return, its mean not taken off."""
    return sqrt(mean(log_ret * log_ret, k))


@feature(
    "ewma_volatility_{k}",
    at=(32, 66),
    family="volatility",
    unit=_DECIMAL,
    source="J.P. Morgan (1996): RiskMetrics",
)
def exponential_volatility(k: int) -> Formula:
    """Return the exponential root mean square of log returns.

    The spans 32 and 66 are the decays 0.94 and 0.97 of RiskMetrics, to a thousandth.
    With a finite memory, see `ewm_mean`.
    """
    return sqrt(ewm_mean(log_ret * log_ret, k))


@feature(
    "upside_deviation_{k}",
    at=(20, 60),
    family="volatility",
    unit=_DECIMAL,
    source="Barndorff-Nielsen, Kinnebrock and Shephard (2010), of days",
)
def upside_deviation(k: int) -> Formula:
    """Return the root of the mean squared gain, a loss counting as 0."""
    gain = larger(ret, 0)
    return sqrt(mean(gain * gain, k))


@feature(
    "volatility_ratio_{short}_{long}",
    at=((5, 60), (20, 252)),
    family="volatility",
    unit="ratio",
    source="Colby and Meyers (1988)",
)
def volatility_ratio(short: int, long: int) -> Formula:
    """Return recent over usual volatility; NaN where there was none."""
    return std(log_ret, short) / std(log_ret, long)


@feature(
    "volatility_clustering_{k}",
    at=(60, 252),
    family="volatility",
    unit="-1 to 1",
    source="Cont (2001)",
)
def volatility_clustering(k: int) -> Formula:
    """Return the correlation of a move's size with that of the session before."""
    size = abs(log_ret)
    return corr(size, delay(size, 1), k)


@feature(
    "leverage_effect_{k}",
    at=(252,),
    family="volatility",
    unit="-1 to 1",
    source="Black (1976), Cont (2001)",
)
def leverage_effect(k: int) -> Formula:
    """Return the correlation of a move's size with the return of the session before."""
    return corr(abs(log_ret), delay(log_ret, 1), k)


@feature(
    "overnight_volatility_share_{k}",
    at=(60,),
    family="volatility",
    unit="0 to 1",
    source="Yang and Zhang (2000)",
)
def overnight_volatility_share(k: int) -> Formula:
    """Return the variance of nights over that of nights and days."""
    nights = var(_overnight, k)
    return nights / (nights + var(_body, k))


@feature(
    "ulcer_index_{k}",
    at=(14,),
    family="volatility",
    unit="decimal",
    source="Martin and McCann (1989)",
)
def ulcer_index(k: int) -> Formula:
    """Return the root mean square of drawdowns, each from the k sessions before it."""
    drawdown = close / max_of(close, k) - 1
    return sqrt(mean(drawdown * drawdown, k))
