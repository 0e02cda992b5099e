"""The registry of features: each a formula with a name, a unit and a source.

A feature is one decorated function that returns a `Formula`. What it reads and how far
it looks back follow from the formula; it has no way to see what comes after. No feature
is ever infinite: a quotient by 0 is NaN. A flat price has no relative strength, a day
without volume no illiquidity.

A name with ``{k}`` in it stands for one feature per number: those it is registered with
are listed, any other can be asked for by name, ``rsi_9`` as well as ``rsi_14``.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from string import Formatter

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.registry import Registry, unknown_name
from alpha_kedro.signals.formulas.formula import Formula
from alpha_kedro.signals.formulas.parse import read_formula

Maker = Callable[..., Formula]


@dataclass(frozen=True)
class Feature:
    """One column of X.

    Attributes
    ----------
    name
        Name of the column.
    formula
        How it is computed.
    family
        The kind of thing it says, such as momentum or volatility.
    unit, summary, source
        What a reader of the column has to know.
    scale_free
        Whether prices in another currency give the same value.
    """

    name: str
    formula: Formula
    family: str
    unit: str
    summary: str
    source: str
    scale_free: bool = True

    @property
    def lookback(self) -> int:
        """Return the sessions that fix the value of today to the last bit."""
        return self.formula.lookback

    @property
    def needs(self) -> tuple[str, ...]:
        """Return the fields of the inputs it reads, sorted."""
        return tuple(sorted(_fields(self.formula)))


def _fields(formula: Formula) -> set[str]:
    leaves = (part for part in formula.walk() if not part.operands)
    return {leaf.word for leaf in leaves if leaf.parameter is None}


@dataclass(frozen=True)
class _Template:
    """A feature function, and the pattern its names follow."""

    name: str
    function: Maker
    like: Feature

    def numbers(self, name: str) -> tuple[int, ...] | None:
        """Return the numbers in a name of this pattern, None for another name."""
        pattern = "".join(
            re.escape(text) + ("" if key is None else r"([1-9][0-9]*)")
            for text, key, _, _ in Formatter().parse(self.name)
        )
        found = re.fullmatch(pattern, name)
        return None if found is None else tuple(int(part) for part in found.groups())

    def feature(self, numbers: tuple[int, ...]) -> Feature:
        """Return the feature for these numbers."""
        keys = [key for _, key, _, _ in Formatter().parse(self.name) if key]
        name = self.name.format(**dict(zip(keys, numbers, strict=True)))
        return replace(self.like, name=name, formula=self.function(*numbers))


FEATURES: Registry[Feature] = Registry("feature")
FEATURE_SETS: Registry[tuple[str, ...]] = Registry("feature set")
_TEMPLATES: list[_Template] = []


def feature(
    name: str,
    *,
    at: Iterable[int | tuple[int, ...]] = (),
    family: str,
    unit: str,
    source: str,
    scale_free: bool = True,
) -> Callable[[Maker], Maker]:
    """Register a function that returns a formula as a feature, or as one per number.

    Parameters
    ----------
    name
        With ``{k}`` where a number belongs; the function is called with the numbers in
        the order of the name.
    at
        The numbers whose features are listed.
    family, unit, source, scale_free
        See `Feature`.
    """

    def register(function: Maker) -> Maker:
        like = Feature(
            name=name,
            formula=Formula.of("nothing"),
            family=family,
            unit=unit,
            summary=_summary(function),
            source=source,
            scale_free=scale_free,
        )
        template = _Template(name, function, like)
        if "{" not in name:
            FEATURES.add(name, template.feature(()))
            return function
        _TEMPLATES.append(template)
        for numbers in at:
            made = template.feature(
                numbers if isinstance(numbers, tuple) else (numbers,)
            )
            FEATURES.add(made.name, made)
        return function

    return register


def also_known_as(names: Mapping[str, str]) -> None:
    """Register features once more under other names: new name to known one."""
    for name, known in names.items():
        FEATURES.add(name, replace(FEATURES[known], name=name))


def _summary(function: Maker) -> str:
    return (function.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")


def find_feature(name: str) -> Feature | None:
    """Return a feature by name, listed or made for the numbers in it; else None."""
    if name in FEATURES:
        return FEATURES[name]
    for template in _TEMPLATES:
        numbers = template.numbers(name)
        if numbers is not None:
            return template.feature(numbers)
    return None


def pattern_of(name: str) -> str:
    """Return the pattern a name follows, such as ``rsi_{k}``; itself where none is."""
    patterns = (each.name for each in _TEMPLATES if each.numbers(name) is not None)
    return next(patterns, name)


def family_of(name: str) -> str:
    """Return the family of a feature, ``other`` for a column nobody registered."""
    found = find_feature(name)
    return "other" if found is None else found.family


Asked = str | Iterable[str | Feature]
"""Features and feature sets by name, or features themselves."""


def choose_features(
    asked: Asked, formulas: Mapping[str, str] | None = None
) -> tuple[Feature, ...]:
    """Return the features asked for, each once and in the order given.

    Parameters
    ----------
    asked
        Names of features and feature sets, or features.
    formulas
        Further features by name, written out as formulas.

    Raises
    ------
    ConfigError
        ``AK-C002`` for a name nobody knows, with the nearest; ``AK-C020`` for none;
        ``AK-C112`` for a formula that cannot be read, ``AK-C113`` for one under a name
        that is taken.
    """
    _refuse_taken(formulas or {})
    own = {name: written_feature(name, text) for name, text in (formulas or {}).items()}
    chosen: dict[str, Feature] = {}
    for each in [asked] if isinstance(asked, str) else asked:
        for found in [each] if isinstance(each, Feature) else _named(each, own):
            chosen.setdefault(found.name, found)
    if not chosen:
        raise ConfigError(
            "AK-C020",
            "no feature was asked for",
            wanted=f"features or feature sets ({', '.join(FEATURE_SETS)})",
            fix="name at least one",
        )
    return tuple(chosen.values())


_KEYS_AND_LABELS = (
    *("date", "ticker", "sector", "model", "fold", "score"),
    *("horizon", "fwd_ret", "label", "label_end"),
)
"""Columns that stand beside features on their way to a score."""


def _refuse_taken(names: Iterable[str]) -> None:
    columns = ("", *_KEYS_AND_LABELS, *FEATURE_SETS)
    taken = [name for name in names if name in columns or find_feature(name)]
    if taken:
        raise ConfigError(
            "AK-C113",
            "a formula is called like something that is known",
            where=taken,
            wanted="a name that no feature, feature set or column has",
            fix="give the formula another name",
        )


def written_feature(name: str, text: str) -> Feature:
    """Return a feature whose formula somebody wrote down, as in a YAML file."""
    return Feature(
        name=name,
        formula=read_formula(text, where=name),
        family="own",
        unit="as its formula",
        summary="A formula of this experiment.",
        source="this experiment",
        scale_free=False,
    )


def _named(name: str, own: Mapping[str, Feature]) -> Iterator[Feature]:
    if name in own:
        yield own[name]
    elif name in FEATURE_SETS:
        yield from (_listed(each) for each in FEATURE_SETS[name])
    else:
        yield _listed(name, [*own, *FEATURE_SETS])


def _listed(name: str, others: Iterable[str] = ()) -> Feature:
    found = find_feature(name)
    if found is None:
        known = [*others, *FEATURES]
        raise unknown_name("feature or feature set", name, known)
    return found


def feature_names(asked: Asked) -> tuple[str, ...]:
    """Return the names of the features asked for, sets spelt out."""
    return tuple(each.name for each in choose_features(asked))


def longest_lookback(asked: Asked) -> int:
    """Return the sessions, today's included, that these features need loaded."""
    return max(each.lookback for each in choose_features(asked))
