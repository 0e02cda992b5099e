"""A table on disk that is written and read part by part, so that its size is no matter.

Raw bars of thousands of names over decades do not have to fit into memory twice: a
source yields them part by part, and cleaning reads the rows of some tickers at a time.
The file is a function of its rows: how a source cut them into parts leaves no trace.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.files import (
    damage_named,
    in_groups,
    open_parquet,
    write_arrow_tables,
)
from alpha_kedro.core.fingerprint import hash_table

ROWS_PER_PART = 1 << 18


class StoredTable:
    """A Parquet table that is read on request, every page verified.

    It stays what it was when it was opened, also after a new table has been written to
    its path.

    Parameters
    ----------
    path
        The file, as `write_parts` leaves it.

    Raises
    ------
    DataError
        ``AK-D002`` for a damaged file and ``AK-D080`` for failing storage, here and
        whenever rows are read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = open_parquet(path)

    @property
    def columns(self) -> list[str]:
        """Return the names of the columns."""
        return list(self._file.schema_arrow.names)

    def __len__(self) -> int:
        return int(self._file.metadata.num_rows)

    def read(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Return all rows of the named columns."""
        wanted = None if columns is None else list(columns)
        with damage_named(self.path):
            return pd.DataFrame(self._file.read(columns=wanted).to_pandas())

    def parts(self, columns: Sequence[str] | None = None) -> Iterator[pd.DataFrame]:
        """Yield the rows in their order, `ROWS_PER_PART` at a time.

        A table without rows is one part without rows.
        """
        for group in in_groups(self._groups(columns), ROWS_PER_PART):
            yield pd.DataFrame(group.to_pandas())

    def rows_of(self, tickers: Iterable[str | None]) -> pd.DataFrame:
        """Return the rows of some tickers (None: rows without one), in their order.

        Row groups whose range of tickers has none of them are not read.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        wanted = set(tickers)
        names = pa.array(wanted, pa.large_string())
        found = [self._file.schema_arrow.empty_table()]
        for number in range(self._file.num_row_groups):
            if self._may_hold(number, wanted):
                group = self._group(number)
                of_group = pc.cast(group["ticker"], pa.large_string())
                found.append(group.filter(pc.is_in(of_group, value_set=names)))
        return pd.DataFrame(pa.concat_tables(found).to_pandas())

    def content_hash(self) -> str:
        """Hash the rows part by part: equal content, equal hash, however it is stored.

        Returns
        -------
        str
            SHA-256 in hexadecimal over `hash_table` of every part; names, types and
            the order of columns and rows count.
        """
        digest = hashlib.sha256()
        for part in self.parts():
            digest.update(hash_table(part).encode())
        return digest.hexdigest()

    def _groups(self, columns: Sequence[str] | None) -> Iterator[Any]:
        wanted = None if columns is None else list(columns)
        yield self._file.schema_arrow.empty_table().select(wanted or self.columns)
        for number in range(self._file.num_row_groups):
            yield self._group(number, wanted)

    def _group(self, number: int, columns: list[str] | None = None) -> Any:
        with damage_named(self.path):
            return self._file.read_row_group(number, columns=columns)

    def _may_hold(self, number: int, tickers: set[str | None]) -> bool:
        """Return False when the statistics of a row group exclude all tickers."""
        place = self.columns.index("ticker")
        known = self._file.metadata.row_group(number).column(place).statistics
        if known is None or not known.has_min_max or None in tickers:
            return True
        return any(known.min <= ticker <= known.max for ticker in tickers if ticker)


def write_parts(target: Path, parts: Iterable[pd.DataFrame]) -> int:
    """Write parts one after the other as one table, atomically; return its rows.

    Parameters
    ----------
    target
        The file; the old one stays until the last part is written.
    parts
        Tables with the columns and types of the first one.

    Raises
    ------
    DataError
        ``AK-D003`` when there is no part at all, or one has other columns or values
        that are not of the first one's types.
    """
    return write_arrow_tables(target, _uniform(parts), rows_per_group=ROWS_PER_PART)


def _uniform(parts: Iterable[pd.DataFrame]) -> Iterator[Any]:
    """Yield the parts as Arrow tables of one schema."""
    import pyarrow as pa

    schema = None
    for part in parts:
        names = [str(name) for name in part.columns]
        if schema is not None and names != schema.names:
            raise _unlike(", ".join(names), ", ".join(schema.names))
        try:
            table = pa.Table.from_pandas(part, schema=schema, preserve_index=False)
        except pa.ArrowException as error:
            raise _unlike(str(error), str(schema or "one type per column")) from error
        schema = schema or table.schema
        yield table
    if schema is None:
        raise _unlike("no part", "at least one part")


def _unlike(got: str, wanted: str) -> DataError:
    return DataError(
        "AK-D003",
        "the parts of a table do not fit together",
        got=got,
        wanted=wanted,
        fix="yield every part with the columns and types of the first",
    )
