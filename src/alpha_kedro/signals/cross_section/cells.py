"""Names of one date and one group: the cells that a cross-section is made of."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.kernels import dense, kernel
from alpha_kedro.core.panel import Bool, Float

Codes = npt.NDArray[np.integer]

_BLOCK = 1 << 17
"""Values that are worked on at a time: what is made of them stays in the cache."""


@dataclass(frozen=True)
class Cells:
    """A panel, and which cell of its date each name lies in.

    Attributes
    ----------
    values
        (n_dates, n_tickers) float64, NaN where a name takes no part.
    codes
        (n_dates, n_tickers) int32: the group of each name that takes part.
    n_groups
        Groups of a date; what is told of the cells has shape (n_dates, n_groups).
    """

    values: Float
    codes: npt.NDArray[np.int32]
    n_groups: int

    @classmethod
    def of(
        cls, values: Float, mask: Bool | None = None, groups: Codes | None = None
    ) -> "Cells":
        """Leave out the names outside of ``mask`` and those of a negative code."""
        if mask is not None:
            values = np.where(mask, values, np.nan)
        if groups is None:
            return cls(dense(values), np.zeros(values.shape, dtype=np.int32), 1)
        values = np.where(groups >= 0, values, np.nan)
        codes = np.require(np.broadcast_to(groups, values.shape), np.int32, ["C", "W"])
        return cls(dense(values), codes, int(groups.max(initial=0)) + 1)

    def having(self, values: Float) -> "Cells":
        """Return the same cells with other values."""
        return replace(self, values=values)

    def sums(
        self, *, power: int = 1, centre: Float | float = 0.0
    ) -> tuple[Float, Float]:
        """Count the names of each cell, and sum ``(value - centre) ** power`` of them.

        The power is 1 or 2. Name is added to name in the order of the tickers: unlike
        the pairwise sum of numpy, the last bit does not depend on where those who take
        no part stand.
        """
        return _sums(self.values, self.codes, self._told(centre), power)

    def standardized(self, centre: Float | float, scale: Float | float) -> Float:
        """Return ``(value - centre) / scale`` of each name, both told of its cell."""
        told = self._told(centre), self._told(scale)
        return _standardized(self.values, self.codes, *told)

    def clipped(self, lower: Float, upper: Float) -> Float:
        """Return each value, or the bound of its cell that it lies beyond."""
        return _clipped(self.values, self.codes, lower, upper)

    def _told(self, of_cell: Float | float) -> Float:
        return np.array(np.broadcast_to(of_cell, (len(self.values), self.n_groups)))


def by_block(
    transform: Callable[[Cells], Float],
    values: Float,
    mask: Bool | None,
    groups: Codes | None,
) -> Float:
    """Transform some dates at a time; as none knows of another, it is all the same."""
    result = np.empty(values.shape)
    n_rows = max(_BLOCK // max(values.shape[1], 1), 1)
    for first in range(0, len(values), n_rows):
        rows = slice(first, first + n_rows)
        inside = None if mask is None else np.broadcast_to(mask, values.shape)[rows]
        codes = None if groups is None else np.broadcast_to(groups, values.shape)[rows]
        result[rows] = transform(Cells.of(values[rows], inside, codes))
    return result


def out_of_range(name: str, got: float, wanted: str) -> ConfigError:
    """Build the error for an argument out of its range."""
    return ConfigError(
        "AK-C142",
        f"a cross-section cannot be transformed with this {name}",
        got=f"{name} {got!r}",
        wanted=f"{name} {wanted}",
        fix=f"correct {name}",
    )


# The kernels. A value that is not itself is NaN.


@kernel
def _sums(
    values: Float, codes: npt.NDArray[np.int32], centre: Float, power: int
) -> tuple[Float, Float]:
    count, total = np.zeros(centre.shape), np.zeros(centre.shape)
    for row in range(len(values)):
        for ticker in range(values.shape[1]):
            value = values[row, ticker]
            if value == value:
                cell = codes[row, ticker]
                distance = value - centre[row, cell]
                count[row, cell] += 1.0
                total[row, cell] += distance * distance if power == 2 else distance
    return count, total


@kernel
def _standardized(
    values: Float, codes: npt.NDArray[np.int32], centre: Float, scale: Float
) -> Float:
    result = np.full(values.shape, np.nan)
    for row in range(len(values)):
        for ticker in range(values.shape[1]):
            value = values[row, ticker]
            if value == value:
                cell = codes[row, ticker]
                result[row, ticker] = (value - centre[row, cell]) / scale[row, cell]
    return result


@kernel
def _clipped(
    values: Float, codes: npt.NDArray[np.int32], lower: Float, upper: Float
) -> Float:
    result = np.full(values.shape, np.nan)
    for row in range(len(values)):
        for ticker in range(values.shape[1]):
            value = values[row, ticker]
            if value == value:
                cell = codes[row, ticker]
                low, high = lower[row, cell], upper[row, cell]
                raised = value if value > low else low
                result[row, ticker] = raised if raised < high else high
    return result
