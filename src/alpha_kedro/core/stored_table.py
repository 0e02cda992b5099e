"""A table on disk that is written and read part by part, so that its size is no matter.

Raw bars of thousands of names over decades do not have to fit into memory twice: a
source yields them part by part, and cleaning reads the rows of some tickers at a time.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.files import damage_named, open_parquet, write_parquet_parts

_ROWS_PER_GROUP = 1 << 20


class StoredTable:
    """A Parquet table that is read on request, every page verified.

    Parameters
    ----------
    path
        The file, as `write_parts` leaves it.
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
        """Yield the rows in their order, about a million at a time."""
        wanted = None if columns is None else list(columns)
        for number in range(self._file.num_row_groups):
            with damage_named(self.path):
                group = self._file.read_row_group(number, columns=wanted)
            yield pd.DataFrame(group.to_pandas())

    def rows_of(self, tickers: Iterable[str]) -> pd.DataFrame:
        """Return the rows of some tickers, in the order of the file.

        Row groups whose range of tickers has none of them are not read.
        """
        import pyarrow.parquet as pq

        wanted = [("ticker", "in", list(tickers))]
        with damage_named(self.path):
            found = pq.read_table(
                self.path, filters=wanted, page_checksum_verification=True
            )
        return pd.DataFrame(found.to_pandas())


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
        ``AK-D003`` when there is no part at all, or one has other columns.
    """
    return write_parquet_parts(target, _uniform(parts), rows_per_group=_ROWS_PER_GROUP)


def _uniform(parts: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    columns: list[str] | None = None
    for part in parts:
        names = list(part.columns)
        columns = names if columns is None else columns
        if names != columns:
            raise _unlike(names, columns)
        yield part
    if columns is None:
        raise _unlike([], ["at least one part"])


def _unlike(got: list[str], wanted: list[str]) -> DataError:
    return DataError(
        "AK-D003",
        "the parts of a table do not fit together",
        got=", ".join(got) or "no part",
        wanted=", ".join(wanted),
        fix="yield every part with the columns of the first",
    )
