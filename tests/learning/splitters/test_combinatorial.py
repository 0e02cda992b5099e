"""Combinations of blocks: the book's example, the paths, and what is refused."""

from math import comb

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.learning.splitters.combinatorial import (
    MAX_SPLITS,
    CombinatorialPurgedKFold,
    stitch_paths,
)

DAYS = pd.bdate_range("2020-01-01", periods=80).as_unit("us")


def rows_of(n_days, horizon=1, names=1):
    day = np.repeat(np.arange(n_days), names)
    return pd.DataFrame({"date": DAYS[day], "label_end": DAYS[day + horizon]})


def test_the_paths_of_six_blocks_are_those_of_the_book():
    # López de Prado (2018), figures 12.1 and 12.2: 15 splits, five paths.
    splitter = CombinatorialPurgedKFold(n_blocks=6, n_test_blocks=2)
    assert (splitter.n_splits, splitter.n_paths) == (15, 5)
    assert (splitter.paths() + 1).tolist() == [
        [1, 1, 2, 3, 4, 5],
        [2, 6, 6, 7, 8, 9],
        [3, 7, 10, 10, 11, 12],
        [4, 8, 11, 13, 13, 14],
        [5, 9, 12, 14, 15, 15],
    ]
    assert splitter.path_of()[0].tolist() == [0, 0, -1, -1, -1, -1]
    assert splitter.path_of()[14].tolist() == [-1, -1, -1, -1, 4, 4]


@pytest.mark.parametrize(("n", "k"), [(2, 1), (5, 1), (6, 2), (8, 3), (10, 5)])
def test_each_block_is_tested_as_often_as_there_are_paths(n, k):
    splitter = CombinatorialPurgedKFold(n, k)
    assert splitter.get_n_splits() == splitter.n_splits == comb(n, k)
    assert splitter.n_paths * n == splitter.n_splits * k
    assert splitter.paths().shape == (splitter.n_paths, n)
    counts = np.bincount(splitter.combinations().ravel(), minlength=n)
    assert counts.tolist() == [splitter.n_paths] * n


def test_four_blocks_by_hand():
    # Days 0..15 in blocks of four; a row takes up its day and the three after it.
    splitter = CombinatorialPurgedKFold(4, 2, embargo=1)
    trained = [train.tolist() for train, _ in splitter.split(rows_of(16, horizon=2))]
    assert trained == [
        [11, 12, 13, 14, 15],  # 0 and 1 take up 0..10
        [15],  # 0 and 2 take up 0..6 and 8..14, and day 7 reaches into day 8
        [7, 8],  # 0 and 3 take up 0..6 and 12..18, and day 9 reaches into day 12
        [0, 15],  # 1 and 2 take up 4..14
        [0],  # 1 and 3 take up 4..10 and 12..18
        [0, 1, 2, 3, 4],  # 2 and 3 take up 8..18
    ]
    _, test = list(splitter.split(rows_of(16, horizon=2)))[2]
    assert test.tolist() == [0, 1, 2, 3, 12, 13, 14, 15]


def test_a_long_label_is_purged_across_a_block_that_trains():
    # The first row's label runs through block 1 into block 2.
    rows = rows_of(9)
    rows.loc[0, "label_end"] = DAYS[6]
    splits = list(CombinatorialPurgedKFold(3, 1).split(rows))
    assert splits[2][0].tolist() == [1, 2, 3, 4]
    # Tested itself, it takes the days up to 6.
    assert splits[0][0].tolist() == [7, 8]


class TestStitching:
    splitter = CombinatorialPurgedKFold(4, 2)
    rows = rows_of(20, names=3).sample(frac=1, random_state=0, ignore_index=True)

    def numbered(self):
        """Predictions that say which split they are of, and of which row."""
        return [
            100.0 * number + test
            for number, (_, test) in enumerate(self.splitter.split(self.rows))
        ]

    def test_every_row_has_one_score_per_path_from_the_split_of_its_block(self):
        paths = stitch_paths(self.splitter, self.numbered(), self.rows)
        assert (paths.shape, paths.dtype) == ((3, 60), np.float64)
        block = self.splitter.blocks(self.rows)
        expected = 100.0 * self.splitter.paths()[:, block] + np.arange(60)
        assert paths.tolist() == expected.tolist()

    def test_a_split_that_was_not_fitted_leaves_holes_in_its_paths_alone(self):
        predictions = self.numbered()
        whole = stitch_paths(self.splitter, predictions, self.rows)
        predictions[1] = None  # blocks 0 and 2
        paths = stitch_paths(self.splitter, predictions, None, groups=self.rows)
        block = self.splitter.blocks(self.rows)
        holes = self.splitter.paths()[:, block] == 1
        assert holes.any()
        assert np.array_equal(np.isnan(paths), holes)
        assert np.array_equal(paths[~holes], whole[~holes])

    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (lambda given: given[:-1], "5 arrays"),
            (lambda given: [*given, given[0]], "7 arrays"),
            (lambda given: [given[0][:-1], *given[1:]], r"split 0: \(29,\) for 30"),
            (lambda given: [given[0][:, None], *given[1:]], r"split 0: \(30, 1\)"),
        ],
        ids=["one too few", "one too many", "a row too few", "a column"],
    )
    def test_other_predictions_are_refused(self, spoil, said):
        with pytest.raises(ConfigError, match=rf"AK-C037[\s\S]*{said}"):
            stitch_paths(self.splitter, spoil(self.numbered()), self.rows)


@pytest.mark.parametrize(
    ("n", "k", "embargo"), [(6, 6, 0), (6, 7, 0), (6, 0, 0), (1, 1, 0), (6, 2, -1)]
)
def test_blocks_that_cannot_be_tested_in_combination_are_refused(n, k, embargo):
    with pytest.raises(ConfigError, match=r"AK-C034[\s\S]*fix:"):
        CombinatorialPurgedKFold(n, k, embargo)


def test_thousands_of_fits_are_refused_with_their_number():
    assert CombinatorialPurgedKFold(12, 6).n_splits == 924 <= MAX_SPLITS
    with pytest.raises(ConfigError, match=r"AK-C039[\s\S]*12,870 ways to test 8 of 16"):
        CombinatorialPurgedKFold(16, 8)


def test_fewer_dates_than_blocks_are_refused_with_both_counts():
    with pytest.raises(ConfigError, match=r"AK-C032[\s\S]*5 had[\s\S]*6 needed"):
        next(CombinatorialPurgedKFold().split(rows_of(5, names=9)))


def test_a_purge_that_leaves_nothing_to_train_on_names_its_blocks():
    with pytest.raises(ConfigError, match=r"AK-C032[\s\S]*beside blocks \[1 2\]"):
        next(CombinatorialPurgedKFold(4, 2, embargo=50).split(rows_of(40)))
