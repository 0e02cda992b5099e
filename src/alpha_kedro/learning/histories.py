"""The features of every member on every session, and the sequences that end in a row.

A sequence of one row is the features of its name over the last sessions up to its date.
All sequences are gathered from one array when they are needed: two names of one date
and two dates of one name share the sessions they have in common.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Array, Axes, Bool, Dates, Int, Single, Tickers
from alpha_kedro.core.registry import nearest
from alpha_kedro.learning.finite import refuse_infinite

Counts = npt.NDArray[np.int32]
_KEYS = ["date", "ticker"]


@dataclass(frozen=True, eq=False)
class FeatureHistory:
    """Features by name and session; a session on which a name has no row is a gap.

    Attributes
    ----------
    sessions
        (n_sessions,) datetime64[us], ascending, unique.
    tickers
        (n_tickers,) names, sorted.
    features
        The p names along the last axis of ``values``.
    values
        (n_tickers, n_sessions, p) float32; NaN where a value or the whole row is
        missing.
    run
        (n_tickers, n_sessions) int32: consecutive sessions, up to and with this one, on
        which the name has a row; 0 where it has none.
    """

    sessions: Dates
    tickers: Tickers
    features: tuple[str, ...]
    values: Single
    run: Counts

    @classmethod
    def of(cls, table: pd.DataFrame) -> "FeatureHistory":
        """Spread a long table over names and sessions.

        Parameters
        ----------
        table
            date, ticker, and the features: its float32 columns. One row for each member
            of each session, in any order; other columns are left alone.

        Raises
        ------
        ModelError
            ``AK-M101`` when a (date, ticker) stands in it twice; ``AK-M024`` when a
            feature is infinite.
        """
        axes = Axes.of_table(table)
        sessions, names = axes.locate(table)
        cells = names * axes.shape[0] + sessions
        present = np.zeros(axes.shape[::-1], dtype=np.bool_)
        present.reshape(-1)[cells] = True
        if int(present.sum()) != len(table):
            raise _twice(table)
        kinds = table.dtypes.items()
        features = tuple(str(name) for name, kind in kinds if kind == np.float32)
        values = np.full((*present.shape, len(features)), np.nan, dtype=np.float32)
        flat = values.reshape(-1, len(features))
        for column, feature in enumerate(features):
            found = table[feature].to_numpy()
            refuse_infinite(found[:, None], (feature,))
            # The bits of a NaN tell how it was computed; a digest must not.
            flat[cells, column] = np.where(np.isnan(found), np.float32(np.nan), found)
        return cls(axes.dates, axes.tickers, features, values, _runs(present))

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes without the cells that hold nothing."""
        present = self.run > 0
        parts = (present.shape, np.packbits(present), self.values[present])
        return (_unpacked, (self.sessions, self.tickers, self.features, *parts))

    def columns(self, features: Iterable[str]) -> Int:
        """Return the column of each feature along the last axis of ``values``.

        Raises
        ------
        ModelError
            ``AK-M102`` for features the history does not have.
        """
        places = {name: column for column, name in enumerate(self.features)}
        wanted = tuple(features)
        missing = [name for name in wanted if name not in places]
        if missing:
            raise _unknown_features(missing, self.features)
        return np.array([places[name] for name in wanted], dtype=np.int64)

    def locate(self, dates: Dates, tickers: Tickers) -> tuple[Int, Int]:
        """Return the (name, session) places of rows; -1 where off an axis."""
        axes = Axes(self.sessions, self.tickers)
        days, each = np.unique(dates, return_inverse=True)
        sessions = axes.rows_of(days)[each].astype(np.int64)
        return axes.columns_of(tickers).astype(np.int64), sessions

    def lengths(
        self, names: Int, sessions: Int, *, longest: int, first: int = 0
    ) -> Int:
        """Return how many sessions the sequence of each row has.

        Parameters
        ----------
        names, sessions
            (n,) places from ``locate``.
        longest
            Most sessions of a sequence, the row's own included.
        first
            Place of the earliest session a sequence may reach back to.

        Returns
        -------
        (n,) int64
            Fewer than ``longest`` behind a listing gap or the first session; 0 where
            the name has no row on that session.
        """
        known = (names >= 0) & (sessions >= 0)
        run = np.where(known, self.run[names, sessions], 0).astype(np.int64)
        reach = np.maximum(sessions - first + 1, 0)
        return np.minimum(np.minimum(run, reach), longest)

    def gather(self, names: Int, sessions: Int, lengths: Int, offsets: Int) -> Single:
        """Return the sequences of some rows.

        Parameters
        ----------
        names, sessions, lengths
            (n,) places and lengths of the rows.
        offsets
            (n_steps,) sessions before the row's own, 0 for itself; descending for time
            to run forward. Never negative: nothing after the row is within reach.

        Returns
        -------
        (n, n_steps, p) float32
            NaN where a value is missing; zeros where the sequence does not reach.
        """
        reached = offsets < lengths[:, None]
        back = np.where(reached, sessions[:, None] - offsets, 0)
        gathered: Single = self.values[names[:, None], back]
        gathered[~reached] = 0.0
        return gathered

    def span(self, first: np.datetime64, last: np.datetime64) -> slice:
        """Return the places of the sessions from one date to another, both included."""
        start = np.searchsorted(self.sessions, first, side="left")
        end = np.searchsorted(self.sessions, last, side="right")
        return slice(int(start), int(end))

    def until(self, last: np.datetime64) -> "FeatureHistory":
        """Return the history up to and with one date; nothing is copied."""
        known = self.span(self.sessions[0], last)
        return FeatureHistory(
            self.sessions[known],
            self.tickers,
            self.features,
            self.values[:, known],
            self.run[:, known],
        )

    def digest(self, first: np.datetime64, last: np.datetime64) -> bytes:
        """Return the SHA-256 of all there is to read from one date to another.

        Sessions before and after, and names without a row between them, do not enter.
        """
        span = self.span(first, last)
        digest = hashlib.sha256("\0".join(self.features).encode())
        digest.update(self.sessions[span].tobytes())
        present = self.run[:, span] > 0
        for name in np.flatnonzero(present.any(axis=1)):
            digest.update(f"\0{self.tickers[name]}\0".encode())
            digest.update(np.packbits(present[name]).tobytes())
            digest.update(self.values[name, span].tobytes())
        return digest.digest()


