"""Files that are either the old ones or the new ones, and that notice bit rot.

Every write goes to a temporary file in the same folder, is flushed to the disk and then
renamed over the old file, so that a killed process or a full disk leaves the last good
state. Parquet pages carry checksums, and the footer is sealed with a digest (see
`alpha_kedro.core.parquet_seal`). Every read verifies both.
"""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.parquet_seal import seal_footer, verify_footer

_PARTIAL = ".partial"

_writes = count()
_in_use: set[str] = set()  # what this process is writing now, as real paths


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield a path to write to; on success it becomes ``target`` in one rename.

    Parameters
    ----------
    target
        The final file. Its folder is made when missing. When the block raises, the old
        file is untouched and nothing else is left behind.
    """
    with _partial_beside(target) as partial:
        yield partial
        _flush(partial)
        partial.replace(target)
        _flush(target.parent)


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder to fill; on success it becomes ``target`` in one rename.

    Parameters
    ----------
    target
        The final folder, which must not be there yet, or be empty. Whoever sees it sees
        all that is in it.
    """
    with _partial_beside(target) as partial:
        partial.mkdir()
        yield partial
        for path in (*partial.iterdir(), partial):
            _flush(path)
        partial.rename(target)
        _flush(target.parent)


def remove_folder(folder: Path) -> None:
    """Delete a folder: it is gone in one rename, before the files in it are."""
    with _partial_beside(folder) as hidden:
        folder.rename(hidden)


def write_bytes(target: Path, content: bytes) -> None:
    """Write ``content`` atomically."""
    with atomic_path(target) as partial:
        partial.write_bytes(content)
        if partial.stat().st_size != len(content):
            raise OSError(f"{target} was not written whole")


def write_parquet(target: Path, table: pd.DataFrame) -> None:
    """Write a table atomically, zstd-compressed, with a checksum on every part."""
    import pyarrow as pa

    content = pa.Table.from_pandas(table, preserve_index=False)
    write_arrow_tables(target, [content], rows_per_group=max(len(table), 1))


def write_arrow_tables(
    target: Path, tables: Iterable[Any], *, rows_per_group: int
) -> int:
    """Write Arrow tables of one schema one after the other as one; return its rows.

    Parameters
    ----------
    target
        The file; the old one stays until the new one is complete.
    tables
        At least one. Where one ends and the next begins leaves no trace in the file.
    rows_per_group
        Rows of every row group but the last.
    """
    import pyarrow.parquet as pq

    n_rows, writer = 0, None
    with atomic_path(target) as partial, ExitStack() as open_files:
        for group in in_groups(tables, rows_per_group):
            writer = writer or open_files.enter_context(
                pq.ParquetWriter(
                    partial, group.schema, compression="zstd", write_page_checksum=True
                )
            )
            writer.write_table(group, row_group_size=rows_per_group)
            n_rows += group.num_rows
        open_files.close()
        seal_footer(partial)
    return n_rows


def in_groups(tables: Iterable[Any], n_rows: int) -> Iterator[Any]:
    """Cut Arrow tables anew into pieces of ``n_rows`` rows; the last may have fewer.

    A table without rows is one piece without rows, so that its columns are known.
    """
    import pyarrow as pa

    waiting: list[Any] = []
    n_waiting, is_first = 0, True
    for table in tables:
        waiting.append(table)
        n_waiting += table.num_rows
        if n_waiting < n_rows:
            continue
        joined = pa.concat_tables(waiting)
        for start in range(0, n_waiting - n_rows + 1, n_rows):
            yield joined.slice(start, n_rows).combine_chunks()
        n_waiting, is_first = n_waiting % n_rows, False
        waiting = [joined.slice(joined.num_rows - n_waiting)]
    if waiting and (n_waiting or is_first):
        yield pa.concat_tables(waiting).combine_chunks()


def open_parquet(source: Path) -> Any:
    """Open a table as `pyarrow.parquet.ParquetFile`, its footer verified.

    What is read through it is the file that was there when it was opened, also when
    another has been renamed over it since.

    Raises
    ------
    DataError
        ``AK-D002`` for a truncated, corrupt or foreign file, ``AK-D080`` when the
        storage fails.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with damage_named(source):
        file = pa.OSFile(str(source))
        verify_footer(file)
        return pq.ParquetFile(file, page_checksum_verification=True)


def read_parquet(source: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a table, verifying the checksum of every page, and of the footer if sealed.

    Raises
    ------
    DataError
        ``AK-D002`` for a truncated, corrupt or foreign file, ``AK-D080`` when the
        storage fails.
    """
    with damage_named(source):
        content = open_parquet(source).read(columns=columns)
    return pd.DataFrame(content.to_pandas())


@contextmanager
def damage_named(source: Path) -> Iterator[None]:
    """Name the path of what cannot be read, and tell damage from a failing disk."""
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None) is not None:
            raise DataError(
                "AK-D080",
                "the storage failed while a file was read",
                where=[source],
                got=str(error).splitlines()[0],
                fix="look at the disk, the network and the permissions and run again; "
                "the file itself may be whole",
            ) from error
        raise DataError(
            "AK-D002",
            "a Parquet file is damaged",
            where=[source],
            got=str(error).splitlines()[0],
            fix="delete it and run the pipeline that makes it again",
        ) from error


def head_of_parquet(source: Path, n_rows: int) -> pd.DataFrame:
    """Read the first rows of a table, verified, without reading the rest."""
    file = open_parquet(source)
    with damage_named(source):
        batches = file.iter_batches(batch_size=n_rows)
        head = next(batches, None) or file.schema_arrow.empty_table()
    return pd.DataFrame(head.to_pandas())


def sweep_partials(folder: Path) -> int:
    """Delete what killed runs left half-written below ``folder``; return how many.

    What a process that still lives is writing belongs to another run and is kept.
    """
    return sum(_discard(path) for path in _partials_below(folder) if not _alive(path))


@contextmanager
def _partial_beside(target: Path) -> Iterator[Path]:
    """Yield a name next to ``target`` that is this write's own; clear it afterwards."""
    target.parent.mkdir(parents=True, exist_ok=True)
    name = f".{target.name}.{next(_writes)}.{os.getpid()}{_PARTIAL}"
    partial = target.with_name(name)
    real = os.path.realpath(partial)
    _in_use.add(real)
    try:
        yield partial
    finally:
        _in_use.discard(real)
        _discard(partial)


def _discard(path: Path) -> bool:
    """Delete a file or folder; True unless it stays, which the next sweep sees to."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        shutil.rmtree(path, ignore_errors=True)
    return not os.path.lexists(path)


def _partials_below(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        partial = [
            name
            for name in (*folders, *files)
            if name.startswith(".") and name.endswith(_PARTIAL)
        ]
        folders[:] = [name for name in folders if name not in partial]
        yield from (Path(place, name) for name in partial)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _alive(partial: Path) -> bool:
    """Return whether somebody is still writing it; the name ends in the writer's id.

    A container gives every run the same id: of our own, only what we write now lives.
    """
    owner = partial.name.removesuffix(_PARTIAL).rsplit(".", 1)[-1]
    if owner == str(os.getpid()):
        return os.path.realpath(partial) in _in_use
    return is_running(owner)


def is_running(process: str | int) -> bool:
    """Return whether a process of this number runs on this computer."""
    try:
        os.kill(max(int(process), 1), 0)  # asks only; not every system has /proc
    except PermissionError:
        return True
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    return True
