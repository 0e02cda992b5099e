"""A digest of the Parquet footer, where Parquet has no checksum of its own.

The seal stands between the pages and the footer. Pages are found by their distance from
the start and the footer by its length from the end, so other readers skip it.
"""

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

_TAIL = 8  # bytes after the footer: its length (four, little-endian) and the magic
_MAGIC = b"PAR1"
_SEAL = b"AK-SEAL\n"
_SEAL_SIZE = len(_SEAL) + hashlib.sha256().digest_size


def seal_footer(path: Path) -> None:
    """Put the footer's digest before it, and refuse a file that ends too early.

    One flipped bit there would rename a column without anybody noticing.
    """
    with path.open("r+b") as file:
        start, footer, _ = _ending(file)
        if not footer.endswith(_MAGIC):
            raise OSError(f"{path} was not written whole")
        file.seek(start)
        file.write(_SEAL + hashlib.sha256(footer[:-_TAIL]).digest() + footer)


def verify_footer(file: BinaryIO) -> None:
    """Raise OSError when a sealed footer is not what it was; others have no seal."""
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
