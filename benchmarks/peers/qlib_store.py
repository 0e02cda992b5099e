"""Bars the way Qlib stores them: what its users do once, and nobody times."""

from pathlib import Path

import numpy as np
import pandas as pd

FIELDS = ("open", "high", "low", "close", "volume", "vwap")


def store_bars(bars: pd.DataFrame, store: Path) -> None:
    """Write calendar, instruments and one float32 file per ticker and field.

    Sessions without a bar are NaN from a ticker's first to its last.
    """
    calendar = pd.DatetimeIndex(bars["date"].unique()).sort_values()
    lives = []
    for ticker, own in bars.set_index("date").groupby("ticker"):
        first, last = calendar.get_indexer([own.index.min(), own.index.max()])
        listed = own.reindex(calendar[first : last + 1])
        lives.append(f"{ticker}\t{calendar[first]:%F}\t{calendar[last]:%F}")
        _store_fields(listed, store / "features" / ticker.lower(), first)
    _store_lines(store / "calendars" / "day.txt", [f"{day:%F}" for day in calendar])
    _store_lines(store / "instruments" / "all.txt", lives)


def _store_fields(listed: pd.DataFrame, folder: Path, first: int) -> None:
    """Write each field, after the position of its first value in the calendar."""
    folder.mkdir(parents=True, exist_ok=True)
    for field in FIELDS:
        values = np.concatenate([[first], listed[field].to_numpy()])
        values.astype("<f4").tofile(folder / f"{field}.day.bin")


def _store_lines(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
