"""Tasks on a dask cluster: workers of our own, or those of a scheduler elsewhere.

Dask begins the task of a dead worker again on another one, and its nannies replace the
dead. What tasks share does not travel with them: workers read it from one file per
machine, and a machine that cannot read the file is sent it once.
"""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from queue import Empty, Queue
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning.fan_out.handover import Handover, handed_over
from alpha_kedro.learning.fan_out.processes import Function, deadly
from alpha_kedro.learning.fan_out.worker import (
    NotHereError,
    forget,
    has,
    keep,
    perform,
)

if TYPE_CHECKING:
    from typing import TypeAlias

    from distributed import Future

    Client: TypeAlias = Any  # large parts of it have no types

_LOOPBACK = "127.0.0.1"
_OF_OUR_OWN = {
    "distributed.scheduler.allowed-failures": 1,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "critical",
}
_SECONDS_TO_ANSWER = 10.0
_SECONDS_WITHOUT_WORKERS = 60.0
_POLL = 2.0


@contextmanager
def on_cluster(
    function: Function,
    tasks: Sequence[Any],
    shared: Any,
    *,
    workers: int,
    address: str | None,
) -> Iterator[Iterator[tuple[int, Any]]]:
    """Yield an iterator over places and results of tasks, as they are finished.

    Parameters
    ----------
    function, tasks, shared
        As for ``fan_out``.
    workers
        Processes of a cluster of our own, one thread each; it listens to this machine
        alone, and is closed in the end.
    address
        Scheduler of a cluster that is there already; None starts one.

    Raises
    ------
    ModelError
        ``AK-M004`` when a task has outlived too many workers; ``AK-M012`` when the
        cluster is lost, ``AK-M013`` when its code is not ours, ``AK-M014`` when ours
        does not start, ``AK-M015`` without dask. What a task raises comes back as it
        is. Whenever the context is left, tasks still on their way are cancelled.
    ConfigError
        ``AK-C038`` when no scheduler with workers answers at the address.
    """
    with ExitStack() as stack:
        handover = stack.enter_context(handed_over(shared))
        if address is None:
            client, code = stack.enter_context(_started(workers)), ""
        else:
            from alpha_kedro.learning.fold_cache import code_digest

            client, code = stack.enter_context(_reached(address)), code_digest()
            stack.enter_context(_delivered(client, handover))
        errands = _Errands(client, function, tasks, handover, code)
        stack.callback(errands.cancel)
        yield errands.results()


@contextmanager
def _started(workers: int) -> Iterator["Client"]:
    """Yield the client of a cluster on this machine."""
    dask, distributed = _libraries()
    with dask.config.set(_OF_OUR_OWN), _silenced(logging.getLogger("distributed")):
        try:
            cluster = distributed.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                host=_LOOPBACK,
                dashboard_address=f"{_LOOPBACK}:0",  # None would open it to the world
                scheduler_kwargs={"dashboard": False},
                memory_limit=None,  # would count the shared file for every worker
                silence_logs=logging.CRITICAL,
            )
        except (OSError, RuntimeError) as error:
            raise ModelError(
                "AK-M014",
                "dask cannot start its workers",
                got=error,
                fix="a script of your own needs if __name__ == '__main__'; see above "
                "for what the workers said, or take backend processes",
            ) from error
        with cluster, distributed.Client(cluster, set_as_default=False) as client:
            yield client


@contextmanager
def _silenced(log: logging.Logger) -> Iterator[None]:
    """Keep what dask says of its comings and goings out of the project's log."""
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


@contextmanager
def _reached(address: str) -> Iterator["Client"]:
    """Yield a client of the scheduler at an address, once it has a worker."""
    _, distributed = _libraries()
    with ExitStack() as stack:
        try:
            client = distributed.Client(
                address, timeout=_SECONDS_TO_ANSWER, set_as_default=False
            )
            stack.enter_context(client)
            client.wait_for_workers(1, timeout=_SECONDS_TO_ANSWER)
        except OSError as error:
            raise ConfigError(
                "AK-C038",
                "no scheduler with workers answers",
                where=[address],
                got=str(error) or type(error).__name__,
                wanted=f"an answer within {_SECONDS_TO_ANSWER:g} s",
                fix="start dask scheduler and dask worker, correct execution.address, "
                "or leave it out for workers on this machine",
            ) from error
        yield client


