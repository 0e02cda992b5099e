"""What a name owes to the market, and what is left when that is taken away.

The market is the one factor here: where the literature takes three, these signals are
its one-factor version.
"""

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    beta,
    close,
    corr,
    cov,
    delay,
    log_of,
    log_ret,
    market_return,
    mean,
    residual_std,
    ret,
    skew,
    sqrt,
    std,
    sum_of,
    var,
)

_MONTH, _YEAR = 21, 252
_ROUNDING = 1e-12
"""Share of a variance that may be rounding: below it nothing is left to divide by."""

_market = market_return + 0 * ret
"""The market's return on the sessions for which the name has one itself."""

_falling = market_return / (market_return < 0)
_rising = market_return / (market_return > 0)
"""The market's return on the days it fell or rose, NaN on the others."""

_residual = ret - beta(ret, market_return, _YEAR) * market_return
"""What the beta of the day does not explain of the day's return."""


def _moves(k: int) -> Formula:
    """Return 1, NaN when divided by: the price is at rest or mostly unknown."""
    return std(ret, k) > 0


def _intercept(k: int) -> Formula:
    return mean(ret, k) - beta(ret, market_return, k) * mean(_market, k)


def _scaled_residual(k: int, recent: int) -> Formula:
    """Return the mean of the last residuals of a line through k sessions, scaled.

    It is divided by the deviation of these residuals, which follows from variances and
    covariance of their span, as the line is the same for all of them. NaN where the
    market explains everything but rounding.
    """
    slope = beta(ret, market_return, k)
    average = mean(ret, recent) - slope * mean(_market, recent) - _intercept(k)
    whole, shared = var(ret, recent), cov(ret, market_return, recent)
    spread = whole - 2 * slope * shared + slope * slope * var(_market, recent)
    return average / sqrt(spread / (spread > _ROUNDING * whole))


# What is left.


@feature(
    "residual_momentum_{k}",
    at=(504, 756),
    family="momentum",
    unit="mean daily residual in its deviations",
    source="Blitz, Huij and Martens (2011), with the market as the only factor",
)
def residual_momentum(k: int) -> Formula:
    """Return the scaled residual return of the year but for its last month.

    The line is fitted over the k sessions that end where the residuals do.
    """
    return delay(_scaled_residual(k, _YEAR - _MONTH), _MONTH)


@feature(
    "residual_reversal_{k}",
    at=(_MONTH,),
    family="reversal",
    unit="mean daily residual in its deviations",
    source="Blitz, Huij, Lansdorp and Verbeek (2013), with the market as only factor",
)
def residual_reversal(k: int) -> Formula:
    """Return minus the scaled residual return of the last k sessions of a year."""
    return -_scaled_residual(_YEAR, k)


@feature(
    "alpha_{k}",
    at=(_YEAR,),
    family="momentum",
    unit="decimal per session",
    source="Jensen (1968); no interest is taken off",
)
def alpha(k: int) -> Formula:
    """Return the mean return that beta does not explain."""
    return _intercept(k)


@feature(
    "idiosyncratic_skewness_{k}",
    at=(_YEAR,),
    family="distribution",
    unit="none",
    source="Boyer, Mitton and Vorkink (2010): their main predictor of skewness",
)
def idiosyncratic_skewness(k: int) -> Formula:
    """Return the skewness of daily residuals, each by the yearly beta of its day."""
    return skew(_residual, k)


@feature(
    "coskewness_{k}",
    at=(_YEAR,),
    family="market",
    unit="none",
    source="Harvey and Siddique (2000): standardised, of daily returns",
)
def coskewness(k: int) -> Formula:
    """Return how residuals go with the market's squared distance from its mean.

    The covariance of the two over the residual deviation and the market's variance:
    below 0 for a name that falls short when the market is far out.
    """
    square, twice_mean = _market * _market, 2 * mean(_market, k)
    of_name = cov(ret, square, k) - twice_mean * cov(ret, market_return, k)
    of_market = cov(_market, square, k) - twice_mean * var(_market, k)
    left = of_name - beta(ret, market_return, k) * of_market
    return left / (residual_std(ret, market_return, k) * var(_market, k))


# What is owed.


