"""Coverage counts the days of members, with a value or without."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.panel import Axes
from alpha_kedro.signals.coverage import coverage_by_year

DATES = pd.to_datetime(["2023-12-28", "2023-12-29", "2024-01-02", "2024-01-03"])
AXES = Axes.of(DATES, ["AAA", "BBB"])
MASK = np.array([[1, 1], [1, 1], [1, 1], [1, 0]], dtype=bool)
EVERY_DAY = np.ones(4, dtype=bool)


def table(**columns):
    keys = pd.MultiIndex.from_product([DATES, ["AAA", "BBB"]], names=["date", "ticker"])
    return pd.DataFrame(columns, index=keys).reset_index()


def coverage(features, decisions=EVERY_DAY):
    found = coverage_by_year(features, axes=AXES, mask=MASK, decisions=decisions)
    return found.set_index(["year", "group"])


def test_shares_are_of_the_members_days():
    found = coverage(table(gap=[1, 1, 1, np.nan, 1, np.nan, 1, 1]))
    assert found.loc[(2023, "prices"), "member_days"] == 4
    assert found.loc[(2023, "prices"), "mean_share"] == pytest.approx(3 / 4)
    assert found.loc[(2024, "prices"), "mean_share"] == pytest.approx(2 / 3)


def test_features_are_told_apart_by_what_they_are_made_of():
    known = [1.0] * 4 + [np.nan] * 4
    found = coverage(
        table(gap=1.0, leverage=known, accruals=np.nan, attention_z_60=1.0)
    )
    assert set(found.index.get_level_values("group")) == {
        "fundamentals",
        "prices",
        "sentiment",
    }
    row = found.loc[(2023, "fundamentals")]
    assert (row["n_features"], row["mean_share"], row["lowest"]) == (2, 0.5, "accruals")
    assert found.loc[(2024, "fundamentals"), "mean_share"] == 0


def test_a_member_without_a_bar_counts_as_unknown():
    rows = table(gap=1.0)
    found = coverage(rows[rows["ticker"] == "AAA"])
    assert found.loc[(2023, "prices"), "mean_share"] == pytest.approx(0.5)


def test_only_decision_dates_count():
    decisions = np.array([True, False, False, False])
    found = coverage(table(gap=1.0), decisions)
    assert found.index.tolist() == [(2023, "prices")]
    assert found["member_days"].tolist() == [2]
