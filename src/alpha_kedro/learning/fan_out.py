"""The one way to do many independent pieces of work, on one core or on all of them."""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from multiprocessing.queues import SimpleQueue
from threading import Thread
from typing import Any, Literal, TypeVar

from pydantic import Field, model_validator

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.progress import track
from alpha_kedro.core.spec import Spec

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")

_THREAD_COUNTS = (
    *("OMP_NUM_THREADS", "OMP_THREAD_LIMIT"),
    *("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
)
_at_hand: tuple[Callable[[Any, Any], Any], Any]


class ExecutionSpec(Spec):
    """Where the work is done; it changes how long a run takes, never its numbers."""

    backend: Literal["serial", "processes"] = Field(
        default="serial",
        description="serial: one after the other; processes: several at once",
    )
    workers: int | None = Field(
        default=None, ge=1, description="processes at once; null: one per core"
    )
    address: str | None = Field(
        default=None, description="address of a scheduler, for backends that have one"
    )
    lock_wait: float = Field(
        default=0.0,
        ge=0,
        description="seconds to wait for another run on the same data_root to end",
    )

    @model_validator(mode="after")
    def _nothing_is_named_in_vain(self) -> "ExecutionSpec":
        if self.address is not None:
            raise ValueError(f"backend {self.backend!r} has no scheduler: omit address")
        return self


def fan_out(
    function: Callable[[Shared, Task], Result],
    tasks: Sequence[Task],
    *,
    shared: Shared,
    execution: ExecutionSpec,
    label: str,
) -> list[Result]:
    """Call ``function(shared, task)`` for every task.

    Parameters
    ----------
    function
        Defined at module level, so that another process can find it.
    tasks
        Independent of one another; small, they travel one by one.
    shared
        What every task reads; handed to each process once.
    execution
        One after the other, or in several processes.
    label
        What the progress display calls the work.

    Returns
    -------
    list
        Results in the order of the tasks: the same bytes for every backend.

    Raises
    ------
    ModelError
        ``AK-M004`` when a process dies (usually for want of memory). What a task raises
        comes back as it is, and no further task is begun.
    """
    if execution.backend == "serial":
        # BLAS sums in another order with more threads: as many as a worker has.
        with _one_thread_each(api="blas"):
            one_by_one = (function(shared, task) for task in tasks)
            return list(track(one_by_one, label=label, total=len(tasks)))
    workers = min(execution.workers or os.cpu_count() or 1, max(len(tasks), 1))
    done = _in_processes(function, tasks, shared, workers)
    return list(track(done, label=label, total=len(tasks)))


def _in_processes(
    function: Callable[[Shared, Task], Result],
    tasks: Sequence[Task],
    shared: Shared,
    workers: int,
) -> Iterator[Result]:
    """Yield results in order; spawned processes inherit no threads and no state.

    What is shared goes through a queue from a thread of its own: handed over at start
    it would fill a pipe that a process which dies at birth never empties, and hang us.
    """
    context = get_context("spawn")
    mailbox: SimpleQueue[Any] = context.SimpleQueue()
    parcels = [(function, shared)] * workers
    Thread(target=_post, args=(mailbox, parcels), daemon=True).start()
    pool = ProcessPoolExecutor(
        workers, context, initializer=_prepare_process, initargs=(mailbox,)
    )
    try:
        yield from pool.map(_work, tasks)
    except BrokenProcessPool as error:
        raise ModelError(
            "AK-M004",
            "a worker process died",
            got=f"{workers} processes, {len(tasks)} tasks",
            fix="set execution.workers lower if memory ran out; a script of your own "
            "needs if __name__ == '__main__'. Finished work is kept",
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _post(mailbox: "SimpleQueue[Any]", parcels: Sequence[object]) -> None:
    for parcel in parcels:
        mailbox.put(parcel)


def _prepare_process(mailbox: "SimpleQueue[Any]") -> None:
    """Give one process what all its tasks share, and one thread per library.

    Libraries loaded later read the environment; those loaded already are told. The
    limit holds against models that ask for threads of their own.
    """
    global _at_hand
    _at_hand = mailbox.get()
    os.environ.update(dict.fromkeys(_THREAD_COUNTS, "1"))
    _one_thread_each()


def _work(task: object) -> Any:
    function, shared = _at_hand
    return function(shared, task)


def _one_thread_each(*, api: Literal["blas"] | None = None) -> Any:
    """Hold the loaded libraries to one thread; as a context, until it ends."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api=api)
