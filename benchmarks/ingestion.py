"""Raw Parquet to a clean panel: seconds, peak memory, and the same work by hand.

    python benchmarks/ingestion.py [data folder] [--rows-only | --real-only]

Two measurements, each in a process of its own so that its peak memory is known:

1. Real bars, listed and delisted: reading them, cleaning them, spreading them over a
   panel; beside it what a researcher would write with pandas alone (read, sort, drop
   duplicates, check, pivot). Closes are compared cell by cell.
2. 5,000 names over 20 years, simulated 500 at a time and written part by part: cleaning
   from the stored table.

The data folder holds the files named below; default: ``ALPHA_KEDRO_DATA`` or
``../shared/data``. Without it only the second measurement is made.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from time import perf_counter, process_time

BARS = ("sp500_daily.parquet", "sp500_delisted_daily.parquet")
ACTIONS = "corporate_actions.parquet"
N_MARKETS, N_TICKERS, N_SESSIONS = 10, 500, 5_040
NOW = datetime(2026, 1, 2, 22)
PRICES = ("open", "high", "low", "close")
TOLERANCE = 5e-4
KEYS = ["date", "ticker"]


def main() -> int:
    """Run the measurements in child processes and print what they took."""
    folders = [name for name in sys.argv[1:] if not name.startswith("--")]
    given = folders[0] if folders else os.environ.get("ALPHA_KEDRO_DATA")
    data = Path(given or Path(__file__).parents[2] / "shared" / "data").resolve()
    with tempfile.TemporaryDirectory() as temporary:
        if (data / BARS[0]).exists() and "--rows-only" not in sys.argv:
            on_real_bars(data, Path(temporary))
        if "--real-only" not in sys.argv:
            on_many_rows(Path(temporary))
    return 0


def on_real_bars(data: Path, folder: Path) -> None:
    """Print the seconds of cleaning, of reading, and of the pandas script."""
    import numpy as np

    ours = child("clean_real", data, folder / "ours.npz")
    theirs = child("script_real", data, folder / "theirs.npz")
    print(f"real bars: {ours['rows']:,} rows, {ours['tickers']} tickers")
    print(f"{'seconds':<26}{'alpha-kedro':>12}{'pandas script':>15}")
    for step in ("read", "clean", "panel", "cpu", "peak_mb"):
        print(f"{step:<26}{ours[step]:>12,.2f}{theirs[step]:>15,.2f}")
    work = [taken["clean"] + taken["panel"] for taken in (ours, theirs)]
    print(f"{'times reading':<26}", end="")
    print(f"{work[0] / ours['read']:>12.1f}{work[1] / theirs['read']:>15.1f}")
    one, other = (dict(np.load(folder / name)) for name in ("ours.npz", "theirs.npz"))
    both = np.isfinite(one["close"]) & np.isfinite(other["close"])
    off = np.abs(one["close"][both] / other["close"][both] - 1).max()
    alone = [np.isfinite(table["close"]).sum() - both.sum() for table in (one, other)]
    print(f"{both.sum():,} total-return closes in common, apart by {off:.0e} at most;")
    print(f"kept here alone {alone[0]:,}, by the script alone {alone[1]:,}: bars after")
    print("a gap that is a delisting here\n")


def on_many_rows(folder: Path) -> None:
    """Print what 25 million rows take."""
    for number in range(N_MARKETS):
        child("simulate", folder, number)
    child("join", folder)
    taken = child("clean_stored", folder)
    print(f"{taken['tickers']:,.0f} names x {N_SESSIONS:,} sessions:", end=" ")
    print(f"{taken['rows']:,.0f} rows, {taken['table_mb']:,.0f} MB on disk,", end=" ")
    print(f"{taken['kept_mb']:,.0f} MB clean in memory")
    for step in ("read", "clean", "panel"):
        peak = taken[f"{step}_peak_mb"]
        print(f"{step:<26}{taken[step]:>9.1f} s   peak so far {peak:>7,.0f} MB")
    print(f"{'processor':<26}{taken['cpu']:>9.1f} s")


def child(task: str, *given: object) -> dict[str, float]:
    """Do one task in a process of its own and return what it prints."""
    command = [sys.executable, __file__, f"--{task}", *map(str, given)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def clean_real(data: str, target: str) -> dict[str, float]:
    """Read, clean and spread the real bars."""
    import numpy as np
    import pandas as pd

    from alpha_kedro.core.prices import price_panel
    from alpha_kedro.market import clean_bars

    clock = [perf_counter()]
    raw = pd.concat([pd.read_parquet(Path(data, name)) for name in BARS])
    actions = pd.read_parquet(Path(data, ACTIONS))
    clock.append(perf_counter())
    clean = clean_bars(raw, actions=actions, now=NOW)
    clock.append(perf_counter())
    panel = price_panel(clean.bars)
    clock.append(perf_counter())
    taken = steps(clock) | {"rows": len(raw), "tickers": clean.report["n_tickers"]}
    np.savez(target, close=panel["close"])
    return taken


def script_real(data: str, target: str) -> dict[str, float]:
    """Do what a careful researcher would write with pandas alone."""
    import numpy as np
    import pandas as pd

    clock = [perf_counter()]
    raw = pd.concat([pd.read_parquet(Path(data, name)) for name in BARS])
    clock.append(perf_counter())
    bars = raw.drop_duplicates(KEYS, keep=False).sort_values(KEYS)
    prices = bars[list(PRICES)].astype("float64")
    bars[list(PRICES)] = prices
    low, high = prices["low"] * (1 - TOLERANCE), prices["high"] * (1 + TOLERANCE)
    outside = (prices["open"] < low) | (prices["open"] > high)
    outside |= (prices["close"] < low) | (prices["close"] > high)
    outside |= prices["low"] > high
    sound = prices["close"].gt(0) & ~outside & bars["volume"].ge(0)
    bars = bars[sound]
    vendor = bars["adj_close"].astype("float64")
    complete = vendor.notna().groupby(bars["ticker"]).transform("all")
    bars["adj_close"] = vendor.where(complete, bars["close"])
    clock.append(perf_counter())
    factor = bars["adj_close"] / bars["close"]
    for name in PRICES:
        bars[name] = bars[name] * factor
    fields = [*PRICES, "volume"]
    wide = bars.pivot(index="date", columns="ticker", values=fields)  # noqa: PD010
    panel = {name: wide[name] for name in fields}
    clock.append(perf_counter())
    taken = steps(clock) | {"rows": len(raw)}
    np.savez(target, close=panel["close"].to_numpy())
    return taken


def simulate(folder: str, number: str) -> dict[str, float]:
    """Write one market of 500 names as a part of the large one."""
    from alpha_kedro.market import simulate_market

    market = simulate_market(
        N_TICKERS, N_SESSIONS, seed=int(number), basis="raw", start="2005-01-03"
    )
    for name in ("bars", "actions"):
        table = getattr(market, name)
        own = table.assign(ticker=f"M{int(number):02d}-" + table["ticker"])
        own.to_parquet(Path(folder, f"{name}-{int(number):02d}.parquet"))
    return {}


def join(folder: str) -> dict[str, float]:
    """Write the parts as one stored table."""
    import pandas as pd

    from alpha_kedro.core.stored_table import write_parts

    files = sorted(Path(folder).glob("bars-*.parquet"))
    write_parts(Path(folder, "bars.parquet"), (pd.read_parquet(file) for file in files))
    for file in files:
        file.unlink()
    return {}


def clean_stored(folder: str) -> dict[str, float]:
    """Read the large table once, then clean it and spread it over a panel."""
    import pandas as pd

    from alpha_kedro.core.prices import price_panel
    from alpha_kedro.core.stored_table import StoredTable
    from alpha_kedro.market import clean_bars

    files = sorted(Path(folder).glob("actions-*.parquet"))
    actions = pd.concat([pd.read_parquet(file) for file in files])
    table = StoredTable(Path(folder, "bars.parquet"))
    peaks, clock = [], [perf_counter()]
    rows = sum(len(part) for part in table.parts())
    peaks.append(peak_mb())
    clock.append(perf_counter())
    clean = clean_bars(table, actions=actions, basis="raw", now=NOW)
    peaks.append(peak_mb())
    clock.append(perf_counter())
    kept_mb = clean.bars.memory_usage(deep=True).sum() / 2**20
    price_panel(clean.bars)
    peaks.append(peak_mb())
    clock.append(perf_counter())
    named = zip(("read", "clean", "panel"), peaks, strict=True)
    return steps(clock) | {
        "rows": rows,
        "tickers": clean.report["n_tickers"],
        "table_mb": Path(folder, "bars.parquet").stat().st_size / 2**20,
        "kept_mb": float(kept_mb),
        **{f"{step}_peak_mb": peak for step, peak in named},
    }


def steps(clock: list[float]) -> dict[str, float]:
    """Return the seconds of each step, of the processor, and the peak memory so far."""
    named = zip(("read", "clean", "panel"), clock, clock[1:], strict=False)
    taken = {step: after - before for step, before, after in named}
    return taken | {"cpu": process_time(), "peak_mb": peak_mb()}


def peak_mb() -> float:
    """Return the peak memory of this process in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


TASKS = {
    f"--{task.__name__}": task
    for task in (clean_real, script_real, simulate, join, clean_stored)
}

if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in TASKS:
        print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))
    else:
        sys.exit(main())
