"""Features whose effect on a score may go one way only."""

from collections.abc import Mapping
from typing import Literal

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.registry import nearest

Signs = Mapping[str, Literal[-1, 0, 1]]
"""Feature, and 1 where the score may only rise with it, -1 where it may only fall."""

Absent = Literal["refuse", "ignore"]


def column_signs(monotone: Signs, features: tuple[str, ...]) -> list[int]:
    """Return the constraint of each column, 0 where there is none."""
    return [monotone.get(name, 0) for name in features]


def absent_features(
    monotone: Signs, features: tuple[str, ...], absent: Absent
) -> tuple[str, ...]:
    """Return the constrained features a model is not given, by name.

    A feature that is given but carries no information in a window constrains nothing
    there; it is listed among the features the fit dropped.

    Raises
    ------
    ModelError
        ``AK-M141`` when there are any, unless ``absent`` is ``ignore``.
    """
    lost = tuple(sorted({*monotone} - {*features}))
    if not lost or absent == "ignore":
        return lost
    close = {name: nearest(name, features) for name in lost}
    raise ModelError(
        "AK-M141",
        "monotone constraints name features the model is not given",
        where=[
            name + (f" (is {near!r} meant?)" if near else "")
            for name, near in close.items()
        ],
        wanted="features of the samples",
        fix="correct the name; where a selection may leave a feature out, set "
        "monotone_absent: ignore",
    )
