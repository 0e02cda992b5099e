"""Alpha158 by this project, from a long table to a long table.

    python -m benchmarks.ours.alpha158 <folder> [--keep]

Reading the file is timed apart, and so is a second call, which finds the compiled
kernels loaded and the memory there. With ``--keep`` the features are written.
"""

import sys
from pathlib import Path

import pandas as pd

from alpha_kedro.signals import build_features
from benchmarks.ours.libraries import load_libraries
from benchmarks.stopwatch import tell, timed


def main(folder: Path, *, keep: bool) -> None:
    """Compute the features of the folder's bars, tell what it took."""
    bars, reading = timed(lambda: pd.read_parquet(folder / "bars.parquet"))
    features, taken = timed(lambda: build_features(bars, "alpha158"))
    if keep:
        features.to_parquet(folder / "alpha158.parquet")
    del features
    _, again = timed(lambda: build_features(bars, "alpha158"))
    more = {"read_cpu": reading["cpu"], "again_cpu": again["cpu"]}
    tell(taken | more, "alpha-kedro", "numba", "numpy")


if __name__ == "__main__":
    load_libraries()
    main(Path(sys.argv[1]), keep="--keep" in sys.argv)
