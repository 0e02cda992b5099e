"""The manifest of a stored model: its kind, its teaching, its files."""

import hashlib
import importlib
import json
import os
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, Field, ValidationError

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.spec import SessionDate, Spec
from alpha_kedro.learning.training import FittedModel, Kind

MANIFEST = "manifest.json"
REFIT = "fit the model again, or take its folder from a backup"
LIBRARIES = ("lightgbm", "xgboost")

FileName = Annotated[str, Field(pattern=r"^[a-z]+\.(txt|json)$")]


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
        default_factory=dict, description="Measures of the fit; null: not available."
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
    features: tuple[str, ...] = Field(min_length=1, description="Features, in order.")
    dropped_features: dict[str, str] = Field(
        description="Features the fit could not use, with the reason."
    )
    training: TrainingRecord = Field(description="What the model was taught, and when.")
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
    ) -> "ModelManifest":
        """Describe a fitted model and the files it is stored in."""
        return cls(
            kind=fitted.kind,
            features=fitted.features,
            dropped_features=dict(fitted.dropped_features),
            training=training,
            versions=library_versions(fitted.kind),
            files={name: FileStamp.of(content) for name, content in files.items()},
        )

    def stored_name(self, name: str) -> str:
        """Return the name on disk of one of the files: stem, digest, suffix."""
        stem, suffix = name.split(".")
        return f"{stem}-{self.files[name].sha256[:16]}.{suffix}"


def library_versions(kind: str) -> dict[str, str]:
    """Return the installed versions of what writes and reads models of a kind."""
    versions = {name: version(name) for name in ("alpha-kedro", "numpy")}
    if kind in LIBRARIES and find_spec(kind) is not None:
        versions[kind] = importlib.import_module(kind).__version__
    return versions


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
        return _unseal(path.read_bytes())
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(
            "AK-M031", f"{path} is damaged", got=_first_line(error), fix=REFIT
        ) from None


def seal(manifest: ModelManifest) -> bytes:
    """Return the text of ``manifest.json``, which ends in its own SHA-256."""
    body = manifest.model_dump(mode="json")
    document = {"manifest": body, "sha256": FileStamp.of(_canonical(body)).sha256}
    return json.dumps(document, indent=2, allow_nan=False).encode() + b"\n"


def _unseal(content: bytes) -> ModelManifest:
    document = json.loads(content)
    body = _canonical(document["manifest"])
    if FileStamp.of(body).sha256 != document["sha256"]:
        raise ValueError("its text does not match its seal")
    return ModelManifest.model_validate_json(body)


def _canonical(body: object) -> bytes:
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def _first_line(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return str(error.errors()[0]["msg"])
    return f"{error}".splitlines()[0]
