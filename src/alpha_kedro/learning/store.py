"""Models on disk: text files, each with its size and SHA-256 in a sealed manifest.

1. Files are written beside those of the last model, under names with their digest.
2. ``manifest.json`` is replaced in one step. Before it the folder holds the last model,
   after it the new one, and at no moment neither.
3. Files the manifest does not name are swept away.

Loading goes the other way: the manifest against its own seal, every file against the
manifest, and only then the bytes reach a library. LightGBM ends the process when it
meets half a file, and may predict something else when one byte changed. Nothing is ever
unpickled.
"""

import os
import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.files import sweep_partials, write_bytes
from alpha_kedro.learning import lightgbm_trees, xgboost_trees
from alpha_kedro.learning.factors import RandomScore, RawFactor
from alpha_kedro.learning.linear import Ridge
from alpha_kedro.learning.manifest import (
    LIBRARIES,
    MANIFEST,
    REFIT,
    FileStamp,
    ModelManifest,
    TrainingRecord,
    library_versions,
    read_manifest,
    seal,
)
from alpha_kedro.learning.selected_model import (
    SELECTION_FILE,
    Restore,
    restore_selected,
)
from alpha_kedro.learning.training import FittedModel

_STORED = re.compile(r"[a-z]+-[0-9a-f]{16}\.(txt|json)")

_RESTORE: Mapping[str, Restore] = {
    "factor": RawFactor.restore,
    "lightgbm": lightgbm_trees.restore,
    "random": RandomScore.restore,
    "ridge": Ridge.restore,
    "xgboost": xgboost_trees.restore,
}


def save_model(
    fitted: FittedModel, folder: str | os.PathLike[str], *, training: TrainingRecord
) -> ModelManifest:
    """Write a model; until the last step the folder still holds the one before.

    Parameters
    ----------
    fitted
        A model fitted by this package.
    folder
        Folder of this one model, with one writer at a time; made where missing.
    training
        What the model was taught; kept in the manifest.

    Returns
    -------
    ModelManifest
        As written to ``manifest.json``.
    """
    target = Path(folder)
    files = fitted.files()
    manifest = ModelManifest.of(fitted, files, training)
    for name, content in files.items():
        write_bytes(target / manifest.stored_name(name), content)
    write_bytes(target / MANIFEST, seal(manifest))
    _sweep(target, manifest)
    return manifest


def load_model(
    folder: str | os.PathLike[str], *, expected_features: Iterable[str] | None = None
) -> tuple[FittedModel, ModelManifest]:
    """Read a model back; it scores bit for bit as the one that was saved.

    Parameters
    ----------
    folder
        Folder written by ``save_model``.
    expected_features
        Features the caller will bring, in any order.

    Raises
    ------
    ModelError
        ``AK-M030`` no model there (a pickle is never opened), ``AK-M031`` a damaged
        manifest, ``AK-M032`` a file that is missing, cut, changed or foreign,
        ``AK-M033`` other features, ``AK-M034`` content of another format, ``AK-M035``
        written by another major version of its library.
    """
    source = Path(folder)
    manifest = read_manifest(source)
    _refuse_other_features(manifest, expected_features)
    _refuse_other_version(manifest)
    files = {name: _verified(source, manifest, name) for name in manifest.files}
    restore = _RESTORE[manifest.kind]
    if SELECTION_FILE in files:
        restore = partial(restore_selected, restore)
    return restore(manifest.features, manifest.dropped_features, files), manifest


def _verified(folder: Path, manifest: ModelManifest, name: str) -> bytes:
    """Return the content of a file once it is what the manifest says."""
    path = folder / manifest.stored_name(name)
    stamp = manifest.files[name]
    found = path.stat().st_size if path.is_file() else 0
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


def _refuse_other_version(manifest: ModelManifest) -> None:
    library = manifest.kind
    written, running = manifest.versions, library_versions(library)
    if library not in LIBRARIES or _major(written, library) == _major(running, library):
        return
    raise ModelError(
        "AK-M035",
        f"the model was written by another major version of {library}",
        got=f"{running.get(library, 'none')} is installed",
        wanted=written.get(library),
        fix="install that version, or fit the model again with the installed one",
    )


def _major(versions: Mapping[str, str], library: str) -> str:
    return versions.get(library, "").split(".")[0]


def _sweep(folder: Path, manifest: ModelManifest) -> None:
    """Remove what earlier models and broken writes left, and nothing else."""
    sweep_partials(folder)
    current = {manifest.stored_name(name) for name in manifest.files}
    for path in folder.iterdir():
        if _STORED.fullmatch(path.name) and path.name not in current:
            path.unlink()
