"""Progress of a long loop: a bar on a terminal, plain lines in a log, or nothing."""

import os
import sys
from collections.abc import Iterable, Iterator, Sized
from time import monotonic
from typing import TypeVar

T = TypeVar("T")

_SWITCH = "ALPHA_KEDRO_PROGRESS"
_SECONDS_BETWEEN_LINES = 5.0


def track(items: Iterable[T], *, label: str, total: int | None = None) -> Iterator[T]:
    """Yield ``items`` one by one and say on stderr how far the loop is.

    Parameters
    ----------
    items
        What is looped over; not changed and not read ahead.
    label
        What the loop does, such as ``fitting folds``.
    total
        Number of items. Default: ``len(items)`` where it has one.

    Notes
    -----
    On a terminal a bar with count, elapsed and remaining time; elsewhere a line such as
    ``fitting folds 12/40 30 % eta 0:12`` every five seconds and at the end. The
    environment variable ``ALPHA_KEDRO_PROGRESS=off`` turns both off.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    if os.environ.get(_SWITCH, "").lower() == "off":
        return iter(items)
    show = _bar if sys.stderr.isatty() else _lines
    return show(items, label, total)


def _bar(items: Iterable[T], label: str, total: int | None) -> Iterator[T]:
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True)) as bar:
        yield from bar.track(items, total=total, description=label)


def _lines(items: Iterable[T], label: str, total: int | None) -> Iterator[T]:
    started = written = monotonic()
    done = 0
    for item in items:
        yield item
        done += 1
        now = monotonic()
        if now - written >= _SECONDS_BETWEEN_LINES and done != total:
            written = now
            _write(_line(label, done, total, now - started))
    _write(f"{label} {done} done in {_clock(monotonic() - started)}")


def _line(label: str, done: int, total: int | None, elapsed: float) -> str:
    if total is None:
        return f"{label} {done} elapsed {_clock(elapsed)}"
    remaining = elapsed / done * (total - done)
    share = 100 * done // total
    return f"{label} {done}/{total} {share} % eta {_clock(remaining)}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _write(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
