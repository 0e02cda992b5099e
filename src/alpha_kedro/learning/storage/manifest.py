"""The manifest of a stored model: its kind, its teaching, its files."""

import hashlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, Field

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.spec import SessionDate, Spec
from alpha_kedro.learning.storage.library_versions import library_versions
from alpha_kedro.learning.storage.restoring import (
    REFIT,
    Wrapper,
    first_line,
    wrappers_of,
)
from alpha_kedro.learning.training import FittedModel, Kind

MANIFEST = "manifest.json"
STEM = "[a-z0-9_]+"
SUFFIX = "(txt|json|safetensors)"
NAME = "[A-Za-z0-9_][A-Za-z0-9_.+-]*"

_LONGEST = 1 << 24  # bytes

FileName = Annotated[str, Field(pattern=rf"^{STEM}\.{SUFFIX}$")]
ModelName = Annotated[str, Field(pattern=f"^{NAME}$")]


class TrainingRecord(Spec):
    """What a model was taught, and when."""

    label: str = Field(min_length=1, description="Kind of label the scores stand for.")
    horizon: int = Field(ge=1, description="Horizon of the label (sessions).")
    train_start: SessionDate = Field(description="First decision date learned from.")
    train_end: SessionDate = Field(description="Last decision date learned from.")
    fit_end: SessionDate = Field(description="Last price date a label used.")
    trained_at: AwareDatetime = Field(description="Moment of the fit, with time zone.")
    seed: int = Field(ge=0, description="Seed of the fit.")
    metrics: dict[str, float | None] = Field(
        default_factory=dict,
        description="How models of this name did on rows they had not seen; null: not "
        "available.",
    )


class FileStamp(Spec):
    """What a file has to be."""

    size: int = Field(ge=1, description="Length (bytes).")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256, hexadecimal.")

    @classmethod
    def of(cls, content: bytes) -> "FileStamp":
        """Measure some content."""
        return cls(size=len(content), sha256=hashlib.sha256(content).hexdigest())


class ModelManifest(Spec):
    """Everything needed to trust a stored model, and to score with it by name."""

    kind: Kind = Field(description="Model kind, as in ModelSpec.")
    name: ModelName | None = Field(
        default=None, description="What the model is called; null: it has no name."
    )
    wrappers: tuple[Wrapper, ...] = Field(
        default=(), description="What surrounds the kind, from inside to outside."
    )
    features: tuple[str, ...] = Field(min_length=1, description="Features, in order.")
    dropped_features: dict[str, str] = Field(
        description="Features the fit could not use, with the reason."
    )
    training: TrainingRecord = Field(description="What the model was taught, and when.")
    chosen: dict[str, float | str | None] = Field(
        default_factory=dict,
        description="What the fit chose for itself; null: a number that is none.",
    )
    members: dict[ModelName, SessionDate] = Field(
        default_factory=dict, description="Models an ensemble adds up, and their fits."
    )
    versions: dict[str, str] = Field(
        description="Versions of the libraries that wrote."
    )
    files: dict[FileName, FileStamp] = Field(description="Files, by what they hold.")

    @classmethod
    def of(
        cls,
        fitted: FittedModel,
        files: Mapping[str, bytes],
        training: TrainingRecord,
        *,
        name: str | None = None,
        members: Mapping[str, SessionDate] | None = None,
    ) -> "ModelManifest":
        """Describe a fitted model and the files it is stored in."""
        wrappers = wrappers_of(fitted)
        return cls(
            kind=fitted.kind,
            name=name,
            wrappers=wrappers,
            features=fitted.features,
            dropped_features=dict(fitted.dropped_features),
            training=training,
            chosen={key: _plain(value) for key, value in fitted.chosen.items()},
            members=dict(members or {}),
            versions=library_versions(fitted.kind, wrappers),
            files={file: FileStamp.of(content) for file, content in files.items()},
        )

    def stored_name(self, name: str) -> str:
        """Return the name on disk of one of the files: stem, digest, suffix."""
        stem, suffix = name.split(".")
        return f"{stem}-{self.files[name].sha256[:16]}.{suffix}"


def read_manifest(folder: str | os.PathLike[str]) -> ModelManifest:
    """Read the manifest of a stored model and check it against its own seal.

    Raises
    ------
    ModelError
        ``AK-M030`` when there is none, ``AK-M031`` when it is damaged.
    """
    path = Path(folder) / MANIFEST
    if not path.is_file():
        raise ModelError(
            "AK-M030",
            f"{folder} holds no model",
            wanted=f"a folder with {MANIFEST}, written by save_model",
            fix="name that folder; pickle and joblib files are never opened, because "
            "opening one runs the code in it",
        )
    try:
        return _unseal(_content(path))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(
            "AK-M031", f"{path} is damaged", got=first_line(error), fix=REFIT
        ) from None


def seal(manifest: ModelManifest) -> bytes:
    """Return the text of ``manifest.json``, which ends in its own SHA-256."""
    body = manifest.model_dump(mode="json")
    document = {"manifest": body, "sha256": FileStamp.of(_canonical(body)).sha256}
    return json.dumps(document, indent=2, allow_nan=False).encode() + b"\n"


def _content(path: Path) -> bytes:
    if path.is_symlink():
        raise ValueError("it is a link and not a file")
    if path.stat().st_size > _LONGEST:
        raise ValueError("it is longer than any manifest")
    return path.read_bytes()


def _unseal(content: bytes) -> ModelManifest:
    document = json.loads(content)
    body = _canonical(document["manifest"])
    if FileStamp.of(body).sha256 != document["sha256"]:
        raise ValueError("its text does not match its seal")
    return ModelManifest.model_validate_json(body)


def _canonical(body: object) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _plain(value: float | str) -> float | str | None:
    if isinstance(value, str):
        return value
    return float(value) if math.isfinite(value) else None
