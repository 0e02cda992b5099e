"""The words of the language of features as tables of Markdown.

Meanings are those of the docstrings; what a word stands for, which windows it needs and
what it costs are read off a formula made with it.
"""

import inspect
from collections.abc import Callable, Iterable
from html import escape

from alpha_kedro.signals.formulas import words
from alpha_kedro.signals.formulas.computing import ACROSS
from alpha_kedro.signals.formulas.formula import Formula, usually_known
from alpha_kedro.signals.formulas.parse import WORDS
from alpha_kedro.signals.operators.families import FAMILY_OF

COSTS = {
    "rank": "k",
    "quantile": "2 k",
    "mean_deviation": "2 k",
    "streak": "1",
    "across_rank": "log n",
    "sector_rank": "log n",
}
"""Steps per value of what is neither a cell nor a window put together by doubling."""

LONG = 240
"""Letters of code beyond which it is folded away."""

GIVEN = {"k": 20, "span": 20, "q": 0.5, "exponent": 2}
"""What a specimen of a word is given."""


def vocabulary() -> str:
    """Return the words by what they look at, in the order they are written in."""
    kinds: dict[str, list[tuple[str, ...]]] = {
        "Cell by cell": [],
        "Looking back": [],
        "Across the names of a date": [],
    }
    own = {name: word for name, word in WORDS.items() if inspect.isfunction(word)}
    for name in sorted(own, key=lambda name: place_of(own[name])):
        made, usage = specimen(name, own[name])
        said = meaning(name, own[name], made)
        kinds[sight_of(made)].append((code(usage), said, known_of(made), cost(made)))
    head = ("word", "meaning", "known", "steps")
    return "\n\n".join(
        f"**{of}**\n\n{table(head, found)}" for of, found in kinds.items()
    )


def place_of(function: Callable[..., Formula]) -> tuple[str, int]:
    """Return where a word is written: its module, and the line."""
    return function.__module__, function.__code__.co_firstlineno


def specimen(name: str, function: Callable[..., Formula]) -> tuple[Formula, str]:
    """Return a formula made with a word, and how the word is written."""
    known = inspect.signature(function).parameters
    shown = [each for each in known if each not in ("known", "groups")]
    needed = [each for each in shown if known[each].default is inspect.Parameter.empty]
    made = function(*(GIVEN.get(each, words.field(each)) for each in needed))
    return made, f"{name}({', '.join(shown)})"


def sight_of(made: Formula) -> str:
    """Return what a word looks at besides the cell itself."""
    parts = [part.word for part in made.walk()]
    if any(part in ACROSS for part in parts):
        return "Across the names of a date"
    looks_back = any(part in FAMILY_OF or part == "delay" for part in parts)
    return "Looking back" if looks_back else "Cell by cell"


def meaning(name: str, function: Callable[..., Formula], made: Formula) -> str:
    """Return the first paragraph of the word; what it is short for, where it is."""
    said = sentence((function.__doc__ or "").split("\n\n")[0])
    parts = str(made).replace(str(GIVEN["k"]), "k")
    return said if made.word == name else f"{said} Short for {code(parts)}."


def known_of(made: Formula) -> str:
    """Return the usual rule of its windows; empty for a word without one."""
    over = (part.word for part in made.walk() if part.word in FAMILY_OF)
    return ", ".join(unique(map(usually_known, over)))


def cost(made: Formula) -> str:
    """Return the steps of its parts, leaving out those that take one."""
    parts = [part.word for part in made.walk() if part.operands]
    usual = {part: "log2 k" for part in parts if part in FAMILY_OF}
    steps = {(usual | COSTS).get(part, "1") for part in parts}
    return " + ".join(sorted(steps - {"1"})) or "1"


# Markdown.


def sentence(text: str) -> str:
    """Return a docstring's first words as a sentence about the thing itself."""
    said = " ".join(text.removeprefix("Return ").replace("``", "`").split())
    names_an_argument = said[:1] != "a" and said[1:2] in (" ", ",")
    return said if names_an_argument else said[:1].upper() + said[1:]


def unique(texts: Iterable[str]) -> list[str]:
    """Return each text once, in order."""
    return list(dict.fromkeys(texts))


def code(text: str) -> str:
    """Return text as code."""
    return f"`{text}`"


def table(head: Iterable[str], body: Iterable[Iterable[str]]) -> str:
    """Return a table."""
    names = list(head)
    return "\n".join([rows([names]), rows([["---"] * len(names)]), rows(body)])


def folded(text: str, word: str) -> str:
    """Return text as code, long text behind a word to click on."""
    if len(text) <= LONG:
        return code(text)
    inside = f"<code>{escape(text, quote=False)}</code>"
    return f"<details><summary>{word}</summary>{inside}</details>"


def rows(body: Iterable[Iterable[str]]) -> str:
    """Return the rows of a table."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in body)
