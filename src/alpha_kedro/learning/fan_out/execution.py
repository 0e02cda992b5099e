"""Where independent work is done: one after the other, in processes, on a cluster."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Literal, TypeVar

from pydantic import Field, model_validator

from alpha_kedro.core.progress import track
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.fan_out.cluster import on_cluster
from alpha_kedro.learning.fan_out.one_thread import one_thread_each
from alpha_kedro.learning.fan_out.processes import in_processes

Shared = TypeVar("Shared")
Task = TypeVar("Task")
Result = TypeVar("Result")


class ExecutionSpec(Spec):
    """Where the work is done; it changes how long a run takes, never its numbers."""

    backend: Literal["serial", "processes", "dask"] = Field(
        default="serial",
        description="serial: one after the other; processes: several at once; dask: "
        "several at once, on this machine or wherever a scheduler's workers are",
    )
    workers: int | None = Field(
        default=None, ge=1, description="processes at once; null: one per core"
    )
    address: str | None = Field(
        default=None,
        pattern=r"^(tcp|tls)://\S+:\d+$",
        description="dask: scheduler to send the work to, such as "
        "tcp://10.0.0.1:8786; null: workers of our own, on this machine",
    )
    lock_wait: float = Field(
        default=0.0,
        ge=0,
        description="seconds to wait for another run on the same data_root to end",
    )

    @model_validator(mode="after")
    def _nothing_is_named_in_vain(self) -> "ExecutionSpec":
        if self.address is not None and self.backend != "dask":
            raise ValueError(f"backend {self.backend!r} has no scheduler: omit address")
        if self.address is not None and self.workers is not None:
            raise ValueError("the scheduler at address has its workers: omit workers")
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
        What every task reads, and none writes: in another process its arrays are
        read-only, and one copy serves all processes of a machine.
    execution
        One after the other, in several processes, or on a dask cluster.
    label
        What the progress display calls the work; it counts what is finished.

    Returns
    -------
    list
        Results in the order of the tasks: the same bytes for every backend, on
        processors of one kind.

    Raises
    ------
    ModelError
        ``AK-M004`` when process after process dies of a task (usually for want of
        memory); one death is no matter, the task is begun again. ``AK-M011`` when the
        temporary folder has no room for what is shared; for dask, ``AK-M012`` when the
        cluster is lost, ``AK-M013`` when it runs other code, ``AK-M014`` when it cannot
        be started, ``AK-M015`` when the library is missing. What a task raises comes
        back as it is: no further task is begun, and those at work are given up.
    ConfigError
        ``AK-C038`` when no scheduler with workers answers at ``execution.address``.
    """
    if not tasks:
        return []
    with _at_work(function, tasks, shared, execution) as results:
        finished = dict(track(results, label=label, total=len(tasks)))
    return [finished[place] for place in range(len(tasks))]


def _at_work(
    function: Callable[[Shared, Task], Result],
    tasks: Sequence[Task],
    shared: Shared,
    execution: ExecutionSpec,
) -> AbstractContextManager[Iterator[tuple[int, Result]]]:
    """Return a context of the places and results of tasks, as they are finished."""
    if execution.backend == "serial":
        return _in_turn(function, tasks, shared)
    workers = min(execution.workers or os.cpu_count() or 1, len(tasks))
    if execution.backend == "processes":
        return in_processes(function, tasks, shared, workers=workers)
    return on_cluster(
        function, tasks, shared, workers=workers, address=execution.address
    )


@contextmanager
def _in_turn(
    function: Callable[[Shared, Task], Result], tasks: Sequence[Task], shared: Shared
) -> Iterator[Iterator[tuple[int, Result]]]:
    # BLAS sums in another order with more threads: as many as a worker has.
    with one_thread_each(api="blas"):
        yield ((place, function(shared, task)) for place, task in enumerate(tasks))
