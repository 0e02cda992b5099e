"""What a reader of the books should know beside the numbers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Float, Int


@dataclass(frozen=True, order=True)
class Event:
    """Something that happened in a session, and to how many names."""

    row: int
    note: str
    count: int


def events_of(note: str, counts: Int) -> list[Event]:
    """Return an event for each session whose count is not zero."""
    return [Event(int(row), note, int(counts[row])) for row in np.flatnonzero(counts)]


def events_beyond_the_end(
    targets: Mapping[int, Float], axes: Axes, lag: int
) -> list[Event]:
    """Return an event for each decision that no price is left to fill."""
    return [
        Event(row, "beyond_the_end", int(np.count_nonzero(np.nan_to_num(target))))
        for row, target in targets.items()
        if row + lag >= axes.shape[0] and np.nan_to_num(target).any()
    ]


def note_table(events: Iterable[Event], axes: Axes) -> pd.DataFrame:
    """Return events as a table date, note, count, in the order of the dates."""
    ordered = sorted(events)
    rows = np.array([event.row for event in ordered], dtype=np.int64)
    return pd.DataFrame(
        {
            "date": axes.dates[rows],
            "note": pd.array([event.note for event in ordered], dtype="str"),
            "count": np.array([event.count for event in ordered], dtype=np.int64),
        }
    )
