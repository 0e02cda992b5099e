"""Which rows may train a model that is tested on others: the one gap rule.

A row spans the sessions from its decision date, when its features are known, to its
``label_end``, the last price its label used, plus an embargo. Two rows may stand on
opposite sides of a split only if their spans share no session. Spans are counted in
sessions, never in rows: a cross-section puts hundreds of rows on one date.

Source: López de Prado, *Advances in Financial Machine Learning* (2018), chapter 7.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.core.panel import DATE_DTYPE, Bool, Dates, Int
from alpha_kedro.learning.splitters.dated_rows import dated_rows, groups_requested

FOREVER = int(np.iinfo(np.int64).max)
_NO_LABEL = -1


@dataclass(frozen=True, eq=False)
class Spans:
    """The sessions each row takes up, as positions on one axis of sessions.

    Attributes
    ----------
    sessions
        (n_sessions,) datetime64[us], ascending, unique.
    first
        (n,) position of the decision date.
    last
        (n,) position of ``label_end`` plus the embargo; -1 where there is no label.
    """

    sessions: Dates
    first: Int
    last: Int

    @classmethod
    def of(
        cls, rows: pd.DataFrame, *, embargo: int = 0, sessions: Dates | None = None
    ) -> "Spans":
        """Place rows on the axis of sessions.

        Parameters
        ----------
        rows
            ``date`` and ``label_end`` of each row, in any order; ``label_end`` is NaT
            where no label is known.
        embargo
            Sessions added to the end of every span.
        sessions
            Axis to count on. Default: the days seen in ``rows``. Where decisions are
            weekly these are fewer than the exchange's sessions, and the embargo is then
            longer than asked for, never shorter.

        Raises
        ------
        ModelError
            ``AK-M001`` for a day that is not on the axis, ``AK-M002`` for a label that
            ends before its own decision.
        """
        starts = rows["date"].to_numpy(dtype=DATE_DTYPE)
        ends = rows["label_end"].to_numpy(dtype=DATE_DTYPE)
        labelled = ~np.isnat(ends)
        axis = _axis(sessions, starts, ends[labelled])
        first = _positions(axis, starts)
        last = np.full(len(rows), _NO_LABEL)
        last[labelled] = _positions(axis, ends[labelled])
        _refuse_reversed(rows, labelled & (last < first))
        last[labelled] += embargo
        return cls(axis, first, last)

    def clear_of(self, start: int, end: int) -> Bool:
        """Mark the rows that may train a model tested on sessions ``start`` to ``end``.

        Parameters
        ----------
        start, end
            First and last position the tested rows take up, both included;
            ``end=FOREVER`` lets only the past train.

        Returns
        -------
        (n,) bool
            False wherever the label is unknown.
        """
        apart = (self.last < start) | (self.first > end)
        clear: Bool = apart & (self.last != _NO_LABEL)
        return clear

    def position(self, day: pd.Timestamp) -> int:
        """Return the position of the first session on or after ``day``."""
        return int(np.searchsorted(self.sessions, day.to_datetime64()))

    def ends(self) -> Int:
        """Return the last position each row takes up; its own date without a label."""
        return np.maximum(self.first, self.last)

    def take(self, rows: Int) -> "Spans":
        """Return the spans of some rows, on the same axis."""
        return Spans(self.sessions, self.first[rows], self.last[rows])

    def between(self, start: int, end: int) -> Int:
        """Return the rows decided from position ``start`` to ``end``, ascending."""
        if self._in_order:
            return np.arange(*np.searchsorted(self.first, [start, end + 1]))
        return np.flatnonzero((self.first >= start) & (self.first <= end))

    def shortest(self) -> "Spans":
        """Return one span per decision date, ascending: the label that is over first.

        Whether any row of a date may train on the past follows from it alone.
        """
        days, date = np.unique(self.first, return_inverse=True)
        known = self.last != _NO_LABEL
        last = np.full(len(days), FOREVER)
        np.minimum.at(last, date[known], self.last[known])
        return Spans(self.sessions, days, np.where(last == FOREVER, _NO_LABEL, last))

    @cached_property
    def _in_order(self) -> bool:
        return bool(np.all(self.first[:-1] <= self.first[1:]))


@dataclass(frozen=True, eq=False)
class PurgedKFold:
    """Consecutive blocks of dates, each tested once, with the rows around it purged.

    A scikit-learn splitter for rows that are dated: pass a table with ``date`` and
    ``label_end`` as ``groups``, or as ``X`` itself. Rows of one date are never parted.

    Parameters
    ----------
    n_splits
        Number of blocks, at least 2.
    embargo
        Sessions left out on both sides of a block beyond the overlap of labels.
    sessions
        Axis to count on; see ``Spans.of``.

    Raises
    ------
    ConfigError
        ``AK-C031`` for fewer than two blocks or a negative embargo.
    """

    n_splits: int = 5
    embargo: int = 0
    sessions: Dates | None = field(default=None, repr=False)
    get_metadata_routing = groups_requested

    def __post_init__(self) -> None:
        if self.n_splits < 2 or self.embargo < 0:
            raise ConfigError(
                "AK-C031",
                "these folds cannot be purged",
                got=f"n_splits={self.n_splits}, embargo={self.embargo}",
                wanted="n_splits >= 2, embargo >= 0 sessions",
            )

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of blocks."""
        return self.n_splits

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[Int, Int]]:
        """Yield (train, test) row numbers, both ascending, one pair per block.

        Raises
        ------
        ConfigError
            ``AK-C030`` without ``date`` and ``label_end``; ``AK-C032`` when there are
            fewer dates than blocks, or when purging leaves nothing to train on;
            ``AK-C036`` when ``groups`` are not the rows of ``X``.
        """
        rows = dated_rows(X, groups)
        spans = Spans.of(rows, embargo=self.embargo, sessions=self.sessions)
        block = blocks_of_dates(spans, self.n_splits)
        for number in range(self.n_splits):
            tested = block == number
            free = clear_of_block(spans, tested)
            if not free.any():
                raise too_short("rows to train on beside one block", 1, 0)
            yield np.flatnonzero(free), np.flatnonzero(tested)


