"""Timings of programs, each in a process of its own, all on one thread."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
OURS = Path(sys.executable)
PEERS = PROJECT / ".venv-peers" / "bin" / "python"
_POOLS = ("OMP", "OPENBLAS", "MKL", "NUMBA", "NUMEXPR")
_ENVIRONMENT = {
    **{f"{pool}_NUM_THREADS": "1" for pool in _POOLS},
    "POLARS_MAX_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "",  # libraries are compiled once, not in every process
}


@dataclass(frozen=True)
class Job:
    """A module to run as a program that prints its figures last."""

    module: str
    python: Path = OURS
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cost:
    """Medians of what a job took, and the versions it ran with.

    ``spread`` is the range of the processor seconds as a share of their median.
    """

    cpu: float
    read_cpu: float
    again_cpu: float
    before_mb: float
    peak_mb: float
    spread: float
    versions: Mapping[str, str]


def measure(jobs: Sequence[Job], *given: object, repeats: int = 1) -> dict[Job, Cost]:
    """Run the jobs in turn, several times over, so that all see the same machine."""
    rounds = [{job: run(job, *given) for job in jobs} for _ in range(repeats)]
    return {job: _summed([each[job] for each in rounds]) for job in jobs}


def run(job: Job, *given: object, **environment: str) -> dict[str, Any]:
    """Run a job once and return the figures it prints, none if it prints nothing.

    Raises
    ------
    SystemExit
        The job failed: with the end of what it said.
    """
    command = [job.python, "-m", job.module, *map(str, given), *job.flags]
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env=os.environ | _ENVIRONMENT | environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise SystemExit(f"{job.module} failed:\n{done.stderr[-2_000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1])) if done.stdout else {}


def _summed(taken: Sequence[Mapping[str, Any]]) -> Cost:
    cpu = [each["cpu"] for each in taken]
    medians = {
        name: statistics.median(each.get(name, 0.0) for each in taken)
        for name in ("cpu", "read_cpu", "again_cpu", "before_mb", "peak_mb")
    }
    spread = (max(cpu) - min(cpu)) / medians["cpu"]
    return Cost(**medians, spread=spread, versions=taken[0]["versions"])
