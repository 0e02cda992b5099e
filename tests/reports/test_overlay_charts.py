"""What overlays changed: by hand, and as it is drawn."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.reports.chart import Gap
from alpha_kedro.reports.overlay_charts import (
    frequency_chart,
    overlay_chart,
    overlay_section,
    overlay_table,
    overlay_tally,
)

CHANGED = {
    ("calm", "volatility_target"): (0.1, 0.2, 0.3),
    ("calm", "leverage_cap"): (0.0, 0.0, 0.06),
    ("wild", "min_trade"): (0.0, 0.0, 0.0),
}


@pytest.fixture
def changes():
    dates = pd.date_range("2024-01-05", periods=3, freq="7D").as_unit("us")
    return pd.DataFrame(
        [
            {"date": date, "strategy": strategy, "overlay": overlay, "changed": changed}
            for (strategy, overlay), path in CHANGED.items()
            for date, changed in zip(dates, path, strict=True)
        ]
    )


def test_what_they_changed_by_hand(changes):
    facts = overlay_tally(changes).set_index(["strategy", "overlay"])
    assert list(facts.index) == list(CHANGED)
    assert facts["n_decisions"].tolist() == [3, 3, 3]
    assert facts["n_changed"].tolist() == [3, 1, 0]
    np.testing.assert_allclose(facts["share"], [1, 1 / 3, 0])
    np.testing.assert_allclose(facts["mean_changed"], [0.2, 0.02, 0])
    np.testing.assert_allclose(facts["largest"], [0.3, 0.06, 0])
    assert facts["largest_on"].iloc[0] == pd.Timestamp("2024-01-19")


def test_the_index_of_the_table_is_of_no_meaning(changes):
    stacked = changes.set_index(np.zeros(len(changes), dtype=int))
    pd.testing.assert_frame_equal(overlay_tally(stacked), overlay_tally(changes))


def test_rounding_is_no_change(changes):
    facts = overlay_tally(changes.assign(changed=changes["changed"] * 1e-12))
    assert facts["n_changed"].sum() == 0


def test_each_overlay_has_axes_of_its_own(changes):
    chart = overlay_chart(changes, strategy="calm")
    target, cap = chart.figure.data
    np.testing.assert_allclose(target.y, [10, 20, 30])
    np.testing.assert_allclose(cap.y, [0, 0, 6])
    assert list(cap.x) == ["2024-01-05", "2024-01-12", "2024-01-19"]
    assert chart.title == "Volatility target changes most: 20.0 % of NAV a decision"
    assert "3 decisions" in chart.subtitle
    assert len(chart.table) == 6


def test_how_often_is_a_tile_per_strategy_and_overlay(changes):
    chart = frequency_chart(changes)
    (strip,) = chart.figure.data
    assert list(strip.y) == ["wild", "calm"]
    assert list(strip.x) == ["volatility target", "leverage cap", "min trade"]
    np.testing.assert_allclose(
        strip.z, [[np.nan, np.nan, 0], [100, 33.33, np.nan]], atol=0.01
    )
    assert chart.title == "1 of 3 overlays never changed anything"


def test_the_table_says_when_it_was_most(changes):
    table = overlay_table(changes)
    assert table.rows[1] == (
        *("calm", "leverage cap", "3", "33 %", "2.00 %", "6.0 %", "2024-01-19"),
    )
    assert table.rows[2][-1] == "never"


def test_the_chapter_draws_the_headline_or_the_first(changes):
    (section,) = overlay_section(changes, headline="calm")
    assert [chart.key for chart in section.drawn] == [
        "overlays_over_time",
        "overlays_how_often",
    ]
    (other,) = overlay_section(changes, headline="without overlays")
    assert "calm" in other.drawn[0].subtitle
    (alone,) = overlay_section(changes[changes["strategy"] == "calm"], headline="calm")
    assert len(alone.charts) == 1


def test_without_overlays_there_is_no_chapter(changes):
    assert overlay_section(changes.iloc[:0], headline="calm") == []
    assert isinstance(overlay_chart(changes, strategy="none"), Gap)
