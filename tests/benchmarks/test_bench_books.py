"""The books that simulators are timed on, and how their paths are compared."""

from importlib.util import find_spec

import numpy as np
import pandas as pd
import pytest

from benchmarks.agreement import compare_paths
from benchmarks.books import (
    BOOKS,
    INVESTED,
    configurations,
    keep,
    target_book,
    top_k_of,
)
from benchmarks.comparisons import MARKET, Comparison
from benchmarks.measure import Cost, Job, run

DAYS = pd.date_range("2020-01-01", periods=7, name="date")


@pytest.fixture
def scores():
    return pd.DataFrame(np.arange(70.0).reshape(7, 10), DAYS, [*"abcdefghij"])


class TestBooks:
    def test_hold_the_best_and_are_short_of_the_worst(self, scores):
        book = target_book(scores, share=0.2)
        assert list(book.index) == [DAYS[0], DAYS[5]]
        assert book.iloc[0].to_dict() == {
            **dict.fromkeys("cdefgh", 0.0),
            **dict.fromkeys("ij", 0.5),
            **dict.fromkeys("ab", -0.5),
        }

    def test_leave_cash_where_they_are_long_only(self, scores):
        book = target_book(scores, share=0.2, every=1, long_only=True)
        assert len(book) == 7
        np.testing.assert_allclose(book.sum(axis=1), INVESTED)
        assert (book >= 0).all(axis=None)

    def test_are_a_hundred_in_the_sweep(self):
        assert len(set(configurations())) == 100

    def test_exchange_a_tenth_of_a_tenth(self):
        assert top_k_of(500) == {"topk": 50, "n_drop": 5}
        assert top_k_of(40) == {"topk": 4, "n_drop": 1}


class TestPaths:
    def write(self, folder, who, nav, **figures):
        path = pd.DataFrame({"nav": nav}, DAYS[: len(nav)])
        keep(folder / who, "book", path, figures)
        return folder / who / "book.parquet"

    def test_agree_to_the_tenth_digit(self, tmp_path):
        theirs = self.write(tmp_path, "theirs", [1.0, 2.0])
        near = self.write(tmp_path, "near", [1.0, 2.0 * (1 + 9e-11)])
        assert [each.differing for each in compare_paths(near, theirs)] == [0]
        far = self.write(tmp_path, "far", [1.0, 2.0 * (1 + 2e-10)])
        assert [each.differing for each in compare_paths(far, theirs)] == [1]

    def test_are_compared_on_the_dates_of_the_peer(self, tmp_path):
        ours = self.write(tmp_path, "ours", [1.0, 2.0, 3.0])
        theirs = self.write(tmp_path, "theirs", [1.0, 2.0])
        assert compare_paths(ours, theirs)[0].cells == 2
        with pytest.raises(ValueError, match="lacks"):
            compare_paths(theirs, ours)

    def test_come_with_the_figures_of_both(self, tmp_path):
        for who in ("ours", "theirs"):
            self.write(tmp_path, who, [1.0], sharpe=1.0 if who == "ours" else 1.1)
        files = (tmp_path / who / "book_figures.parquet" for who in ("ours", "theirs"))
        (found,) = compare_paths(*files)
        assert (found.name, found.differing) == ("sharpe", 1)


def test_second_calls_are_set_beside_second_calls():
    ours = Cost(2.0, 0.0, 1.0, 90.0, 100.0, 0.0, {})
    theirs = Cost(100.0, 0.0, 60.0, 90.0, 100.0, 0.0, {})
    same = {"name": "nav", "cells": 4, "differing": 0, "worst": 0.1}
    row = Comparison("book", "peer", ours, theirs, 50, [same]).row()
    assert (row[4], row[6]) == ("50.0x", "60.0x")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("vectorbt") is None, reason="vectorbt is not installed")
def test_a_book_earns_what_vectorbt_says(tmp_path):
    book = next(name for name in BOOKS if "short" in name)
    run(MARKET, tmp_path, 20, 120)
    run(Job("benchmarks.books"), tmp_path)
    for module in ("ours.simulation", "peers.vectorbt_simulation"):
        assert run(Job(f"benchmarks.{module}"), tmp_path, book)["cpu"] > 0
    for file, columns in ((f"{book}.parquet", 1), (f"{book}_figures.parquet", 5)):
        pair = (tmp_path / who / file for who in ("simulation", "vectorbt"))
        assert [each.differing for each in compare_paths(*pair)] == [0] * columns


@pytest.mark.slow
def test_the_book_without_a_peer_is_neutral():
    taken = run(Job("benchmarks.ours.sector_neutral"), 150, 10)
    assert taken["cpu"] > 0
    assert taken["net_exposure"] < 0.1
