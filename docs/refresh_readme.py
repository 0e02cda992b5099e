"""Put the pictures and the numbers of a finished ``make run`` into the README.

    python docs/refresh_readme.py [data_root]

The pictures of the run are scaled down into ``docs/pictures``; the text between the
``<!-- run -->`` marks of the README becomes what the run printed last.
"""

import json
import re
import sys
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.image import imread

from alpha_kedro.reports import headline_table

PROJECT = Path(__file__).parents[1]
PICTURES = ("equity_curve", "ic_timeseries", "deciles")
MARKED = re.compile(r"(<!-- run -->\n).*?(<!-- /run -->)", re.DOTALL)


def main() -> None:
    """Refresh the README from the reports of one run."""
    reports = Path(*sys.argv[1:2] or [PROJECT / "data"]) / "08_reporting"
    for name in PICTURES:
        shrink(reports / f"{name}.png", PROJECT / "docs" / "pictures" / f"{name}.png")
    summary = json.loads((reports / "summary.json").read_text())
    block = f"```text\n{headline_table(summary).rstrip()}\n```\n"
    readme = PROJECT / "README.md"
    readme.write_text(MARKED.sub(rf"\g<1>{block}\g<2>", readme.read_text()))


def shrink(source: Path, target: Path, *, dpi: int = 100) -> None:
    """Redraw a picture at half its resolution."""
    pixels = imread(source)
    height, width = pixels.shape[:2]
    figure = Figure(figsize=(width / 200, height / 200), dpi=dpi)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(pixels, interpolation="antialiased")
    axes.axis("off")
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, metadata={"Software": ""})


if __name__ == "__main__":
    main()
