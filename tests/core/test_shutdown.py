"""SIGTERM: exit code 143, in time, nothing left behind."""

import os
import signal
import subprocess
import sys
import time

import pytest

from alpha_kedro.core.files import read_parquet, sweep_partials
from alpha_kedro.core.lock import RunLock

WRITER = """
import sys
from pathlib import Path
import pandas as pd
from alpha_kedro.core.files import write_parquet
from alpha_kedro.core.lock import RunLock
from alpha_kedro.core.shutdown import leave_on_sigterm

leave_on_sigterm()
root = Path(sys.argv[1])
rows = pd.DataFrame({"value": range(300_000)})
with RunLock(root):
    while True:
        write_parquet(root / "table.parquet", rows)
        print("saved", flush=True)
"""
STUCK = """
import os, sys, time
from multiprocessing import get_context
from alpha_kedro.core.lock import RunLock
from alpha_kedro.core.shutdown import leave_on_sigterm

if __name__ == "__main__":
    leave_on_sigterm(grace=0.5)
    worker = get_context("spawn").Process(target=time.sleep, args=(600,))
    worker.start()
    print(worker.pid, flush=True)
    with RunLock(sys.argv[1]):
        print("held", flush=True)
        try:
            worker.join()
        finally:
            time.sleep(600)  # as a pool that waits for a fit to end
"""


def terminated(program, root, *, lines):
    """Start a program, read some lines, send SIGTERM: its code, seconds and output."""
    script = root / "program.py"
    script.write_text(program)
    line = [sys.executable, str(script), str(root / "data")]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as process:
        said = [process.stdout.readline().strip() for _ in range(lines)]
        began = time.monotonic()
        os.kill(process.pid, signal.SIGTERM)
        code = process.wait(timeout=30)
    return code, time.monotonic() - began, said


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_a_run_ends_in_order(tmp_path, moment):
    code, seconds, _ = terminated(WRITER, tmp_path, lines=moment)
    assert code == 143
    assert seconds < 10
    data = tmp_path / "data"
    assert sorted(path.name for path in data.iterdir()) == [".lock", "table.parquet"]
    assert len(read_parquet(data / "table.parquet")) == 300_000
    with RunLock(data):
        assert sweep_partials(data) == 0


def test_without_it_a_run_is_cut_off_and_the_next_one_clears_up(tmp_path):
    naive = WRITER.replace("leave_on_sigterm()", "")
    code, _, _ = terminated(naive, tmp_path, lines=2)
    assert code == -signal.SIGTERM
    data = tmp_path / "data"
    with RunLock(data):
        sweep_partials(data)
        left = {path.name for path in data.iterdir()} - {".lock", ".lock.json"}
    assert left == {"table.parquet"}


def test_a_run_that_hangs_is_ended_with_its_workers(tmp_path):
    code, seconds, (worker, _) = terminated(STUCK, tmp_path, lines=2)
    assert code == 143
    assert seconds < 10
    end = time.monotonic() + 5
    while is_alive(int(worker)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_alive(int(worker))
    with RunLock(tmp_path / "data"):
        pass
