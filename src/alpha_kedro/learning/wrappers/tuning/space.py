"""Where a parameter may go: a range of numbers, or a list of values.

A space is written for the block of one model kind. Its names are the block's own keys,
dotted where they lie deeper (``rounds.patience``), and the block itself says which
values it takes: there is no second list of bounds.
"""

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import TYPE_CHECKING, Annotated, Any, Self, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.spec import Spec

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

B = TypeVar("B", bound=Spec)

Number = int | float
Scalar = bool | int | float | str | None

Setting = Scalar | tuple[Scalar, ...]
"""The value of a parameter; several only where a block itself holds several."""

_ROUNDING = 1e-9


class Range(Spec):
    """Numbers from ``low`` to ``high``, both included."""

    low: Number = Field(description="Least value.")
    high: Number = Field(description="Largest value.")
    log: bool = Field(
        default=False, description="Draw evenly in the logarithm; low above 0."
    )
    step: Number | None = Field(
        default=None, gt=0, description="Distance of neighbours; null: any value."
    )

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"low {self.low:g} lies above high {self.high:g}")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("a log range needs low above 0, and no step")
        if not self._on_grid(self.high):
            raise ValueError("high is not low and a whole number of steps")
        return self

    @property
    def samples(self) -> tuple[Number, ...]:
        """Return values that say whether a block takes this range: ends and a step."""
        if self.step is None or self.low == self.high:
            return self.low, self.high
        return self.low, self.low + self.step, self.high

    def holds(self, value: object) -> bool:
        """Tell whether a value lies in the range."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return self.low <= value <= self.high and self._on_grid(value)

    def _on_grid(self, value: Number) -> bool:
        if self.step is None:
            return True
        steps = (value - self.low) / self.step
        return abs(steps - round(steps)) < _ROUNDING


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _refuse_repeats(values: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
    if len({*values}) < len(values):
        raise ValueError("a value is listed twice")
    return values


def _shape(value: object) -> str:
    return "list" if isinstance(value, list | tuple) else "range"


Choices = Annotated[
    tuple[Scalar, ...],
    BeforeValidator(_as_tuple),
    AfterValidator(_refuse_repeats),
    Field(min_length=1),
]

Values = Annotated[
    Annotated[Range, Tag("range")] | Annotated[Choices, Tag("list")],
    Discriminator(_shape),
]
"""``{low: 4, high: 63, log: true}``, or ``[100, 300, 1000]``."""


def holds(values: Range | tuple[Scalar, ...], value: Setting) -> bool:
    """Tell whether a parameter's value is one that may be drawn."""
    return values.holds(value) if isinstance(values, Range) else value in values


def parameters_of(block: Spec) -> dict[str, object]:
    """Return the type of each parameter of a block, by its dotted name."""
    found: dict[str, object] = {}
    for name, field in type(block).model_fields.items():
        value = getattr(block, name)
        if isinstance(value, Spec):
            inside = parameters_of(value).items()
            found |= {f"{name}.{below}": kind for below, kind in inside}
        else:
            found[name] = field.annotation
    return found


def number_type(annotation: object) -> type[int] | type[float] | None:
    """Return float where a type such as ``tuple[float, ...] | None`` holds one.

    Otherwise int where it holds one, and None where it holds no number.
    """
    kinds = {*_leaves(annotation)}
    return float if float in kinds else int if int in kinds else None


def with_settings(block: B, settings: Mapping[str, Setting]) -> B:
    """Return a block with some of its parameters changed, and checked as a whole.

    Parameters
    ----------
    settings
        New value of each parameter, by its dotted name.

    Raises
    ------
    ConfigError
        ``AK-C003`` when the block refuses a value, alone or beside the others.
    """
    tree: dict[str, Any] = {}
    for name, value in settings.items():
        *path, last = name.split(".")
        branch = reduce(lambda below, part: below.setdefault(part, {}), path, tree)
        branch[last] = value
    return _changed(block, tree, "")


def settings_of(block: Spec, names: Mapping[str, object]) -> dict[str, Setting]:
    """Return what a block has for some parameters; a single value without its list."""
    tree = block.model_dump(mode="json")
    found = {
        name: reduce(lambda below, part: below[part], name.split("."), tree)
        for name in names
    }
    return {name: _without_list(value) for name, value in found.items()}


def distributions(
    space: Mapping[str, Range | tuple[Scalar, ...]], block: Spec
) -> dict[str, "BaseDistribution"]:
    """Return a space as Optuna draws from it."""
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    kinds = parameters_of(block)
    drawn: dict[str, BaseDistribution] = {}
    for name, values in space.items():
        if not isinstance(values, Range):
            drawn[name] = CategoricalDistribution(values)
        elif number_type(kinds[name]) is int:
            low, high, step = int(values.low), int(values.high), int(values.step or 1)
            drawn[name] = IntDistribution(low, high, log=values.log, step=step)
        else:
            drawn[name] = FloatDistribution(**values.model_dump())
    return drawn


def refuse_no_number(name: str, annotation: object) -> None:
    """Raise ``AK-C152`` when a range is set for a parameter that is no number."""
    if number_type(annotation) is None:
        raise ConfigError(
            "AK-C152",
            f"tuning.space.{name}: a range is given for what is no number",
            fix="list the values to try, as [standard, robust]",
        )


def _changed(block: B, tree: Mapping[str, Any], where: str) -> B:
    below = f"{where}." if where else ""
    news = {
        name: _changed(getattr(block, name), new, f"{below}{name}")
        if isinstance(new, Mapping)
        else new
        for name, new in tree.items()
    }
    return type(block).parse({**dict(block), **news}, where)


def _without_list(value: Any) -> Setting:
    if not isinstance(value, list):
        return value  # type: ignore[no-any-return]
    return value[0] if len(value) == 1 else tuple(value)


def _leaves(annotation: object) -> Iterator[object]:
    inside = get_args(annotation)
    if not inside:
        yield annotation
    for each in inside:
        yield from _leaves(each)
