"""Where a price stands against its own past: momentum, averages, extremes, sessions."""

from alpha_kedro.signals.features import feature
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.words import (
    close,
    delay,
    growth,
    high,
    log_of,
    max_of,
    mean,
    open_,
    sum_of,
)
from alpha_kedro.signals.library.bar import before, fall, rise


@feature(
    "momentum_{k}",
    at=(1, 5, 20, 60, 120),
    family="momentum",
    unit="decimal return",
    source="Jegadeesh and Titman (1993)",
)
def momentum(k: int) -> Formula:
    """Return the total return over ``k`` sessions; a missing day between is no harm."""
    return growth(close, k)


@feature(
    "momentum_{k}_{last}",
    at=((252, 21),),
    family="momentum",
    unit="decimal return",
    source="Jegadeesh (1990), Fama and French (1996): 12-1 momentum",
)
def momentum_but_last_month(k: int, last: int) -> Formula:
    """Return the return over ``k`` sessions without the last ones, which often revert.

    The last month is 21 sessions.
    """
    return delay(close, last) / delay(close, k) - 1


@feature(
    "sma_deviation_{k}",
    at=(20, 50, 200),
    family="trend",
    unit="decimal",
    source="Brock, Lakonishok and LeBaron (1992)",
)
def sma_deviation(k: int) -> Formula:
    """Return the distance of the close to its simple moving average."""
    return close / mean(close, k) - 1


@feature(
    "drawdown_{k}",
    at=(252,),
    family="trend",
    unit="decimal, 0 or below",
    source="Magdon-Ismail and Atiya (2004)",
)
def drawdown(k: int) -> Formula:
    """Return the fall from the highest close of the window."""
    return close / max_of(close, k) - 1


@feature(
    "high_52w",
    family="momentum",
    unit="ratio, 1 at the high",
    source="George and Hwang (2004)",
)
def nearness_to_high() -> Formula:
    """Return the close as a share of the highest price of the last 252 sessions."""
    return close / max_of(high, 252)


@feature(
    "rsi_{k}",
    at=(14,),
    family="oscillators",
    unit="0 to 100",
    source="Wilder (1978), averaged as by Cutler",
)
def relative_strength(k: int) -> Formula:
    """Return the relative strength index; NaN where the price did not move.

    Wilder smooths rises and falls by a recursion that never forgets, so his index
    depends on where the history starts. Cutler's plain averages end with the window.
    """
    rises = mean(rise, k)
    return 100 * (rises / (rises + mean(fall, k)))


@feature("gap", family="candles", unit="decimal return", source="definition")
def gap() -> Formula:
    """Return the move between yesterday's close and today's open."""
    return open_ / before - 1


@feature(
    "overnight_return_{k}",
    at=(20,),
    family="candles",
    unit="log return",
    source="Lou, Polk and Skouras (2019)",
)
def overnight_return(k: int) -> Formula:
    """Return what was earned while the exchange was closed."""
    return sum_of(log_of(open_ / before), k)


@feature(
    "intraday_return_{k}",
    at=(20,),
    family="candles",
    unit="log return",
    source="Lou, Polk and Skouras (2019)",
)
def intraday_return(k: int) -> Formula:
    """Return what was earned between open and close."""
    return sum_of(log_of(close / open_), k)
