"""Windows of rows: which of them count, and how they are summed up by doubling.

What is known of two neighbouring spans of rows can be merged into what is known of both
together. So the summary of 20 rows comes from two of 10, that of 10 from two of 5, and
windows that share a part share its work. It takes about log2(length) merges a row.

Nothing is ever subtracted. The bits of a result therefore depend on the rows of its
window and on nothing else: starting the history later, cutting it off, changing what
comes after or asking for other windows as well never moves one, and the evening job
needs to load no more than the longest window. A running sum, which is the common way,
remembers every row it has seen.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from alpha_kedro.core.kernels import kernel
from alpha_kedro.core.panel import Float

State = tuple[Float, ...]
"""What is known of a span of rows ending at each row: arrays (n_dates, n_tickers)."""

Merge = Callable[[State, State, State, int], None]
"""Merge (older, newer, out, length of newer): write what is known of both to out."""


@dataclass(frozen=True)
class Window:
    """The last rows, today's included, and how many of their values must be known.

    Attributes
    ----------
    length
        Rows.
    least
        Known values below which there is no result.
    partial
        Whether a window may begin before the panel does.
    """

    length: int
    least: int
    partial: bool = False

    def masked(self, values: Float, counts: Float) -> Float:
        """Return the values made of enough known ones, so many each; NaN elsewhere."""
        out = np.empty(values.shape)
        first = 0 if self.partial else min(self.length - 1, len(out))
        out[:first] = np.nan
        _where_enough(values[first:], counts[first:], max(self.least, 1), out[first:])
        return out

    def masked_by(self, values: Float, x: Float) -> Float:
        """Return the values where enough of the windows of ``x`` is known."""
        out = np.empty(values.shape)
        first = 0 if self.partial else self.length - 1
        _where_known(values, x, self.length, max(self.least, 1), first, out)
        return out


def over_windows(
    rows: State, lengths: Iterable[int], merge: Merge
) -> Iterator[tuple[int, State]]:
    """Sum up the last ``length`` rows at every row, for each of several lengths.

    Parameters
    ----------
    rows
        What is known of each row alone.
    lengths
        Rows of a window; all share the work.
    merge
        Merges the summaries of two spans, the older of which ends where the newer
        begins. Rows before the panel begins are no rows.

    Yields
    ------
    Each length, ascending, and the summaries of its windows. What no longer window is
    made of is forgotten, so that little is in memory at a time.
    """
    wanted = set(lengths)
    needed = _needed_for(wanted)
    uses = Counter(part for length in needed if length > 1 for part in _parts(length))
    found = {1: rows}
    for length in needed:
        if length > 1:
            newer, older = _parts(length)
            found[length] = _joined(found[older], found[newer], newer, merge)
            uses.subtract((newer, older))
        if length in wanted:
            yield length, found[length]
        found = {part: state for part, state in found.items() if uses[part] > 0}


def _needed_for(lengths: Iterable[int]) -> list[int]:
    """Return the lengths and those they are put together from, ascending."""
    needed: set[int] = {1}
    waiting = list(lengths)
    while waiting:
        length = waiting.pop()
        if length not in needed:
            needed.add(length)
            waiting += _parts(length)
    return sorted(needed)


def _parts(length: int) -> tuple[int, int]:
    """Return how many newer and older rows a window is put together from.

    One way for each length, so that its bits are the same whatever is asked beside it.
    """
    if length % 2 == 0:
        return length // 2, length // 2
    if length % 3 == 0:
        return 2 * length // 3, length // 3
    return length - 1, 1


def _joined(older: State, newer: State, length: int, merge: Merge) -> State:
    """Merge each row's newer span with the older one that ends ``length`` rows up."""
    if length >= len(newer[0]):
        return newer
    out = tuple(np.empty_like(array) for array in newer)
    for array, before_any in zip(out, newer, strict=True):
        array[:length] = before_any[:length]
    merge(
        tuple(_flat(array[:-length]) for array in older),
        tuple(_flat(array[length:]) for array in newer),
        tuple(_flat(array[length:]) for array in out),
        length,
    )
    return out


def _flat(array: Float) -> Float:
    return array.reshape(-1)


@kernel
def _where_enough(values: Float, counts: Float, least: int, out: Float) -> None:
    for row in range(len(values)):
        value, count, here = values[row], counts[row], out[row]
        for ticker in range(len(here)):
            here[ticker] = value[ticker] if count[ticker] >= least else np.nan


@kernel
def _where_known(
    values: Float, x: Float, length: int, least: int, first: int, out: Float
) -> None:
    n_dates, n_tickers = x.shape
    count = np.zeros(n_tickers)
    for row in range(n_dates):
        entering, value, here = x[row], values[row], out[row]
        for ticker in range(n_tickers):
            count[ticker] += 1.0 if entering[ticker] == entering[ticker] else 0.0
        if row >= length:
            leaving = x[row - length]
            for ticker in range(n_tickers):
                count[ticker] -= 1.0 if leaving[ticker] == leaving[ticker] else 0.0
        needed = least if row >= first else length + 1
        for ticker in range(n_tickers):
            here[ticker] = value[ticker] if count[ticker] >= needed else np.nan
