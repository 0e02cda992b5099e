"""To and from other file systems: whole or not at all.

Object stores show an upload in the moment it is complete. Elsewhere a file is seen
while it grows, so it is sent under another name and moved. A transfer whose size is not
that of the file is an error: some file systems end early and say nothing.
"""

import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

from alpha_kedro.core.errors import DataError

_SHOWN_WHEN_COMPLETE = frozenset(
    {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oci", "oss", "hf"}
)


def send(files: Any, local: Path, url: str) -> None:
    """Upload a finished file; ``url`` shows the old one until the new one is whole.

    Parameters
    ----------
    files
        The fsspec file system of ``url``.
    local, url
        What is sent, and where to.

    Raises
    ------
    DataError
        ``AK-D081`` when less arrived than was sent.
    """
    if _SHOWN_WHEN_COMPLETE.intersection(_protocols(files)):
        files.put_file(str(local), url)
        _require_size(files, url, local)
        return
    folder, _, name = url.rpartition("/")
    partial = f"{folder}/.{name}.{uuid.uuid4().hex[:12]}.partial"
    try:
        files.makedirs(folder, exist_ok=True)
        files.put_file(str(local), partial)
        _require_size(files, partial, local)
        files.mv(partial, url)
    finally:
        _clear(files, folder, name)


def fetch(files: Any, url: str, local: Path) -> None:
    """Download a file.

    Raises
    ------
    DataError
        ``AK-D081`` when less arrived than there is.
    """
    files.get_file(url, str(local))
    _require_size(files, url, local)


def _protocols(files: Any) -> set[str]:
    known = files.protocol
    return {known} if isinstance(known, str) else set(known)


def _clear(files: Any, folder: str, name: str) -> None:
    """Delete what this send and earlier ones left; what fails now is left to the next.

    Another sender of the same file loses its half and gets an error, not a mixture.
    """
    with suppress(OSError):
        for path in files.ls(folder, detail=False):
            last = str(path).rpartition("/")[2]
            if last.startswith(f".{name}.") and last.endswith(".partial"):
                files.rm_file(path)


def _require_size(files: Any, url: str, local: Path) -> None:
    there, here = files.info(url).get("size"), local.stat().st_size
    if there not in (None, here):
        raise DataError(
            "AK-D081",
            "a file was not transferred whole",
            where=[url],
            got=f"{there:,} bytes there, {here:,} here",
            fix="run again; if it happens again, look at the storage",
        )
