"""What tasks share, written once per machine and mapped to memory by every process.

The objects go through pickle, their arrays beside it, byte for byte, at places a
processor can read from. A process that opens the file rebuilds the objects around the
arrays as they lie in the file, read-only: the system keeps one copy of them in memory,
however many processes look at it.

This is the way one run speaks to its own processes. The file is readable by its owner
alone, is opened only if it has the digest that its writer told, and is gone when the
run ends. Nothing that outlives a run is ever written or read like this.
"""

import errno
import hashlib
import mmap
import os
import pickle
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import IO, Any

import numpy as np

from alpha_kedro.core.errors import ModelError

_ALIGNMENT = 64  # bytes, a line of the processor's cache


@dataclass(frozen=True)
class Handover:
    """Where shared objects lie, and how to know that they are the right ones.

    Attributes
    ----------
    path
        The file: buffers one behind the other, then the pickle, then (n_parts, 2)
        int64, the start and length of each of them.
    size, digest
        Bytes of the file, and their SHA-256.
    n_parts
        Number of buffers and one.
    """

    path: Path
    size: int
    digest: str
    n_parts: int

    @property
    def copy(self) -> Path:
        """Where a machine that cannot read ``path`` keeps the same bytes."""
        return Path(tempfile.gettempdir(), f"copy-{self.path.name}")

    def open(self) -> Any:
        """Return the shared objects, their arrays read-only and not copied.

        Raises
        ------
        FileNotFoundError
            When neither ``path`` nor ``copy`` is a readable file of the right bytes.
        """
        for path in (self.path, self.copy):
            held = self._map(path)
            if held is not None:
                return self._rebuild(memoryview(held))
        raise FileNotFoundError(errno.ENOENT, "shared objects are not here", self.path)

    def _map(self, path: Path) -> mmap.mmap | None:
        try:
            with path.open("rb") as file:
                if os.fstat(file.fileno()).st_size != self.size:
                    return None
                held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError:
            return None
        return held if hashlib.sha256(held).hexdigest() == self.digest else None

    def _rebuild(self, held: memoryview) -> Any:
        cuts = np.frombuffer(held[-16 * self.n_parts :], dtype=np.int64).reshape(-1, 2)
        parts = [held[start : start + length] for start, length in cuts.tolist()]
        return pickle.loads(parts[-1], buffers=parts[:-1])


@contextmanager
def handed_over(shared: object, *, folder: Path | None = None) -> Iterator[Handover]:
    """Write shared objects to a temporary file, which is removed in the end.

    Parameters
    ----------
    folder
        Default: the system's folder for temporary files (``TMPDIR``).

    Raises
    ------
    ModelError
        ``AK-M011`` when the folder cannot be written to or is full.
    """
    with ExitStack() as stack:
        try:
            number, name = tempfile.mkstemp(".shared", "alpha-kedro-", folder)
            stack.callback(Path(name).unlink, missing_ok=True)
            with os.fdopen(number, "wb") as file:
                handover = _write(shared, file, Path(name))
        except OSError as error:
            raise ModelError(
                "AK-M011",
                "what all tasks share cannot be written for the processes to read",
                where=[folder or tempfile.gettempdir()],
                got=error,
                fix="free some room there, or set TMPDIR to a folder that has it",
            ) from error
        yield handover


def keep_copy(handover: Handover, content: bytes) -> None:
    """Keep the bytes of a handover on a machine that cannot read its file."""
    number, name = tempfile.mkstemp(dir=handover.copy.parent)
    with os.fdopen(number, "wb") as file:
        file.write(content)
    Path(name).replace(handover.copy)


def drop_copy(handover: Handover) -> None:
    """Remove what `keep_copy` wrote, if it did."""
    with suppress(OSError):
        handover.copy.unlink(missing_ok=True)


def _write(shared: object, file: IO[bytes], path: Path) -> Handover:
    buffers: list[pickle.PickleBuffer] = []
    stream = pickle.dumps(shared, protocol=5, buffer_callback=buffers.append)
    parts: list[Any] = [*(buffer.raw() for buffer in buffers), stream]
    starts = _starts([len(part) for part in parts])
    cuts = [(start, len(part)) for start, part in zip(starts, parts, strict=False)]
    parts.append(np.array(cuts, dtype=np.int64).tobytes())
    digest, size = hashlib.sha256(), 0
    for start, part in zip(starts, parts, strict=True):
        for piece in (bytes(start - size), part):
            file.write(piece)
            digest.update(piece)
        size = start + len(part)
    return Handover(path, size, digest.hexdigest(), len(cuts))


def _starts(lengths: list[int]) -> list[int]:
    """Return where parts of these lengths start, and where one more would."""
    padded = [length + -length % _ALIGNMENT for length in lengths]
    return list(accumulate(padded, initial=0))
