"""One run at a time on the same data, however the one before it ended."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from alpha_kedro.core.errors import ConfigError
from tests.pipelines.runs import kedro_run, run_project, started

SMALL = {"markets.simulated.n_tickers": 20, "markets.simulated.n_sessions": 100}
A_WHILE = 1.5  # seconds; more than the start of a run in this process


@contextmanager
def running(root):
    """A run that holds the lock until it is ended: its bars never come."""
    bars = root / "bars.csv"
    os.mkfifo(bars)
    params = {"data_root": str(root), "market": "files", "markets.files.bars": bars}
    with started("run", "--pipeline=ingestion", params=params) as run:
        try:
            _until((root / ".lock.json").exists, run)
            yield run
        finally:
            run.kill()


def run_small(root, **execution):
    simulated = {"n_tickers": 20, "n_sessions": 100}
    blocks = {"markets": {"simulated": simulated}, "execution": execution}
    run_project(root, "ingestion", **blocks)


def test_a_second_run_is_refused_and_told_who_is_there_until_that_has_ended(tmp_path):
    with running(tmp_path) as first:
        answer = kedro_run(tmp_path, pipeline="ingestion", params=SMALL)
        assert answer.code == 2, answer.text
        assert "AK-P003" in answer.text
        assert f"process {first.pid} on" in answer.text
        assert "execution.lock_wait" in answer.text
        assert "Traceback" not in answer.text
        assert first.poll() is None
        first.send_signal(signal.SIGTERM)
        assert first.wait(timeout=20) == 143
    assert not (tmp_path / ".lock.json").exists()
    run_small(tmp_path)
    assert (tmp_path / "03_primary/bars.parquet").is_file()
    assert not list(tmp_path.rglob("*.partial*"))


def test_a_run_waits_for_another_and_goes_on_when_that_is_killed(tmp_path):
    with running(tmp_path) as first, ThreadPoolExecutor() as pool:
        with pytest.raises(ConfigError, match=f"process {first.pid} on"):
            run_small(tmp_path)
        second = pool.submit(run_small, tmp_path, lock_wait=60)
        time.sleep(A_WHILE)
        assert not second.done()
        assert not (tmp_path / "01_raw/bars.parquet").exists()
        first.send_signal(signal.SIGKILL)
        second.result(timeout=60)
    assert first.returncode == -signal.SIGKILL
    assert (tmp_path / "03_primary/bars.parquet").is_file()


def _until(holds, run, *, seconds=60):
    end = time.monotonic() + seconds
    while not holds() and run.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    assert holds(), run.stdout.read() if run.poll() is not None else "nothing yet"
