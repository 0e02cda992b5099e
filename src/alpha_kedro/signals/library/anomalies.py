"""Past returns that foretell future ones: momentum, reversal and seasons.

A month is 21 sessions and a year 252, so that a signal of daily prices stands where the
literature has one of monthly returns. Signs are those of a return, but a reversal is
turned round: what fell most ranks first.
"""

from collections.abc import Iterable
from functools import reduce
from operator import add

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    argmax,
    close,
    delay,
    delta,
    growth,
    log_of,
    max_of,
    mean,
    min_of,
    month,
    open_,
    ret,
    sector_demean,
    sector_mean,
    sign,
    std,
)

MONTH, HALF, YEAR = 21, 126, 252
"""Sessions."""

_DECIMAL = "decimal return"


def _between(far: int, near: int) -> Formula:
    """Return what was earned from ``far`` to ``near`` sessions ago."""
    return delay(close, near) / delay(close, far) - 1


def _average(parts: Iterable[Formula]) -> Formula:
    """Return the mean of formulas; NaN where one of them is."""
    formulas = list(parts)
    return reduce(add, formulas) / len(formulas)


# Momentum.


@feature(
    "intermediate_momentum",
    family="momentum",
    unit=_DECIMAL,
    source="Novy-Marx (2012)",
)
def intermediate_momentum() -> Formula:
    """Return what was earned from twelve to six months ago."""
    return _between(YEAR, HALF)


@feature(
    "momentum_acceleration_{k}",
    at=(MONTH, HALF),
    family="momentum",
    unit=_DECIMAL,
    source="Gettleman and Marks (2006)",
)
def momentum_acceleration(k: int) -> Formula:
    """Return the return of a span less that of the span before it."""
    return growth(close, k) - _between(2 * k, k)


@feature(
    "reward_to_risk_{k}",
    at=(HALF, YEAR),
    family="momentum",
    unit="daily mean in daily deviations",
    source="Rachev, Jasic, Stoyanov and Fabozzi (2007), the plain Sharpe ratio",
)
def reward_to_risk(k: int) -> Formula:
    """Return the mean daily return over its deviation; no interest is taken off."""
    return mean(ret, k) / std(ret, k)


@feature(
    "return_consistency",
    family="momentum",
    unit="share of months, 0 to 1",
    source="Grinblatt and Moskowitz (2004)",
)
def return_consistency() -> Formula:
    """Return the share of rising months in the year, the last month left out."""
    monthly = growth(close, MONTH)
    return _average(delay(monthly, MONTH * back) > 0 for back in range(1, 12))


@feature(
    "information_discreteness",
    family="momentum",
    unit="-1 all at a few steps against the days, 1 the reverse",
    source="Da, Gurun and Warachka (2014): ID",
)
def information_discreteness() -> Formula:
    """Return how much of the year's return came in few large steps.

    The share of falling less that of rising days, its sign turned for a loser. Low is
    continuous: momentum lasts longest for frogs that were boiled slowly.
    """
    span = YEAR - MONTH
    days = mean(ret < 0, span) - mean(ret > 0, span)
    return sign(_between(YEAR, MONTH)) * delay(days, MONTH)


@feature(
    "overnight_less_intraday_{k}",
    at=(MONTH, YEAR),
    family="momentum",
    unit="log return per session",
    source="Lou, Polk and Skouras (2019)",
)
def overnight_less_intraday(k: int) -> Formula:
    """Return by how much nights earned more than days: the tug of war of two crowds."""
    overnight = log_of(open_ / delay(close, 1))
    return mean(overnight, k) - mean(log_of(close / open_), k)


@feature(
    "high_recency_{k}",
    at=(YEAR,),
    family="momentum",
    unit="1 today to just above 0",
    source="Bhootra and Hur (2013)",
)
def high_recency(k: int) -> Formula:
    """Return how recent the highest close of the window is; of equals the oldest."""
    return 1 - argmax(close, k) / k


# Groups. The eleven sectors stand for the twenty industries of the literature, and
# names count alike rather than by value.


