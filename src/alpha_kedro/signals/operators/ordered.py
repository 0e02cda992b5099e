"""Rank and quantiles of a window.

The loops run over the rows or places of a window and, inside, across tickers, which lie
next to each other in memory and are taken several at a time: for windows of up to some
hundred rows this is faster than a search tree per ticker. A value is moved or compared,
never added, so its bits are those it came with.
"""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from alpha_kedro.core.kernels import kernel
from alpha_kedro.core.panel import Float
from alpha_kedro.signals.operators.requests import Request


def ranks(operands: tuple[Float, ...], requests: Sequence[Request]) -> list[Float]:
    """Return the newest value's rank among the known ones, over their number."""
    (x,) = operands
    return [
        asked.window.masked_by(_ranks(x, asked.window.length), x) for asked in requests
    ]


def quantiles(operands: tuple[Float, ...], requests: Sequence[Request]) -> list[Float]:
    """Return quantiles of one operand, those of windows of one length together."""
    (x,) = operands
    found: dict[Request, Float] = {}
    by_length = sorted(requests, key=_length)
    for length, of_length in groupby(by_length, _length):
        own = list(of_length)
        wanted = np.array([asked.parameter for asked in own], dtype=np.float64)
        values = _quantiles(x, min(length, len(x)), wanted)
        for asked, value in zip(own, values, strict=True):
            found[asked] = asked.window.masked_by(value, x)
    return [found[asked] for asked in requests]


def _length(asked: Request) -> int:
    return asked.window.length


@kernel
def _ranks(x: Float, length: int) -> Float:
    n_dates, n_tickers = x.shape
    found = np.empty(x.shape)
    lower, equal, known = np.empty((3, n_tickers))
    for row in range(n_dates):
        newest, out = x[row], found[row]
        lower[:], equal[:], known[:] = 0.0, 0.0, 0.0
        for past in range(max(row - length + 1, 0), row + 1):
            values = x[past]
            for ticker in range(n_tickers):
                value, now = values[ticker], newest[ticker]
                lower[ticker] += 1.0 if value < now else 0.0
                equal[ticker] += 1.0 if value == now else 0.0
                known[ticker] += 1.0 if value == value else 0.0
        for ticker in range(n_tickers):
            rank = lower[ticker] + 0.5 * (equal[ticker] + 1.0)
            is_known = equal[ticker] > 0.0
            out[ticker] = rank / known[ticker] if is_known else np.nan
    return found


@kernel
def _quantiles(x: Float, length: int, wanted: Float) -> Float:
    """Keep each window in order: take its oldest value out, carry its newest in."""
    n_dates, n_tickers = x.shape
    places = np.full((length + 1, n_tickers), np.inf)  # missing values stand last
    counts, moving = np.zeros(n_tickers), np.empty(n_tickers)
    found = np.empty((len(wanted), n_dates, n_tickers))
    for row in range(n_dates):
        if row >= length:
            for ticker in range(n_tickers):
                value = x[row - length, ticker]
                counts[ticker] -= 1.0 if value == value else 0.0
                moving[ticker] = value if value == value else np.inf
            for place in range(length):
                here, above = places[place], places[place + 1]
                for ticker in range(n_tickers):
                    gone = here[ticker] >= moving[ticker]
                    here[ticker] = above[ticker] if gone else here[ticker]
        for ticker in range(n_tickers):
            value = x[row, ticker]
            counts[ticker] += 1.0 if value == value else 0.0
            moving[ticker] = value if value == value else np.inf
        for place in range(length):
            here = places[place]
            for ticker in range(n_tickers):
                value, carried = here[ticker], moving[ticker]
                here[ticker] = value if value <= carried else carried
                moving[ticker] = carried if value <= carried else value
        for which in range(len(wanted)):
            out = found[which, row]
            for ticker in range(n_tickers):
                position = wanted[which] * max(counts[ticker] - 1.0, 0.0)
                below = int(position)
                share = position - below
                low, high = places[below, ticker], places[below + 1, ticker]
                out[ticker] = low + share * (high - low) if share > 0.0 else low
    return found
