"""Loops over the cross-section of each date, compiled.

Every kernel takes C-contiguous (n_dates, n_tickers) arrays, values float64 and codes
int32, and treats each row alone. A code says which cell of its date a name belongs to,
such as its group or its quantile; a negative one leaves the name out, and so does a
value that is not finite. Sums run in the order of the columns.
"""

import numpy as np

from alpha_kedro.core.kernels import kernel
from alpha_kedro.core.panel import Float
from alpha_kedro.core.row_order import Codes


@kernel
def correlations_in_cells(
    left: Float, right: Float, codes: Codes, n_cells: int
) -> Float:
    """Correlate two values of each cell's names: (n_dates, n_cells).

    NaN where fewer than two names have both, or where one side has a single value.
    """
    result = np.full((len(left), n_cells), np.nan)
    n, x_sum, y_sum = np.zeros(n_cells), np.zeros(n_cells), np.zeros(n_cells)
    xx, yy, xy = np.zeros(n_cells), np.zeros(n_cells), np.zeros(n_cells)
    x_first, y_first = np.zeros(n_cells), np.zeros(n_cells)
    x_varies = np.zeros(n_cells, dtype=np.bool_)
    y_varies = np.zeros(n_cells, dtype=np.bool_)
    for date in range(len(left)):
        xs, ys, cells = left[date], right[date], codes[date]
        n[:], x_sum[:], y_sum[:], x_varies[:], y_varies[:] = 0, 0, 0, False, False
        for column in range(len(xs)):
            cell, x, y = cells[column], xs[column], ys[column]
            if cell < 0 or not (np.isfinite(x) and np.isfinite(y)):
                continue
            if n[cell] == 0:
                x_first[cell], y_first[cell] = x, y
            n[cell] += 1
            x_sum[cell] += x
            y_sum[cell] += y
            x_varies[cell] |= x != x_first[cell]
            y_varies[cell] |= y != y_first[cell]
        xx[:], yy[:], xy[:] = 0, 0, 0
        for column in range(len(xs)):
            cell, x, y = cells[column], xs[column], ys[column]
            if cell < 0 or not (np.isfinite(x) and np.isfinite(y)):
                continue
            x, y = x - x_sum[cell] / n[cell], y - y_sum[cell] / n[cell]
            xx[cell] += x * x
            yy[cell] += y * y
            xy[cell] += x * y
        for cell in range(n_cells):
            scale = np.sqrt(xx[cell] * yy[cell])
            if x_varies[cell] and y_varies[cell] and scale > 0:
                result[date, cell] = min(max(xy[cell] / scale, -1.0), 1.0)
    return result


@kernel
def sums_in_cells(values: Float, codes: Codes, n_cells: int) -> tuple[Float, Float]:
    """Return the sum and the number of each cell's values: (n_dates, n_cells) each."""
    sums = np.zeros((len(values), n_cells))
    counts = np.zeros((len(values), n_cells))
    for date in range(len(values)):
        row, cells = values[date], codes[date]
        for column in range(len(row)):
            cell, value = cells[column], row[column]
            if cell >= 0 and np.isfinite(value):
                sums[date, cell] += value
                counts[date, cell] += 1
    return sums, counts


@kernel
def weights_in_cells(scores: Float, codes: Codes, n_cells: int) -> Float:
    """Weigh names by their score less the mean of their cell; every cell weighs alike.

    (n_dates, n_tickers), NaN for names left out. Cells whose scores are all one weigh
    nothing: their distances from the mean are rounding errors.
    """
    weights = np.full(scores.shape, np.nan)
    n, means, gross = np.zeros(n_cells), np.zeros(n_cells), np.zeros(n_cells)
    first, varies = np.zeros(n_cells), np.zeros(n_cells, dtype=np.bool_)
    for date in range(len(scores)):
        row, cells = scores[date], codes[date]
        n[:], means[:], gross[:], varies[:] = 0, 0, 0, False
        for column in range(len(row)):
            cell, score = cells[column], row[column]
            if cell < 0 or not np.isfinite(score):
                continue
            if n[cell] == 0:
                first[cell] = score
            n[cell] += 1
            means[cell] += score
            varies[cell] |= score != first[cell]
        means[:] /= np.maximum(n, 1)
        for column in range(len(row)):
            cell, score = cells[column], row[column]
            if cell >= 0 and np.isfinite(score):
                gross[cell] += abs(score - means[cell])
        n_sides = varies.sum()
        for column in range(len(row)):
            cell, score = cells[column], row[column]
            if cell < 0 or not np.isfinite(score) or n_sides == 0:
                continue
            distance = score - means[cell] if varies[cell] else 0.0
            scale = gross[cell] * n_sides if varies[cell] else 1.0
            weights[date, column] = distance / scale
    return weights


@kernel
def buckets_between_edges(
    values: Float, order: Codes, codes: Codes, n_cells: int, shares: Float
) -> Codes:
    """Sort each cell's names between its interpolated quantiles.

    ``shares`` are the (quantiles + 1,) places of the edges from 0 to 1. A value on an
    edge belongs below it. Returns 0 (lowest) to quantiles - 1; -1 for names left out,
    and for all names of a cell with two equal edges.
    """
    buckets = np.full(values.shape, np.int32(-1))
    columns = np.zeros(values.shape[1], dtype=np.int64)
    edges = np.zeros(len(shares))
    for date in range(len(values)):
        for cell in range(n_cells):
            n = 0
            for column in order[date]:
                if codes[date, column] == cell and np.isfinite(values[date, column]):
                    columns[n] = column
                    n += 1
            if n == 0:
                continue
            distinct = True
            for place in range(len(shares)):
                reach = shares[place] * (n - 1)
                below = int(min(np.floor(reach), n - 1))
                above = min(below + 1, n - 1)
                low, high = values[date, columns[below]], values[date, columns[above]]
                share = reach - below
                # From the nearer side, as numpy does: edges equal to the last bit.
                if share < 0.5:
                    edges[place] = low + (high - low) * share
                else:
                    edges[place] = high - (high - low) * (1 - share)
                distinct &= place == 0 or edges[place] > edges[place - 1]
            if not distinct:
                continue
            bucket = 0
            for place in range(n):
                while values[date, columns[place]] > edges[bucket + 1]:
                    bucket += 1
                buckets[date, columns[place]] = bucket
    return buckets


@kernel
def fresh_shares(buckets: Codes, lag: int, quantiles: int) -> Float:
    """Return the share of each bucket's names that were not in it ``lag`` rows before.

    (n_dates, quantiles); NaN where the bucket is empty now or was empty then.
    """
    result = np.full((len(buckets), quantiles), np.nan)
    now, then = np.zeros(quantiles), np.zeros(quantiles)
    stayed = np.zeros(quantiles)
    for date in range(lag, len(buckets)):
        now[:], then[:], stayed[:] = 0, 0, 0
        for column in range(buckets.shape[1]):
            new, old = buckets[date, column], buckets[date - lag, column]
            if new >= 0:
                now[new] += 1
            if old >= 0:
                then[old] += 1
            if new >= 0 and new == old:
                stayed[new] += 1
        for bucket in range(quantiles):
            if now[bucket] > 0 and then[bucket] > 0:
                result[date, bucket] = (now[bucket] - stayed[bucket]) / now[bucket]
    return result
