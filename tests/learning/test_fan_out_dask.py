"""On a dask cluster the same bytes come back, whoever of its workers is killed."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import psutil
import pytest

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning import ExecutionSpec, fan_out
from alpha_kedro.learning.fan_out import cluster
from alpha_kedro.learning.fan_out.handover import Handover, handed_over
from tests.learning.errands import failing, losing_its_file, scaled, threads, waiting
from tests.learning.test_fan_out import (
    assert_no_further_task_begins,
    assert_same_bytes,
)
from tests.learning.test_fan_out_deaths import (
    SOURCES,
    assert_a_death_loses_nothing,
    assert_the_deadly_task_is_named,
)

OURS = ExecutionSpec(backend="dask", workers=2)


class Cluster:
    """A scheduler and its workers, as their owner would start them."""

    def __init__(self, folder):
        self.temporary = folder / "temporary"
        self.temporary.mkdir()
        self._told = folder / "scheduler.json"
        self._processes = []

    def start(self, role, *words):
        settings = {
            "TMPDIR": str(self.temporary),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        }
        line = [sys.executable, "-m", "dask", role, "--host", "127.0.0.1", *words]
        process = subprocess.Popen(
            [*line, "--no-dashboard", "--scheduler-file", str(self._told)],
            env=os.environ | SOURCES | settings,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._processes.append(process)
        return process

    def start_scheduler(self):
        return self.start("scheduler", "--port", "0", "--dashboard-address", ":0")

    def start_workers(self, *how):
        return self.start("worker", "--nthreads", "1", *how)

    @property
    def execution(self):
        end = time.monotonic() + 60
        while not self._told.exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        address = json.loads(self._told.read_text())["address"]
        return ExecutionSpec(backend="dask", address=address)

    def stop(self):
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.kill()


class OnAnotherMachine(Handover):
    """A handover whose file is not there for those it is sent to."""

    def __reduce__(self):
        elsewhere = Path("/nowhere", self.path.name)
        return Handover, (elsewhere, self.size, self.digest, self.n_parts)


@contextmanager
def handed_over_elsewhere(shared):
    with handed_over(shared) as handover:
        yield OnAnotherMachine(**vars(handover))


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    """A cluster that is there already, on this machine; it restarts dead workers."""
    there = Cluster(tmp_path_factory.mktemp("cluster"))
    there.start_scheduler()
    there.start_workers("--nworkers", "2")
    yield there
    there.stop()


@pytest.fixture
def fragile(tmp_path):
    """A cluster to start in parts and to ruin."""
    there = Cluster(tmp_path)
    yield there
    there.stop()


def test_a_scheduler_elsewhere_gives_the_same_bytes(theirs):
    assert_same_bytes(theirs.execution)


def test_results_come_in_the_order_of_the_tasks(theirs):
    done = fan_out(scaled, range(5), shared=10, execution=theirs.execution, label="t")
    assert [value for value, _ in done] == [0, 10, 20, 30, 40]
    assert os.getpid() not in {process for _, process in done}


def test_errors_come_back_as_themselves(theirs):
    with pytest.raises(ModelError) as caught:
        fan_out(failing, range(3), shared="x", execution=theirs.execution, label="t")
    assert (caught.value.code, caught.value.where, caught.value.got) == (
        *("AK-M999", ["here"]),
        "x",
    )


def test_after_an_error_no_further_task_begins(theirs, tmp_path):
    assert_no_further_task_begins(theirs.execution, tmp_path)


def test_a_killed_worker_loses_nothing(theirs, tmp_path):
    assert_a_death_loses_nothing(theirs.execution, tmp_path)


@pytest.mark.slow
def test_a_task_that_kills_every_worker_is_named_and_the_others_are_done(
    theirs, tmp_path
):
    kept = assert_the_deadly_task_is_named(theirs.execution, tmp_path)
    assert kept == {"0", "1", "3", "4", "5"}


@pytest.mark.slow
def test_libraries_in_a_worker_have_one_thread_each(theirs):
    (counts,) = fan_out(
        threads, [0], shared=None, execution=theirs.execution, label="t"
    )
    assert set(counts) == {1}


def test_a_machine_that_cannot_read_the_file_is_sent_it(theirs, monkeypatch):
    monkeypatch.setattr(cluster, "handed_over", handed_over_elsewhere)
    assert_same_bytes(theirs.execution)
    assert [*theirs.temporary.glob("copy-*")] == []


def test_one_copy_is_sent_to_each_machine():
    workers = ["tcp://10.0.0.1:1", "tcp://10.0.0.1:2", "tcp://10.0.0.2:1"]
    assert cluster._one_of_each_machine(workers) == workers[1:]


@pytest.mark.slow
def test_workers_that_come_later_are_sent_it_as_well(theirs, tmp_path, monkeypatch):
    """Both workers die, and those in their place do not find the file."""
    monkeypatch.setattr(cluster, "handed_over", handed_over_elsewhere)
    shared = {"marks": tmp_path, "copies": theirs.temporary}
    done = fan_out(
        losing_its_file,
        range(4),
        shared=shared,
        execution=theirs.execution,
        label="t",
    )
    assert done == [0, 10, 20, 30]
    assert len([*tmp_path.iterdir()]) == 2


def test_workers_with_other_code_are_refused(theirs, monkeypatch):
    monkeypatch.setattr(
        "alpha_kedro.learning.fold_cache.code_digest", lambda: "of other code"
    )
    with pytest.raises(ModelError, match="AK-M013"):
        fan_out(scaled, range(3), shared=1, execution=theirs.execution, label="t")


def test_an_address_where_nobody_listens_is_an_error_in_time(monkeypatch):
    monkeypatch.setattr(cluster, "_SECONDS_TO_ANSWER", 1.0)
    nobody = ExecutionSpec(backend="dask", address="tcp://127.0.0.1:9")
    began = time.monotonic()
    with pytest.raises(ConfigError, match="AK-C038"):
        fan_out(scaled, [0], shared=1, execution=nobody, label="t")
    assert time.monotonic() - began < 8


def test_a_cluster_of_our_own_gives_the_same_bytes_and_listens_to_nobody_else():
    me, heard = psutil.Process(), []
    others = {*me.children(recursive=True)}

    def listen():
        while not heard:
            processes = {me, *me.children(recursive=True)} - others
            ports = [
                connection.laddr.ip
                for process in processes
                for connection in process.net_connections()
                if connection.status == psutil.CONN_LISTEN
            ]
            if len(ports) > 5:  # the scheduler and two workers
                heard.extend(ports)
            time.sleep(0.1)

    Thread(target=listen, daemon=True).start()
    assert_same_bytes(OURS)
    assert set(heard) == {"127.0.0.1"}


def killed_at_work(process, execution, folder):
    """Kill a process once a task is at work; return the error and its seconds."""
    folder.mkdir()

    def kill():
        while not [*folder.iterdir()]:
            time.sleep(0.05)
        process.kill()
        killed.append(time.monotonic())

    killed = []
    Thread(target=kill, daemon=True).start()
    with pytest.raises(ModelError, match="AK-M012") as caught:
        fan_out(waiting, [0], shared=folder, execution=execution, label="t")
    return str(caught.value), time.monotonic() - killed[0]


@pytest.mark.slow
def test_a_cluster_that_is_lost_is_an_error_and_not_a_wait(
    fragile, tmp_path, monkeypatch
):
    monkeypatch.setattr(cluster, "_SECONDS_TO_ANSWER", 1.0)
    scheduler = fragile.start_scheduler()
    execution = fragile.execution
    with pytest.raises(ConfigError, match="AK-C038"):
        fan_out(scaled, [0], shared=1, execution=execution, label="t")

    monkeypatch.setattr(cluster, "_SECONDS_TO_ANSWER", 60.0)
    monkeypatch.setattr(cluster, "_SECONDS_WITHOUT_WORKERS", 1.0)
    worker = fragile.start_workers("--no-nanny")
    said, seconds = killed_at_work(worker, execution, tmp_path / "one")
    assert "all workers are gone" in said
    assert seconds < 20

    fragile.start_workers("--no-nanny")
    said, seconds = killed_at_work(scheduler, execution, tmp_path / "two")
    assert "the scheduler is gone" in said
    assert seconds < 20