@feature(
    "industry_momentum_{k}",
    at=(MONTH, HALF, YEAR),
    family="momentum",
    unit=_DECIMAL,
    source="Moskowitz and Grinblatt (1999)",
)
def industry_momentum(k: int) -> Formula:
    """Return the mean return of the sector, the name itself included."""
    return sector_mean(growth(close, k))


@feature(
    "sector_relative_momentum_{k}",
    at=(HALF, YEAR),
    family="momentum",
    unit=_DECIMAL,
    source="Asness, Porter and Stevens (2000)",
)
def sector_relative_momentum(k: int) -> Formula:
    """Return the return but for the last month, less that of the sector."""
    return sector_demean(_between(k, MONTH))


@feature(
    "sector_reversal_{k}",
    at=(5, MONTH),
    family="reversal",
    unit=_DECIMAL,
    source="Da, Liu and Schaumburg (2014), without their news on earnings",
)
def sector_reversal(k: int) -> Formula:
    """Return by how much the name fell short of its sector."""
    return -sector_demean(growth(close, k))


# Reversal.


@feature(
    "reversal_{k}",
    at=(1, 5, MONTH),
    family="reversal",
    unit=_DECIMAL,
    source="Jegadeesh (1990) over a month, Lehmann (1990) over a week",
)
def reversal(k: int) -> Formula:
    """Return minus the return of the last sessions."""
    return -growth(close, k)


@feature(
    "long_reversal_{k}",
    at=(3 * YEAR, 5 * YEAR),
    family="reversal",
    unit=_DECIMAL,
    source="De Bondt and Thaler (1985)",
)
def long_reversal(k: int) -> Formula:
    """Return minus what was earned before the last year, as momentum owns that."""
    return -_between(k, YEAR)


# Trend.


@feature(
    "moving_average_{k}",
    at=(3, 5, 10, 20, 50, 100, 200, 400, 600, 800, 1000),
    family="trend",
    unit="ratio",
    source="Han, Zhou and Zhu (2016), whose trend factor weighs these by regression",
)
def moving_average(k: int) -> Formula:
    """Return the mean close over the close."""
    return mean(close, k) / close


@feature(
    "drawup_{k}",
    at=(YEAR,),
    family="trend",
    unit="decimal, 0 or above",
    source="definition; the mirror of a drawdown",
)
def drawup(k: int) -> Formula:
    """Return the rise from the lowest close of the window."""
    return close / min_of(close, k) - 1


# Seasons.


@feature(
    "same_season_return_{k}",
    at=(1, 5),
    family="seasonality",
    unit=_DECIMAL,
    source="Heston and Sadka (2008)",
)
def same_season_return(k: int) -> Formula:
    """Return the mean return of the month to come in each of the last k years.

    Years are 252 sessions, so the month is found to within a few days.
    """
    years = range(YEAR, k * YEAR + 1, YEAR)
    return _average(_between(back, back - MONTH) for back in years)


@feature(
    "same_weekday_return_{k}",
    at=(12,),
    family="seasonality",
    unit=_DECIMAL,
    source="Keloharju, Linnainmaa and Nyberg (2016)",
)
def same_weekday_return(k: int) -> Formula:
    """Return the mean return on every fifth session back from tomorrow, k of them.

    They are tomorrow's weekday but for holidays, which shift those before them.
    """
    return _average(delay(ret, 5 * week - 1) for week in range(1, k + 1))


@feature(
    "month_start",
    family="seasonality",
    unit="1 or 0",
    source="Ariel (1987); Lakonishok and Smidt (1988), without the session before",
)
def month_start() -> Formula:
    """Return 1 on the first three sessions of a month, else 0."""
    return max_of(abs(delta(month, 1)) > 0, 3)


@feature(
    "january",
    family="seasonality",
    unit="1 or 0",
    source="Rozeff and Kinney (1976)",
)
def january() -> Formula:
    """Return 1 in January, else 0."""
    return month < 2
