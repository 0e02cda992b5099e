"""One run at a time, and the lock of a dead one is nobody's."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context

import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.lock import RunLock, _command

HOLDER = """
import sys, time
from alpha_kedro.core.lock import RunLock

with RunLock(sys.argv[1], wait=float(sys.argv[2])):
    print("held", flush=True)
    time.sleep(float(sys.argv[3]))
"""
N_STARTS = 20


def start(root, *, wait=0, hold=60):
    line = [sys.executable, "-c", HOLDER, str(root), str(wait), str(hold)]
    return subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture
def holder(tmp_path):
    process = start(tmp_path)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_the_second_run_is_refused_and_told_who_is_there(tmp_path, holder):
    with pytest.raises(ConfigError) as caught:
        RunLock(tmp_path).acquire()
    assert caught.value.code == "AK-P003"
    assert caught.value.exit_code == 2
    for known in (f"process {holder.pid} on {socket.gethostname()} since 20", " 60"):
        assert known in caught.value.got
    assert caught.value.where == [str(tmp_path)]


def test_another_folder_is_free(tmp_path, holder):
    with RunLock(tmp_path / "other") as lock:
        assert lock is not None


def test_a_killed_run_frees_its_lock_and_its_name_means_nothing(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert (tmp_path / ".lock.json").exists()
    with RunLock(tmp_path):
        owner = json.loads((tmp_path / ".lock.json").read_bytes())
        assert owner["pid"] == os.getpid()
    assert not (tmp_path / ".lock.json").exists()


def test_a_run_waits_and_then_goes_on(tmp_path):
    first = start(tmp_path, hold=0.5)
    assert first.stdout.readline() == "held\n"
    began = time.monotonic()
    with RunLock(tmp_path, wait=20):
        assert time.monotonic() - began < 20
    assert first.wait(timeout=10) == 0


def test_waiting_ends_in_time(tmp_path, holder):
    began = time.monotonic()
    with pytest.raises(ConfigError, match=r"within 0\.3 s"):
        RunLock(tmp_path, wait=0.3).acquire()
    assert 0.3 <= time.monotonic() - began < 5


def test_a_holder_without_a_name_is_refused_as_well(tmp_path, holder):
    for signature in (None, "{", json.dumps({"pid": 2**22 + 1, "host": "x"})):
        path = tmp_path / ".lock.json"
        path.unlink() if signature is None else path.write_text(signature)
        with pytest.raises(ConfigError, match="AK-P003"):
            RunLock(tmp_path).acquire()


def test_the_lock_can_be_taken_again_in_the_same_process(tmp_path):
    for _ in range(3):
        lock = RunLock(tmp_path)
        lock.acquire()
        with pytest.raises(ConfigError, match=f"process {os.getpid()}"):
            RunLock(tmp_path).acquire()
        lock.release()
        lock.release()


def contend(root, barrier, answers):
    for number in range(N_STARTS):
        lock = RunLock(root)
        barrier.wait()
        try:
            lock.acquire()
            answers.put((number, os.getpid(), None))
        except ConfigError as error:
            answers.put((number, os.getpid(), error.got))
        barrier.wait()
        lock.release()


def test_of_two_runs_that_start_at_once_one_wins_every_time(tmp_path):
    context = get_context("spawn")
    barrier, answers = context.Barrier(2), context.Queue()
    runs = [
        context.Process(target=contend, args=(str(tmp_path), barrier, answers))
        for _ in range(2)
    ]
    for run in runs:
        run.start()
    told = [answers.get(timeout=60) for _ in range(2 * N_STARTS)]
    for run in runs:
        run.join(timeout=60)
    for number in range(N_STARTS):
        (loser,) = [one for one in told if one[0] == number and one[2]]
        (winner,) = [one for one in told if one[0] == number and not one[2]]
        assert f"process {winner[1]} " in loser[2]


def test_two_runs_are_seen_to_collide_without_a_lock(tmp_path):
    """The naive lock: look whether the file is there, then make it."""
    flag, wins = tmp_path / "flag", []
    looked = [flag.exists() for _ in range(2)]
    for there in looked:
        if not there:
            flag.touch()
            wins.append(1)
    assert len(wins) == 2


@pytest.mark.parametrize("root", ["s3://bucket/data", "memory://data"])
def test_a_remote_root_has_no_lock_and_one_warning(root, caplog):
    with RunLock(root), RunLock(root):
        pass
    assert [record.levelname for record in caplog.records] == ["WARNING"] * 2
    assert all(root in record.message for record in caplog.records)


READ_ONLY = """
import os, sys
from alpha_kedro.core.lock import RunLock

root, elsewhere = sys.argv[1:]
with RunLock(elsewhere):
    pass  # everything is imported while it still may be
if os.getuid() == 0:
    os.setuid(65534)
with RunLock(root):
    print("runs", flush=True)
"""


def test_a_read_only_root_has_no_lock_and_one_warning(tmp_path):
    with tempfile.TemporaryDirectory() as root:
        os.chmod(root, 0o555)
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, root, str(tmp_path)],
            capture_output=True,
            text=True,
        )
        assert os.listdir(root) == []
    assert done.stdout == "runs\n", done.stderr
    assert done.stderr.count("nothing keeps two runs apart") == 1


def test_the_command_is_named_without_what_may_be_secret():
    said = _command(["/x/kedro", "run", "--params", "url=u:p@h", "--env=a", "-v"])
    assert said == "kedro run --params ... --env=a -v"
    assert _command(["kedro", "--params=password=1"]) == "kedro --params ..."
