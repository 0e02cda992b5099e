"""Bring your own market: Parquet or CSV files, read without losing a name."""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any, Literal

import fsspec
import pandas as pd
from pydantic import Field

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.market.columns import NO_VALUE
from alpha_kedro.market.tickers import is_ticker
from alpha_kedro.sources.tabular.assembly import MarketReader
from alpha_kedro.sources.tabular.spec import DATES, GROUP, TICKERS, TabularMarketSpec

_ENDING = re.compile(
    r"\.(?:(?P<csv>csv)|parquet|pq)(?:\.(?:gz|bz2|zip|xz|zst))?$", re.IGNORECASE
)
_FOREIGN = {b"<": "HTML", b"{": "JSON", b"[": "JSON", b"PAR1": "Parquet"}
_MAGIC = set("*?[")


class FilesMarketSpec(TabularMarketSpec):
    """Where a market's files are: Parquet or CSV, local or any fsspec URL.

    A table may be one file, a folder of files or a glob. In a folder, a file of bars
    without a column of tickers holds the ticker it is called by.
    """

    kind: Literal["files"] = "files"
    sep: str = Field(
        default=",", min_length=1, max_length=1, description="between values of CSV"
    )
    decimal: Literal[".", ","] = Field(
        default=".", description="the decimal mark of CSV"
    )


