"""A taught network read back from its files, which may be anything.

Safetensors are a table of names, shapes and places, then numbers. The table is held
against the network the record describes before any number is looked at; nothing in
either file is ever run.
"""

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import AfterValidator, ValidationError

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.sequence.architecture import SequenceSpec
from alpha_kedro.learning.sequence.fitted import (
    RECORD_FILE,
    WEIGHTS_FILE,
    FittedSequenceModel,
)
from alpha_kedro.learning.sequence.lstm import LSTMSpec
from alpha_kedro.learning.sequence.multi_scale import MultiScaleLSTMSpec
from alpha_kedro.learning.sequence.network import network_of
from alpha_kedro.learning.sequence.scaling import SequenceScaling

if TYPE_CHECKING:
    from torch import Tensor

_SPECS: Mapping[str, type[LSTMSpec] | type[MultiScaleLSTMSpec]] = {
    "lstm": LSTMSpec,
    "multi_scale_lstm": MultiScaleLSTMSpec,
}
_LENGTH_BYTES = 8
_LONGEST_TABLE = 1 << 20
_REFIT = "fit the model again, or take its folder from a backup"


def _a_date(text: str) -> str:
    np.datetime64(text, "us")
    return text


class _Record(Spec):
    """What ``network.json`` says beside the parameters."""

    read: tuple[str, ...]
    scaling: SequenceScaling
    centre: float
    spread: float
    first: Annotated[str, AfterValidator(_a_date)]
    chosen: dict[str, float | str]


def restore(
    features: tuple[str, ...], dropped: Mapping[str, str], files: Mapping[str, bytes]
) -> FittedSequenceModel:
    """Rebuild a model from its files; it scores bit for bit as the one stored.

    Raises
    ------
    ModelError
        ``AK-M110`` for a record of another format or of other features, ``AK-M111`` for
        weights that are cut, foreign or of another network, ``AK-M112`` for weights
        that are no numbers.
    """
    spec, record = _read_record(files[RECORD_FILE])
    kept = tuple(name for name in features if name not in dropped)
    if record.read != kept:
        raise _foreign_record("it reads other features than the model has")
    n_inputs = len(record.scaling.sources)
    weights = _read_weights(files[WEIGHTS_FILE], _shapes(spec, n_inputs))
    return FittedSequenceModel(
        features=features,
        dropped_features=dropped,
        network=network_of(spec, n_inputs, weights),
        scaling=record.scaling,
        centre=record.centre,
        spread=record.spread,
        first=np.datetime64(record.first, "us"),
        chosen=record.chosen,
    )


def _read_record(content: bytes) -> tuple[SequenceSpec, _Record]:
    try:
        document = json.loads(content)
        kind, spec = document.pop("kind"), document.pop("spec")
        return (
            _SPECS[kind].model_validate_json(json.dumps(spec)),
            _Record.model_validate_json(json.dumps(document)),
        )
    except ValidationError as error:
        raise _foreign_record(str(error.errors()[0]["msg"])) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _foreign_record(f"{type(error).__name__}: {error}") from None


def _shapes(spec: SequenceSpec, n_inputs: int) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of a network's weights; none are allocated."""
    import torch

    with torch.device("meta"):
        state = spec.build(n_inputs).state_dict()
    return {name: tuple(weight.shape) for name, weight in state.items()}


def _read_weights(
    content: bytes, wanted: Mapping[str, tuple[int, ...]]
) -> dict[str, "Tensor"]:
    from safetensors.torch import load

    table, n_bytes = _table(content)
    found = {name: tuple(entry["shape"]) for name, entry in table.items()}
    if found != wanted:
        names = sorted(
            name for name in {*found, *wanted} if found.get(name) != wanted.get(name)
        )
        raise _foreign_weights("other names or shapes", names)
    if any(entry["dtype"] != "F32" for entry in table.values()):
        raise _foreign_weights("numbers that are not float32")
    if n_bytes != 4 * sum(map(math.prod, wanted.values())):
        raise _foreign_weights("more or fewer numbers than its table says")
    try:
        weights = load(content)
    except Exception as error:
        raise _foreign_weights(str(error)) from None
    _refuse_no_numbers(weights)
    return weights


def _table(content: bytes) -> tuple[dict[str, dict[str, Any]], int]:
    """Return the table of a safetensors file, and the bytes that follow it."""
    size = int.from_bytes(content[:_LENGTH_BYTES], "little")
    end = _LENGTH_BYTES + size
    if len(content) < _LENGTH_BYTES or size > _LONGEST_TABLE or end > len(content):
        raise _foreign_weights("no table of tensors at its beginning")
    try:
        table = json.loads(content[_LENGTH_BYTES:end])
        entries = {
            str(name): {"shape": [*entry["shape"]], "dtype": entry["dtype"]}
            for name, entry in table.items()
            if name != "__metadata__"
        }
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _foreign_weights("a table of tensors that cannot be read") from None
    return entries, len(content) - end


def _refuse_no_numbers(weights: Mapping[str, "Tensor"]) -> None:
    bad = [
        name for name, each in weights.items() if not np.isfinite(each.numpy()).all()
    ]
    if bad:
        raise ModelError(
            "AK-M112",
            f"weights in {WEIGHTS_FILE} are no numbers",
            where=sorted(bad),
            wanted="finite values",
            fix=_REFIT,
        )


def _foreign_record(got: str) -> ModelError:
    return ModelError(
        "AK-M110",
        f"{RECORD_FILE} does not describe a sequence model of these features",
        got=got.splitlines()[0] if got else None,
        fix=_REFIT,
    )


def _foreign_weights(got: str, names: list[str] | None = None) -> ModelError:
    return ModelError(
        "AK-M111",
        f"{WEIGHTS_FILE} does not hold the weights of this network",
        where=names or (),
        got=got,
        fix=_REFIT,
    )
