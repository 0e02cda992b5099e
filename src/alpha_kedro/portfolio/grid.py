"""What a grid of settings says: values by the path of what they change."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Self

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from alpha_kedro.core.spec import Names, Spec

Values = Annotated[
    tuple[Any, ...],
    BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given),
    AfterValidator(lambda values: each_once(values)),
    Field(min_length=1),
]
Numbers = Annotated[
    tuple[Annotated[float, Field(ge=0, strict=False)], ...],
    BeforeValidator(lambda given: tuple(given) if isinstance(given, list) else given),
    AfterValidator(lambda values: each_once(values)),
]


def _paths(given: object) -> object:
    """Return values by dotted path, as YAML has them, also where --params nests."""
    if not isinstance(given, Mapping):
        return given
    flat: dict[str, object] = {}
    for name, below in given.items():
        inner = _paths(below)
        if isinstance(inner, Mapping):
            flat |= {f"{name}.{path}": values for path, values in inner.items()}
        else:
            flat[str(name)] = _listed(inner)
    return flat


def _listed(values: object) -> object:
    """Read ``0.1+0.2`` and a single value, as the command line can say them."""
    if isinstance(values, str) and "+" in values:
        return tuple(_plain(part) for part in values.split("+"))
    return (values,) if isinstance(values, str | int | float) else values


def _plain(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def each_once(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the values; the same one twice would be one trial counted as two."""
    twice = [each for place, each in enumerate(values) if each in values[:place]]
    if twice:
        raise ValueError(f"{twice[0]!r} is named twice")
    return values


class SweepSpec(Spec):
    """Which settings are tried beside those the experiment names."""

    strategies: Annotated[Names, AfterValidator(each_once)] = Field(
        default=(), description="strategies the grid is laid over; none: no sweep"
    )
    grid: Annotated[dict[str, Values], BeforeValidator(_paths)] = Field(
        default_factory=dict,
        description="values by path, as strategy.quantile: [0.1, 0.2]; every "
        "combination is tried. On the command line: sweep.grid.strategy.quantile="
        "0.1+0.2",
    )
    bootstrap_reps: int = Field(
        default=500, ge=100, le=100_000, description="resamples behind each interval"
    )

    @model_validator(mode="after")
    def _is_laid_over_something(self) -> Self:
        if self.grid and not self.strategies:
            raise ValueError("a grid over no strategy: name them in strategies")
        return self

    @property
    def n_cells(self) -> int:
        """Return how many backtests the sweep asks for."""
        sizes = [len(values) for values in self.grid.values()]
        return len(self.strategies) * int(np.prod(sizes))
