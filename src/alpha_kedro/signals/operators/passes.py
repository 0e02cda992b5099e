"""Statistics of a window that no summaries of its parts can be merged into.

Their loops pass over the rows of each window, or over all rows once where what is
carried on is bounded by the window. Inside they run across tickers, which lie next to
each other in memory. The bits of a result depend on its window alone.
"""

from collections.abc import Callable, Sequence

import numpy as np

from alpha_kedro.core.kernels import kernel
from alpha_kedro.core.panel import Float
from alpha_kedro.signals.operators.requests import Family, Request


def _each(statistic: Callable[[Float, int], Float]) -> Family:
    """Return a family that answers each request by itself."""

    def family(operands: tuple[Float, ...], requests: Sequence[Request]) -> list[Float]:
        (x,) = operands
        return [
            asked.window.masked_by(statistic(x, asked.window.length), x)
            for asked in requests
        ]

    return family


@kernel
def _mean_deviations(x: Float, length: int) -> Float:
    n_dates, n_tickers = x.shape
    found = np.empty(x.shape)
    total, known, centre = np.empty((3, n_tickers))
    for row in range(n_dates):
        first, out = max(row - length + 1, 0), found[row]
        total[:], known[:], centre[:] = 0.0, 0.0, 0.0
        for past in range(first, row + 1):
            values = x[past]
            for ticker in range(n_tickers):
                # Step by step, so that equal values have a mean to the last bit.
                step = values[ticker] - centre[ticker]
                known[ticker] += 1.0 if step == step else 0.0
                centre[ticker] += step / known[ticker] if step == step else 0.0
        for past in range(first, row + 1):
            values = x[past]
            for ticker in range(n_tickers):
                distance = np.abs(values[ticker] - centre[ticker])
                total[ticker] += distance if distance == distance else 0.0
        for ticker in range(n_tickers):
            out[ticker] = total[ticker] / known[ticker]
    return found


@kernel
def _streaks(x: Float, length: int) -> Float:
    found = np.empty(x.shape)
    run = np.zeros(x.shape[1])
    for row in range(len(x)):
        values, out = x[row], found[row]
        for ticker in range(len(values)):
            run[ticker] = run[ticker] + 1.0 if values[ticker] > 0.0 else 0.0
            out[ticker] = min(run[ticker], float(length))
    return found


mean_deviations = _each(_mean_deviations)
"""Mean absolute distance to the mean."""

streaks = _each(_streaks)
"""How many rows in a row, the newest included, are above 0; a missing one is not."""
