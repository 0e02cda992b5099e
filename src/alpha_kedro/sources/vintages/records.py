"""What is known of each vintage without opening its tables, and how one is named."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alpha_kedro.core.errors import ConfigError, DataError, shorten
from alpha_kedro.core.fingerprint import hash_parameters
from alpha_kedro.core.registry import nearest

LATEST, PREVIOUS = "latest", "previous"
RECORD_FILE = "vintage.json"
_CHECKSUM = "checksum"

Record = dict[str, Any]
"""The content of ``vintage.json``."""


def list_vintages(folder: Path, *, market: str | None = None) -> list[Record]:
    """Return the records of all whole vintages, the last confirmed last.

    Parameters
    ----------
    folder
        Where vintages are; it need not exist.
    market
        Only those of this market.

    Raises
    ------
    DataError
        ``AK-D082`` for a record that cannot be read.
    """
    places = sorted(os.listdir(folder)) if folder.is_dir() else []
    paths = [folder / name / RECORD_FILE for name in places if name[0] != "."]
    records = [_read_record(path) for path in paths if path.is_file()]
    chosen = [one for one in records if market in (None, one["market"])]
    return sorted(chosen, key=lambda one: (one["confirmed_at"], one["id"]))


def find_vintage(folder: Path, name: str, *, market: str | None = None) -> Record:
    """Return the record of a vintage by its id, the beginning of it, or a word.

    Parameters
    ----------
    folder
        Where vintages are.
    name
        An id, a beginning that only one id has, ``latest``, or ``previous`` (the one
        before the latest of the latest's market).
    market
        Look among those of this market alone.

    Raises
    ------
    ConfigError
        ``AK-C080`` when none or several are meant, with the nearest or the last ones.
    """
    records = list_vintages(folder, market=market)
    if name in (LATEST, PREVIOUS) and records:
        line = [one for one in records if one["market"] == records[-1]["market"]]
        found = line[-1:] if name == LATEST else line[-2:-1]
    else:
        found = [one for one in records if one["id"].startswith(name) and name]
        found = [one for one in found if one["id"] == name] or found
    if len(found) != 1:
        raise _not_one(name, found, [one["id"] for one in records], folder)
    return found[0]


def content_hash(record: Record) -> str:
    """Hash what makes a vintage this one: market, kind, basis and tables."""
    content = {key: record[key] for key in ("market", "kind", "basis", "hashes")}
    return hash_parameters(content)


def as_json(record: Record) -> bytes:
    """Return a record as it is written, with a checksum of all that it says."""
    plain = json.loads(json.dumps(record, default=str))
    sealed = plain | {_CHECKSUM: hash_parameters(plain)}
    return (json.dumps(sealed, indent=2) + "\n").encode()


def damaged(path: Path, got: str) -> DataError:
    """Build the error for a vintage that is not what was kept."""
    return DataError(
        "AK-D082",
        "a vintage is not what was kept",
        where=[path],
        got=got,
        fix=f"restore {path.parent} from a backup, or delete that folder",
    )


def _not_one(
    name: str, found: Sequence[Record], known: Sequence[str], folder: Path
) -> ConfigError:
    close = nearest(name, known)
    several = [one["id"] for one in found]
    return ConfigError(
        "AK-C080",
        f"{name!r} names {'several vintages' if several else 'no vintage'}",
        where=[folder],
        got=shorten(several) if several else None,
        wanted=shorten(reversed(known)) or "a vintage: none is kept here yet",
        fix=f"take {close!r}" if close else "list them with kedro data vintages",
    )


def _read_record(path: Path) -> Record:
    try:
        record: Record = json.loads(path.read_bytes())
        checksum = record.pop(_CHECKSUM)
        if checksum == hash_parameters(record) and record["id"] == path.parent.name:
            return record
        fault = "another content than its checksum says"
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        fault = f"{type(error).__name__}: {error}"
    raise damaged(path, fault)
