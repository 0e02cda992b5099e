"""What trading costs, read off prices and volume, and how volume itself moves."""

from math import sqrt as root

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    close,
    cov,
    delay,
    dollar_volume,
    exp,
    high,
    larger,
    log_of,
    log_ret,
    low,
    mean,
    quoted_close,
    report,
    ret,
    slope,
    smaller,
    sqrt,
    std,
    volume,
)

_MONTH, _YEAR = 21, 252
_SPREAD = "share of the price"


# Spreads.


def _squared_range(top: Formula, bottom: Formula) -> Formula:
    """Return the squared log of high over low."""
    height = log_of(top / bottom)
    return height * height


@feature(
    "corwin_schultz_{k}",
    at=(_MONTH,),
    family="liquidity",
    unit=_SPREAD,
    source="Corwin and Schultz (2012)",
)
def corwin_schultz(k: int) -> Formula:
    """Return the mean spread that highs and lows of two days give away.

    Both days' ranges hold the spread once each and the variance of a day; the range of
    the two together holds the spread once and the variance of two. What the price
    jumped overnight is taken off the later day, and a spread below 0 counts as 0.
    """
    before = delay(close, 1)
    jump = larger(low - before, 0) + smaller(high - before, 0)
    top, bottom = high - jump, low - jump
    old_top, old_bottom = delay(high, 1), delay(low, 1)
    each = _squared_range(top, bottom) + _squared_range(old_top, old_bottom)
    both = _squared_range(larger(top, old_top), smaller(bottom, old_bottom))
    share = 3 - 2 * root(2)
    alpha = (root(2) - 1) / share * sqrt(each) - sqrt(both / share)
    spread = 2 * (exp(alpha) - 1) / (1 + exp(alpha))
    return mean(larger(spread, 0), k)


@feature(
    "abdi_ranaldo_{k}",
    at=(_MONTH,),
    family="liquidity",
    unit=_SPREAD,
    source="Abdi and Ranaldo (2017), corrected by two days",
)
def abdi_ranaldo(k: int) -> Formula:
    """Return the mean spread that a close gives away against the middles around it.

    The middle of the day's log range has no spread in it, the close has half. Where the
    product of the two distances is below 0 the spread counts as 0.
    """
    middle = (log_of(high) + log_of(low)) / 2
    before, last = delay(middle, 1), log_of(delay(close, 1))
    product = (last - before) * (last - middle)
    return mean(sqrt(larger(4 * product, 0)), k)


@feature(
    "roll_spread_{k}",
    at=(_YEAR,),
    family="liquidity",
    unit=_SPREAD,
    source="Roll (1984), 0 where there is no bounce",
)
def roll_spread(k: int) -> Formula:
    """Return the spread that bouncing between bid and ask would leave in returns."""
    return 2 * sqrt(larger(-cov(log_ret, delay(log_ret, 1), k), 0))


@feature(
    "zero_return_days_{k}",
    at=(60, _YEAR),
    family="liquidity",
    unit="share of sessions, 0 to 1",
    source="Lesmond, Ogden and Trzcinka (1999)",
)
def zero_return_days(k: int) -> Formula:
    """Return the share of sessions on which trading was not worth its cost."""
    return 1 - mean(abs(ret) > 0, k)


@feature(
    "log_price",
    family="liquidity",
    unit="log of currency",
    source="Blume and Husic (1973); Miller and Scholes (1982)",
    scale_free=False,
)
def log_price() -> Formula:
    """Return the log of the price with splits undone, dividends not."""
    return log_of(quoted_close)


# Volume.


@feature(
    "dollar_volume_variation_{k}",
    at=(_YEAR,),
    family="liquidity",
    unit="ratio",
    source="Chordia, Subrahmanyam and Anshuman (2001), of days",
)
def dollar_volume_variation(k: int) -> Formula:
    """Return the deviation of the traded value over its mean."""
    return std(dollar_volume, k) / mean(dollar_volume, k)


@feature(
    "volume_variation_{k}",
    at=(60,),
    family="volume",
    unit="ratio",
    source="Chordia, Subrahmanyam and Anshuman (2001), of days and shares",
)
def volume_variation(k: int) -> Formula:
    """Return the deviation of volume over its mean."""
    return std(volume, k) / mean(volume, k)


@feature(
    "abnormal_volume_{k}",
    at=(5, _MONTH),
    family="volume",
    unit="ratio",
    source="Gervais, Kaniel and Mingelgrin (2001), as a ratio",
)
def abnormal_volume(k: int) -> Formula:
    """Return recent volume over that of the past year."""
    return mean(volume, k) / mean(volume, _YEAR)


@feature(
    "volume_trend_{k}",
    at=(60, _YEAR),
    family="volume",
    unit="share of the mean per session",
    source="Haugen and Baker (1996), of days",
)
def volume_trend(k: int) -> Formula:
    """Return the slope of volume over its mean."""
    return slope(volume, k) / mean(volume, k)


@feature(
    "share_turnover_{k}",
    at=(_MONTH,),
    family="fundamental",
    unit="share of the company per session",
    source="Datar, Naik and Radcliffe (1998)",
)
def share_turnover(k: int) -> Formula:
    """Return the mean share of the company that changes hands in a session."""
    return mean(volume, k) / report("shares")
