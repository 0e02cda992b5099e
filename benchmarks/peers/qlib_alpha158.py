"""Alpha158 by Qlib, from its own store to a table, without processors.

python -m benchmarks.peers.qlib_alpha158 <folder>
"""

import sys
from pathlib import Path

import qlib
from qlib.contrib.data.loader import Alpha158DL

from benchmarks.stopwatch import tell, timed


def main(folder: Path) -> None:
    """Load the features of the folder's bars, tell what it took."""
    store = folder / "qlib"
    qlib.init(provider_uri=str(store), region="us", kernels=1, logging_level="ERROR")
    loader = Alpha158DL()
    features, taken = timed(lambda: loader.load("all"))
    features.columns = features.columns.droplevel(0)
    features.index.names = ["date", "ticker"]
    features.reset_index().to_parquet(folder / "qlib_alpha158.parquet")
    tell(taken, "pyqlib", "pandas", "numpy")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
