"""Costs by kind, cells of a sweep, and what the report says of its own limits."""

import json
from dataclasses import replace

import pandas as pd
import pytest

from alpha_kedro.reports.bill_charts import bill_chart, bill_section, bill_table
from alpha_kedro.reports.book_sections import book_sections
from alpha_kedro.reports.chart import Gap
from alpha_kedro.reports.limits import limits
from alpha_kedro.reports.sections import sections, tiles
from tests.reports.toy_runs import draw_run, draw_sweep


def bills():
    """Two sessions in one year and two in the next; ``b`` is charged nothing."""
    dates = ["2019-12-30", "2019-12-31", "2020-01-02", "2020-01-03"]
    own = pd.DataFrame({"date": pd.to_datetime(dates), "strategy": "a"})
    own = own.assign(trading=[0.01, 0.02, 0.0, 0.03], impact=0.0, borrow=0.001)
    none = own.assign(strategy="b", trading=0.0, borrow=0.0)
    return pd.concat([own, none], ignore_index=True).assign(financing=0.0)


def chapter(run, key):
    (found,) = [
        each for each in book_sections(run.evidence, run.records) if each.key == key
    ]
    return found


def test_bars_are_the_sums_of_calendar_years_and_kinds_never_charged_are_left_out():
    chart = bill_chart(bills(), strategy="a")
    assert [bar.name for bar in chart.figure.data] == ["trading", "borrow"]
    assert [list(bar.x) for bar in chart.figure.data] == [["2019", "2020"]] * 2
    assert list(chart.figure.data[0].y) == pytest.approx([3.0, 3.0])
    assert list(chart.figure.data[1].y) == pytest.approx([0.2, 0.2])
    assert chart.title == (
        "Costs take 403.20 % of NAV a year; the largest part is trading, 378.00 %"
    )
    assert "a · 2019-12-30 to 2020-01-03 · 4 sessions" in chart.subtitle


def test_a_year_of_costs_is_split_by_strategy_and_kind():
    table = bill_table(bills())
    assert table.header == (
        *("Strategy", "trading", "impact", "borrow", "financing", "all"),
    )
    assert table.rows[0] == ("a", "378.00 %", "0.00 %", "25.20 %", "0.00 %", "403.20 %")
    assert table.rows[1] == ("b", *["0.00 %"] * 5)


def test_a_strategy_that_paid_nothing_leaves_a_gap_and_no_bills_no_chapter():
    assert bill_chart(bills(), strategy="b") == Gap(
        "Costs by kind", "b was charged nothing"
    )
    assert bill_section(pd.DataFrame(), headline="a") == []


def test_the_kinds_of_a_run_add_up_to_its_costs(run):
    row = bill_table(run.records.bills).rows[0]
    whole = run.evidence.strategies["quintiles"].summary["cost_annual"]
    assert float(row[-1].removesuffix(" %")) == pytest.approx(100 * whole, abs=0.005)


def test_a_sweep_lists_all_its_cells_and_says_what_a_picture_holds(run):
    plain = chapter(run, "sweep")
    assert "held fixed" not in plain.lead
    deep = draw_sweep("quintiles")
    settings = [json.loads(each) for each in deep["setting"]]
    more = pd.concat(
        deep.assign(setting=[json.dumps(s | {"strategy.delay": d}) for s in settings])
        for d in (1, 2)
    )
    more = more.reset_index(drop=True)
    more.loc[7, "refused"] = "AK-S001"
    wide = run.but(records=replace(run.records, sweep=more))
    drawn = chapter(wide, "sweep")
    assert "Drawn with strategy.delay 1 held fixed" in drawn.lead
    assert drawn.drawn[0].subtitle.endswith(" · held fixed: strategy.delay 1")
    assert drawn.drawn[0].subtitle.startswith("quintiles · ")
    assert drawn.drawn[0].title.startswith("Best of 4 cells: ")
    ((_, table),) = drawn.tables
    assert len(table.rows) == 8
    assert table.rows[0] == (
        "quintiles",
        "strategy.quantile 0.1, costs.cost_bps 2, strategy.delay 1",
        *("0.80", "0.60", "[0.20, 1.00]", "40.0", ""),
    )
    assert table.rows[7][-1] == "AK-S001"


def test_two_strategies_of_a_sweep_have_a_picture_each(run):
    both = pd.concat([draw_sweep("a"), draw_sweep("b")], ignore_index=True)
    drawn = chapter(run.but(records=replace(run.records, sweep=both)), "sweep").drawn
    assert len({chart.key for chart in drawn}) == 2
    assert [chart.subtitle[:4] for chart in drawn] == ["a · ", "b · "]


def test_limits_name_the_costs_and_the_trials_of_the_run(run):
    costs, trials = limits(run.evidence, run.records)
    assert "quintiles was charged trading and borrow, and nothing for " in costs
    assert "impact and financing. Without impact its size costs it nothing." in costs
    assert "2 strategies, 4 sweep cells and 2 frontier settings." in trials


def test_limits_claim_nothing_of_books_whose_bills_are_not_known(run):
    empty = pd.DataFrame()
    bare = replace(run.records, bills=empty, sweep=empty, frontier=empty)
    costs, trials = limits(run.evidence, bare)
    assert costs.endswith("taxes are never charged.")
    assert "kept a record of: 2 strategies." in trials
    paid = run.records.bills.assign(impact=0.1, financing=0.1)
    costs, _ = limits(run.evidence, replace(run.records, bills=paid))
    assert costs.endswith("was charged trading, impact, borrow and financing.")


def test_the_model_that_is_shown_is_named_where_there_are_others(run):
    details = {tile.label: tile.detail for tile in tiles(run.evidence, run.summary)}
    assert details["Rank IC"].endswith("of lightgbm")
    assert (
        details["Deflated Sharpe"]
        == "confidence that it beats the best of 2 without skill"
    )
    assert "of lightgbm, one of 3 models" in signal_lead(run)
    assert "one of" not in signal_lead(draw_run(models=("m",), n_weeks=30))


def signal_lead(run) -> str:
    about = {k: v for k, v in run.arguments().items() if k != "findings"}
    leads = {each.key: each.lead for each in sections(run.evidence, **about)}
    return leads["signal"]
