"""The names of each date by rising value, and the ranks that follow from it.

Arrays are (n_dates, n_tickers), and each row is sorted by itself. A missing value has
no rank.
"""

import numpy as np
import numpy.typing as npt

from alpha_kedro.core.kernels import dense, kernel
from alpha_kedro.core.panel import Float, Int

Codes = npt.NDArray[np.int32]


def row_order(values: Float) -> Codes:
    """Return the columns of each row by rising value, those of NaN at the end.

    Equal values stand in no promised order.

    Parameters
    ----------
    values
        (n_dates, n_tickers); infinities are extremes.

    Returns
    -------
    (n_dates, n_tickers) int32

    Notes
    -----
    Numbers are sorted several times faster than columns by what stands in them. So the
    bits of a value are turned into a whole number whose last bits hold the column; what
    they held is looked at once the rest is in order.
    """
    values = dense(values)
    # The least power of two that no column reaches: the bits below it hold one.
    low = 1 << max(values.shape[1] - 1, 0).bit_length()
    keys = _keys(values, low)
    keys.sort(axis=1)
    return _columns(keys, low, values)


@kernel
def ranks_in_cells(values: Float, order: Codes, codes: Codes, n_cells: int) -> Float:
    """Rank each cell's names from 1, equal values sharing their mean rank.

    Parameters
    ----------
    values
        (n_dates, n_tickers) float64, C-contiguous.
    order
        What `row_order` gives for these values, or for more of them.
    codes
        (n_dates, n_tickers) cell of its date that a name belongs to, from 0; negative:
        none.
    n_cells
        Cells of a date.

    Returns
    -------
    (n_dates, n_tickers) float64, NaN for names without a value or a cell.

    Notes
    -----
    Walking up the order gives the lowest place among equals, walking down the highest.
    """
    ranks = np.full(values.shape, np.nan)
    count = np.zeros(n_cells, dtype=np.int64)
    shared = np.zeros(n_cells, dtype=np.int64)
    latest = np.zeros(n_cells)
    for date in range(len(values)):
        row, cells, places = values[date], codes[date], ranks[date]
        count[:] = 0
        for column in order[date]:
            cell, value = cells[column], row[column]
            if cell < 0 or value != value:
                continue
            count[cell] += 1
            if count[cell] == 1 or value != latest[cell]:
                shared[cell], latest[cell] = count[cell], value
            places[column] = shared[cell]
        shared[:] = 0
        for column in order[date][::-1]:
            cell, value = cells[column], row[column]
            if cell < 0 or value != value:
                continue
            if shared[cell] == 0 or value != latest[cell]:
                shared[cell], latest[cell] = count[cell], value
            places[column] = (places[column] + shared[cell]) / 2
            count[cell] -= 1
    return ranks


@kernel
def _keys(values: Float, low: int) -> Int:
    """Return whole numbers in the order of the values, the column in their low bits.

    The bits of a float, those below the sign turned where it is negative, rise with it.
    """
    bits = values.view(np.int64)
    keys = np.empty(values.shape, dtype=np.int64)
    for row in range(len(values)):
        for column in range(values.shape[1]):
            key = bits[row, column]
            key ^= (key >> 63) & 0x7FFFFFFFFFFFFFFF
            if values[row, column] != values[row, column]:
                key = 0x7FFFFFFFFFFFFFFF
            keys[row, column] = (key & -low) | column
    return keys


@kernel
def _columns(keys: Int, low: int, values: Float) -> Codes:
    """Return the columns of sorted keys, those set right that differ below them."""
    columns = np.empty(values.shape, dtype=np.int32)
    for row in range(len(values)):
        value, ordered = values[row], columns[row]
        for place in range(values.shape[1]):
            column = keys[row, place] & (low - 1)
            at = place
            while at > 0 and value[ordered[at - 1]] > value[column]:
                ordered[at] = ordered[at - 1]
                at -= 1
            ordered[at] = column
    return columns
