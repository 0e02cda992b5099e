"""Every fit of every model, kept by date: ``<folder>/<name>/<fit_end>/manifest.json``.

A model is found by its name and the date it is to score. What it finds is the newest
fit that has not seen that date, so that the past can be scored as it was scored then.
"""

import os
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.files import remove_folder, sweep_partials
from alpha_kedro.core.panel import DATE_DTYPE
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.learning.storage.manifest import (
    NAME,
    ModelManifest,
    TrainingRecord,
    read_manifest,
)
from alpha_kedro.learning.storage.store import read_manifest_at, save_model
from alpha_kedro.learning.training import FittedModel

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_DAYS = ("fit_end", "train_start", "train_end")
_COLUMNS = (
    "name",
    "fit_end",
    "kind",
    "wrappers",
    "label",
    "horizon",
    "train_start",
    "train_end",
    "trained_at",
    "seed",
    "n_features",
    "bytes",
    "fault",
)


def keep_model(
    fitted: FittedModel,
    folder: str | os.PathLike[str],
    name: str,
    *,
    training: TrainingRecord,
    keep_last: int | None = None,
    members: Mapping[str, date] | None = None,
) -> ModelManifest:
    """Store a fit under its name and ``fit_end``, beside the earlier ones.

    A fit with the same ``fit_end`` is replaced.

    Parameters
    ----------
    fitted, training, members
        As for ``save_model``.
    folder
        Of all models.
    name
        What the model is called.
    keep_last
        Fits of this name that stay, by ``fit_end``; None: all. This fit stays, and so
        does every fit that a stored ensemble is made of.

    Raises
    ------
    ModelError
        ``AK-M038`` for a name that cannot be a folder's.
    """
    own = _folder_of(folder, name)
    sweep_partials(own)
    target = own / f"{training.fit_end}"
    manifest = save_model(fitted, target, training=training, name=name, members=members)
    if keep_last is not None:
        _forget(Path(folder), name, keep_last, kept=training.fit_end)
    return manifest


def find_model(
    folder: str | os.PathLike[str], name: str, *, as_of: date | str | None = None
) -> Path:
    """Return the folder of the newest fit of a model that has not seen a date.

    Parameters
    ----------
    folder
        Of all models.
    name
        What the model is called.
    as_of
        Date to be scored: ``fit_end`` lies before it. None: the newest fit.

    Returns
    -------
    Path
        For ``load_model``. A damaged fit is never passed over for an older one.

    Raises
    ------
    ModelError
        ``AK-M039`` when every fit has seen the date, or none is kept; ``AK-M043`` in a
        folder without any; ``AK-M030``,
        ``AK-M031``, ``AK-M037`` when the newest is damaged or not what its place says.
    ConfigError
        ``AK-C002`` for a name no model has, with the nearest that one has.
    """
    own = _folder_of(folder, name)
    if not _names(Path(folder)):
        raise ModelError(
            "AK-M043",
            f"no model is kept in {folder}",
            fix="fit and store the models of today: kedro run --pipeline=modeling",
        )
    if not own.is_dir():
        raise unknown_name("stored model", name, _names(Path(folder)))
    kept = _fits(own)
    cut = None if as_of is None else pd.Timestamp(as_of).date()
    unseen = [day for day in kept if cut is None or day < cut]
    if not unseen:
        raise ModelError(
            "AK-M039",
            f"no fit of {name} may score {cut}" if kept else f"{name} has no fit",
            where=[f"fitted to {day}" for day in kept],
            wanted=None if cut is None else f"a fit whose labels end before {cut}",
            fix="fit the model on what was known by then, or ask for a later date",
        )
    newest = max(unseen)
    read_manifest_at(kept[newest], name, newest)
    return kept[newest]


def list_models(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Return all fits that are kept, one row each, by name and date.

    Returns
    -------
    DataFrame
        name, fit_end, kind, wrappers (from inside to outside), label, horizon
        (sessions), train_start, train_end, trained_at (UTC), seed, n_features, bytes
        (of the files), fault: empty, or why the manifest cannot be read; the other
        columns then are missing. Files are not opened: ``load_model`` does that.
    """
    rows = [
        _row(path, name, day)
        for name in _names(Path(folder))
        for day, path in _fits(Path(folder) / name).items()
    ]
    table = pd.DataFrame(rows, columns=list(_COLUMNS))
    counts = dict.fromkeys(("horizon", "seed", "n_features", "bytes"), "Int64")
    words = dict.fromkeys(("name", "kind", "wrappers", "label", "fault"), "str")
    days = dict.fromkeys(_DAYS, DATE_DTYPE)
    return table.astype(
        {**counts, **words, **days, "trained_at": "datetime64[us, UTC]"}
    )


def _row(path: Path, name: str, day: date) -> dict[str, Any]:
    try:
        manifest = read_manifest_at(path, name, day)
    except ModelError as error:
        return {"name": name, "fit_end": day, "fault": f"{error.code} {error.what}"}
    taught = manifest.training.model_dump(exclude={"metrics", "fit_end"})
    return {
        "name": name,
        "fit_end": day,
        "kind": manifest.kind,
        "wrappers": ", ".join(manifest.wrappers),
        **taught,
        "n_features": len(manifest.features),
        "bytes": sum(stamp.size for stamp in manifest.files.values()),
        "fault": "",
    }


def _forget(folder: Path, name: str, keep_last: int, *, kept: date) -> None:
    fits = _fits(folder / name)
    needed = {kept, *sorted(fits)[-keep_last:], *_days_needed(folder, name)}
    for day, path in fits.items():
        if day not in needed:
            remove_folder(path)


def _days_needed(folder: Path, name: str) -> Iterator[date]:
    """Yield the fits of a model that stored ensembles are made of."""
    for other in _names(folder):
        for path in _fits(folder / other).values():
            try:
                members = read_manifest(path).members
            except ModelError:
                continue  # whoever loads it is told
            if name in members:
                yield members[name]


def _fits(own: Path) -> dict[date, Path]:
    """Return what lies under the dates of one model, the earliest first."""
    paths = sorted(own.iterdir()) if own.is_dir() else []
    return {
        date.fromisoformat(path.name): path
        for path in paths
        if _DAY.fullmatch(path.name)
    }


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if _fits(path))


def _folder_of(folder: str | os.PathLike[str], name: str) -> Path:
    if re.fullmatch(NAME, name):
        return Path(folder) / name
    raise ModelError(
        "AK-M038",
        f"a model cannot be stored under the name {name!r}",
        wanted="letters, digits, and _ . + - after the first",
        fix="give the model another name in model_library",
    )