def blocks_of_dates(spans: Spans, n_blocks: int) -> Int:
    """Return (n,) the block of dates each row is in, from 0 in order of time.

    Blocks are consecutive and hold as many dates, the first ones one more where the
    dates do not divide. ``AK-C032`` for fewer dates than blocks.
    """
    days, date = np.unique(spans.first, return_inverse=True)
    if len(days) < n_blocks:
        raise too_short("blocks of dates", n_blocks, len(days))
    sizes = [len(block) for block in np.array_split(days, n_blocks)]
    block: Int = np.repeat(np.arange(n_blocks), sizes)[date]
    return block


def clear_of_block(spans: Spans, tested: Bool) -> Bool:
    """Mark the rows that may train a model tested on all rows of consecutive dates."""
    return spans.clear_of(
        int(spans.first[tested].min()), int(spans.ends()[tested].max())
    )


def assert_no_overlap(spans: Spans, train: Int, test: Int) -> None:
    """Refuse a split in which a training span shares a session with a tested one.

    Written apart from ``Spans.clear_of``, so that a slip in one shows in the other. For
    each training row it counts the tested spans begun by its end, less those over
    before its start: what is left overlaps.

    Parameters
    ----------
    spans
        All rows.
    train, test
        Row numbers of the two sides.

    Raises
    ------
    ModelError
        ``AK-M003`` naming both ranges.
    """
    trained, tested = spans.take(train), spans.take(test)
    begun = np.searchsorted(np.sort(tested.first), trained.ends(), side="right")
    over = np.searchsorted(np.sort(tested.ends()), trained.first, side="left")
    clashing = begun > over
    if not clashing.any():
        return
    raise ModelError(
        "AK-M003",
        "training labels overlap the tested dates",
        got=f"{int(clashing.sum())} of {len(train)} training rows, labels "
        f"{_range(spans, train[clashing])} with the embargo",
        wanted=f"no session shared with {_range(spans, test)}",
        fix="split with WalkForward or PurgedKFold, which purge by label_end",
    )


def too_short(what: str, needed: int, had: int) -> ConfigError:
    """Build the error for a history that cannot be cut as asked."""
    return ConfigError(
        "AK-C032",
        f"the history is too short: too few {what}",
        got=f"{had} had",
        wanted=f"{needed} needed",
        fix="ask for fewer or shorter windows or a shorter embargo, or bring history",
    )


def _axis(sessions: Dates | None, starts: Dates, ends: Dates) -> Dates:
    days = np.concatenate([starts, ends]) if sessions is None else sessions
    axis: Dates = np.unique(days.astype(DATE_DTYPE))
    return axis


def _positions(axis: Dates, days: Dates) -> Int:
    positions = np.searchsorted(axis, days)
    found = positions < len(axis)
    found[found] = axis[positions[found]] == days[found]
    if not found.all():
        strays = np.unique(days[~found]).astype("datetime64[D]")
        raise ModelError(
            "AK-M001",
            "decisions or labels fall on days that are no sessions",
            where=strays,
            wanted=f"one of {len(axis)} sessions",
            fix="pass the sessions of the bars the labels were made from",
        )
    return positions


def _refuse_reversed(rows: pd.DataFrame, reversed_: Bool) -> None:
    if reversed_.any():
        raise ModelError(
            "AK-M002",
            "labels end before their decision",
            where=[
                f"{row.date:%Y-%m-%d} -> {row.label_end:%Y-%m-%d}"
                for row in rows[reversed_].itertuples()
            ],
            wanted="label_end on or after date",
        )


def _range(spans: Spans, rows: Int) -> str:
    start = spans.sessions[spans.first[rows].min()]
    end = spans.sessions[min(spans.ends()[rows].max(), len(spans.sessions) - 1)]
    return f"{start.astype('datetime64[D]')} to {end.astype('datetime64[D]')}"
