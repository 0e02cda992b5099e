"""A feature as what it is: a formula of prices, made of words that only look back.

A formula says what it reads, how far back, and how it is written down; nobody has to
declare it beside. Equal formulas are one object, so what two features have in common is
computed once. There is no word that looks ahead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, TypeAlias

Known: TypeAlias = Literal["all", "most", "any"]
"""How many values of a window must be there; see the module of words."""

_INTERNED: dict[tuple[object, ...], Formula] = {}
_BY_SPAN = ("ewm_mean", "ewm_std", "wilder")
_STRENGTH = {"+": 1, "-": 1, "*": 2, "/": 2, "negative": 3}


@dataclass(frozen=True, eq=False)
class Formula:
    """A number, a field of the inputs, or a word applied to formulas.

    Attributes
    ----------
    word
        Name of the operator or field; the text of a number.
    operands
        What it is applied to.
    length
        Rows of its window, or sessions of its delay; 0 for neither.
    known
        Which share of a window must be known; None for words without one.
    parameter
        A further number, such as a quantile; None for words without one.
    lookback
        Sessions, today's included, that fix the value of today to the last bit.
    needed
        Sessions of history without which no value is made.
    partial
        Whether any of its windows may begin before the history does: its first values
        then change with where that is, and `needed` holds for the longest window alone.
    depth
        How many formulas stand inside one another, itself included.
    """

    word: str
    operands: tuple[Formula, ...]
    length: int
    known: Known | None
    parameter: float | None
    lookback: int
    needed: int
    partial: bool
    depth: int

    @classmethod
    def of(
        cls,
        word: str,
        *operands: Formula,
        length: int = 0,
        known: Known | None = None,
        parameter: float | None = None,
        reach: int = 0,
        lookback: int = 1,
        needed: int = 1,
    ) -> Formula:
        """Return the one formula of this content.

        Parameters
        ----------
        word, operands, length, known, parameter
            See the class.
        reach
            Sessions it looks back beyond its operands.
        lookback, needed
            Of a field by itself.

        Raises
        ------
        TypeError
            For an operand that is no formula.
        """
        content = (word, operands, length, known, parameter)
        if content in _INTERNED:
            return _INTERNED[content]
        for each in operands:
            if not isinstance(each, Formula):
                raise TypeError(f"{word} takes a formula, not {each!r}")
        back = max([lookback, *(each.lookback for each in operands)]) + reach
        may_begin_early = known == "any"
        first = max([needed, *(each.needed for each in operands)])
        first += 0 if may_begin_early else reach
        partial = may_begin_early or any(each.partial for each in operands)
        depth = 1 + max([0, *(each.depth for each in operands)])
        return _interned(*content, back, first, partial, depth)

    @property
    def first_row(self) -> int:
        """Return the first row of a history that may have a value."""
        return 0 if self.partial else self.needed - 1

    def walk(self) -> Iterator[Formula]:
        """Yield the formula and all it is made of, each once."""
        seen: set[Formula] = set()
        waiting = [self]
        while waiting:
            here = waiting.pop()
            if here not in seen:
                seen.add(here)
                waiting += here.operands
                yield here

    def __add__(self, other: Formula | float) -> Formula:
        return Formula.of("+", self, formula(other))

    def __radd__(self, other: float) -> Formula:
        return formula(other) + self

    def __sub__(self, other: Formula | float) -> Formula:
        return Formula.of("-", self, formula(other))

    def __rsub__(self, other: float) -> Formula:
        return formula(other) - self

    def __mul__(self, other: Formula | float) -> Formula:
        return Formula.of("*", self, formula(other))

    def __rmul__(self, other: float) -> Formula:
        return formula(other) * self

    def __truediv__(self, other: Formula | float) -> Formula:
        return Formula.of("/", self, formula(other))

    def __rtruediv__(self, other: float) -> Formula:
        return formula(other) / self

    def __neg__(self) -> Formula:
        return Formula.of("negative", self)

    def __abs__(self) -> Formula:
        return Formula.of("abs", self)

    def __gt__(self, other: Formula | float) -> Formula:
        return Formula.of("exceeds", self, formula(other))

    def __lt__(self, other: Formula | float) -> Formula:
        return Formula.of("exceeds", formula(other), self)

    def __bool__(self) -> bool:
        """Refuse ``max(x, y)``, ``x < y < z`` and ``x or y``: each would drop one."""
        raise TypeError("a formula is neither true nor false: see larger and where")

    def __reduce__(self) -> tuple[Any, ...]:
        """Let a copy, and what comes from another process, be the same object."""
        return _interned, tuple(vars(self).values())

    def __str__(self) -> str:
        """Return the formula as it is written, ready to be read again."""
        if self.word == "negative":
            return f"-{self._inside(0)}"
        if self.word in _STRENGTH:
            return f"{self._inside(0)} {self.word} {self._inside(1)}"
        if not self.operands:
            return self.word
        return f"{self.word}({', '.join(self._arguments())})"

    def __repr__(self) -> str:
        return f"<{self}>"

    def _inside(self, place: int) -> str:
        """Return an operand, in brackets where the order would else be another."""
        operand, own = self.operands[place], _STRENGTH[self.word]
        strength = _STRENGTH.get(operand.word, 4)
        enough = strength > own or (place == 0 and strength == own < 3)
        if place == 1 and self.word in ("+", "*") and operand.word == self.word:
            enough = False
        return str(operand) if enough else f"({operand})"

    def _arguments(self) -> Iterator[str]:
        yield from map(str, self.operands)
        if self.length and self.word not in _BY_SPAN:
            yield str(self.length)
        if self.parameter is not None:
            yield str(formula(self.parameter))
        if self.known is not None and self.known != usually_known(self.word):
            yield f"known={self.known}"


def _interned(*content: Any) -> Formula:
    """Return the one formula of this content, whichever thread makes it first."""
    return _INTERNED.setdefault(content[:5], Formula(*content))


def formula(value: Formula | float) -> Formula:
    """Return a number as a formula; a formula is returned as it is.

    Raises
    ------
    ValueError
        For a number that is not finite.
    """
    if isinstance(value, Formula):
        return value
    number = float(value) + 0.0  # -0 is 0
    if not isfinite(number):
        raise ValueError(f"{number} is no number a formula can hold")
    short = f"{number:g}"
    text = short if float(short) == number else repr(number)
    return Formula.of(text, parameter=number)


def usually_known(word: str) -> Known:
    """Return the rule of a word: a sum of fewer values would be another quantity."""
    return "all" if word in ("sum", "product") else "most"
