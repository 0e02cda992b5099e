"""Whether two results say the same, number by number.

    python -m benchmarks.agreement features <ours.parquet> <theirs.parquet>
    python -m benchmarks.agreement factor <folder>
    python -m benchmarks.agreement paths <ours.parquet> <theirs.parquet>

Features agree when both are NaN, or apart by at most 1e-4 + 1e-4 of theirs: what
float32 leaves of numbers computed in another order. A factor's tables agree to 1e-10,
value paths, and figures of them, to 1e-10 of theirs.
"""

import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from benchmarks.stopwatch import tell

FEATURE_TOLERANCE = 1e-4
TABLE_TOLERANCE = 1e-10
KEYS = ["date", "ticker"]


@dataclass(frozen=True)
class Agreement:
    """How one feature or table compares.

    Attributes
    ----------
    name
        Of the feature or table.
    cells, differing
        Compared, and further apart than allowed or NaN on one side alone.
    worst
        Largest difference as a share of the allowed one; 1 is the limit.
    """

    name: str
    cells: int
    differing: int
    worst: float


def main(kind: str, *paths: str) -> None:
    """Compare, tell the outcome of each feature or table."""
    compared = COMPARED[kind](*map(Path, paths))
    tell({"found": [asdict(each) for each in compared]})


def compare_features(ours: Path, theirs: Path) -> list[Agreement]:
    """Compare feature by feature, so that two of them are in memory at a time."""
    names = [name for name in _columns(theirs) if name not in KEYS]
    absent = set(names) - set(_columns(ours))
    if absent:
        raise ValueError(f"{ours.name} lacks {sorted(absent)}")
    places = matching_rows(_read(ours, KEYS), _read(theirs, KEYS))
    return [
        compare(name, _values(ours, name), _values(theirs, name)[places])
        for name in names
    ]


def matching_rows(own: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    """Return the row of ``other`` with the date and ticker of each row of ``own``.

    Raises
    ------
    ValueError
        A row of ``own`` has no counterpart.
    """
    keys = [pd.MultiIndex.from_frame(table[KEYS]) for table in (own, other)]
    places = keys[1].get_indexer(keys[0])
    if (places < 0).any():
        lost = own[places < 0].head().to_dict("list")
        raise ValueError(f"{(places < 0).sum()} rows without a counterpart: {lost}")
    return places


def compare_tables(folder: Path) -> list[Agreement]:
    """Compare the tables of a factor, those that alphalens wrote."""
    theirs = sorted(folder.glob("alphalens_*.parquet"))
    names = [path.stem.removeprefix("alphalens_") for path in theirs]
    return [
        compare(
            name,
            pd.read_parquet(folder / f"factor_{name}.parquet").to_numpy("float64"),
            pd.read_parquet(path).to_numpy("float64"),
            absolute=TABLE_TOLERANCE,
            relative=0.0,
        )
        for name, path in zip(names, theirs, strict=True)
    ]


def compare_paths(ours: Path, theirs: Path) -> list[Agreement]:
    """Compare column by column what stands under the same dates.

    Raises
    ------
    ValueError
        A column or a date of theirs is absent here.
    """
    own, other = pd.read_parquet(ours), pd.read_parquet(theirs)
    absent = (set(other) - set(own)) or (set(other.index) - set(own.index))
    if absent or other.empty:
        raise ValueError(f"{ours.name} lacks {sorted(absent)[:5] or 'everything'}")
    return [
        compare(
            str(name),
            own.loc[other.index, name].to_numpy("float64"),
            other[name].to_numpy("float64"),
            absolute=0.0,
            relative=TABLE_TOLERANCE,
        )
        for name in other
    ]


def compare(
    name: str,
    own: np.ndarray,
    other: np.ndarray,
    *,
    absolute: float = FEATURE_TOLERANCE,
    relative: float = FEATURE_TOLERANCE,
) -> Agreement:
    """Compare two arrays of the same cells."""
    allowed = absolute + relative * np.abs(other)
    apart = np.abs(own - other) / allowed
    apart[np.isnan(own) & np.isnan(other)] = 0.0
    apart[np.isnan(apart)] = np.inf
    return Agreement(name, apart.size, int((apart > 1).sum()), float(apart.max()))


def _columns(path: Path) -> list[str]:
    return list(pq.read_schema(path).names)


def _read(path: Path, columns: list[str]) -> pd.DataFrame:
    return pd.read_parquet(path, columns=columns).astype({"date": "datetime64[us]"})


def _values(path: Path, name: str) -> np.ndarray:
    return pd.read_parquet(path, columns=[name])[name].to_numpy("float64")


COMPARED: dict[str, Callable[..., list[Agreement]]] = {
    "features": compare_features,
    "factor": compare_tables,
    "paths": compare_paths,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
