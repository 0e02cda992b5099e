"""What was learned as JSON text, read back with its shape checked."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.spec import Spec

R = TypeVar("R", bound=Spec)


def read_record(record: type[R], files: Mapping[str, bytes], name: str) -> R:
    """Return the record that the JSON file ``name`` holds.

    Raises
    ------
    ModelError
        ``AK-M034`` for text that is cut, or of another shape.
    """
    try:
        return record.model_validate_json(files[name])
    except ValidationError as error:
        got = str(error.errors()[0]["msg"])
        raise not_whole(name, record.__name__, got=got) from None


def not_whole(name: str, wanted: str, *, got: str | None = None) -> ModelError:
    """Return the error for a stored file that is cut or foreign."""
    return ModelError(
        "AK-M034",
        f"{name} is not a whole {wanted}",
        got=got,
        fix="fit the model again, or take its folder from a backup",
    )