def _runs(present: Bool) -> Counts:
    """Return the length of the unbroken run that ends in each cell: int32."""
    places = np.arange(1, present.shape[1] + 1, dtype=np.int32)
    gaps = np.where(present, np.int32(0), places)
    runs: Counts = places - np.maximum.accumulate(gaps, axis=1)
    return runs


def _unpacked(
    sessions: Dates,
    tickers: Tickers,
    features: tuple[str, ...],
    shape: tuple[int, int],
    packed: Array,
    rows: Single,
) -> FeatureHistory:
    count = shape[0] * shape[1]
    present = np.unpackbits(packed, count=count).astype(np.bool_).reshape(shape)
    values = np.full((*shape, len(features)), np.nan, dtype=np.float32)
    values[present] = rows
    return FeatureHistory(sessions, tickers, features, values, _runs(present))


def _twice(table: pd.DataFrame) -> ModelError:
    again = table.loc[table.duplicated(_KEYS), _KEYS]
    return ModelError(
        "AK-M101",
        "a name has two rows on one session of the history",
        where=[f"{row.date:%Y-%m-%d} {row.ticker}" for row in again.itertuples()],
        wanted="one row for each (date, ticker)",
        fix="drop one of each before the history is made",
    )


def _unknown_features(missing: list[str], known: tuple[str, ...]) -> ModelError:
    close = {name: nearest(name, known) for name in missing}
    return ModelError(
        "AK-M102",
        "the history does not have features the model reads",
        where=[
            name + (f" (is {near!r} meant?)" if near else "")
            for name, near in close.items()
        ],
        got=f"{len(known)} features",
        wanted="every feature of the rows, by the same name",
        fix="make the history from the table of features the rows were taken from",
    )
