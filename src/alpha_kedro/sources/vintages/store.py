"""Vintages: every market that was ever loaded, kept as it came, under its own hash.

A vendor rewrites its history. Whoever keeps what was given on a day can tell what
changed since, and can run on it again.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.files import (
    atomic_folder,
    remove_folder,
    sweep_partials,
    write_bytes,
)
from alpha_kedro.core.stored_table import StoredTable
from alpha_kedro.sources.tables import MarketTables
from alpha_kedro.sources.vintages.records import (
    RECORD_FILE,
    Record,
    as_json,
    content_hash,
    damaged,
    find_vintage,
    list_vintages,
)

TABLES = (
    *("bars", "membership", "sectors", "benchmarks"),
    *("actions", "delistings", "fundamentals", "sentiment"),
)
_REDRAWN = "simulated"  # its seed and parameters draw it again
_HASH_SHOWN = 12
_OF_THE_SOURCE = ("market", "kind", "basis", "fetched_at", "repeats")


@dataclass(frozen=True)
class StoredParts:
    """The parts of bars on disk; called again, it gives them again."""

    table: StoredTable

    def __call__(self) -> Iterator[pd.DataFrame]:
        """Yield the bars part by part."""
        return self.table.parts()


def keep_vintage(
    folder: Path,
    tables: Mapping[str, Path | None],
    facts: Mapping[str, Any],
    *,
    now: datetime | None = None,
) -> Record:
    """Keep the raw tables of a market, unless the very same are kept already.

    Parameters
    ----------
    folder
        Where vintages are, ``01_raw/vintages``; what killed runs left there is swept.
    tables
        Parquet files by the names in `TABLES`. None and a table without rows mean that
        the market has none.
    facts
        ``market``, ``kind`` and ``basis`` as configured, ``fetched_at`` where the
        source knows it, and whatever else it says of itself.
    now
        The time, aware; None: the clock's.

    Returns
    -------
    dict
        The record as in ``vintage.json``: id, market, kind, basis, recorded_at (UTC),
        confirmed_at (when the same content last came), fetched_at, hashes and n_rows by
        table, facts, parent (the market's vintage before it).

    Raises
    ------
    DataError
        ``AK-D002`` when a raw file is damaged.

    Notes
    -----
    Files are hard-linked where the file system can, else copied: the next run renames a
    new raw file over the old name, and the vintage keeps the old content. A simulated
    market gets a record without files.
    """
    sweep_partials(folder)
    record = _describe(tables, facts, now or datetime.now(UTC))
    earlier = list_vintages(folder)
    same = [one for one in earlier if one["content_hash"] == record["content_hash"]]
    if same:
        record = same[0] | {"confirmed_at": record["recorded_at"]}
        write_bytes(folder / record["id"] / RECORD_FILE, as_json(record))
        return record
    before = [old["id"] for old in earlier if old["market"] == record["market"]]
    record |= {"parent": before[-1] if before else None}
    with atomic_folder(folder / record["id"]) as partial:
        for name in record["hashes"] if _has_files(record) else ():
            _link_or_copy(Path(str(tables[name])), partial / f"{name}.parquet")
        (partial / RECORD_FILE).write_bytes(as_json(record))
    return record


def load_vintage(folder: Path, name: str, *, market: str | None = None) -> MarketTables:
    """Load a market as it was kept, every table verified against its hash.

    Parameters
    ----------
    folder, name, market
        As in `find_vintage`.

    Returns
    -------
    MarketTables
        As `load_market` gave it; ``facts`` are those of the source and ``vintage``, its
        id. Bars stay on disk and are read part by part.

    Raises
    ------
    ConfigError
        ``AK-C080`` for an unknown vintage, ``AK-C081`` for one without files.
    DataError
        ``AK-D082`` when a table is not the one that was kept, ``AK-D002`` when its file
        is damaged.
    """
    record = find_vintage(folder, name, market=market)
    if not _has_files(record):
        raise ConfigError(
            "AK-C081",
            "a simulated market keeps no files",
            where=[record["id"]],
            fix="draw it again: its parameters and its seed are in "
            f"{folder / record['id'] / RECORD_FILE}",
        )
    kept = {
        table: _verified(folder / record["id"], table, wanted)
        for table, wanted in record["hashes"].items()
    }
    small = {table: stored.read() for table, stored in kept.items() if table != "bars"}
    return MarketTables(
        parts=StoredParts(kept["bars"]),
        basis=record["basis"],
        facts=record["facts"] | {"vintage": record["id"]},
        **small,
    )


def previous_bars(folder: Path, record: Record) -> StoredTable | None:
    """Return the bars of the vintage before one, None where there are no such files.

    Parameters
    ----------
    folder
        Where vintages are.
    record
        Of the vintage, as `keep_vintage` returns it.
    """
    path = folder / str(record["parent"]) / "bars.parquet"
    return StoredTable(path) if path.is_file() else None


def forget_vintages(
    folder: Path, *, keep: int, market: str | None = None
) -> list[Record]:
    """Delete all but the last vintages of every market; return what was deleted.

    Parameters
    ----------
    folder
        Where vintages are.
    keep
        How many of every market stay, at least one: the one in use.
    market
        Leave other markets alone.
    """
    records = list_vintages(folder, market=market)
    gone = [
        record
        for name in dict.fromkeys(one["market"] for one in records)
        for record in [one for one in records if one["market"] == name][: -max(keep, 1)]
    ]
    for record in gone:
        remove_folder(folder / record["id"])
    return gone


def _describe(
    tables: Mapping[str, Path | None], facts: Mapping[str, Any], now: datetime
) -> Record:
    stored = {name: StoredTable(path) for name in TABLES if (path := tables.get(name))}
    stored = {name: table for name, table in stored.items() if len(table)}
    record: Record = {key: facts.get(key) for key in ("market", "kind", "basis")}
    record["hashes"] = {name: table.content_hash() for name, table in stored.items()}
    content, moment = content_hash(record), now.astimezone(UTC)
    said = moment.isoformat(timespec="milliseconds")
    return {
        "id": f"{moment:%Y%m%dT%H%M%SZ}-{content[:_HASH_SHOWN]}",
        **record,
        "content_hash": content,
        "recorded_at": said,
        "confirmed_at": said,
        "fetched_at": facts.get("fetched_at"),
        "n_rows": {name: len(table) for name, table in stored.items()},
        "facts": {key: facts[key] for key in facts if key not in _OF_THE_SOURCE},
        "parent": None,
    }


def _has_files(record: Record) -> bool:
    return bool(record["kind"] != _REDRAWN)


def _verified(place: Path, name: str, wanted: str) -> StoredTable:
    path = place / f"{name}.parquet"
    try:
        stored = StoredTable(path)
    except FileNotFoundError:
        raise damaged(path, "no such file") from None
    if (got := stored.content_hash()) != wanted:
        raise damaged(path, f"hash {got[:_HASH_SHOWN]}, kept {wanted[:_HASH_SHOWN]}")
    return stored


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copyfile(source, target)
