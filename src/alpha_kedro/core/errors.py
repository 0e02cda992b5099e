"""Errors that say what, where, got, wanted and how to fix it.

Every error carries a stable code, documented in ``docs/errors.md``:
``AK-C...`` configuration, ``AK-D...`` data, ``AK-M...`` models, ``AK-P...`` pipelines,
``AK-S...`` simulation.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Self

_SHOWN = 5


class AlphaKedroError(Exception):
    """The one base class of what this project raises on purpose.

    Parameters
    ----------
    code
        Stable code such as ``AK-D001``.
    what
        One sentence naming the fault.
    where
        Places of the fault; the first five are shown and the rest are counted.
    got, wanted
        What was found, and what would have been right.
    fix
        What the reader should do next.
    """

    exit_code = 1

    def __init__(
        self,
        code: str,
        what: str,
        *,
        where: Iterable[object] = (),
        got: object = None,
        wanted: object = None,
        fix: str = "",
    ) -> None:
        self.code = code
        self.what = what
        self.where = [str(place) for place in where]
        self.got = got
        self.wanted = wanted
        self.fix = fix
        super().__init__(self._message())

    def at(self, place: str) -> Self:
        """Return the same error with one more place, named first."""
        return type(self)(
            self.code,
            self.what,
            where=[place, *self.where],
            got=self.got,
            wanted=self.wanted,
            fix=self.fix,
        )

    def _message(self) -> str:
        lines = [f"{self.code} {self.what}"]
        if self.where:
            lines.append(f"  where:  {shorten(self.where)}")
        lines += [
            f"  {label:<7} {text}"
            for label, text in (
                ("got:", self.got),
                ("wanted:", self.wanted),
                ("fix:", self.fix or None),
            )
            if text is not None
        ]
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the trip back from a worker process."""
        return (_rebuild, (type(self), self.__dict__))


class ConfigError(AlphaKedroError):
    """Wrong parameters, names or command line; nothing has run yet."""

    exit_code = 2


class DataError(AlphaKedroError):
    """Market data that cannot be used as they are."""


class ModelError(AlphaKedroError):
    """A model that cannot be fitted, loaded or trusted."""


class SimulationError(AlphaKedroError):
    """A portfolio or a ledger that does not add up."""


def fault_of_ours(error: BaseException | None) -> AlphaKedroError | None:
    """Return the error of ours behind one that Kedro raised in its place, if any."""
    while error is not None and not isinstance(error, AlphaKedroError):
        error = error.__cause__
    return error


def shorten(places: Iterable[object]) -> str:
    """Return the first five places and a count of the rest."""
    named = [str(place) for place in places]
    more = f" (+{len(named) - _SHOWN} more)" if len(named) > _SHOWN else ""
    return ", ".join(named[:_SHOWN]) + more


def _rebuild(kind: type[AlphaKedroError], state: dict[str, object]) -> AlphaKedroError:
    error = kind.__new__(kind)
    error.__dict__.update(state)
    Exception.__init__(error, error._message())
    return error


@contextmanager
def placed(place: str) -> Iterator[None]:
    """Name where something was done in whatever error it ends in."""
    try:
        yield
    except AlphaKedroError as error:
        raise error.at(place) from error.__cause__
