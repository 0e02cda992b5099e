"""The project beside its peers: the same numbers first, then what they cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import PEERS, Cost, Job, measure, run
from benchmarks.report import Report

MARKET = Job("benchmarks.market")
ALPHA158 = Job("benchmarks.ours.alpha158")
QLIB = Job("benchmarks.peers.qlib_alpha158", PEERS)
POLARS = Job("benchmarks.peers.polars_features", PEERS)
FACTOR = Job("benchmarks.ours.factor")
ALPHALENS = Job("benchmarks.peers.alphalens_factor", PEERS)
BY_GROUP = ("--by-group",)
HEADER = (
    *("job", "beside", "CPU s", "theirs", "ratio", "wanted", "again"),
    *("peak MB", "theirs", "share", "numbers"),
)


@dataclass(frozen=True)
class Comparison:
    """One job done by both.

    Attributes
    ----------
    job, peer
        What was done, and by whom else.
    ours, theirs
        What it took.
    wanted
        Ratio of their processor seconds to ours that is aimed at.
    found
        Agreements of the results, one per feature or table.
    """

    job: str
    peer: str
    ours: Cost
    theirs: Cost
    wanted: float
    found: Sequence[Mapping[str, Any]]

    @property
    def differing(self) -> list[Mapping[str, Any]]:
        """Return what does not agree, worst first."""
        apart = [each for each in self.found if each["differing"]]
        return sorted(apart, key=lambda each: -each["differing"])

    def row(self) -> list[str]:
        """Return the cells of the table; no ratio without equal results."""
        ours, theirs = self.ours, self.theirs
        same, again = not self.differing, theirs.again_cpu or theirs.cpu
        numbers = "equal" if same else f"{len(self.differing)} differ"
        return [
            *(self.job, self.peer, _seconds(ours.cpu), _seconds(theirs.cpu)),
            f"{theirs.cpu / ours.cpu:.1f}x" if same else "-",
            f"{self.wanted:g}x",
            f"{again / ours.again_cpu:.1f}x" if same else "-",
            *(f"{ours.peak_mb:,.0f}", f"{theirs.peak_mb:,.0f}"),
            *(f"{ours.peak_mb / theirs.peak_mb:.2f}", numbers),
        ]

    def notes(self) -> list[str]:
        """Return what ran, how far results are apart, and how steady the clock was."""
        worst = max(self.found, key=lambda each: each["worst"])
        cells = sum(each["cells"] for each in self.found)
        lines = [
            f"{self.job}, {self.peer} ({_versions(self.theirs)}) beside "
            f"{_versions(self.ours)}: "
            f"{cells:,} numbers compared, {worst['name']} the furthest apart, at "
            f"{worst['worst']:.2g} of what is allowed; CPU seconds of the repeats "
            f"within {self.ours.spread:.0%} of each other here, "
            f"{self.theirs.spread:.0%} there."
        ]
        return lines + [
            f"{each['name']}: {each['differing']:,} of {each['cells']:,} numbers differ"
            for each in self.differing
        ]


def compare_alpha158(
    folder: Path, *, tickers: int, sessions: int, repeats: int
) -> Report:
    """Set Alpha158 beside Qlib's, and beside thirty of its features by polars."""
    require_peers()
    run(MARKET, folder, tickers, sessions)
    kept = run(Job(ALPHA158.module, flags=("--keep",)), folder)
    cold = run(ALPHA158, folder, NUMBA_CACHE_DIR=str(folder / "no_kernels"))
    costs = measure([ALPHA158, QLIB, POLARS], folder, repeats=repeats)
    ours = costs[ALPHA158]
    comparisons = [
        Comparison(job, peer, ours, costs[theirs], wanted, features_found(folder, name))
        for job, peer, theirs, wanted, name in (
            ("Alpha158", "Qlib", QLIB, 40, "qlib_alpha158"),
            ("Alpha158", "polars (30)", POLARS, 1, "polars_features"),
        )
    ]
    compiling = cold["cpu"] - min(kept["cpu"], ours.cpu)
    notes = (
        f"{tickers:,} tickers x {sessions:,} sessions. The clock starts with the table "
        f"in memory; reading its file takes {ours.read_cpu:.2f} CPU s more.",
        f"Compiling the kernels, once per machine: {compiling:.1f} CPU s.",
    )
    return _report("alpha158", comparisons, notes)


def compare_factor(
    folder: Path, *, tickers: int, sessions: int, repeats: int
) -> Report:
    """Set the evaluation of one factor beside alphalens's, without and with groups."""
    require_peers()
    run(MARKET, folder, tickers, sessions)
    comparisons = []
    for job, flags in (("factor evaluation", ()), ("the same by group", BY_GROUP)):
        ours, theirs = (Job(e.module, e.python, flags) for e in (FACTOR, ALPHALENS))
        run(ours, folder)
        costs = measure([ours, theirs], folder, repeats=repeats)
        found = run(Job("benchmarks.agreement"), "factor", folder)["found"]
        comparisons.append(
            Comparison(job, "alphalens", costs[ours], costs[theirs], 30, found)
        )
    size = f"{tickers:,} tickers x {sessions:,} sessions, horizons 1, 5 and 10."
    return _report("factor", comparisons, [size])


def features_found(folder: Path, theirs: str) -> list[Mapping[str, Any]]:
    """Compare the features kept in the folder with those of a peer."""
    files = (folder / f"{name}.parquet" for name in ("alpha158", theirs))
    return list(run(Job("benchmarks.agreement"), "features", *files)["found"])


def require_peers() -> None:
    """Stop where the peers are not installed."""
    if not PEERS.exists():
        raise SystemExit("the peers are not installed: make bench does that first")


def _report(
    name: str, comparisons: Sequence[Comparison], notes: Sequence[str]
) -> Report:
    return Report(
        name,
        HEADER,
        [each.row() for each in comparisons],
        [*notes, *(line for each in comparisons for line in each.notes())],
        equal=not any(each.differing for each in comparisons),
    )


def _seconds(cpu: float) -> str:
    return f"{cpu:.2f}" if cpu >= 0.1 else f"{cpu:.4f}"


def _versions(cost: Cost) -> str:
    return ", ".join(f"{name} {number}" for name, number in cost.versions.items())