@dataclass(frozen=True)
class FileTable:
    """One file, read part by part.

    Attributes
    ----------
    name
        Its path or URL.
    key
        The parameter under ``markets.files`` that named it.
    spec
        How CSV is written, and which columns are text.
    ticker
        The ticker it is called by, None where it is not one of a folder.
    """

    name: str
    key: str
    spec: FilesMarketSpec
    ticker: str | None = None

    @property
    def columns(self) -> list[str]:
        """Return the names of the columns as they stand in the file."""
        with self._faults_named():
            if not self._is_csv:
                with self._parquet() as file:
                    return list(file.schema_arrow.names)
            self._refuse_foreign()
            header = self._csv(header=None, nrows=1, dtype=str)
            return [str(name) for name in header.iloc[0]]

    def read(
        self, names: Mapping[str, str], *, rows: int | None, distinct: bool = False
    ) -> Iterator[pd.DataFrame]:
        """Yield the rows, columns under our names; at least one part.

        Parameters
        ----------
        names
            Our name: the name in the file.
        rows
            How many rows at a time, None: all at once.
        distinct
            Whether one of equal rows of a part is enough.

        Raises
        ------
        DataError
            ``AK-D018`` no such file, ``AK-D019`` it cannot be read.
        """
        with self._faults_named():
            read = self._csv_parts if self._is_csv else self._parquet_parts
            for part in read(names, rows):
                table = pd.DataFrame({ours: part[its] for ours, its in names.items()})
                yield table.drop_duplicates() if distinct else table

    @property
    def _is_csv(self) -> bool:
        ending = _ENDING.search(self.name)
        return ending is not None and ending["csv"] is not None

    def _csv_parts(
        self, names: Mapping[str, str], rows: int | None
    ) -> Iterator[pd.DataFrame]:
        """Read CSV with names as text: NA, ON, 1e5 and 0700 are tickers."""
        text = {its for ours, its in names.items() if ours in _TEXT}
        numbers = {*names.values()} - text
        parts = self._csv(
            dtype=dict.fromkeys(text, str),
            na_values={name: list(NO_VALUE) for name in numbers},
            index_col=False,
            low_memory=False,
            iterator=True,
        )
        with parts:
            yield _exact(lambda: parts.read(rows))
            while rows is not None:
                try:
                    yield _exact(lambda: parts.read(rows))
                except StopIteration:
                    return

    def _csv(self, **options: Any) -> Any:
        """Open CSV whole: of chosen columns pandas would not notice a shifted row."""
        return pd.read_csv(
            self.name,
            sep=self.spec.sep,
            decimal=self.spec.decimal,
            keep_default_na=False,
            **options,
        )

    def _refuse_foreign(self) -> None:
        with fsspec.open(self.name, "rb", compression="infer") as file:
            start = file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()
        kinds = [kind for mark, kind in _FOREIGN.items() if start.startswith(mark)]
        if kinds:
            raise DataError(
                "AK-D063",
                f"{self.name} is {kinds[0]}, not CSV",
                got=repr(start[:40].decode("utf-8", "replace")),
                wanted="a header of column names, then one line per row",
                fix=(
                    "look at the file: a vendor's error page may have been saved in "
                    "its place; give Parquet the ending .parquet"
                ),
            )

    def _parquet_parts(
        self, names: Mapping[str, str], rows: int | None
    ) -> Iterator[pd.DataFrame]:
        columns = list({*names.values()})
        with self._parquet() as file:
            n_rows = file.metadata.num_rows
            if rows is None or not n_rows:
                yield _as_pandas(file.read(columns=columns))
                return
            for batch in file.iter_batches(batch_size=rows, columns=columns):
                yield _as_pandas(batch)

    def _parquet(self) -> Any:
        import pyarrow.parquet as pq

        there = self.name
        source = fsspec.open(there, "rb").open() if "://" in there else there
        return pq.ParquetFile(source, page_checksum_verification=True)

    @contextmanager
    def _faults_named(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise _no_file(self.name, self.key) from None
        except (OSError, ValueError, pd.errors.ParserWarning) as error:
            raise DataError(
                "AK-D019",
                f"{self.name} cannot be read",
                got=f"{type(error).__name__}: {error}",
                wanted="a whole Parquet file, or CSV with the ending .csv",
                fix=f"fetch it again, or set markets.files.{self.key} to another file",
            ) from error


_TEXT = {*DATES, *TICKERS, GROUP}


def file_tables(spec: FilesMarketSpec, key: str) -> list[FileTable]:
    """Return the files of a table, by name; none when the parameter is not given.

    Parameters
    ----------
    key
        The parameter under ``markets.files``, such as ``bars``.

    Raises
    ------
    ConfigError
        ``AK-C063`` when a folder holds files that are neither Parquet nor CSV.
    DataError
        ``AK-D018`` when a folder or glob has no file.
    """
    place = spec.told(key)
    if place is None:
        return []
    files, root = fsspec.core.url_to_fs(place)
    if files.isdir(root):
        found = _in_folder(files, root, place, key)
    elif _MAGIC & {*root} and not files.exists(root):
        found = files.glob(root)
    else:
        return [FileTable(place, key, spec)]
    if not found:
        raise _no_file(place, key)
    urls = [
        name if "://" not in place else files.unstrip_protocol(name) for name in found
    ]
    return [FileTable(url, key, spec, _ticker_of(url)) for url in sorted(urls)]


def read_membership(spec: FilesMarketSpec) -> pd.DataFrame | None:
    """Read index membership, or None when none is named.

    Returns
    -------
    DataFrame
        ticker (the index's symbol of the day), start, end (both days included, NaT:
        still a member), price_ticker (whose prices, missing where there are none).
    """
    return MarketReader(partial(file_tables, spec), spec).membership()


def read_sectors(spec: FilesMarketSpec) -> pd.DataFrame | None:
    """Read ticker, sector (the group column)[, start, end], or None without a file."""
    return MarketReader(partial(file_tables, spec), spec).whole("sectors")


def _in_folder(files: Any, root: str, place: str, key: str) -> list[str]:
    """Return the files of a folder; hidden ones (``.``, ``_``) are no data."""
    entries = {entry["name"]: entry["type"] for entry in files.ls(root, detail=True)}
    seen = {
        name: kind
        for name, kind in entries.items()
        if not PurePosixPath(name).name.startswith((".", "_"))
    }
    foreign = [
        PurePosixPath(name).name
        for name, kind in seen.items()
        if kind != "file" or not _ENDING.search(name)
    ]
    if foreign:
        raise ConfigError(
            "AK-C063",
            f"the folder {place} holds {len(foreign)} thing(s) that are no table",
            where=sorted(foreign),
            wanted="files ending in .parquet or .csv and no folders",
            fix=f"set markets.files.{key} to a glob, such as {place}/*.csv",
        )
    return list(seen)


def _ticker_of(url: str) -> str | None:
    called = _ENDING.sub("", PurePosixPath(url).name).upper()
    return called if is_ticker([called]).all() else None


def _exact(read: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Read, and refuse rows that are longer than the header, of which pandas warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return read()


def _as_pandas(content: Any) -> pd.DataFrame:
    """Take columns as they are stored; an index of pandas is a column like any."""
    table = content.to_pandas(ignore_metadata=True, date_as_object=False)
    return pd.DataFrame(table)


def _no_file(name: str, key: str) -> DataError:
    return DataError(
        "AK-D018",
        f"there is no file {name}",
        fix=f"set markets.files.{key}, or put the file there",
    )
