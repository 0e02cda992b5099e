"""Where a price stands against its own past: momentum, averages, extremes, sessions."""

import numpy as np

from alpha_kedro.core.panel import Float
from alpha_kedro.signals.features import Inputs, feature, most_of
from alpha_kedro.signals.operators import (
    delay,
    logarithm,
    ratio,
    rolling_max,
    rolling_mean,
    rolling_sum,
)


@feature(
    "momentum_{k}",
    windows=(1, 5, 20, 60, 120),
    lookback=1,
    needs=("close",),
    unit="decimal return",
    formula="close[t] / close[t-{k}] - 1",
    source="Jegadeesh and Titman (1993)",
)
def momentum(inputs: Inputs, k: int) -> Float:
    """Return the total return over ``k`` sessions; a missing day between is no harm."""
    return ratio(inputs.close, delay(inputs.close, k)) - 1


@feature(
    "momentum_{k}_21",
    windows=(252,),
    lookback=1,
    needs=("close",),
    unit="decimal return",
    formula="close[t-21] / close[t-{k}] - 1",
    source="Jegadeesh (1990), Fama and French (1996): 12-1 momentum",
)
def momentum_but_last_month(inputs: Inputs, k: int) -> Float:
    """Return the return over ``k`` sessions without the last 21, which often revert."""
    return ratio(delay(inputs.close, 21), delay(inputs.close, k)) - 1


@feature(
    "sma_deviation_{k}",
    windows=(20, 50, 200),
    lookback=0,
    needs=("close",),
    unit="decimal",
    formula="close / mean(close, {k}) - 1",
    source="Brock, Lakonishok and LeBaron (1992)",
)
def sma_deviation(inputs: Inputs, k: int) -> Float:
    """Return the distance of the close to its simple moving average."""
    return ratio(inputs.close, rolling_mean(inputs.close, k, most_of(k))) - 1


@feature(
    "drawdown_{k}",
    windows=(252,),
    lookback=0,
    needs=("close",),
    unit="decimal, 0 or below",
    formula="close / max(close, {k}) - 1",
    source="Magdon-Ismail and Atiya (2004)",
)
def drawdown(inputs: Inputs, k: int) -> Float:
    """Return the fall from the highest close of the window."""
    return ratio(inputs.close, rolling_max(inputs.close, k, most_of(k))) - 1


@feature(
    "high_52w",
    lookback=252,
    needs=("close", "high"),
    unit="ratio, 1 at the high",
    formula="close / max(high, 252)",
    source="George and Hwang (2004)",
)
def nearness_to_high(inputs: Inputs) -> Float:
    """Return the close as a share of the highest price of the last 252 sessions."""
    return ratio(inputs.close, rolling_max(inputs.high, 252, most_of(252)))


@feature(
    "rsi_{k}",
    windows=(14,),
    lookback=1,
    needs=("close",),
    unit="0 to 100",
    formula="100 * sum(rises, {k}) / (sum(rises, {k}) + sum(falls, {k}))",
    source="Wilder (1978), averaged as by Cutler",
)
def relative_strength(inputs: Inputs, k: int) -> Float:
    """Return the relative strength index; NaN where the price did not move.

    Wilder smooths rises and falls by a recursion that never forgets, so his index
    depends on where the history starts. Cutler's plain averages end with the window.
    """
    change = inputs.close - delay(inputs.close, 1)
    rises = rolling_mean(np.maximum(change, 0.0), k, most_of(k))
    falls = rolling_mean(np.maximum(-change, 0.0), k, most_of(k))
    return 100 * ratio(rises, rises + falls)


@feature(
    "gap",
    lookback=2,
    needs=("open", "close"),
    unit="decimal return",
    formula="open[t] / close[t-1] - 1",
    source="definition",
)
def gap(inputs: Inputs) -> Float:
    """Return the move between yesterday's close and today's open."""
    return ratio(inputs.open, delay(inputs.close, 1)) - 1


@feature(
    "overnight_return_{k}",
    windows=(20,),
    lookback=1,
    needs=("open", "close"),
    unit="log return",
    formula="sum(log(open[t] / close[t-1]), {k})",
    source="Lou, Polk and Skouras (2019)",
)
def overnight_return(inputs: Inputs, k: int) -> Float:
    """Return what was earned while the exchange was closed."""
    return rolling_sum(logarithm(ratio(inputs.open, delay(inputs.close, 1))), k)


@feature(
    "intraday_return_{k}",
    windows=(20,),
    lookback=0,
    needs=("open", "close"),
    unit="log return",
    formula="sum(log(close / open), {k})",
    source="Lou, Polk and Skouras (2019)",
)
def intraday_return(inputs: Inputs, k: int) -> Float:
    """Return what was earned between open and close."""
    return rolling_sum(logarithm(ratio(inputs.close, inputs.open)), k)
