"""How many planted faults the health check finds, and how often it cries wolf.

Every fault of ``tests/faults/market_faults.py`` is planted at random into simulated
markets, raw and split-adjusted; a fault counts as found when a fitting finding lies
within a session of it. Then the same markets without faults are checked, and every
finding that is no note is a false alarm. Markdown is printed.

    python benchmarks/health.py [seeds]
"""

import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).parents[1]
SEEDS = 20


def main() -> int:
    """Plant, look, count, print."""
    sys.path.insert(0, str(PROJECT))
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS
    found, alarms, size, seconds = measure(seeds)
    print_recall(found)
    print_alarms(alarms, size, seconds)
    return 0


def measure(seeds):
    """Return scores by fault and basis, alarms by check, (bars, checks), seconds."""
    from tests.faults.market_faults import FAULTS, Score, draw_tables, score

    found, alarms, bars, seconds = defaultdict(Score), defaultdict(int), 0, 0.0
    for basis in ("raw", "split_adjusted"):
        for seed in range(seeds):
            tables = draw_tables(basis, seed=seed)
            started = time.perf_counter()
            sound = findings_of(tables)
            seconds += time.perf_counter() - started
            bars += len(tables.bars)
            for check in sound.loc[sound["severity"] != "note", "check"]:
                alarms[check] += 1
            for name, fault in FAULTS.items():
                if basis in fault.bases:
                    spoilt = fault.plant(tables, np.random.default_rng(seed))
                    seen = findings_of(spoilt.tables)
                    found[name, basis] += score(spoilt, seen, fault.checks)
    return found, alarms, bars, seconds


def findings_of(tables):
    """Check the raw bars of a market."""
    from alpha_kedro.market.health import check_health

    return check_health(
        tables.bars,
        actions=tables.actions,
        benchmarks=tables.benchmarks,
        membership=tables.membership,
        previous=tables.previous,
        basis=tables.basis,
        now=tables.today.date(),
    ).findings


def print_recall(found):
    """Print a row per planted fault."""
    from tests.faults.market_faults import FAULTS

    print("| planted fault | found by | raw | split-adjusted |")
    print("| --- | --- | --- | --- |")
    for name, fault in FAULTS.items():
        cells = [shown(found.get((name, basis))) for basis in ("raw", "split_adjusted")]
        by = ", ".join(f"`{check}`" for check in sorted(fault.checks))
        print(f"| {name.replace('_', ' ')} | {by} | {' | '.join(cells)} |")


def shown(score):
    """Return found of planted, and the share."""
    if score is None:
        return "-"
    return f"{score.found} of {score.planted} ({score.recall:.1%})"


def print_alarms(alarms, bars, seconds):
    """Print the findings of sound markets, and the time they took."""
    years = bars / 252
    print(f"\nSound markets, {bars:,} bars ({years:,.0f} ticker-years):\n")
    print("| check | findings | per million bars | per 10,000 ticker-years |")
    print("| --- | --- | --- | --- |")
    for check, n in sorted(alarms.items(), key=lambda item: -item[1]):
        print(f"| `{check}` | {n} | {n / bars * 1e6:.1f} | {n / years * 1e4:.1f} |")
    print(f"\n{seconds / bars * 1e6:.1f} s per million bars, in markets of this size.")


if __name__ == "__main__":
    sys.exit(main())
