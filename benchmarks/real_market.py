"""The main job on real data, whole: seconds and peak memory per stage.

Each stage is a ``kedro run`` of its own, measured from outside by the operating system,
so that its seconds include starting Python, and its memory is the process's peak.

    python benchmarks/real_market.py [data folder] [data_root]

The data folder holds the files named below; default: ``ALPHA_KEDRO_DATA`` or
``../shared/data``. Without a data_root a temporary one is used and removed.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STAGES = (
    "ingestion",
    "feature_engineering",
    "walk_forward_stage",
    "backtesting",
    "reporting",
    "modeling",
)
FILES = {
    "bars": "sp500_daily.parquet",
    "delisted": "sp500_delisted_daily.parquet",
    "membership": "membership.parquet",
    "sectors": "sectors.csv",
    "benchmarks": "benchmarks_daily.parquet",
    "actions": "corporate_actions.parquet",
}
PARTIAL_DATA = 3
FITTING = "walk_forward_stage"


def main() -> int:
    """Run every stage, print what it took and what came out."""
    project = Path(__file__).parents[1]
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ALPHA_KEDRO_DATA")
    data = Path(given or project.parent / "shared" / "data").resolve()
    if not (data / FILES["bars"]).exists():
        print(f"no {FILES['bars']} in {data}; pass the folder of the data")
        return 2
    with tempfile.TemporaryDirectory() as temporary:
        data_root = Path(sys.argv[2] if len(sys.argv) > 2 else temporary).resolve()
        taken = {stage: measure(project, data, data_root, stage) for stage in STAGES}
        report(taken)
        results(data_root)
    return 0


def measure(
    project: Path, data: Path, data_root: Path, stage: str
) -> tuple[float, float, float]:
    """Run one stage; return wall seconds, CPU seconds and peak memory (MB)."""
    files = [f"markets.files.{key}={data / name}" for key, name in FILES.items()]
    params = ",".join(["market=files", f"data_root={data_root}", *files])
    command = [Path(sys.executable).with_name("kedro"), "run", f"--pipeline={stage}"]
    started = time.perf_counter()
    process = subprocess.Popen([*command, "--params", params], cwd=project)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, PARTIAL_DATA):
        raise SystemExit(f"{stage} failed with exit code {process.returncode}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def report(taken: dict[str, tuple[float, float, float]]) -> None:
    """Print the table of the stages, and the share that is not model fitting."""
    print(f"\n{'stage':<22}{'wall s':>9}{'cpu s':>9}{'peak MB':>10}")
    for stage, (wall, cpu, peak) in taken.items():
        print(f"{stage:<22}{wall:>9.1f}{cpu:>9.1f}{peak:>10,.0f}")
    job = {stage: figures for stage, figures in taken.items() if stage != "modeling"}
    wall = sum(figures[0] for figures in job.values())
    outside = 1 - job[FITTING][0] / wall
    print(f"{'main job':<22}{wall:>9.1f}   outside {FITTING}: {outside:.0%}")


def results(data_root: Path) -> None:
    """Print the headline numbers of the run."""
    summary = json.loads((data_root / "08_reporting" / "summary.json").read_text())
    print(f"\n{summary['sample']}\n\n{'model':<18}{'rank IC':>9}{'t':>7}")
    for name, model in summary["models"].items():
        print(f"{name:<18}{model['rank_ic']:>9.4f}{model['rank_ic_t']:>7.2f}")
    print(f"\n{'strategy':<42}{'net Sharpe':>11}  95 % interval")
    for name, strategy in summary["strategies"].items():
        low, high = strategy["net"]["sharpe_ci95"]
        print(f"{name:<42}{strategy['net']['sharpe']:>11.2f}  [{low:.2f}, {high:.2f}]")


if __name__ == "__main__":
    sys.exit(main())
