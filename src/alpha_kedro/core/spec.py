"""The parent of every parameter block, and the types such blocks are made of."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.registry import nearest

S = TypeVar("S", bound="Spec")


class Spec(BaseModel):
    """A frozen, strictly typed block of parameters that refuses unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False
    )

    @classmethod
    def parse(cls: type[S], block: Mapping[str, Any], where: str) -> S:
        """Validate ``block``, naming the key under ``where`` that is wrong.

        Raises
        ------
        ConfigError
            ``AK-C003`` with every problem found, and the nearest key for a typo.
        """
        try:
            return cls.model_validate(dict(block))
        except ValidationError as error:
            raise _explain(error, cls, where) from None


def _as_tuple(value: object) -> object:
    """Accept a YAML list, or ``a+b`` as the command line can say it."""
    if isinstance(value, str):
        return tuple(part for part in re.split(r"[+\s]+", value) if part)
    return tuple(value) if isinstance(value, list) else value


def _as_counts(value: object) -> object:
    """Accept one number, a list of them, or ``1+5`` as the command line can say it."""
    return (value,) if isinstance(value, int) else _as_tuple(value)


def _as_date(value: object) -> object:
    if isinstance(value, datetime):
        return value.date()
    return date.fromisoformat(value) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
"""Several names: a YAML list, or ``a+b`` on the command line."""

Sessions = Annotated[
    tuple[Annotated[int, Field(strict=False)], ...], BeforeValidator(_as_counts)
]
"""Counts of sessions: one, a YAML list, or ``1+5`` on the command line."""

SessionDate = Annotated[date, BeforeValidator(_as_date)]
"""A day, written ``2012-01-31``."""

BasisPoints = Annotated[float, Field(ge=0, le=1_000)]
"""A cost in basis points (1 bp = 0.0001) of traded value."""

Share = Annotated[float, Field(ge=0, le=1)]
"""A share between 0 and 1."""


def _explain(error: ValidationError, spec: type[BaseModel], where: str) -> ConfigError:
    problems = []
    for entry in error.errors():
        path = [str(part) for part in entry["loc"]]
        key = ".".join([where, *path]) if where else ".".join(path)
        problems.append(f"{key or 'parameters'}: {_reason(entry, spec, path)}")
    return ConfigError(
        "AK-C003",
        f"{len(problems)} parameter(s) cannot be used",
        where=problems,
        fix="correct the key in conf/ or on the command line (--params)",
    )


def _reason(entry: Any, spec: type[BaseModel], path: list[str]) -> str:
    if entry["type"] == "union_tag_invalid":
        return _unknown_tag(**entry["ctx"])
    if entry["type"] != "extra_forbidden":
        shown = entry.get("input")
        got = f", got {shown!r}" if not isinstance(shown, Mapping) else ""
        return f"{entry['msg'].lower()}{got}"
    close = nearest(path[-1], known_keys(spec, path[:-1]))
    return "unknown key" + (f", did you mean {close!r}?" if close else "")


def _unknown_tag(*, discriminator: str, tag: str, expected_tags: str) -> str:
    """Say which kinds there are, the nearest to a misspelt one first."""
    known = re.findall(r"'([^']+)'", expected_tags)
    close = nearest(tag, known)
    hint = f", did you mean {close!r}?" if close else ""
    name = discriminator.strip("'")
    return f"unknown {name} {tag!r}{hint} (one of {', '.join(known)})"


def known_keys(spec: type[BaseModel], path: list[str]) -> list[str]:
    """Return the keys that the block at ``path`` below ``spec`` understands.

    The name of an entry, such as the one under a ``dict[str, Spec]``, leads no deeper,
    even where it is the name of a field.
    """
    here, names_entry = {spec}, False
    for part in path:
        below = [
            model.model_fields[part].annotation
            for model in here
            if part in model.model_fields and not names_entry
        ]
        names_entry = any(get_origin(each) in (dict, Mapping) for each in below)
        here = set().union(*map(_specs_in, below)) or here
    return sorted({key for model in here for key in model.model_fields})


def _specs_in(annotation: object) -> set[type[BaseModel]]:
    """Return the specs that stand anywhere in a type such as ``dict[str, A | B]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return set().union(*map(_specs_in, get_args(annotation)))