def _libraries() -> tuple[Any, Any]:
    try:
        import dask
        import distributed
    except ImportError as error:
        raise ModelError(
            "AK-M015",
            "execution.backend dask needs dask",
            got=error,
            fix="pip install 'alpha-kedro[cluster]', or take backend processes",
        ) from None
    return dask, distributed


@contextmanager
def _delivered(client: "Client", handover: Handover) -> Iterator[None]:
    """See that every worker has what tasks share, and that it forgets it."""
    try:
        _deliver(client, handover)
        yield
    finally:
        if client.status == "running":
            client.run(forget, handover, on_error="ignore")


def _deliver(client: "Client", handover: Handover) -> None:
    """Send the file to machines that cannot read it, to one worker of each."""
    while without := _without(client, handover):
        content = handover.path.read_bytes()
        client.run(keep, handover, content, workers=_one_of_each_machine(without))


def _without(client: "Client", handover: Handover) -> list[str]:
    found = client.run(has, handover, on_error="ignore")
    return [worker for worker, found_it in found.items() if not found_it]


def _one_of_each_machine(workers: Sequence[str]) -> list[str]:
    return [*{urlsplit(worker).hostname: worker for worker in workers}.values()]


class _Errands:
    """Tasks that are on their way through a cluster.

    A worker may have several tasks at hand, and all are suspected when it dies. Those
    that dask gives up are tried once more in the end, each alone: what then dies again
    is to blame.
    """

    def __init__(
        self,
        client: "Client",
        function: Function,
        tasks: Sequence[Any],
        handover: Handover,
        code: str,
    ) -> None:
        self._client, self._tasks, self._handover = client, tasks, handover
        self._what = (function, handover, code)
        self._places: dict[Future[Any], int] = {}
        self._suspects: deque[int] = deque()
        self._alone: int | None = None
        self._finished: Queue[Future[Any]] = Queue()

    def results(self) -> Iterator[tuple[int, Any]]:
        from distributed import KilledWorker

        for place in range(len(self._tasks)):
            self._begin(place)
        while future := self._next():
            place = self._places.pop(future)
            try:
                result = future.result()
            except NotHereError:
                _deliver(self._client, self._handover)
                self._begin(place)
            except KilledWorker as error:
                self._suspect(place, error)
            except CancelledError as error:
                raise _lost("the scheduler is gone", 1 + len(self._places)) from error
            else:
                yield place, result

    def cancel(self) -> None:
        self._client.cancel([*self._places], force=True)

    def _begin(self, place: int) -> None:
        task = self._tasks[place]
        future = self._client.submit(perform, *self._what, task, pure=False)
        self._places[future] = place
        future.add_done_callback(self._finished.put)

    def _suspect(self, place: int, error: Any) -> None:
        if place == self._alone:
            deaths = error.allowed_failures + 1
            how = f"{deaths} deaths, and {deaths} more with no other task about"
            raise deadly(place, self._tasks, how) from error
        self._suspects.append(place)

    def _next(self) -> "Future[Any] | None":
        """Return the next future that is done, whatever became of it; None at last."""
        if not self._places and self._suspects:
            self._alone = self._suspects.popleft()
            self._begin(self._alone)
        seen = monotonic()
        while self._places:
            try:
                return self._finished.get(timeout=_POLL)
            except Empty:
                with suppress(OSError):  # the scheduler, too, may be going
                    if self._client.nthreads():
                        seen = monotonic()
            if monotonic() - seen > _SECONDS_WITHOUT_WORKERS:
                raise _lost("all workers are gone", len(self._places))
        return None


def _lost(what: str, n_tasks: int) -> ModelError:
    return ModelError(
        "AK-M012",
        f"the cluster is lost: {what}",
        got=f"{n_tasks} tasks without a result",
        fix="see its logs, then run again: what was finished is in the fold cache",
    )
