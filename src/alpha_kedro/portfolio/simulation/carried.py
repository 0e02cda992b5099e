"""Loops over prices, compiled: what is wrong with them, and the last one known."""

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.kernels import dense, kernel
from alpha_kedro.core.panel import Array, Axes, Float, Int
from alpha_kedro.portfolio.account import read_only


def has_gaps(prices: Float) -> bool:
    """Return whether a price is missing anywhere."""
    return bool(_flaws(read_only(prices))[0])


def row_by_row(prices: Array) -> Float:
    """Return float64 values row by row, as they are where they are so already."""
    if prices.dtype == np.float64 and prices.flags.c_contiguous:
        return prices
    return dense(prices)


def refuse_impossible(axes: Axes, name: str, prices: Float) -> None:
    """Refuse prices that are zero, negative or infinite.

    Raises
    ------
    SimulationError
        ``AK-S006`` with the first places.
    """
    if not _flaws(read_only(prices))[1]:
        return
    wrong = ~np.isnan(prices) & ~((prices > 0) & (prices < np.inf))
    rows, columns = np.nonzero(wrong)
    raise SimulationError(
        "AK-S006",
        f"{name} prices that nobody can trade at",
        where=[
            f"{axes.tickers[column]} {pd.Timestamp(axes.dates[row]):%Y-%m-%d}"
            for row, column in zip(rows, columns, strict=True)
        ],
        got=prices[wrong][0],
        wanted="positive finite prices, NaN where there is none",
        fix="clean the bars first: alpha_kedro.market.clean_bars",
    )


def carry_forward(
    opens: Float, fill: Float, close: Float, given_up: Int, exits: Float
) -> tuple[Float, Float, Float]:
    """Carry the last known price over the gaps, from open to fill to close and on.

    Parameters
    ----------
    opens, fill, close
        (n_dates, n_tickers), NaN where there is no price; ``fill`` may be one of the
        others, and stays so.
    given_up
        (n_tickers,) row of whose open ``exits`` is the price; -1: never.
    """
    at_open, at_close = np.array(opens), np.array(close)
    apart = fill is not opens and fill is not close
    between = np.array(fill) if apart else np.empty((0, fill.shape[1]))
    _carry(at_open, between, at_close, given_up, exits)
    filled = at_open if fill is opens else at_close
    return at_open, between if apart else filled, at_close


@kernel
def _flaws(prices: Float) -> tuple[int, int]:
    """Count missing prices, and prices that cannot be."""
    present, possible = 0, 0
    for row in range(prices.shape[0]):
        today = prices[row]
        for name in range(prices.shape[1]):
            price = today[name]
            present += price == price
            possible += (price > 0.0) & (price < np.inf)
    return prices.size - present, present - possible


@kernel
def _carry(
    opens: Float, fill: Float, close: Float, given_up: Int, exits: Float
) -> None:
    last = np.zeros(opens.shape[1])
    for row in range(len(opens)):
        for name in range(len(last)):
            if given_up[name] == row:
                opens[row, name] = exits[name]
            if np.isnan(opens[row, name]):
                opens[row, name] = last[name]
            known = opens[row, name]
            if len(fill) > 0:
                if np.isnan(fill[row, name]):
                    fill[row, name] = known
                known = fill[row, name]
            if np.isnan(close[row, name]):
                close[row, name] = known
            last[name] = close[row, name]


@kernel
def trailing_means(values: Float, window: int) -> Float:
    """Return the mean of the last ``window`` rows before each, 0 for the first.

    Row t knows the rows up to t - 1, all of them where they are fewer. Each sum is made
    anew, so that no rounding is carried along.
    """
    means = np.zeros(values.shape)
    for row in range(1, len(values)):
        first = max(0, row - window)
        for before in range(first, row):
            for name in range(values.shape[1]):
                means[row, name] += values[before, name]
        for name in range(values.shape[1]):
            means[row, name] /= row - first
    return means
