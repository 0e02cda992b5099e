"""The frontier and the sweep as charts: findings by hand, intervals and trials said."""

import json

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.reports.frontier_chart import frontier_chart
from alpha_kedro.reports.sweep_chart import sweep_chart, unfolded


def frontier(costs=(2.0, 5.0, 10.0)):
    settings = [("full", "", 0.6, 1.0), ("partial", "0.1", 0.1, 1.2)]
    settings += [("partial", "0.3", 0.3, 1.5), ("$band$", "0.2", 0.2, 1.1)]
    table = pd.DataFrame(
        [
            {
                "method": method,
                "setting": setting,
                "cost_bps": cost,
                "name": f"{method} {setting}".strip(),
                "is_reference": method == "full",
                "own_run": True,
                "n_sessions": 500,
                "turnover_weekly": turnover,
                "net_sharpe": net - cost * turnover / 10,
                "ci_low": net - cost * turnover / 10 - 0.6,
                "ci_high": net - cost * turnover / 10 + 0.6,
                "difference": net - 1.0,
                "difference_low": net - 1.2,
                "difference_high": net - 0.8,
                "trials": 7,
            }
            for cost in costs
            for method, setting, turnover, net in settings
        ]
    )
    table.loc[table.index[-1], ["net_sharpe", "ci_low", "ci_high"]] -= 9
    return table


def test_the_title_is_the_finding_at_the_middle_cost():
    chart = frontier_chart(frontier())
    assert chart.title == (
        "At 5 bps partial 0.3 nets most: 1.35 [0.75, 1.95], 0.50 [0.30, 0.70] over the "
        "reference"
    )
    assert chart.subtitle.endswith(
        "7 trials · reference full · 1 interval and 1 point run below the panels"
    )


def test_an_interval_that_alone_is_cut_is_counted_too():
    table = frontier().drop(index=11)
    table.loc[0, "ci_low"] = -5.0
    assert frontier_chart(table).subtitle.endswith(
        " · 1 interval runs below the panels"
    )


def test_there_is_a_panel_per_cost_and_a_line_per_method_with_intervals():
    figure = frontier_chart(frontier()).figure
    assert len(figure.data) == 9
    names = [note.text for note in figure.layout.annotations]
    assert names[:3] == ["cost 2 bps", "cost 5 bps", "cost 10 bps"]
    partial = figure.data[1]
    assert list(partial.x) == [10, 30]
    np.testing.assert_allclose(partial.error_y.array, 0.6)
    assert sum(bool(line.showlegend) for line in figure.data) == 3
    assert "0.50 [0.30, 0.70] against the reference" in partial.customdata[1]
    assert "the reference" in figure.data[0].customdata[0]


def test_one_cost_and_numbers_that_are_missing_can_be_drawn():
    table = frontier(costs=(5.0,)).assign(net_sharpe=np.nan)
    assert frontier_chart(table).title == "Net Sharpe ratio by speed of trading"
    bare = table.assign(ci_low=np.nan, ci_high=np.nan)
    assert len(frontier_chart(bare).figure.data) == 3


def cells():
    rows = [
        {"rate": rate, "half_life": half_life, "net_sharpe": 1.0 - abs(rate - 0.2)}
        for rate in (0.1, 0.2, 0.5)
        for half_life in (1.0, 4.0)
    ]
    table = pd.DataFrame(rows).assign(gross_sharpe=2.0, turnover_annual=12.0)
    table.loc[5, "net_sharpe"] = np.nan
    table["ci_low"], table["ci_high"] = (
        table["net_sharpe"] - 0.8,
        table["net_sharpe"] + 1,
    )
    return table


def test_the_title_of_a_sweep_counts_its_cells_and_the_subtitle_its_trials():
    chart = sweep_chart(cells(), x="rate", y="half_life")
    assert chart.title == (
        "Best of 6 cells: rate 0.2, half_life 4 nets 1.00 [0.20, 2.00]; 4 of 5 "
        "intervals lie above zero"
    )
    more = sweep_chart(cells(), x="rate", y="half_life", trials=40)
    assert more.title == chart.title
    assert "40 trials on the same history" in more.subtitle
    assert "held fixed" not in more.subtitle


def test_what_a_picture_of_two_settings_leaves_out_is_said():
    held = {"costs.cost_bps": 5.0, "strategy.neutral": "sector"}
    chart = sweep_chart(cells(), x="rate", y="half_life", held=held)
    assert chart.subtitle.endswith(
        " · held fixed: costs.cost_bps 5, strategy.neutral sector"
    )


def test_every_tile_says_its_interval_and_a_missing_one_is_a_gap():
    heat = sweep_chart(cells(), x="rate", y="half_life").figure.data[0]
    assert list(heat.x) == ["0.1", "0.2", "0.5"]
    assert list(heat.y) == ["1", "4"]
    assert heat.text[0][1] == "<b>1.00</b><br>[0.20, 2.00]"
    assert heat.text[1][2] == "<b>n/a</b>"
    assert np.isnan(heat.z[1][2])
    assert heat.zmin == -heat.zmax
    assert "gross 2.00, 12.0 times NAV traded a year" in heat.customdata[0][0]


def test_a_sweep_s_own_table_is_unfolded():
    settings = [json.dumps({"strategy.overlays.0.rate": r}) for r in (0.1, 0.2)]
    table = pd.DataFrame({"strategy": "s", "setting": settings, "net_sharpe": [1, 2]})
    unfold = unfolded(table)
    assert unfold["strategy.overlays.0.rate"].tolist() == [0.1, 0.2]
    assert "setting" not in unfold


def test_what_cannot_be_laid_out_is_refused():
    with pytest.raises(ConfigError, match="AK-C002"):
        sweep_chart(cells(), x="rat", y="half_life")
    twice = pd.concat([cells(), cells().head(1)])
    with pytest.raises(ConfigError, match="AK-C194"):
        sweep_chart(twice, x="rate", y="half_life")
    with pytest.raises(ConfigError, match="AK-C194"):
        sweep_chart(cells(), x="rate", y="rate")
