"""Models side by side on the page: what is drawn is what was measured."""

import numpy as np
import pytest

from alpha_kedro.measures import compare_models
from alpha_kedro.reports.comparison_charts import (
    comparison_chart,
    comparison_lead,
    comparison_table,
    part_table,
    yearly_comparison_chart,
)
from alpha_kedro.reports.learning_sections import comparison_section
from tests.reports.toy_runs import draw_run, draw_scores, draw_sectors

MODELS = ("lightgbm", "random", "ridge")


@pytest.fixture(scope="module")
def comparison(run):
    return run.evidence.comparison


def whole(comparison):
    return comparison[comparison["span"] == "all"].set_index("model")


def test_both_sides_of_each_model_are_drawn_with_their_intervals(comparison):
    chart = comparison_chart(comparison)
    plain, within = chart.figure.data
    assert (plain.name, within.name) == ("as they are", "within sectors")
    facts = whole(comparison).loc[list(plain.y)]
    np.testing.assert_allclose(plain.x, facts["rank_ic"], atol=1e-6)
    np.testing.assert_allclose(within.x, facts["sector_neutral_rank_ic"], atol=1e-6)
    error = facts["rank_ic"] / facts["rank_ic_t"]
    np.testing.assert_allclose(plain.error_x.array, 1.96 * error, rtol=1e-3)
    low = facts["sector_neutral_rank_ic"] - within.error_x.array
    assert chart.title.startswith(f"{(low > 0).sum()} of 3 rank IC intervals")
    assert "3 models compared" in chart.subtitle


def test_years_are_tiles_within_sectors(comparison):
    chart = yearly_comparison_chart(comparison)
    (strip,) = chart.figure.data
    assert list(strip.x) == ["2018", "2019", "2020"]
    years = comparison[comparison["span"] == "year"]
    one = years[(years["model"] == "ridge") & (years["period"] == "2019")]
    expected = 100 * one["sector_neutral_rank_ic"].iloc[0]
    assert strip.z[list(strip.y).index("ridge")][1] == pytest.approx(expected, abs=0.01)
    assert "within sectors" in chart.title


def test_without_sectors_the_years_are_as_they_are():
    comparison = compare_models(*draw_scores(MODELS, n_weeks=60))
    chart = yearly_comparison_chart(comparison)
    assert "as they are" in chart.title
    assert comparison_chart(comparison).title.startswith("0 of 3")
    assert comparison_table(comparison).rows[0][5:8] == ("n/a", "n/a", "n/a")


def test_the_table_says_who_the_others_are_set_beside(comparison):
    table = comparison_table(comparison)
    assert "Rank IC less that of lightgbm" in table.header
    rows = {row[0]: row for row in table.rows}
    assert list(rows) == list(MODELS)
    assert rows["lightgbm"][8:] == ("reference", "", "reference", "")
    facts = whole(comparison).loc["ridge"]
    assert rows["ridge"][1] == f"{facts['rank_ic']:.4f}"
    assert rows["ridge"][9] == f"{facts['paired_t']:.1f}"
    assert all(len(row) == len(table.header) for row in table.rows)


def test_parts_are_rows_with_their_dates(comparison):
    table = part_table(comparison)
    assert len(table.rows) == 9
    assert table.rows[0][:3] == ("lightgbm", "1 of 3", "2018-01-05")
    assert all(len(row) == len(table.header) for row in table.rows)


def test_many_comparisons_ask_for_more_than_two(comparison):
    # Two others: 5 % / 2, on two sides: the 98.75 % quantile of a normal is 2.24.
    assert "one of 2 models" in comparison_lead(comparison)
    assert "a paired t of 2.2" in comparison_lead(comparison)
    two = compare_models(*draw_scores(MODELS[:2], n_weeks=30), draw_sectors())
    assert "lucky" not in comparison_lead(two)


def test_one_model_has_nobody_beside_it():
    assert comparison_section(draw_run(models=("m",), n_weeks=30).evidence) == []
