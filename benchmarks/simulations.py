"""The simulator beside its peers: the same value paths first, then what they cost."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.books import BOOKS, COSTS_BPS, SHARES
from benchmarks.comparisons import HEADER, MARKET, Comparison, require_peers
from benchmarks.measure import PEERS, Job, measure, run
from benchmarks.report import Report

SIMULATION = Job("benchmarks.ours.simulation")
VECTORBT = Job("benchmarks.peers.vectorbt_simulation")
TOP_K = Job("benchmarks.ours.top_k")
QLIB = Job("benchmarks.peers.qlib_topk", PEERS)
SECTOR_NEUTRAL = Job("benchmarks.ours.sector_neutral")
AGREEMENT = Job("benchmarks.agreement")
CONFIGURATIONS = "configurations"
ONE, MANY = 50, 100
SECTOR_NEUTRAL_SECONDS = 2
"""Ratios, and the processor seconds, that are aimed at."""


def compare_simulations(
    folder: Path,
    *,
    tickers: int,
    sessions: int,
    repeats: int,
    names: int,
    weeks: int,
) -> Report:
    """Set single books and a sweep beside vectorbt, an exchange of names beside Qlib.

    Parameters
    ----------
    tickers, sessions
        Size of the market of the comparisons.
    repeats
        Times each job is run; the sweep is run by the peer once.
    names, weeks
        Size of the sector-neutral book, which has no peer.
    """
    require_peers()
    require_vectorbt()
    run(MARKET, folder, tickers, sessions)
    run(Job("benchmarks.books"), folder)
    comparisons = [
        *(_beside_vectorbt(folder, name, ONE, repeats) for name in BOOKS),
        _beside_vectorbt(folder, CONFIGURATIONS, MANY, 1),
        _beside_qlib(folder, repeats),
    ]
    told = [
        f"{tickers:,} tickers x {sessions:,} sessions; "
        f"{len(SHARES) * len(COSTS_BPS)} configurations.",
        _sector_neutral(names, weeks),
        *(line for each in comparisons for line in each.notes()),
    ]
    return Report(
        "simulation",
        HEADER,
        [each.row() for each in comparisons],
        told,
        equal=not any(each.differing for each in comparisons),
    )


def require_vectorbt() -> None:
    """Stop where vectorbt is not installed."""
    if find_spec("vectorbt") is None:
        raise SystemExit("vectorbt is not installed: pip install -e '.[dev]' does that")


def _beside_vectorbt(
    folder: Path, name: str, wanted: float, repeats: int
) -> Comparison:
    costs = measure([SIMULATION, VECTORBT], folder, name, repeats=repeats)
    found = _found(folder, "simulation", "vectorbt", name)
    ours, theirs = costs[SIMULATION], costs[VECTORBT]
    title = name.replace("_", " ")
    return Comparison(title, "vectorbt", ours, theirs, wanted, found)


def _beside_qlib(folder: Path, repeats: int) -> Comparison:
    costs = measure([TOP_K, QLIB], folder, repeats=repeats)
    found = _found(folder, "top_k", "qlib_book", "top_k")
    return Comparison("top k dropout", "Qlib", costs[TOP_K], costs[QLIB], MANY, found)


def _found(
    folder: Path, ours: str, theirs: str, name: str
) -> Sequence[Mapping[str, Any]]:
    """Compare what both kept under a name, figures too where there are any."""
    found: list[Mapping[str, Any]] = []
    for file in (f"{name}.parquet", f"{name}_figures.parquet"):
        if (folder / theirs / file).exists():
            pair = (folder / ours / file, folder / theirs / file)
            found += run(AGREEMENT, "paths", *pair)["found"]
    return found


def _sector_neutral(names: int, weeks: int) -> str:
    taken = run(SECTOR_NEUTRAL, names, weeks)
    return (
        f"Sector-neutral book, {names:,} names x {weeks:,} weeks, from scores to "
        f"statistics: {taken['cpu']:.2f} CPU s, again {taken['again_cpu']:.2f}, wanted "
        f"{SECTOR_NEUTRAL_SECONDS}; {taken['peak_mb']:,.0f} MB."
    )
