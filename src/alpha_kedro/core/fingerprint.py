"""Content hashes: equal content gives equal text, on every machine and in every run."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from alpha_kedro.core.errors import ConfigError


def hash_table(table: pd.DataFrame) -> str:
    """Hash a table: its column names, their types and its values, in their order.

    Parameters
    ----------
    table
        Any columns of numbers, booleans, dates and text; the index is left out.

    Returns
    -------
    str
        SHA-256 in hexadecimal. The unit of a date, the bits of a NaN and the way text
        is stored (object, str, category) make no difference; float32 and float64 do.
    """
    digest = hashlib.sha256(f"{len(table)} rows".encode())
    for name in table.columns:
        kind, parts = _canonical(table[name])
        digest.update(f"\0{name}\0{kind}\0".encode())
        for part in parts:
            digest.update(part)
    return digest.hexdigest()


def hash_parameters(parameters: Mapping[str, Any]) -> str:
    """Hash parameters; neither the order of the keys nor tuple or list matters.

    Raises
    ------
    ConfigError
        ``AK-C005`` for a value that is no text, number, date, path, list, mapping or
        parameter block.
    """
    text = json.dumps(
        parameters, sort_keys=True, separators=(",", ":"), default=_as_plain
    )
    return hashlib.sha256(text.encode()).hexdigest()


def hash_sources(*names: str) -> str:
    """Hash the ``.py`` files of packages and modules, for use as a code version.

    Parameters
    ----------
    names
        Dotted names such as ``alpha_kedro.signals``; packages count with all their
        subpackages. Nothing is imported but the parents of a name.

    Raises
    ------
    ConfigError
        ``AK-C006`` when there are no sources of that name.
    """
    digest = hashlib.sha256()
    for name in names:
        for relative, source in _sources(name):
            content = source.read_bytes()
            digest.update(f"{name}\0{relative}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def hash_file(path: Path) -> str:
    """Hash the bytes of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _canonical(column: pd.Series) -> tuple[str, list[Any]]:
    """Return the name of a column's type and the buffers that hold its values."""
    if pd.api.types.is_datetime64_any_dtype(column):
        micros = column.to_numpy(dtype="datetime64[us]").view(np.int64)
        return "date", [np.ascontiguousarray(micros)]
    if not pd.api.types.is_numeric_dtype(column):
        return "text", _text_parts(column)
    values = column.to_numpy()
    if values.dtype == object:
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.issubdtype(values.dtype, np.floating) and np.isnan(values).any():
        # The sign of a NaN tells how it was computed and is lost in a Parquet file.
        values = np.where(np.isnan(values), values.dtype.type(np.nan), values)
    return values.dtype.str, [np.ascontiguousarray(values)]


def _text_parts(column: pd.Series) -> list[Any]:
    codes, uniques = pd.factorize(column)
    texts = [str(text).encode() for text in uniques]
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    size = np.int64(len(texts))
    return [size, lengths, b"".join(texts), codes.astype(np.int32)]


def _as_plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PurePath):
        return value.as_posix()
    raise ConfigError(
        "AK-C005",
        f"a parameter of type {type(value).__name__} cannot be hashed",
        where=[repr(value)],
        wanted="text, numbers, dates, paths, lists and mappings of them",
        fix="write the parameter in one of these types",
    )


def _spec_of(name: str) -> ModuleSpec | None:
    try:
        return find_spec(name)
    except ModuleNotFoundError:
        return None


def _sources(name: str) -> list[tuple[str, Path]]:
    """Return the sources below a dotted name, by their place relative to it."""
    spec = _spec_of(name)
    if spec is not None and spec.submodule_search_locations:
        folder = Path(spec.submodule_search_locations[0])
        below = sorted(folder.rglob("*.py"))
        return [(path.relative_to(folder).as_posix(), path) for path in below]
    if spec is not None and spec.origin and spec.origin.endswith(".py"):
        return [("", Path(spec.origin))]
    raise ConfigError(
        "AK-C006",
        f"no Python sources are called {name!r}",
        wanted="the dotted name of an installed package or module",
        fix="correct the name",
    )
