"""MACD and its relatives: momentum as one average of the price less a slower one.

Exponential averages never forget; `ewm_mean` does, where the weights left out are a
millionth of all: after 6.9 times the span, which adds up where averages are averaged.
Past that warm-up a value is the textbook's to about 1e-5 of the averages' size.
"""

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    close,
    delta,
    ewm_mean,
    growth,
    mean,
)
from alpha_kedro.signals.library.bar import midpoint

_SHARE = "share of the close"


def _macd(fast: int, slow: int) -> Formula:
    """Return the line as the textbook has it, in units of price."""
    return ewm_mean(close, fast) - ewm_mean(close, slow)


@feature(
    "macd_{fast}_{slow}",
    at=((8, 17), (12, 26)),
    family="momentum",
    unit=_SHARE,
    source="Appel (1979, 2005)",
)
def macd(fast: int, slow: int) -> Formula:
    """Return the fast exponential average less the slow one."""
    return _macd(fast, slow) / close


@feature(
    "macd_signal_{fast}_{slow}_{k}",
    at=((12, 26, 9),),
    family="momentum",
    unit=_SHARE,
    source="Appel (1979, 2005)",
)
def macd_signal(fast: int, slow: int, k: int) -> Formula:
    """Return the exponential average of the MACD line, a finite one of finite ones."""
    return ewm_mean(_macd(fast, slow), k) / close


@feature(
    "macd_histogram_{fast}_{slow}_{k}",
    at=((12, 26, 9),),
    family="momentum",
    unit=_SHARE,
    source="Aspray (1986)",
)
def macd_histogram(fast: int, slow: int, k: int) -> Formula:
    """Return the MACD line less its signal: whether momentum is gathering."""
    return macd(fast, slow) - macd_signal(fast, slow, k)


@feature(
    "ppo_{fast}_{slow}",
    at=((12, 26),),
    family="momentum",
    unit="percent",
    source="Appel (2005)",
)
def percentage_price_oscillator(fast: int, slow: int) -> Formula:
    """Return how far the fast exponential average stands above the slow one."""
    return 100 * (ewm_mean(close, fast) / ewm_mean(close, slow) - 1)


@feature(
    "trix_{k}",
    at=(15,),
    family="momentum",
    unit="percent per session",
    source="Hutson (1983)",
)
def triple_exponential_growth(k: int) -> Formula:
    """Return the growth of the close averaged exponentially three times over."""
    return 100 * growth(ewm_mean(ewm_mean(ewm_mean(close, k), k), k), 1)


@feature(
    "tsi_{slow}_{fast}",
    at=((25, 13),),
    family="momentum",
    unit="-100 to 100",
    source="Blau (1991): true strength index",
)
def true_strength(slow: int, fast: int) -> Formula:
    """Return moves over their sizes, each averaged exponentially twice; NaN at rest."""
    move = delta(close, 1)

    def smoothed(x: Formula) -> Formula:
        return ewm_mean(ewm_mean(x, slow), fast)

    return 100 * smoothed(move) / smoothed(abs(move))


@feature(
    "awesome_oscillator_{fast}_{slow}",
    at=((5, 34),),
    family="momentum",
    unit=_SHARE,
    source="Williams (1995)",
)
def awesome_oscillator(fast: int, slow: int) -> Formula:
    """Return the fast simple average of the day's midpoint less the slow one."""
    return (mean(midpoint, fast) - mean(midpoint, slow)) / close
