"""Files that are either the old ones or the new ones, and that notice bit rot.

Every write goes to a temporary file in the same folder, is flushed to the disk and then
renamed over the old file, so that a killed process or a full disk leaves the last good
state. Parquet pages carry checksums; the footer, where Parquet has none, is sealed with
a digest that stands before it and that other readers skip. Every read verifies both.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from alpha_kedro.core.errors import DataError

_PARTIAL = ".partial"
_TAIL = 8  # bytes after the footer: its length (four, little-endian) and the magic
_SEAL = b"AK-SEAL\n"
_SEAL_SIZE = len(_SEAL) + hashlib.sha256().digest_size


@contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yield a path to write to; on success it becomes ``target`` in one rename.

    Parameters
    ----------
    target
        The final file. Its folder is made when missing. When the block raises, the old
        file is untouched and nothing else is left behind.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}{_PARTIAL}")
    try:
        yield partial
        _flush(partial)
        partial.replace(target)
        _flush(target.parent)
    finally:
        partial.unlink(missing_ok=True)


def write_bytes(target: Path, content: bytes) -> None:
    """Write ``content`` atomically."""
    with atomic_path(target) as partial:
        partial.write_bytes(content)


def write_parquet(target: Path, table: pd.DataFrame) -> None:
    """Write a table atomically, zstd-compressed, with a checksum on every part."""
    write_parquet_parts(target, [table], rows_per_group=max(len(table), 1))


def write_parquet_parts(
    target: Path, parts: Iterable[pd.DataFrame], *, rows_per_group: int
) -> int:
    """Write tables of the same columns one after the other as one; return its rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    n_rows, schema = 0, None
    with atomic_path(target) as partial, ExitStack() as open_files:
        for part in parts:
            content = pa.Table.from_pandas(part, schema=schema, preserve_index=False)
            if schema is None:
                schema = content.schema
                writer = open_files.enter_context(
                    pq.ParquetWriter(
                        partial, schema, compression="zstd", write_page_checksum=True
                    )
                )
            writer.write_table(content, row_group_size=rows_per_group)
            n_rows += len(part)
        open_files.close()
        _seal_footer(partial)
    return n_rows


def open_parquet(source: Path) -> Any:
    """Open a table as `pyarrow.parquet.ParquetFile`, its footer verified.

    Raises
    ------
    DataError
        ``AK-D002`` for a truncated, corrupt or foreign file.
    """
    import pyarrow.parquet as pq

    with damage_named(source):
        _verify_footer(source)
        return pq.ParquetFile(source, page_checksum_verification=True)


def read_parquet(source: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Read a table, verifying the checksum of every page, and of the footer if sealed.

    Raises
    ------
    DataError
        ``AK-D002`` for a truncated, corrupt or foreign file.
    """
    import pyarrow.parquet as pq

    with damage_named(source):
        _verify_footer(source)
        content = pq.read_table(
            source, columns=columns, page_checksum_verification=True
        )
    return pd.DataFrame(content.to_pandas())


@contextmanager
def damage_named(source: Path) -> Iterator[None]:
    """Turn what pyarrow says of a damaged file into ``AK-D002`` with its path."""
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise DataError(
            "AK-D002",
            "a Parquet file is damaged",
            where=[source],
            got=str(error).splitlines()[0],
            fix="delete it and run the pipeline that makes it again",
        ) from error


def head_of_parquet(source: Path, n_rows: int) -> pd.DataFrame:
    """Read the first rows of a table without reading the rest."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(source)
    batches = file.iter_batches(batch_size=n_rows)
    head = next(batches, None) or file.schema_arrow.empty_table()
    return pd.DataFrame(head.to_pandas())


def sweep_partials(folder: Path) -> int:
    """Delete what killed runs left half-written below ``folder``; return how many.

    A partial file whose process is still alive belongs to another run and is kept.
    """
    stale = [path for path in folder.rglob(f".*{_PARTIAL}") if not _alive(path)]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def _seal_footer(path: Path) -> None:
    """Put the footer's digest before it; pages are found by their place from the start.

    One flipped bit there would rename a column without anybody noticing.
    """
    with path.open("r+b") as file:
        start, footer, _ = _ending(file)
        file.seek(start)
        file.write(_SEAL + hashlib.sha256(footer[:-_TAIL]).digest() + footer)


def _verify_footer(path: Path) -> None:
    """Raise OSError when a sealed footer is not what it was; others have no seal."""
    with path.open("rb") as file:
        _, footer, before = _ending(file)
    if not before.startswith(_SEAL):
        return
    if before != _SEAL + hashlib.sha256(footer[:-_TAIL]).digest():
        raise OSError("the footer is not the one that was written")


def _ending(file: BinaryIO) -> tuple[int, bytes, bytes]:
    """Return where the footer starts, it with its tail, and the bytes a seal takes."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _TAIL, 0))
    length = int.from_bytes(file.read(4), "little") + _TAIL
    start = max(size - length, 0)
    file.seek(max(start - _SEAL_SIZE, 0))
    before = file.read(min(start, _SEAL_SIZE))
    return start, file.read(), before


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _alive(partial: Path) -> bool:
    owner = partial.name.removesuffix(_PARTIAL).rsplit(".", 1)[-1]
    try:
        os.kill(int(owner), 0)  # asks only; not every system has /proc
    except PermissionError:
        return True
    except (ValueError, OverflowError, ProcessLookupError):
        return False
    return True
