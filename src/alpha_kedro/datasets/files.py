"""What a run keeps on disk: tables, JSON, text, figures and folders.

Local files are written atomically and Parquet pages are checksummed on both sides (see
:mod:`alpha_kedro.core.files`). What goes to another fsspec URL is finished locally
first, see :mod:`alpha_kedro.datasets.transfer`.
"""

import base64
import json
import tempfile
import weakref
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import fsspec
import pandas as pd
from kedro.io import AbstractDataset
from kedro.io.core import get_filepath_str, get_protocol_and_path
from kedro_datasets._typing import ImagePreview, JSONPreview, TablePreview

from alpha_kedro.core.files import (
    atomic_path,
    head_of_parquet,
    read_parquet,
    write_bytes,
    write_parquet,
)
from alpha_kedro.core.stored_table import StoredTable, write_parts
from alpha_kedro.datasets.transfer import fetch, send

Saved = TypeVar("Saved")
Loaded = TypeVar("Loaded")


class _FileDataset(AbstractDataset[Saved, Loaded]):
    """One file at ``filepath``, a local path or any fsspec URL."""

    def __init__(
        self,
        *,
        filepath: str,
        credentials: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._protocol, path = get_protocol_and_path(filepath)
        self._path = PurePosixPath(path)
        self._files = fsspec.filesystem(self._protocol, **(credentials or {}))
        self.metadata = metadata

    @property
    def location(self) -> str:
        """Return the path or URL of the file."""
        return get_filepath_str(self._path, self._protocol)

    def _write(self, writer: Callable[[Path], None]) -> None:
        if self._protocol == "file":
            writer(Path(self._path))
            return
        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder, self._path.name)
            writer(local)
            send(self._files, local, self.location)

    def _read(self, reader: Callable[[Path], Loaded]) -> Loaded:
        if self._protocol == "file":
            return reader(Path(self._path))
        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder, self._path.name)
            fetch(self._files, self.location, local)
            return reader(local)

    def _exists(self) -> bool:
        return bool(self._files.exists(self.location))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self.location}


class ParquetDataset(_FileDataset[pd.DataFrame, pd.DataFrame]):
    """A table as Parquet with page checksums, written atomically, verified on load."""

    def save(self, data: pd.DataFrame) -> None:
        """Write the table; the old file stays until the new one is complete."""
        self._write(lambda path: write_parquet(path, data))

    def load(self) -> pd.DataFrame:
        """Read the table; raise ``AK-D002`` when a byte of it changed."""
        return self._read(read_parquet)

    def preview(self, nrows: int = 10) -> TablePreview:
        """Return the first rows for Kedro-Viz, reading no more than these."""
        return self._read(lambda path: _preview(path, nrows))


class StoredTableDataset(
    _FileDataset[pd.DataFrame | Iterable[pd.DataFrame], StoredTable]
):
    """A table that is saved and read part by part, for what is larger than memory."""

    def save(self, data: pd.DataFrame | Iterable[pd.DataFrame]) -> None:
        """Write a table, or its parts one after the other."""
        parts = [data] if isinstance(data, pd.DataFrame) else data
        self._write(lambda path: _write_parts(path, parts))

    def load(self) -> StoredTable:
        """Open the table; nothing but its footer is read.

        A remote table is fetched into a folder that lives as long as the table does.
        """
        if self._protocol == "file":
            return StoredTable(Path(self._path))
        folder = tempfile.TemporaryDirectory()
        local = Path(folder.name, self._path.name)
        fetch(self._files, self.location, local)
        table = StoredTable(local)
        weakref.finalize(table, folder.cleanup)
        return table

    def preview(self, nrows: int = 10) -> TablePreview:
        """Return the first rows for Kedro-Viz, reading no more than these."""
        return self._read(lambda path: _preview(path, nrows))


class JsonDataset(_FileDataset[dict[str, Any], dict[str, Any]]):
    """A JSON object, keys in the order given; NaN and infinities are refused."""

    def save(self, data: dict[str, Any]) -> None:
        """Write the object."""
        text = json.dumps(data, indent=2, allow_nan=False) + "\n"
        self._write(lambda path: write_bytes(path, text.encode()))

    def load(self) -> dict[str, Any]:
        """Read the object."""
        return self._read(lambda path: dict(json.loads(path.read_bytes())))

    def preview(self) -> JSONPreview:
        """Return the object for Kedro-Viz."""
        return JSONPreview(json.dumps(self.load(), indent=2))


class TextDataset(_FileDataset[str, str]):
    """UTF-8 text, such as a report."""

    def save(self, data: str) -> None:
        """Write the text."""
        self._write(lambda path: write_bytes(path, data.encode()))

    def load(self) -> str:
        """Read the text."""
        return self._read(lambda path: path.read_text("utf-8"))


class FigureDataset(_FileDataset[Any, bytes]):
    """A figure with a ``savefig`` method, kept as PNG; loads as the PNG's bytes."""

    def save(self, data: Any) -> None:
        """Draw the figure at 200 dots per inch."""

        def draw(path: Path) -> None:
            with atomic_path(path) as partial:
                data.savefig(partial, format="png", dpi=200, metadata={"Software": ""})

        self._write(draw)

    def load(self) -> bytes:
        """Read the picture."""
        return self._read(Path.read_bytes)

    def preview(self) -> ImagePreview:
        """Return the picture for Kedro-Viz."""
        return ImagePreview(base64.b64encode(self.load()).decode())


class FolderDataset(AbstractDataset[Path, Path]):
    """A local folder that a node is handed as a place to keep files of its own."""

    def __init__(
        self, *, filepath: str, metadata: dict[str, Any] | None = None
    ) -> None:
        self._path = Path(filepath)
        self.metadata = metadata

    def save(self, data: Path) -> None:
        """Do nothing: what is in the folder was written by the node itself."""

    def load(self) -> Path:
        """Return the folder, made when missing."""
        self._path.mkdir(parents=True, exist_ok=True)
        return self._path

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._path)}


def _write_parts(path: Path, parts: Iterable[pd.DataFrame]) -> None:
    write_parts(path, parts)


def _preview(path: Path, n_rows: int) -> TablePreview:
    rows = head_of_parquet(path, n_rows)
    return TablePreview(json.loads(rows.to_json(orient="split", date_format="iso")))
