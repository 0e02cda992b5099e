"""From the files of a stored model to the model: its kind, then what surrounds it.

Kinds and wrappers are known by name, and a module is imported when a model needs it: a
ridge is loaded on a machine without torch.
"""

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from operator import attrgetter
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.training import FittedModel, Kind
from alpha_kedro.learning.wrappers.neutralized_model import NeutralizedModel
from alpha_kedro.learning.wrappers.regimes.switched_model import SwitchedModel
from alpha_kedro.learning.wrappers.seeds import AveragedModel
from alpha_kedro.learning.wrappers.selected_model import Restore, SelectedModel
from alpha_kedro.learning.wrappers.tuning.tuned_model import TunedModel

REFIT = "fit the model again, or take its folder from a backup"

Wrapper = Literal["selection", "regimes", "tuning", "neutralize", "seeds"]
"""What may surround a model of any kind."""

_HERE = "alpha_kedro.learning"
_KINDS: Mapping[Kind, str] = {
    "classifier": "classification.classifier:restore",
    "elastic_net": "linear_models.elastic_net:ElasticNet.restore",
    "factor": "factors:RawFactor.restore",
    "lightgbm": "trees.lightgbm_trees:restore",
    "lstm": "sequence.stored:restore",
    "multi_scale_lstm": "sequence.stored:restore",
    "random": "factors:RandomScore.restore",
    "ridge": "linear_models.linear:Ridge.restore",
    "xgboost": "trees.xgboost_trees:restore",
}
_WRAPPERS: Mapping[Wrapper, str] = {
    "neutralize": "wrappers.neutralized_model:restore_neutralized",
    "regimes": "wrappers.regimes.switched_model:restore_regimes",
    "seeds": "wrappers.seeds:restore_averaged",
    "selection": "wrappers.selected_model:restore_selected",
    "tuning": "wrappers.tuning.tuned_model:restore_tuned",
}
_UNREADABLE = (
    AttributeError,
    IndexError,
    KeyError,
    RecursionError,
    TypeError,
    ValueError,
)


class _Layer(NamedTuple):
    """How a wrapper is known, and how to reach what is inside it."""

    name: Wrapper
    model: type
    inside: Callable[[Any], FittedModel]


_LAYERS = (
    _Layer("selection", SelectedModel, attrgetter("inner")),
    _Layer("regimes", SwitchedModel, lambda model: next(iter(model.inner.values()))),
    _Layer("tuning", TunedModel, attrgetter("inner")),
    _Layer("neutralize", NeutralizedModel, attrgetter("inner")),
    _Layer("seeds", AveragedModel, lambda model: model.members[0]),
)


def wrappers_of(fitted: FittedModel) -> tuple[Wrapper, ...]:
    """Return what surrounds a model, from the inside to the outside."""
    for layer in _LAYERS:
        if isinstance(fitted, layer.model):
            return *wrappers_of(layer.inside(fitted)), layer.name
    return ()


def rebuild(
    kind: Kind,
    wrappers: tuple[Wrapper, ...],
    features: tuple[str, ...],
    dropped: Mapping[str, str],
    files: Mapping[str, bytes],
) -> FittedModel:
    """Rebuild a model from its files, which are what was written.

    Parameters
    ----------
    kind, wrappers, features, dropped
        As the manifest has them, wrappers from the inside to the outside.
    files
        Content by name.

    Raises
    ------
    ModelError
        ``AK-M036`` for content of another format; others as the kind.
    """
    restore: Restore = _named(_KINDS[kind])
    for wrapper in wrappers:
        restore = partial(_named(_WRAPPERS[wrapper]), restore)
    return read_whole(kind, lambda: restore(features, dropped, files))


def read_whole(kind: Kind, read: Callable[[], FittedModel]) -> FittedModel:
    """Return what ``read`` makes of some files, or raise ``AK-M036``."""
    try:
        return read()
    except _UNREADABLE as error:
        raise ModelError(
            "AK-M036",
            f"files that were stored as a {kind} model are not one",
            got=first_line(error),
            fix=REFIT,
        ) from None


def first_line(error: Exception) -> str:
    """Return what an error says, shortly."""
    if isinstance(error, ValidationError):
        return str(error.errors()[0]["msg"])
    said = f"{error}".splitlines()
    return said[0] if said else type(error).__name__


def _named(place: str) -> Any:
    module, name = place.split(":")
    return attrgetter(name)(import_module(f"{_HERE}.{module}"))
