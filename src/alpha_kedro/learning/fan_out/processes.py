"""Tasks in processes of this machine, any of which may die without loss.

Every process has one task at a time and a line of its own to the parent: a death is
noticed at once and concerns one task, which is begun again in a new process while the
others go on.
"""

import logging
import multiprocessing
import signal
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from typing import Any

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.fan_out.handover import Handover, handed_over
from alpha_kedro.learning.fan_out.one_thread import one_thread_for_good

Function = Callable[[Any, Any], Any]

_DEATHS_FORGIVEN = 2
"""So often the process of a task may be killed before the task is held to be why."""

_POLL = 2.0  # seconds
_spawned = multiprocessing.get_context("spawn")
log = logging.getLogger(__name__)


@contextmanager
def in_processes(
    function: Function, tasks: Sequence[Any], shared: Any, *, workers: int
) -> Iterator[Iterator[tuple[int, Any]]]:
    """Yield an iterator over places and results of tasks, as they are finished.

    Parameters
    ----------
    function, tasks, shared
        As for ``fan_out``.
    workers
        Processes at once, spawned so that they inherit no threads and no state.

    Raises
    ------
    ModelError
        ``AK-M004`` when the process of one task has been killed too often, or has left
        of itself. What a task raises comes back as it is. Whenever the context is left,
        processes are ended.
    """
    with handed_over(shared) as handover:
        crew = _Crew(function, tasks, handover)
        try:
            crew.hire(workers)
            yield crew.results()
        finally:
            crew.dismiss()


def deadly(place: int, tasks: Sequence[Any], how: str) -> ModelError:
    """Return the error about a task that no process survives."""
    return ModelError(
        "AK-M004",
        "a worker process died",
        where=[f"task {place + 1} of {len(tasks)}: {str(tasks[place])[:80]}"],
        got=how,
        fix="set execution.workers lower if memory ran out; a script of your own "
        "needs if __name__ == '__main__'. What was finished is in the fold cache",
    )


@dataclass(frozen=True)
class _Answer:
    """What came of a task: its result, or its error and where that was raised."""

    result: Any = None
    error: Exception | None = None
    told: str = ""


class _ThereError(Exception):
    """The traceback of an error in another process, as its cause."""


class _Crew:
    """Processes at work, and the tasks nobody has begun."""

    def __init__(
        self, function: Function, tasks: Sequence[Any], handover: Handover
    ) -> None:
        self._function, self._tasks, self._handover = function, tasks, handover
        self._waiting = deque(range(len(tasks)))
        self._deaths: Counter[int] = Counter()
        self._workers: dict[Connection, _Worker] = {}

    def hire(self, count: int) -> None:
        for _ in range(count):
            worker = _Worker(self._function, self._handover)
            self._workers[worker.line] = worker
            self._go_on(worker)

    def results(self) -> Iterator[tuple[int, Any]]:
        while self._workers:
            for worker in self._heard():
                place, answer = worker.place, worker.answer()
                if answer is None:
                    self._replace(worker)
                    continue
                if answer.error:
                    raise answer.error from _ThereError(answer.told)
                self._go_on(worker)
                yield place, answer.result

    def dismiss(self) -> None:
        for worker in self._workers.values():
            worker.end()

    def _heard(self) -> "list[_Worker]":
        """Return who has answered or died; a death is heard late if the line is held.

        Processes that a task has forked inherit the line and may outlive the worker.
        """
        answered = wait([*self._workers], timeout=_POLL)
        return [
            worker
            for line, worker in self._workers.items()
            if line in answered or not (answered or worker.is_alive())
        ]

    def _go_on(self, worker: "_Worker") -> None:
        if self._waiting:
            place = self._waiting.popleft()
            worker.begin(place, self._tasks[place])
        else:
            del self._workers[worker.line]
            worker.end()

    def _replace(self, worker: "_Worker") -> None:
        """Have another process begin what a dead one was at."""
        del self._workers[worker.line]
        place, code = worker.place, worker.end()
        self._deaths[place] += 1
        deaths = self._deaths[place]
        if code >= 0 or deaths > _DEATHS_FORGIVEN:  # one that left would leave again
            raise deadly(place, self._tasks, f"{deaths} deaths, exit code {code}")
        log.warning("a process was killed (signal %d): task %d again", -code, place + 1)
        self._waiting.appendleft(place)
        self.hire(1)


class _Worker:
    """One process, the line to it, and the place of the task it was given last."""

    def __init__(self, function: Function, handover: Handover) -> None:
        self.place = -1
        self.line, theirs = _spawned.Pipe()
        # What is handed over at start fills a pipe that a process which dies at birth
        # never empties: it has to be small.
        self._process = _spawned.Process(
            target=_serve, args=(theirs, function, handover)
        )
        self._process.start()
        theirs.close()

    def begin(self, place: int, task: Any) -> None:
        self.place = place
        with suppress(BrokenPipeError):  # it is dead, which `answer` will tell
            self.line.send(task)

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def answer(self) -> "_Answer | None":
        """Return what came of the task; None from the dead."""
        try:
            if not self.line.poll():
                return None
            words = self.line.recv_bytes()
        except (EOFError, OSError):
            self._process.join(_POLL)  # it is on its way out, and has a code to leave
            return None
        answer: _Answer = ForkingPickler.loads(words)
        return answer

    def end(self) -> int:
        """End the process, whatever it does; return its exit code, -9 if killed."""
        self._process.kill()
        self._process.join()
        self.line.close()
        return self._process.exitcode or 0


def _serve(line: Connection, function: Function, handover: Handover) -> None:
    """Do one task after the other, until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent will end us
    one_thread_for_good()
    shared = handover.open()
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            task = line.recv()
            line.send_bytes(_answer(function, shared, task))


def _answer(function: Function, shared: Any, task: Any) -> "memoryview[Any]":
    try:
        return ForkingPickler.dumps(_Answer(function(shared, task)))
    except Exception as error:
        told = "".join(traceback.format_exception(error))
        try:
            words = ForkingPickler.dumps(_Answer(error=error, told=told))
            ForkingPickler.loads(words)
        except Exception:  # not every error survives the trip
            unknown = RuntimeError(f"{type(error).__name__}: {error}")
            return ForkingPickler.dumps(_Answer(error=unknown, told=told))
        return words
