"""What Alpha158 costs as tickers and sessions grow."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Job, run
from benchmarks.report import Report

HEADER = ("tickers", "sessions", "CPU s", "again", "ns per value", "peak MB")
N_FEATURES = 158
NANO = 1e9


def measure_scaling(
    folder: Path, *, tickers: int, copies: Sequence[int], sessions: Sequence[int]
) -> Report:
    """Time copies of the market at its middle length, then the market at others.

    Cost is linear when the nanoseconds per value, those of the second call, stay.
    """
    run(Job("benchmarks.market"), folder, tickers, max(sessions))
    middle = sorted(sessions)[len(sessions) // 2]
    sizes = [(each, middle) for each in copies]
    sizes += [(1, each) for each in sessions if each != middle]
    rows = [scaling_row(folder, tickers, *size) for size in sizes]
    return Report("scaling", HEADER, rows, [f"{N_FEATURES} features."])


def scaling_row(folder: Path, tickers: int, copies: int, sessions: int) -> list[str]:
    """Time one size."""
    target = folder / f"{copies}x{sessions}"
    run(Job("benchmarks.resize"), folder, target, copies, sessions)
    taken = run(Job("benchmarks.ours.alpha158"), target)
    values = copies * tickers * sessions * N_FEATURES
    return [
        *(f"{copies * tickers:,}", f"{sessions:,}"),
        *(f"{taken['cpu']:.2f}", f"{taken['again_cpu']:.2f}"),
        f"{taken['again_cpu'] / values * NANO:.1f}",
        f"{taken['peak_mb']:,.0f}",
    ]
