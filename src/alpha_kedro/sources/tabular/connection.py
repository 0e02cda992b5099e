"""A read-only snapshot of a PostgreSQL database, and what may be said of its URL."""

import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import SecretStr

from alpha_kedro.core.errors import ConfigError, DataError

if TYPE_CHECKING:
    import sqlalchemy
    from sqlalchemy import URL, Select

T = TypeVar("T")

_PATIENCE = "10"  # seconds until nobody answers
_SECRET_OPTIONS = {"password", "sslpassword"}
_TIMEOUT, _NOT_ALLOWED = (
    "57014",
    "42501",
)  # https://www.postgresql.org/docs/current/errcodes-appendix.html
_CREDENTIALS = (
    "put it into conf/local/credentials.yml, which git ignores:\n"
    "          market_database:\n"
    "            url: postgresql://user:password@host:5432/database"
)


def parse_url(url: SecretStr | None) -> "URL":
    """Read the URL of a PostgreSQL database; what it says is never repeated.

    Parameters
    ----------
    url
        ``postgresql://user:password@host:5432/database``; options of libpq such as
        ``?sslmode=require`` may follow.

    Raises
    ------
    ConfigError
        ``AK-C060`` no URL is given, ``AK-C061`` SQLAlchemy or psycopg is not installed,
        ``AK-C062`` it is no URL of a PostgreSQL database.
    """
    if url is None:
        raise ConfigError(
            "AK-C060", "the URL of the market's database is not given", fix=_CREDENTIALS
        )
    parsed = _parsed(url)
    if parsed is None:
        raise ConfigError(
            "AK-C062",
            "the URL of the market's database cannot be used",
            wanted="postgresql://user:password@host:5432/database",
            fix=(
                "correct it in conf/local/credentials.yml; in the password write @ as "
                "%40, : as %3A, / as %2F and % as %25, and leave it in its place"
            ),
        )
    return parsed


def _parsed(url: SecretStr) -> "URL | None":
    try:
        import psycopg  # noqa: F401
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError:
        raise ConfigError(
            "AK-C061",
            "a market in SQL needs SQLAlchemy and psycopg",
            fix="pip install 'alpha-kedro[db]', or take another market",
        ) from None
    try:
        parsed = make_url(url.get_secret_value())
    except (ArgumentError, ValueError):
        return None
    # An unescaped @ in a password leaves its rest in the host, which is shown.
    if "@" in (parsed.host or "") or _SECRET_OPTIONS & {*parsed.query}:
        return None
    if parsed.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        return None
    return parsed.set(drivername="postgresql+psycopg")


class Connection:
    """One transaction, read-only and of one moment, whatever others write meanwhile.

    It is closed when nobody holds it any more.

    Parameters
    ----------
    url
        As `parse_url` gives it.

    Raises
    ------
    DataError
        ``AK-D067`` when nobody answers, or the user is not let in.
    """

    def __init__(self, url: "URL") -> None:
        from sqlalchemy import NullPool, create_engine, text

        host = url.host or url.query.get("host") or "localhost"
        self.place = f"{url.database} at {host}"
        self._secret = SecretStr(str(url.password or ""))
        engine = create_engine(
            url.update_query_dict({"connect_timeout": _PATIENCE} | dict(url.query)),
            poolclass=NullPool,
            hide_parameters=True,
            isolation_level="REPEATABLE READ",
        )
        self._connection = self._ask(engine.connect, self._unreachable)
        weakref.finalize(self, _close, self._connection)
        self._connection.execution_options(postgresql_readonly=True)
        self._ask(
            lambda: self._connection.execute(text("SET LOCAL TIME ZONE 'UTC'")),
            self._unreachable,
        )

    def columns(self, table: str, schema: str | None) -> dict[str, Any] | None:
        """Return name and SQL type of the columns of a table, None where it is none."""
        from sqlalchemy import inspect
        from sqlalchemy.exc import NoSuchTableError

        def look() -> dict[str, Any] | None:
            try:
                found = inspect(self._connection).get_columns(table, schema=schema)
            except NoSuchTableError:
                return None
            return {column["name"]: column["type"] for column in found}

        return self._ask(look, self._broken_off(table))

    def stream(
        self, query: "Select[Any]", rows: int, *, where: str
    ) -> Iterator[Sequence[Any]]:
        """Yield rows of a query, so many at a time; the server keeps the others.

        Raises
        ------
        DataError
            ``AK-D069`` when reading breaks off.
        """
        fault = self._broken_off(where)
        streamed = query.execution_options(stream_results=True, yield_per=rows)
        result = self._ask(lambda: self._connection.execute(streamed), fault)
        parts = result.partitions()
        while (part := self._ask(lambda: next(parts, None), fault)) is not None:
            yield part

    def _ask(self, action: Callable[[], T], fault: Callable[[Any], DataError]) -> T:
        """Do it, or raise what may be said of the fault.

        That is raised outside of the handler, so that the driver's own error, which may
        know the password, does not come along as its context.
        """
        from sqlalchemy.exc import SQLAlchemyError

        try:
            return action()
        except SQLAlchemyError as error:
            explained = fault(error)
        raise explained

    def _unreachable(self, error: Any) -> DataError:
        return DataError(
            "AK-D067",
            f"the database {self.place} cannot be reached",
            got=self._said(error),
            fix="start it, or correct the URL in conf/local/credentials.yml",
        )

    def _broken_off(self, where: str) -> Callable[[Any], DataError]:
        def fault(error: Any) -> DataError:
            state = getattr(getattr(error, "orig", None), "sqlstate", None)
            return DataError(
                "AK-D069",
                f"reading {where} broke off",
                where=[self.place],
                got=self._said(error),
                wanted="all rows, in one transaction",
                fix={
                    _TIMEOUT: "raise statement_timeout of this user, or add an index",
                    _NOT_ALLOWED: "grant SELECT on it to this user",
                }.get(state or "", "run again; nothing was written"),
            )

        return fault

    def _said(self, error: Any) -> str:
        """Return the driver's first line without the password."""
        said = str(getattr(error, "orig", None) or type(error).__name__).strip()
        secret = self._secret.get_secret_value()
        told = said.replace(secret, "***") if secret else said
        return told.splitlines()[0] if told else type(error).__name__


def _close(connection: "sqlalchemy.Connection") -> None:
    from sqlalchemy.exc import SQLAlchemyError

    # One that the server has ended cannot be rolled back, and need not be.
    with suppress(SQLAlchemyError):
        connection.close()
