"""A benchmark sees results that differ, whatever it costs to compute them."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.agreement import compare, compare_features, compare_tables
from benchmarks.comparisons import Comparison
from benchmarks.measure import Cost
from benchmarks.report import Report, write_page


def features(**columns):
    keys = pd.MultiIndex.from_product(
        [pd.date_range("2020-01-01", periods=2), ["A", "B"]], names=["date", "ticker"]
    )
    return pd.DataFrame(columns, index=keys).reset_index()


@pytest.fixture
def files(tmp_path):
    def write(**tables):
        for name, table in tables.items():
            table.to_parquet(tmp_path / f"{name}.parquet")
        return [tmp_path / f"{name}.parquet" for name in tables]

    return write


class TestFeatures:
    own = features(MA5=[1.0, 2.0, np.nan, 4.0])

    def test_agree_in_any_order_of_rows(self, files):
        (found,) = compare_features(*files(own=self.own, other=self.own[::-1]))
        assert (found.name, found.cells, found.differing, found.worst) == (
            *("MA5", 4, 0),
            0.0,
        )

    def test_differ_beyond_the_tolerance(self, files):
        other = self.own.assign(MA5=[1.0, 2.0004, np.nan, 4.00001])
        (found,) = compare_features(*files(own=self.own, other=other))
        assert found.differing == 1
        assert found.worst == pytest.approx(0.0004 / (1e-4 + 1e-4 * 2.0004))

    def test_a_value_beside_none_differs(self, files):
        other = self.own.assign(MA5=[1.0, np.nan, 3.0, 4.0])
        (found,) = compare_features(*files(own=self.own, other=other))
        assert found.differing == 2

    def test_a_feature_or_a_row_that_is_absent_is_refused(self, files):
        more, fewer = self.own.assign(MA9=0.0), self.own.iloc[1:]
        with pytest.raises(ValueError, match="MA9"):
            compare_features(*files(own=self.own, other=more))
        with pytest.raises(ValueError, match="1 rows without"):
            compare_features(*files(own=self.own, other=fewer))


def test_infinities_differ_from_numbers():
    assert compare("x", np.array([np.inf, 1.0]), np.array([1.0, 1.0])).differing == 1


def test_tables_of_a_factor_agree_to_the_tenth_digit(files):
    ic = pd.DataFrame({"1D": [0.1, np.nan]})
    folder = files(alphalens_ic=ic, factor_ic=ic + 2e-11)[0].parent
    assert [each.differing for each in compare_tables(folder)] == [0]
    files(factor_ic=ic + 2e-10)
    assert [each.differing for each in compare_tables(folder)] == [1]


def test_no_ratio_without_equal_numbers():
    cost = Cost(2.0, 0.1, 1.0, 90.0, 100.0, 0.0, {"peer": "1.0"})
    same = {"name": "MA5", "cells": 4, "differing": 0, "worst": 0.1}
    apart = same | {"differing": 1, "worst": 9.0}
    equal = Comparison("job", "peer", cost, cost, 40, [same])
    assert "1.0x" in equal.row()
    differing = Comparison("job", "peer", cost, cost, 40, [same, apart])
    assert differing.row()[4] == "-"
    assert differing.row()[-1] == "1 differ"
    assert "1 of 4" in differing.notes()[-1]


def test_a_page_keeps_what_was_not_measured(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- a -->\nold\n<!-- /a -->\n\n<!-- b -->\nkept\n<!-- /b -->\n")
    write_page(Report("a", ("job", "CPU s"), [("new", "1.0")]), page)
    text = page.read_text()
    assert "| new | 1.0 |" in text
    assert "old" not in text
    assert "<!-- b -->\nkept\n<!-- /b -->" in text
