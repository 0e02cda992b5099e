"""Formulas into numbers: what they share once, and no more in memory than a block.

The names of a panel are taken a few at a time, so that all arrays of a block stay in
the processor's cache. What a formula says of the cross-section needs every name of a
date and is computed first, on the whole panel.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from alpha_kedro.core.memory import keep_freed_memory
from alpha_kedro.core.panel import Bool, Float, Single
from alpha_kedro.signals.formulas.computing import ACROSS, CELLS, request_of
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.operators.cells import delay
from alpha_kedro.signals.operators.families import FAMILY_OF
from alpha_kedro.signals.operators.requests import Family
from alpha_kedro.signals.operators.singles import single_of, single_ratio

Fields = Callable[[str], Float]
"""Gives a field by name: (n_dates, n_tickers), (n_dates, 1) or (1, n_tickers)."""

Take = Callable[[int, Single], None]
"""Takes the values of a formula: its place in the list, and (n_dates, tickers)."""

_CELLS_PER_BLOCK = 160_000
_REGISTERS = 32  # names taken at a time by the widest loops


def evaluate(
    formulas: Sequence[Formula],
    fields: Fields,
    shape: tuple[int, int],
    *,
    open_block: Callable[[slice], Take],
    mask: Bool | None = None,
    threads: int = 1,
) -> None:
    """Compute formulas block by block and hand each over as soon as it is there.

    Parameters
    ----------
    formulas
        What is computed; equal parts of them once.
    fields
        Gives the fields they read.
    shape
        (n_dates, n_tickers) of the panel.
    open_block
        Told which tickers come next, returns what takes their float32 values.
    mask
        (n_dates, n_tickers) the universe words across names are confined to.
    threads
        Blocks computed at the same time. The bits are the same with any number.
    """
    keep_freed_memory()
    known = _across(formulas, fields, shape, mask)
    n_dates = shape[0]

    def compute(tickers: slice) -> None:
        size = tickers.stop - tickers.start
        take = open_block(tickers)
        block = _Block(formulas, fields, known, tickers, n_dates)
        with np.errstate(all="ignore"):  # what overflows is seen in the values
            for place, values in block.columns():
                take(place, _whole(values, (n_dates, size)))

    blocks = _blocks(shape)
    if threads == 1:
        for tickers in blocks:
            compute(tickers)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(compute, blocks))


def _across(
    formulas: Sequence[Formula],
    fields: Fields,
    shape: tuple[int, int],
    mask: Bool | None,
) -> dict[Formula, Float]:
    """Compute every word across names on the whole panel, the innermost first."""
    found: dict[Formula, Float] = {}
    for here in _innermost_first(formulas):
        if here.word in ACROSS:
            operands = [np.empty(shape) for _ in here.operands]
            for tickers in _blocks(shape):
                block = _Block(here.operands, fields, found, tickers, shape[0])
                with np.errstate(all="ignore"):
                    for place, values in block.values():
                        operands[place][:, tickers] = values
            found[here] = ACROSS[here.word](*operands, mask)
    return found


def _blocks(shape: tuple[int, int]) -> list[slice]:
    """Return the tickers of each block, whole registers of them."""
    n_dates, n_tickers = shape
    width = _REGISTERS * max(1, round(_CELLS_PER_BLOCK / max(n_dates, 1) / _REGISTERS))
    starts = range(0, n_tickers, width)
    return [slice(start, min(start + width, n_tickers)) for start in starts]


def _whole(values: Single, shape: tuple[int, int]) -> Single:
    """Return an array of the block's own, one value for each cell."""
    return values if values.shape == shape else np.broadcast_to(values, shape).copy()


def _innermost_first(
    formulas: Iterable[Formula], known: Container[Formula] = ()
) -> list[Formula]:
    """Return the parts of the formulas that are not known, each after its own parts."""
    ordered: dict[Formula, None] = {}

    def visit(here: Formula) -> None:
        if here not in ordered and here not in known:
            for operand in here.operands:
                visit(operand)
            ordered[here] = None

    for root in formulas:
        visit(root)
    return list(ordered)


class _Block:
    """The formulas on some tickers; a value lives until its last use."""

    def __init__(
        self,
        formulas: Sequence[Formula],
        fields: Fields,
        known: Mapping[Formula, Float],
        tickers: slice,
        n_dates: int,
    ) -> None:
        self._formulas = formulas
        self._fields = fields
        self._known = known
        self._tickers = tickers
        self._n_dates = n_dates
        self._found: dict[Formula, Float] = {}
        self._uses = Counter(formulas)
        self._together: dict[tuple[Family, tuple[Formula, ...]], list[Formula]] = {}
        for part in _innermost_first(formulas, known):
            self._uses.update(part.operands)
            if part.word in FAMILY_OF:
                key = FAMILY_OF[part.word], part.operands
                self._together.setdefault(key, []).append(part)

    def values(self) -> Iterator[tuple[int, Float]]:
        """Yield the place and the values of each formula."""
        for place, root in enumerate(self._formulas):
            yield place, self._of(root)
            self._release(root)

    def columns(self) -> Iterator[tuple[int, Single]]:
        """Yield the place and the values of each formula, rounded to 32 bits."""
        for place, root in enumerate(self._formulas):
            if root.word == "/" and root not in self._found and self._uses[root] == 1:
                top, bottom = (self._of(operand) for operand in root.operands)
                yield place, single_ratio(top, bottom)
                self._release(*root.operands)
            else:
                yield place, single_of(self._of(root))
                self._release(root)

    def _of(self, here: Formula) -> Float:
        if here not in self._found:
            self._compute(here)
        return self._found[here]

    def _compute(self, here: Formula) -> None:
        if here in self._known:
            self._found[here] = self._cut(self._known[here])
        elif here.word in FAMILY_OF:
            self._compute_family(here)
        elif here.operands:
            operands = [self._of(operand) for operand in here.operands]
            self._found[here] = self._cell(here, operands)
            self._release(*here.operands)
        elif here.parameter is not None:
            self._found[here] = np.array([[here.parameter]])
        else:
            self._found[here] = self._cut(self._fields(here.word))

    def _cell(self, here: Formula, operands: Sequence[Float]) -> Float:
        if here.word == "delay":
            return delay(self._tall(operands[0]), here.length)
        if here.parameter is not None:
            return CELLS[here.word](*operands, here.parameter)
        return CELLS[here.word](*operands)

    def _compute_family(self, here: Formula) -> None:
        """Compute all statistics of a family on the same operands together."""
        family = FAMILY_OF[here.word]
        together = self._together[family, here.operands]
        operands = tuple(self._tall(self._of(operand)) for operand in here.operands)
        requests = [request_of(part) for part in together]
        for part, values in zip(together, family(operands, requests), strict=True):
            self._found[part] = values
        for part in together:
            self._release(*part.operands)

    def _release(self, *parts: Formula) -> None:
        for part in parts:
            self._uses[part] -= 1
            if not self._uses[part]:
                del self._found[part]

    def _cut(self, values: Float) -> Float:
        """Return the tickers of this block, next to each other in memory."""
        own = values if values.shape[1] == 1 else values[:, self._tickers]
        return np.ascontiguousarray(own)

    def _tall(self, values: Float) -> Float:
        """Return one row per date, which a field of one row for all dates lacks."""
        if len(values) == self._n_dates:
            return values
        return np.broadcast_to(values, (self._n_dates, values.shape[1]))
