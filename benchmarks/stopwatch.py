"""What a piece of work costs the process it runs in; the standard library alone."""

import json
import resource
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import TypeVar

Result = TypeVar("Result")
_UNITS_PER_MB = 1024 if sys.platform == "linux" else 1024**2


def timed(work: Callable[[], Result]) -> tuple[Result, dict[str, float]]:
    """Do the work; return its result and what it took.

    ``cpu`` and ``wall`` in seconds, of this process and of the children it waited for;
    ``before_mb`` and ``peak_mb``: highest memory of the process until the work began
    and until it ended.
    """
    before_mb, cpu, wall = peak_mb(), cpu_seconds(), time.perf_counter()
    result = work()
    taken = {"cpu": cpu_seconds() - cpu, "wall": time.perf_counter() - wall}
    return result, taken | {"before_mb": before_mb, "peak_mb": peak_mb()}


def cpu_seconds() -> float:
    """Return the user and system seconds of this process and of its ended children."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def peak_mb() -> float:
    """Return the highest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _UNITS_PER_MB


def tell(figures: Mapping[str, object], *packages: str) -> None:
    """Print figures, and versions of packages, to the process that started this one."""
    versions = {name: version(name) for name in packages}
    print(json.dumps({**figures, "versions": versions}))
