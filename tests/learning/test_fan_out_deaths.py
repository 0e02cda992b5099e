"""A process that is killed loses nothing; one task that kills them all is named."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from multiprocessing import active_children
from pathlib import Path
from threading import Thread

import pytest

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning import ExecutionSpec, fan_out
from tests.architecture.house import PROJECT
from tests.learning.errands import (
    deadly_third,
    dying,
    dying_once,
    dying_with_a_child,
    scaled,
)

ONE = ExecutionSpec(backend="processes", workers=1)
TWO = ExecutionSpec(backend="processes", workers=2)
BACKENDS = [
    "processes",
    pytest.param("dask", marks=pytest.mark.slow),
]
SOURCES = {"PYTHONPATH": os.pathsep.join([f"{PROJECT}/src", f"{PROJECT}"])}
UNGUARDED = """
from alpha_kedro.learning import ExecutionSpec, fan_out
from tests.learning.errands import scaled

execution = ExecutionSpec(backend={backend!r}, workers=2)
fan_out(scaled, range(4), shared=1, execution=execution, label="t")
"""
WAITING = """
import signal
import sys
from alpha_kedro.core.shutdown import leave_on_sigterm
from alpha_kedro.learning import ExecutionSpec, fan_out
from tests.learning.errands import waiting

if __name__ == "__main__":
    # A shell that started the tests in the background has had SIGINT ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    leave_on_sigterm()
    execution = ExecutionSpec(backend={backend!r}, workers=2)
    fan_out(waiting, range(4), shared=sys.argv[1], execution=execution, label="t")
"""


def started(folder, program, backend):
    """Start a program in a group of its own, with its own folder for temporary files.

    Its folder ``work`` is its argument.
    """
    for name in ("work", "temporary"):
        (folder / name).mkdir()
    script = folder / "program.py"
    script.write_text(program.format(backend=backend))
    return subprocess.Popen(
        [sys.executable, str(script), str(folder / "work")],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | SOURCES | {"TMPDIR": str(folder / "temporary")},
        start_new_session=True,
    )


def running(pids):
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def shared_files(folder):
    return [*folder.rglob("*.shared")]


def assert_a_death_loses_nothing(execution, folder):
    done = fan_out(dying_once, range(6), shared=folder, execution=execution, label="t")
    assert done == [0, 10, 20, 30, 40, 50]
    assert len([*folder.iterdir()]) == 2  # both have died


def assert_the_deadly_task_is_named(execution, folder):
    with pytest.raises(ModelError, match="AK-M004") as caught:
        fan_out(deadly_third, range(6), shared=folder, execution=execution, label="t")
    assert caught.value.where == ["task 3 of 6: 2"]
    return {path.name for path in folder.iterdir()}


def test_a_killed_process_loses_nothing(tmp_path):
    assert_a_death_loses_nothing(TWO, tmp_path)


def test_a_killed_process_is_missed_though_its_children_live(tmp_path):
    began = time.monotonic()
    done = fan_out(dying_with_a_child, [4], shared=tmp_path, execution=ONE, label="t")
    assert done == [40]
    assert time.monotonic() - began < 40
    for mark in tmp_path.iterdir():
        os.kill(int(mark.read_text()), signal.SIGKILL)


def test_a_task_that_kills_every_process_is_named(tmp_path):
    kept = assert_the_deadly_task_is_named(TWO, tmp_path)
    assert {"0", "1"} <= kept


def test_a_process_that_dies_is_an_error_and_not_a_wait():
    with pytest.raises(ModelError, match="AK-M004"):
        fan_out(dying, range(2), shared=None, execution=ONE, label="t")


def test_a_process_killed_before_it_is_ready_loses_nothing():
    killed = []

    def kill_the_first():
        while not (children := active_children()):
            time.sleep(0.001)
        killed.append(children[0].pid)
        os.kill(children[0].pid, signal.SIGKILL)

    Thread(target=kill_the_first).start()
    done = fan_out(scaled, range(4), shared=1, execution=TWO, label="t")
    assert [value for value, _ in done] == [0, 1, 2, 3]
    assert killed[0] not in {process for _, process in done}


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    fan_out(scaled, range(2), shared=1, execution=ONE, label="t")
    with pytest.raises(ModelError):
        fan_out(dying, range(2), shared=None, execution=ONE, label="t")
    assert shared_files(tmp_path) == []
    assert active_children() == []


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_script_without_a_guard_is_an_error_and_not_a_wait(tmp_path, backend):
    with started(tmp_path, UNGUARDED, backend) as process:
        _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "__name__ == '__main__'" in said.splitlines()[-1]
    assert {"processes": "AK-M004", "dask": "AK-M014"}[backend] in said
    assert shared_files(tmp_path) == []


@pytest.mark.parametrize(
    ("backend", "sent"),
    [
        ("processes", signal.SIGINT),
        ("processes", signal.SIGTERM),
        pytest.param("dask", signal.SIGINT, marks=pytest.mark.slow),
    ],
)
def test_a_run_that_is_broken_off_ends_its_processes(tmp_path, backend, sent):
    with started(tmp_path, WAITING, backend) as process:
        work = tmp_path / "work"
        while len(workers := [int(path.name) for path in work.iterdir()]) < 2:
            time.sleep(0.05)
            assert process.poll() is None
        (os.killpg if sent == signal.SIGINT else os.kill)(process.pid, sent)
        began = time.monotonic()
        process.communicate(timeout=60)
    assert time.monotonic() - began < 10
    assert process.returncode == {signal.SIGINT: -2, signal.SIGTERM: 143}[sent]
    assert running(workers) == []
    assert shared_files(tmp_path) == []
