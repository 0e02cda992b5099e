"""A market in PostgreSQL, read as one snapshot, part by part, and never written to."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from pydantic import SecretStr

from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.sources.tabular.connection import Connection, parse_url
from alpha_kedro.sources.tabular.spec import LAYOUTS, OF_BARS, TabularMarketSpec

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select

_WHOLE = 200_000  # rows that the driver holds of a table that is read at once
_DAY = timedelta(days=1)


class SqlMarketSpec(TabularMarketSpec):
    """Which tables of a PostgreSQL database a market is in: ``schema.table``.

    The URL of the database is a credential and no parameter.
    """

    kind: Literal["sql"] = "sql"


def sql_tables(
    spec: SqlMarketSpec, url: SecretStr | None
) -> Callable[[str], list["SqlTable"]]:
    """Connect, and return what finds the table behind a parameter.

    Parameters
    ----------
    spec
        Which tables there are.
    url
        ``postgresql://user:password@host:5432/database``.

    Raises
    ------
    ConfigError
        ``AK-C060``, ``AK-C061``, ``AK-C062`` as in `parse_url`.
    DataError
        ``AK-D067`` when nobody answers, or the user is not let in.

    Notes
    -----
    All tables are read in one read-only transaction, so they are of one moment. It ends
    when nothing that reads from it is in use any more.
    """
    connection = Connection(parse_url(url))

    def find(key: str) -> list[SqlTable]:
        name = spec.told(key)
        return [] if name is None else [SqlTable(name, key, spec, connection)]

    return find


@dataclass(frozen=True)
class SqlTable:
    """One table or view, read part by part.

    Attributes
    ----------
    name
        ``table``, or ``schema.table``.
    key
        The parameter under ``markets.sql`` that named it.
    """

    name: str
    key: str
    spec: SqlMarketSpec
    connection: Connection
    ticker: None = None

    @property
    def columns(self) -> list[str]:
        """Return the names of its columns.

        Raises
        ------
        ConfigError
            ``AK-C064`` when it is not called ``table`` or ``schema.table``.
        DataError
            ``AK-D068`` when there is no such table for this user.
        """
        return list(self._types)

    def read(
        self, names: Mapping[str, str], *, rows: int | None, distinct: bool = False
    ) -> Iterator[pd.DataFrame]:
        """Yield the rows, columns under our names; at least one part.

        Parameters
        ----------
        names
            Our name: the name in the table.
        rows
            How many rows at a time, None: all at once.
        distinct
            Whether one of equal rows is enough.

        Raises
        ------
        DataError
            ``AK-D069`` when reading breaks off.
        """
        query = self._distinct(names) if distinct else self._ordered(names)
        parts = self._parts(query, names, rows or _WHOLE)
        if rows is not None:
            yield from parts
            return
        yield pd.concat(parts, ignore_index=True)

    def _parts(
        self, query: "Select[Any]", names: Mapping[str, str], rows: int
    ) -> Iterator[pd.DataFrame]:
        n_parts = 0
        for part in self.connection.stream(query, rows, where=self.name):
            yield self._table(part, names)
            n_parts += 1
        if not n_parts:
            yield self._table([], names)

    def _table(self, rows: Any, names: Mapping[str, str]) -> pd.DataFrame:
        columns = zip(*rows, strict=True) if len(rows) else ([] for _ in names)
        return pd.DataFrame(
            {
                ours: _column(list(values))
                for ours, values in zip(names, columns, strict=True)
            }
        )

    @property
    def _place(self) -> tuple[str | None, str]:
        """Return schema and table."""
        *schema, table = self.name.split(".")
        if len(schema) > 1 or not table or schema == [""]:
            raise ConfigError(
                "AK-C064",
                f"{self.name!r} is not the name of one table",
                wanted="table, or schema.table",
                fix=f"set markets.sql.{self.key}",
            )
        return (schema[0] if schema else None), table

    @property
    def _types(self) -> dict[str, Any]:
        schema, table = self._place
        found = self.connection.columns(table, schema)
        if found is None:
            raise DataError(
                "AK-D068",
                f"there is no table {self.name} that this user may read",
                where=[self.connection.place],
                fix=f"set markets.sql.{self.key}, or grant SELECT on it",
            )
        return found

    def _select(self, names: Mapping[str, str]) -> "Select[Any]":
        from sqlalchemy import quoted_name, select, table

        schema, name = self._place
        within = None if schema is None else quoted_name(schema, quote=True)
        source = table(quoted_name(name, quote=True), schema=within)
        types = self._types
        picked = [
            _as_double(_named(theirs), types[theirs]).label(ours)
            for ours, theirs in names.items()
        ]
        return select(*picked).select_from(source).where(*self._asked(names, types))

    def _distinct(self, names: Mapping[str, str]) -> "Select[Any]":
        return self._select(names).distinct()

    def _ordered(self, names: Mapping[str, str]) -> "Select[Any]":
        """Sort: the server gives rows in any order, and a vintage has one hash.

        By the bytes of the ticker, whatever language the database is set up for.
        """
        from sqlalchemy import String, collate

        known = [name for name in LAYOUTS[self.key].columns if name in names]
        first = [name for name in ("symbol", "ticker") if name in known]
        types = self._types
        keys = [
            collate(_named(names[ours]), "C")
            if isinstance(types[names[ours]], String)
            else _named(names[ours])
            for ours in dict.fromkeys([*first, *known])
        ]
        return self._select(names).order_by(*keys)

    def _asked(
        self, names: Mapping[str, str], types: Mapping[str, Any]
    ) -> list["ColumnElement[bool]"]:
        """Leave rows of other days on the server; those without a date are kept.

        An instant may be of the session a day before or after, hence the margin.
        """
        from sqlalchemy import Date, DateTime

        theirs = names.get("date")
        if self.key not in OF_BARS or theirs is None:
            return []
        if not isinstance(types[theirs], Date | DateTime):
            return []
        day = _named(theirs)
        bounds = []
        if self.spec.start is not None:
            bounds.append(day >= self.spec.start - _DAY)
        if self.spec.end is not None:
            bounds.append(day < self.spec.end + 2 * _DAY)
        return [day.is_(None) | bound for bound in bounds]


def _named(theirs: str) -> "ColumnElement[Any]":
    """Return a column by its exact name, quoted whatever is in it."""
    from sqlalchemy import column, quoted_name

    return column(quoted_name(theirs, quote=True))


def _as_double(column: "ColumnElement[Any]", kind: Any) -> "ColumnElement[Any]":
    """Let the server turn numbers into the nearest double, which is exact and fast."""
    from sqlalchemy import Double, Float, Numeric, cast

    return cast(column, Double) if isinstance(kind, Numeric | Float) else column


def _column(values: list[Any]) -> pd.Series:
    """Return values of one type, with None where there is none, as a typed column."""
    known = next((value for value in values if value is not None), None)
    if isinstance(known, datetime):
        return pd.Series(pd.to_datetime(values, utc=known.tzinfo is not None))
    if isinstance(known, date):
        return pd.Series(
            np.array(values, dtype="datetime64[D]").astype("datetime64[us]")
        )
    return pd.Series(values, dtype=object if known is None else None)
