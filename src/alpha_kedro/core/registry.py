"""Names and what they stand for, with a suggestion where a name is misspelt."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from alpha_kedro.core.errors import ConfigError

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """A read-only mapping of names to things of one kind, filled by a decorator."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}

    def add(self, name: str, item: T) -> T:
        """Register ``item`` under ``name``; a name is given once."""
        if name in self._items:
            raise ConfigError(
                "AK-C001",
                f"two {self.kind}s are called {name!r}",
                fix="give one of them another name",
            )
        self._items[name] = item
        return item

    def register(self, name: str) -> Callable[[T], T]:
        """Return a decorator that registers what it decorates."""
        return lambda item: self.add(name, item)

    def __getitem__(self, name: str) -> T:
        if name not in self._items:
            raise unknown_name(self.kind, name, self._items)
        return self._items[name]

    def get(self, name: str, default: Any = None) -> Any:
        """Return the thing called ``name``, or ``default`` without complaint."""
        return self._items.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the known name closest to ``name``, or None when none is near."""
    close = get_close_matches(name, list(names), n=1, cutoff=0.5)
    return close[0] if close else None


def unknown_name(kind: str, name: str, names: Iterable[str]) -> ConfigError:
    """Build the error for a name nobody registered."""
    known = sorted(names)
    close = nearest(name, known)
    hint = f"did you mean {close!r}? " if close else ""
    return ConfigError(
        "AK-C002",
        f"unknown {kind} {name!r}",
        wanted=f"one of {', '.join(known)}",
        fix=f"{hint}use one of the names above",
    )
