"""Which libraries a stored model depends on, and whether those installed will do."""

from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.training import Kind

_ALWAYS = ("alpha-kedro", "numpy")
_READ_BY: Mapping[Kind, tuple[str, ...]] = {
    "classifier": ("lightgbm",),
    "lightgbm": ("lightgbm",),
    "lstm": ("safetensors", "torch"),
    "multi_scale_lstm": ("safetensors", "torch"),
    "xgboost": ("xgboost",),
}
"""Libraries whose format the files of a kind are in."""

_TAUGHT_BY: Mapping[str, str] = {
    "elastic_net": "scikit-learn",
    "regimes": "hmmlearn",
    "tuning": "optuna",
}
"""Libraries a kind or wrapper learned with, and is read without."""

_PACKAGES = {"scikit-learn": "sklearn"}
_ALSO_SOLD_AS = {"xgboost": "xgboost-cpu"}


def library_versions(kind: Kind, wrappers: Iterable[str] = ()) -> dict[str, str]:
    """Return the versions of what writes and reads such a model; absent if missing."""
    taught_by = [_TAUGHT_BY[part] for part in (kind, *wrappers) if part in _TAUGHT_BY]
    names = [*_ALWAYS, *_READ_BY.get(kind, ()), *taught_by]
    found = {name: _version(name) for name in sorted(names)}
    return {name: each for name, each in found.items() if each is not None}


def refuse_other_version(kind: Kind, written: Mapping[str, str]) -> None:
    """Raise ``AK-M035`` unless a format's library is of the version that wrote it.

    Formats change between major versions, and what an older one makes of a newer file
    may be a model with other scores.
    """
    running = library_versions(kind)
    for library in _READ_BY.get(kind, ()):
        if _major(written, library) != _major(running, library):
            raise ModelError(
                "AK-M035",
                f"the model was written by another major version of {library}",
                got=f"{running.get(library, 'none')} is installed",
                wanted=written.get(library),
                fix="install that version, or fit the model again with the installed "
                "one",
            )


def _version(library: str) -> str | None:
    if find_spec(_PACKAGES.get(library, library.replace("-", "_"))) is None:
        return None
    try:
        return version(library)
    except PackageNotFoundError:
        return version(_ALSO_SOLD_AS.get(library, library))


def _major(versions: Mapping[str, str], library: str) -> str:
    return versions.get(library, "").split(".")[0]
