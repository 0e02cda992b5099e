"""Every choice of blocks tested once: many out-of-sample histories instead of one.

1. The dates are cut into consecutive blocks.
2. Every combination of ``n_test_blocks`` of them is tested once, by a model trained on
   the other blocks, less what the gap rule of ``splits`` takes away around each.
3. A block is tested by as many splits as there are paths; its j-th test belongs to the
   j-th path. A path scores every date once, out of sample.

The paths share their fits and their dates, so they are far from independent: they tell
how much a result owes to the one history a k-fold happens to make, not how uncertain it
is.

Source: López de Prado, *Advances in Financial Machine Learning* (2018), chapter 12.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import comb
from typing import Any

import numpy as np

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Bool, Dates, Float, Int
from alpha_kedro.learning.splitters.dated_rows import dated_rows, groups_requested
from alpha_kedro.learning.splitters.splits import (
    Spans,
    blocks_of_dates,
    clear_of_block,
    too_short,
)

MAX_SPLITS = 1_000
"""Splits beyond which a combination of blocks is taken for a mistake: each is a fit."""


@dataclass(frozen=True, eq=False)
class CombinatorialPurgedKFold:
    """Every combination of blocks of dates tested, with the rows around them purged.

    A scikit-learn splitter for rows that are dated: pass a table with ``date`` and
    ``label_end`` as ``groups``, or as ``X`` itself. Rows of one date are never parted.
    With one tested block this is ``PurgedKFold``.

    Parameters
    ----------
    n_blocks
        Number of consecutive blocks, at least 2.
    n_test_blocks
        Blocks tested at a time, at least 1 and fewer than ``n_blocks``.
    embargo
        Sessions left out on both sides of a block beyond the overlap of labels.
    sessions
        Axis to count on; see ``Spans.of``.

    Raises
    ------
    ConfigError
        ``AK-C034`` for values out of range, or for more than ``MAX_SPLITS`` splits.

    Examples
    --------
    >>> splitter = CombinatorialPurgedKFold(n_blocks=4, n_test_blocks=2)
    >>> splitter.n_splits, splitter.n_paths
    (6, 3)
    >>> splitter.combinations().tolist()
    [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
    >>> splitter.paths().tolist()
    [[0, 0, 1, 2], [1, 3, 3, 4], [2, 4, 5, 5]]
    """

    n_blocks: int = 6
    n_test_blocks: int = 2
    embargo: int = 0
    sessions: Dates | None = field(default=None, repr=False)
    get_metadata_routing = groups_requested

    def __post_init__(self) -> None:
        if not 1 <= self.n_test_blocks < self.n_blocks or self.embargo < 0:
            raise ConfigError(
                "AK-C034",
                "these blocks cannot be tested in combination",
                got=f"n_blocks={self.n_blocks}, n_test_blocks={self.n_test_blocks}, "
                f"embargo={self.embargo}",
                wanted="1 <= n_test_blocks < n_blocks, embargo >= 0 sessions",
                fix="leave at least one block to train on",
            )
        if self.n_splits > MAX_SPLITS:
            raise ConfigError(
                "AK-C039",
                "too many combinations of blocks, and each is a fit",
                got=f"{self.n_splits:,} ways to test {self.n_test_blocks} of "
                f"{self.n_blocks} blocks",
                wanted=f"at most {MAX_SPLITS:,} splits",
                fix="ask for fewer blocks, or test 2 of them at a time",
            )

    @property
    def n_splits(self) -> int:
        """Return the number of combinations, each a fit."""
        return comb(self.n_blocks, self.n_test_blocks)

    @property
    def n_paths(self) -> int:
        """Return how often each block is tested, which is the number of paths."""
        return self.n_splits * self.n_test_blocks // self.n_blocks

    def combinations(self) -> Int:
        """Return (n_splits, n_test_blocks) the blocks each split tests, ascending."""
        return np.array(list(combinations(range(self.n_blocks), self.n_test_blocks)))

    def path_of(self) -> Int:
        """Return (n_splits, n_blocks) the path a split's test of a block belongs to.

        It is -1 where the split does not test the block.
        """
        tested = np.zeros((self.n_splits, self.n_blocks), dtype=bool)
        np.put_along_axis(tested, self.combinations(), True, axis=1)
        return np.where(tested, tested.cumsum(axis=0) - 1, -1)

    def paths(self) -> Int:
        """Return (n_paths, n_blocks) the split each path takes each block from."""
        _, split = np.nonzero(self.path_of().T >= 0)
        return split.reshape(self.n_blocks, self.n_paths).T

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of combinations."""
        return self.n_splits

    def split(
        self, X: Any, y: Any = None, groups: Any = None
    ) -> Iterator[tuple[Int, Int]]:
        """Yield (train, test) row numbers, both ascending, one pair per combination.

        Raises
        ------
        ConfigError
            ``AK-C030`` without ``date`` and ``label_end``; ``AK-C032`` when there are
            fewer dates than blocks, or when purging leaves nothing to train on;
            ``AK-C036`` when ``groups`` are not the rows of ``X``.
        """
        rows = dated_rows(X, groups)
        spans = Spans.of(rows, embargo=self.embargo, sessions=self.sessions)
        tested = self._tested(spans)
        # Between two tested blocks that touch there is no date, so nothing trains there
        # that is clear of each: blocks are purged one by one, in a run or apart.
        clear = np.stack([clear_of_block(spans, block) for block in tested])
        for chosen in self.combinations():
            free = clear[chosen].all(axis=0)
            if not free.any():
                raise too_short(f"rows to train on beside blocks {chosen + 1}", 1, 0)
            yield np.flatnonzero(free), np.flatnonzero(tested[chosen].any(axis=0))

    def blocks(self, X: Any, groups: Any = None) -> Int:
        """Return the number of the block each row is in, from 0 in order of time."""
        spans = Spans.of(dated_rows(X, groups), sessions=self.sessions)
        return blocks_of_dates(spans, self.n_blocks)

    def _tested(self, spans: Spans) -> Bool:
        """Return (n_blocks, n) whether a row is in a block."""
        number = blocks_of_dates(spans, self.n_blocks)
        inside: Bool = number == np.arange(self.n_blocks)[:, None]
        return inside


def stitch_paths(
    splitter: CombinatorialPurgedKFold,
    predictions: Sequence[Float | None],
    X: Any,
    *,
    groups: Any = None,
) -> Float:
    """Join what the splits predicted into one out-of-sample score per row and path.

    Parameters
    ----------
    splitter
        The one that made the splits.
    predictions
        For each split, in the order of ``splitter.split``, the scores of its tested
        rows, in the order it gave them; None for a split that was not fitted.
    X, groups
        The rows, as they were passed to ``splitter.split``.

    Returns
    -------
    (n_paths, n_rows) float64
        NaN where a path has no prediction.

    Raises
    ------
    ConfigError
        ``AK-C037`` when the predictions are not those of the splits.

    Examples
    --------
    ::

        predictions = [
            model.fit(X[train], y[train]).predict(X[test])
            for train, test in splitter.split(X, groups=rows)
        ]
        paths = stitch_paths(splitter, predictions, X, groups=rows)
    """
    block, path_of = splitter.blocks(X, groups), splitter.path_of()
    _refuse_others(predictions, (path_of >= 0) @ np.bincount(block))
    paths = np.full((splitter.n_paths, len(block)), np.nan)
    for path, scores in zip(path_of, predictions, strict=True):
        if scores is not None:
            rows = np.flatnonzero(path[block] >= 0)
            paths[path[block[rows]], rows] = scores
    return paths


def _refuse_others(predictions: Sequence[Float | None], sizes: Int) -> None:
    """Raise unless there is one score for each row that each split tests."""
    wanted = [(size,) for size in sizes]
    had = [
        size if each is None else np.shape(each)
        for each, size in zip(predictions, wanted, strict=False)
    ]
    if len(predictions) == len(sizes) and had == wanted:
        return
    raise ConfigError(
        "AK-C037",
        "these are not the predictions of the splits",
        where=[
            f"split {number}: {shape} for {size} rows"
            for number, (shape, size) in enumerate(zip(had, sizes, strict=False))
            if shape != (size,)
        ],
        got=f"{len(predictions)} arrays",
        wanted=f"{len(sizes)}, each with a score for every tested row",
        fix="predict the test rows of splitter.split(X, groups=...), in its order",
    )
