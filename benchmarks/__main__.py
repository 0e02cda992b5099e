"""Every benchmark by name, in one process tree.

    python -m benchmarks [name ...]

``alpha158``, ``factor``, ``simulation`` and ``refits`` set the project beside its
peers, ``scaling`` lets the market grow, ``stages`` times the main job on real data,
where there are any. These run by default; ``ingestion``, ``health``, ``anomalies``,
``quality`` if named. ``BENCH_SIZE=small`` shrinks all but the stages to seconds, or two
minutes for ``simulation``, to see that everything works.
At full size their results are also put into ``docs/benchmarks.md``.

Exit codes: 0 done, 1 results differ or a job failed, 2 no such benchmark.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.comparisons import compare_alpha158, compare_factor
from benchmarks.measure import PROJECT
from benchmarks.refits import measure_refits
from benchmarks.report import Report, write_page
from benchmarks.scaling import measure_scaling
from benchmarks.simulations import compare_simulations

PROGRAMS = {
    "stages": "benchmarks.real_market",
    "ingestion": "benchmarks.ingestion",
    "health": "benchmarks.health",
    "anomalies": "benchmarks.anomalies",
    "quality": "benchmarks.model_quality",
}
"""Benchmarks that print by themselves."""

NO_DATA = 2


@dataclass(frozen=True)
class Size:
    """How large the simulated markets are, and how often the clock is read."""

    tickers: int
    sessions: int
    repeats: int
    copies: tuple[int, ...]
    lengths: tuple[int, ...]
    years: tuple[int, ...]
    rounds: int
    names: int
    weeks: int


SIZES = {
    "full": Size(
        *(500, 2_520, 3, (1, 2, 4, 8), (1_260, 2_520, 5_040), (4, 9, 14, 19), 300),
        *(3_000, 520),
    ),
    "small": Size(40, 300, 1, (1, 2), (150, 300, 600), (1, 2), 20, 150, 30),
}


def main(names: list[str]) -> int:
    """Run the benchmarks named, show what they found."""
    size = SIZES[os.environ.get("BENCH_SIZE", "full")]
    benchmarks = benchmarks_of(size)
    unknown = set(names) - {*benchmarks, *PROGRAMS}
    if unknown:
        print(f"no such benchmark: {', '.join(sorted(unknown))}\n{__doc__}")
        return 2
    reports, failed = [], False
    for name in names or [*benchmarks, "stages"]:
        if name in PROGRAMS:
            failed |= run_program(PROGRAMS[name])
            continue
        with TemporaryDirectory() as folder:
            reports.append(benchmarks[name](Path(folder)))
        reports[-1].show()
        if size is SIZES["full"]:
            write_page(reports[-1])
    return int(failed or not all(report.equal for report in reports))


def benchmarks_of(size: Size) -> dict[str, Callable[[Path], Report]]:
    """Return the benchmarks that report a table, by name."""
    market = {"tickers": size.tickers, "sessions": size.sessions}
    return {
        "alpha158": lambda folder: compare_alpha158(
            folder, **market, repeats=size.repeats
        ),
        "factor": lambda folder: compare_factor(folder, **market, repeats=size.repeats),
        "simulation": lambda folder: compare_simulations(
            folder,
            **market,
            repeats=size.repeats,
            names=size.names,
            weeks=size.weeks,
        ),
        "refits": lambda _: measure_refits(
            tickers=min(size.tickers, 400), years=size.years, rounds=size.rounds
        ),
        "scaling": lambda folder: measure_scaling(
            folder, tickers=size.tickers, copies=size.copies, sessions=size.lengths
        ),
    }


def run_program(module: str) -> bool:
    """Run a benchmark that prints by itself; tell whether it failed."""
    done = subprocess.run([sys.executable, "-m", module], cwd=PROJECT)
    return done.returncode not in (0, NO_DATA)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
