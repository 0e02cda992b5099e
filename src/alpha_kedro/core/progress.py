"""Progress of a long loop: a bar on a terminal, plain lines in a log, or nothing."""

import os
import sys
from bisect import bisect_right
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
    ``fitting folds 12/40 30 % 28 left eta 0:12``, at most every five seconds, and one
    at the end. The environment variable ``ALPHA_KEDRO_PROGRESS=off`` turns both off.

    The remaining time is reckoned at the pace of the later half of the time so far:
    items found finished at the start, or items that grow, do not mislead it for long.
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
        progress.TextColumn("{task.fields[ahead]}"),
    )
    pace = _Pace(total)
    with progress.Progress(*columns, console=Console(stderr=True)) as bar:
        shown = bar.add_task(label, total=total, ahead="")
        for item in items:
            yield item
            pace.count()
            bar.update(shown, advance=1, ahead=pace.ahead())


def _lines(items: Iterable[T], label: str, total: int | None) -> Iterator[T]:
    pace = _Pace(total)
    written = pace.started
    for item in items:
        yield item
        now = pace.count()
        if now - written >= _SECONDS_BETWEEN_LINES and pace.done != total:
            written = now
            _write(f"{label} {_share(pace.done, total)}{pace.ahead()}")
    _write(f"{label} {pace.done} done in {_clock(monotonic() - pace.started)}")


class _Pace:
    """When the items of a loop were finished, and what that says about the rest."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._finished = [0.0]  # seconds after the start, beginning with the start
        self.started = monotonic()

    @property
    def done(self) -> int:
        return len(self._finished) - 1

    def count(self) -> float:
        """Count one more item and return the time."""
        now = monotonic()
        self._finished.append(now - self.started)
        return now

    def ahead(self) -> str:
        """Return what is left, in items and in time; without a total, what was."""
        elapsed = self._finished[-1]
        if self._total is None:
            return f"elapsed {_clock(elapsed)}"
        left = self._total - self.done
        return f"{left} left eta {_clock(left * self._seconds_each())}"

    def _seconds_each(self) -> float:
        """Return the mean seconds between two items in the later half of the time."""
        elapsed = self._finished[-1]
        since = bisect_right(self._finished, elapsed / 2, hi=self.done) - 1
        return (elapsed - self._finished[since]) / (self.done - since)


def _share(done: int, total: int | None) -> str:
    return f"{done} " if total is None else f"{done}/{total} {100 * done // total} % "


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _write(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
