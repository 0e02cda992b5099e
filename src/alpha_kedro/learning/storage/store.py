"""Models on disk: text and tensors, each with its size and SHA-256 in a manifest.

1. Files are written beside those of the last model, under names with their digest.
2. ``manifest.json`` is replaced in one step. Before it the folder holds the last model,
   after it the new one, and at no moment neither. A folder that is new appears whole.
3. Files the manifest does not name are swept away.

Loading goes the other way: the manifest against its own seal, every file against the
manifest, and only then the bytes reach a library. LightGBM ends the process when it
meets half a file, and may predict something else when one byte changed. Nothing is ever
unpickled.
"""

import os
import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.files import atomic_folder, sweep_partials, write_bytes
from alpha_kedro.learning.storage.library_versions import refuse_other_version
from alpha_kedro.learning.storage.manifest import (
    MANIFEST,
    STEM,
    SUFFIX,
    FileStamp,
    ModelManifest,
    TrainingRecord,
    read_manifest,
    seal,
)
from alpha_kedro.learning.storage.restoring import REFIT, read_whole, rebuild
from alpha_kedro.learning.training import FittedModel

_STORED = re.compile(rf"{STEM}-[0-9a-f]{{16}}\.{SUFFIX}")


def save_model(
    fitted: FittedModel,
    folder: str | os.PathLike[str],
    *,
    training: TrainingRecord,
    name: str | None = None,
    members: Mapping[str, date] | None = None,
) -> ModelManifest:
    """Write a model; until the last step the folder still holds the one before.

    Parameters
    ----------
    fitted
        A model fitted by this package.
    folder
        Folder of this one fit, with one writer at a time; made where missing.
    training
        What the model was taught; kept in the manifest.
    name
        What the model is called, where it has a name; see ``keep_model``.
    members
        Of an ensemble: the fit of each member, by the date it is kept under.

    Returns
    -------
    ModelManifest
        As written to ``manifest.json``.
    """
    target, files = Path(folder), fitted.files()
    manifest = ModelManifest.of(fitted, files, training, name=name, members=members)
    if target.exists() and any(target.iterdir()):
        _write(target, manifest, files)
        _sweep(target, manifest)
        return manifest
    with atomic_folder(target) as new:
        _write(new, manifest, files)
    return manifest


def load_model(
    folder: str | os.PathLike[str], *, expected_features: Iterable[str] | None = None
) -> tuple[FittedModel, ModelManifest]:
    """Read a model back; it scores bit for bit as the one that was saved.

    Parameters
    ----------
    folder
        Folder of one fit: written by ``save_model``, or found by ``find_model``.
    expected_features
        Features the caller will bring, in any order.

    Raises
    ------
    ModelError
        ``AK-M030`` no model there (a pickle is never opened), ``AK-M031`` a damaged
        manifest, ``AK-M032`` a file that is missing, cut, changed or foreign,
        ``AK-M033`` other features, ``AK-M034``, ``AK-M036`` content of another format,
        ``AK-M035`` written by another major version of its library, ``AK-M037`` a
        folder that has another model's place; of an ensemble also ``AK-M163``, members
        that were fitted again since.
    """
    source = Path(folder)
    manifest = read_manifest(source)
    _refuse_other_features(manifest, expected_features)
    refuse_other_version(manifest.kind, manifest.versions)
    files = {name: _verified(source, manifest, name) for name in manifest.files}
    if manifest.kind == "ensemble":
        return _with_members(source, manifest, files), manifest
    model = rebuild(
        manifest.kind,
        manifest.wrappers,
        manifest.features,
        manifest.dropped_features,
        files,
    )
    return model, manifest


def read_manifest_at(folder: Path, name: str, fit_end: date) -> ModelManifest:
    """Read the manifest of a fit that is kept under a name and a date.

    Raises
    ------
    ModelError
        ``AK-M037`` when another model lies in its place; others as ``read_manifest``.
    """
    manifest = read_manifest(folder)
    found = f"{manifest.name}, fitted to {manifest.training.fit_end}"
    wanted = f"{name}, fitted to {fit_end}"
    if found == wanted:
        return manifest
    raise ModelError(
        "AK-M037",
        f"{folder} holds another model",
        got=found,
        wanted=wanted,
        fix="move the folder back to where it was, or fit the model again",
    )


def _with_members(
    folder: Path, manifest: ModelManifest, files: Mapping[str, bytes]
) -> FittedModel:
    """Rebuild an ensemble from the fits its members had when it was stored."""
    from alpha_kedro.learning.ensemble import restore_ensemble

    members = {}
    for name, fit_end in manifest.members.items():
        own = folder.parent.parent / name / f"{fit_end}"
        if read_manifest_at(own, name, fit_end).kind != "ensemble":
            members[name] = load_model(own)[0]
    return read_whole(
        manifest.kind, lambda: restore_ensemble(manifest.features, files, members)
    )


def _write(folder: Path, manifest: ModelManifest, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        write_bytes(folder / manifest.stored_name(name), content)
    write_bytes(folder / MANIFEST, seal(manifest))


def _verified(folder: Path, manifest: ModelManifest, name: str) -> bytes:
    """Return the content of a file once it is what the manifest says."""
    path = folder / manifest.stored_name(name)
    stamp = manifest.files[name]
    is_file = path.is_file() and not path.is_symlink()
    found = path.stat().st_size if is_file else 0
    if found == stamp.size:
        content = path.read_bytes()
        if FileStamp.of(content) == stamp:
            return content
    raise ModelError(
        "AK-M032",
        f"{path} is missing, cut or changed",
        got=f"{found} bytes",
        wanted=f"{stamp.size} bytes with SHA-256 {stamp.sha256[:16]}...",
        fix=REFIT,
    )


def _refuse_other_features(
    manifest: ModelManifest, expected: Iterable[str] | None
) -> None:
    if expected is None:
        return
    brought, known = {*expected}, {*manifest.features}
    if brought == known:
        return
    raise ModelError(
        "AK-M033",
        "the model was fitted on other features",
        where=[
            *(f"missing {name}" for name in sorted(known - brought)),
            *(f"extra {name}" for name in sorted(brought - known)),
        ],
        got=f"{len(brought)} features",
        wanted=f"the {len(known)} features of the model",
        fix="build the features it was fitted on, or fit it again on these",
    )


def _sweep(folder: Path, manifest: ModelManifest) -> None:
    """Remove what earlier models and broken writes left, and nothing else."""
    sweep_partials(folder)
    current = {manifest.stored_name(name) for name in manifest.files}
    for path in folder.iterdir():
        if _STORED.fullmatch(path.name) and path.name not in current:
            path.unlink()