@feature(
    "shrunk_beta_{k}",
    at=(756, 1260),
    family="market",
    unit="none",
    source="Frazzini and Pedersen (2014)",
)
def shrunk_beta(k: int) -> Formula:
    """Return the beta of betting against beta, three fifths of it and two of 1.

    Correlation of overlapping three-day log returns over k sessions, volatilities of
    daily ones over a year.
    """
    of_market = log_of(1 + _market)
    three_days = log_of(close / delay(close, 3))
    together = corr(three_days, sum_of(log_of(1 + market_return), 3), k)
    return 0.6 * together * std(log_ret, _YEAR) / std(of_market, _YEAR) + 0.4


def _two_slopes(y: Formula, z: Formula, k: int) -> tuple[Formula, Formula]:
    """Return the slopes of the return on y and z together (least squares)."""
    shared, of_y, of_z = cov(y, z, k), cov(ret, y, k), cov(ret, z, k)
    determinant = var(y, k) * var(z, k) - shared * shared
    first = (of_y * var(z, k) - of_z * shared) / determinant
    return first, (of_z * var(y, k) - of_y * shared) / determinant


@feature(
    "dimson_beta_{k}",
    at=(_YEAR,),
    family="market",
    unit="none",
    source="Dimson (1979), with one lag and, as it lies ahead, no lead",
)
def dimson_beta(k: int) -> Formula:
    """Return the slopes on the market of today and of yesterday, added up."""
    today, yesterday = _two_slopes(_market, delay(market_return, 1) + 0 * ret, k)
    return today + yesterday


@feature(
    "price_delay_{k}",
    at=(_YEAR,),
    family="market",
    unit="share of what is explained, 0 at once to 1 late",
    source="Hou and Moskowitz (2005): D1, of days and with the four lags as one",
)
def price_delay(k: int) -> Formula:
    """Return what the market of the four sessions before adds to that of the day."""
    before = delay(mean(market_return, 4), 1) + 0 * ret
    today, late = _two_slopes(_market, before, k)
    explained = today * cov(ret, _market, k) + late * cov(ret, before, k)
    at_once = corr(ret, _market, k)
    return 1 - at_once * at_once * var(ret, k) / explained


@feature(
    "downside_beta_{k}",
    at=(_YEAR,),
    family="market",
    unit="none",
    source="Ang, Chen and Xing (2006), with 0 for the mean of the market",
)
def downside_beta(k: int) -> Formula:
    """Return the slope on the market over the days on which it fell."""
    return beta(ret, _falling, k, known="any") / _moves(k)


@feature(
    "upside_beta_{k}",
    at=(_YEAR,),
    family="market",
    unit="none",
    source="Ang, Chen and Xing (2006), with 0 for the mean of the market",
)
def upside_beta(k: int) -> Formula:
    """Return the slope on the market over the days on which it rose."""
    return beta(ret, _rising, k, known="any") / _moves(k)


@feature(
    "market_correlation_{k}",
    at=(60, _YEAR),
    family="market",
    unit="-1 to 1",
    source="Asness, Frazzini, Gormsen and Pedersen (2020)",
)
def market_correlation(k: int) -> Formula:
    """Return the correlation with the market."""
    return corr(ret, market_return, k)


@feature(
    "correlation_asymmetry_{k}",
    at=(_YEAR,),
    family="market",
    unit="-2 to 2",
    source="Hong, Tu and Zhou (2007), with 0 as the only exceedance",
)
def correlation_asymmetry(k: int) -> Formula:
    """Return by how much a name goes more with a falling market than a rising one."""
    falling, rising = (corr(ret, days, k, known="any") for days in (_falling, _rising))
    return (falling - rising) / _moves(k)


# The market itself: the same for every name of a date.


@feature(
    "market_momentum_{k}",
    at=(_MONTH, _YEAR),
    family="market",
    unit="log return",
    source="Cooper, Gutierrez and Hameed (2004)",
)
def market_momentum(k: int) -> Formula:
    """Return the log return of the market."""
    return sum_of(log_of(1 + market_return), k)


@feature(
    "market_volatility_{k}",
    at=(_MONTH, 60),
    family="market",
    unit="decimal per session, not annualised",
    source="Wang and Xu (2015)",
)
def market_volatility(k: int) -> Formula:
    """Return the standard deviation of the market's daily returns."""
    return std(market_return, k)
