"""The known anomalies on real data, beside what was published of them.

    python -m benchmarks.anomalies [data folder]

The data folder holds the files named in ``measure.py``; default: ``ALPHA_KEDRO_DATA``
or ``../shared/data``. Writes ``docs/anomalies.md`` and its picture.
"""

import os
import sys
from pathlib import Path

from benchmarks.anomalies.measure import FILES, RealMarket, load
from benchmarks.anomalies.page import write_page

PROJECT = Path(__file__).parents[2]


def main() -> int:
    """Measure every claim, write the page."""
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ALPHA_KEDRO_DATA")
    data = Path(given or PROJECT.parent / "shared" / "data").resolve()
    if not (data / FILES["bars"]).exists():
        print(f"no {FILES['bars']} in {data}; pass the folder of the data")
        return 2
    market = RealMarket(load(data))
    found = list(market.measured())
    write_page(PROJECT / "docs", found, market.coverage)
    return 0


if __name__ == "__main__":
    sys.exit(main())
