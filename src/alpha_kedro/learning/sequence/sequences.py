"""The rows of a window with the past of each, gathered and scaled batch by batch."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Dates, Int, Single
from alpha_kedro.learning.context import Context, require_context
from alpha_kedro.learning.histories import FeatureHistory
from alpha_kedro.learning.sequence.scaling import SequenceScaling


@dataclass(frozen=True, eq=False)
class Places:
    """Where rows stand in a history, and how far back each may look.

    Attributes
    ----------
    history
        Features of every session.
    columns
        (k,) columns of the history that are read.
    names, sessions
        (n,) places of the rows.
    lengths
        (n,) sessions of each row's sequence; 0 where the history has no such row.
    """

    history: FeatureHistory
    columns: Int
    names: Int
    sessions: Int
    lengths: Int

    @classmethod
    def of(
        cls,
        X: Single,
        context: Context | None,
        *,
        kind: str,
        features: tuple[str, ...],
        looks_back: int,
        first: np.datetime64,
    ) -> "Places":
        """Find the (n, p) rows in the history of their context.

        Parameters
        ----------
        looks_back
            Most sessions of a sequence.
        first
            Earliest date a sequence may reach back to.

        Raises
        ------
        ModelError
            ``AK-M100`` without a context, ``AK-M103`` without a history in it,
            ``AK-M102`` when it lacks a feature, ``AK-M104`` when it says something else
            than a row.
        """
        context = require_context(context, kind)
        history = context.background.histories
        if history is None:
            raise _no_history(kind)
        start = int(np.searchsorted(history.sessions, first))
        names, sessions = history.locate(context.dates, context.tickers)
        lengths = history.lengths(names, sessions, longest=looks_back, first=start)
        places = cls(history, history.columns(features), names, sessions, lengths)
        places._refuse_other_values(X, context, features)
        return places

    def take(self, rows: Int) -> "Places":
        """Return the places of some of the rows."""
        return replace(
            self,
            names=self.names[rows],
            sessions=self.sessions[rows],
            lengths=self.lengths[rows],
        )

    def _refuse_other_values(
        self, X: Single, context: Context, features: tuple[str, ...]
    ) -> None:
        """Rows and history have to be of one table, or sequences end in other rows."""
        known = np.flatnonzero(self.lengths)
        for column, place in enumerate(self.columns):
            own = X[known, column]
            said = self.history.values[self.names[known], self.sessions[known], place]
            other = ~((own == said) | (np.isnan(own) & np.isnan(said)))
            if other.any():
                row = known[int(np.argmax(other))]
                day = context.dates[row].astype("datetime64[D]")
                raise ModelError(
                    "AK-M104",
                    f"rows and history do not agree on {features[column]}",
                    where=[f"{day} {context.tickers[row]}"],
                    got=f"{int(other.sum())} of {len(known)} rows with other values",
                    wanted="each row as its session stands in the history",
                    fix="make the history from the table the rows were taken from",
                )


@dataclass(frozen=True, eq=False)
class Sequences:
    """Scaled sequences of rows; only those of one batch exist at a time.

    Attributes
    ----------
    places
        The rows.
    scaling
        Learned on the window.
    offsets
        (n_steps,) sessions before the row's own, descending.
    """

    places: Places
    scaling: SequenceScaling
    offsets: Int

    def __len__(self) -> int:
        return len(self.places.lengths)

    def gather(self, rows: Int) -> tuple[Single, Int]:
        """Return (n, n_steps, k) values, zeros before a sequence begins, and lengths.

        Scaled in float32, each row by itself.
        """
        at = self.places.take(rows)
        values = at.history.gather(at.names, at.sessions, at.lengths, self.offsets)
        if not np.array_equal(at.columns, np.arange(values.shape[-1])):
            values = values[..., at.columns]
        scaled = self.scaling.apply(values)
        scaled[self.offsets >= at.lengths[:, None]] = 0.0
        return scaled, at.lengths


def date_batches(
    dates: Dates, *, dates_per_batch: int, max_rows: int, rng: np.random.Generator
) -> Iterator[Int]:
    """Yield the rows of a few dates at a time, each row once, the dates in any order.

    Parameters
    ----------
    dates
        (n,) ascending.
    dates_per_batch
        Most dates of a batch.
    max_rows
        Most rows of a batch. A date with more is dealt out over several.

    Yields
    ------
    (m,) int64, ascending.
    """
    ends = np.cumsum(rows_per_date(dates))
    blocks = np.split(np.arange(len(dates)), ends[:-1])
    batch: list[Int] = []
    for place in rng.permutation(len(blocks)):
        for part in _dealt(blocks[place], max_rows, rng):
            n_rows = sum(map(len, batch)) + len(part)
            if len(batch) == dates_per_batch or (batch and n_rows > max_rows):
                yield np.sort(np.concatenate(batch))
                batch = []
            batch.append(part)
    if batch:
        yield np.sort(np.concatenate(batch))


def rows_per_date(dates: Dates) -> list[int]:
    """Return how many rows each date has, in order; ``dates`` are ascending."""
    counts: list[int] = np.unique(dates, return_counts=True)[1].tolist()
    return counts


def _dealt(rows: Int, most: int, rng: np.random.Generator) -> list[Int]:
    if len(rows) <= most:
        return [rows]
    return list(np.array_split(rng.permutation(rows), -(-len(rows) // most)))


def _no_history(kind: str) -> ModelError:
    return ModelError(
        "AK-M103",
        f"a {kind} model reads the sessions before a row and was given none",
        wanted="a FeatureHistory in the background of the rows",
        fix="build the features of every session, and hand over their history",
    )
