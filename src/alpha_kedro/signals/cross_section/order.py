"""The names of each cell by rising value, and what can be read off that order."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from alpha_kedro.core.kernels import kernel
from alpha_kedro.core.panel import Float, Int
from alpha_kedro.core.row_order import row_order
from alpha_kedro.signals.cross_section.cells import Cells


@dataclass(frozen=True)
class Order:
    """Where the names of each cell stand once they are sorted.

    Attributes
    ----------
    values
        (n_dates, n_tickers) as they came.
    columns
        (n_dates, n_tickers) int32: the columns of the names of the first cell by rising
        value, then those of the next; whoever takes no part is not among them.
    start
        (n_dates, n_groups + 1): where each cell starts, and the last one ends.
    """

    values: Float
    columns: npt.NDArray[np.int32]
    start: Int

    @classmethod
    def of(cls, cells: Cells) -> "Order":
        """Sort the names of each cell; equal ones stand in no promised order."""
        order = row_order(cells.values)
        told_apart = _by_cell(order, cells.values, cells.codes, cells.n_groups)
        return cls(cells.values, *told_apart)

    @property
    def last(self) -> Float:
        """Return the place of the highest name of each cell; -1 in an empty one."""
        return np.diff(self.start, axis=1) - 1.0

    def quantile(self, place: Float) -> Float:
        """Return the value at a place between 0 and `last` of each cell.

        Interpolated linearly between the two names next to it; between an infinity and
        another name it is the infinity. NaN where a cell is empty.
        """
        below = np.floor(place)
        low, high = (
            _at(self.values, self.columns, self.start, at)
            for at in (below, np.ceil(place))
        )
        with np.errstate(invalid="ignore"):
            between = low + (place - below) * (high - low)
        return np.where((place > below) & np.isfinite(low), between, low)


@kernel
def _by_cell(
    order: npt.NDArray[np.int32],
    values: Float,
    codes: npt.NDArray[np.int32],
    n_groups: int,
) -> tuple[npt.NDArray[np.int32], Int]:
    columns = np.zeros(values.shape, dtype=np.int32)
    start = np.zeros((len(values), n_groups + 1), dtype=np.int64)
    for row in range(len(values)):
        value, code, first = values[row], codes[row], start[row]
        for ticker in range(values.shape[1]):
            if value[ticker] == value[ticker]:
                first[code[ticker] + 1] += 1
        for group in range(n_groups):
            first[group + 1] += first[group]
        end = first[:-1].copy()
        for column in order[row]:
            if value[column] == value[column]:
                cell = code[column]
                columns[row, end[cell]] = column
                end[cell] += 1
    return columns, start


@kernel
def _at(
    values: Float, columns: npt.NDArray[np.int32], start: Int, place: Float
) -> Float:
    n_dates, n_groups = place.shape
    found = np.full(place.shape, np.nan)
    for row in range(n_dates):
        for cell in range(n_groups):
            first = start[row, cell]
            if first < start[row, cell + 1]:
                column = columns[row, first + int(place[row, cell])]
                found[row, cell] = values[row, column]
    return found
