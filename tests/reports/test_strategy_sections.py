"""Benchmarks and attributions on the page: what is drawn adds up and is labelled."""

from dataclasses import replace

import numpy as np
import pytest

from alpha_kedro.measures import attribute
from alpha_kedro.reports.attribution_charts import names_chart, parts_chart
from alpha_kedro.reports.attribution_history import lines_chart, years_chart
from alpha_kedro.reports.attribution_tables import attribution_table, exposure_table
from alpha_kedro.reports.benchmark_charts import (
    benchmark_chart,
    benchmark_table,
    year_table,
    yearly_chart,
)
from alpha_kedro.reports.chart import Chart, Gap
from alpha_kedro.reports.strategy_sections import (
    attribution_section,
    benchmark_section,
)
from tests.measures.test_attribution import hand_books
from tests.reports.toy_attribution import draw_strategy
from tests.reports.toy_runs import draw_run


@pytest.fixture(scope="module")
def strategy():
    return draw_strategy(n_dates=500, n_tickers=40)


@pytest.fixture(scope="module")
def plain_strategy():
    """One without a benchmark and without books."""
    run = draw_run(models=("m",), n_weeks=30, with_benchmark=False)
    return run.evidence.strategies["quintiles"]


def test_every_chart_is_drawn_with_its_words(strategy):
    chapters = benchmark_section(strategy) + attribution_section(strategy)
    assert [chapter.key for chapter in chapters] == ["benchmarks", "attribution"]
    charts = [chart for chapter in chapters for chart in chapter.drawn]
    assert len(charts) == 10
    assert len({chart.key for chart in charts}) == 10
    for chart in charts:
        assert chart.alt
        assert "long_short" in chart.subtitle
        assert not chart.table.empty


def test_risk_matched_lines_are_labelled_and_explained(strategy):
    chart = benchmark_chart(strategy)
    names = [line.name for line in chart.figure.data]
    assert names == [
        *("net", "SPY", "SPY (ex-ante)", "SPY (ex-post)"),
        *("QQQ", "equal_weight"),
    ]
    assert "40 sessions before" in chart.subtitle
    assert "hindsight" in chart.subtitle


def test_a_line_that_begins_late_begins_where_the_strategy_stood(strategy):
    table = benchmark_chart(strategy).table.set_index("date")
    nav = strategy.returns["nav"]
    for name in ("QQQ", "SPY (ex-ante)"):
        first = int(np.flatnonzero(table[name].notna())[0])
        key = name.split()[0]
        line = "as_it_is" if key == name else "ex_ante_risk_matched"
        returns = strategy.benchmarks[key].lines[line]
        assert first > 30
        expected = nav.iloc[first - 1] * (1 + returns.iloc[first])
        assert table[name].iloc[first] == pytest.approx(expected)


def test_the_table_of_benchmarks_counts_what_is_missing(strategy):
    table = benchmark_table(strategy)
    assert table.header[1:4] == (
        "SPY, as it is",
        "SPY, ex-ante risk-matched",
        "SPY, ex-post risk-matched",
    )
    rows = {row[0]: row for row in table.rows}
    assert all(len(row) == len(table.header) == 10 for row in table.rows)
    qqq = table.header.index("QQQ, as it is")
    assert rows["Common sessions"][qqq] == "298"
    assert rows["Sessions without it"][qqq] == "201"
    own = strategy.benchmarks["SPY"].relative["ex_ante_risk_matched"]
    assert rows["Information ratio"][2] == f"{own.information_ratio:.2f}"


def test_years_stand_beside_their_benchmarks(strategy):
    chart, table = yearly_chart(strategy), year_table(strategy)
    years = strategy.years.drop_duplicates("year")
    np.testing.assert_allclose(
        chart.figure.data[0].y, 100 * years["net_return"], atol=1e-3
    )
    assert [line.name for line in chart.figure.data] == [
        *("net", "SPY", "QQQ", "equal_weight")
    ]
    assert [row[0] for row in table.rows] == ["2020", "2021*"]
    short = table.rows[0][table.header.index("QQQ")]
    assert short.endswith("(60)")
    assert all(len(row) == len(table.header) for row in table.rows)


@pytest.mark.parametrize("dimension", ["source", "leg", "sector", "factor"])
def test_bars_end_with_the_net_return_they_add_up_to(strategy, dimension):
    (bars,) = parts_chart(strategy, dimension).figure.data
    assert bars.y[-1] == "net"
    assert sum(bars.x[:-1]) == pytest.approx(bars.x[-1], abs=1e-3)
    net = strategy.returns["net_return"]
    assert bars.x[-1] == pytest.approx(100 * 252 * net.mean(), abs=1e-3)


@pytest.mark.parametrize("dimension", ["source", "factor"])
def test_lines_and_years_add_up(strategy, dimension):
    lines = lines_chart(strategy, dimension)
    *parts, whole = lines.figure.data
    assert whole.name == "net"
    np.testing.assert_allclose(
        np.sum([line.y for line in parts], axis=0), whole.y, atol=1e-3
    )
    last = 100 * (strategy.returns["nav"].iloc[-1] - 1)
    assert whole.y[-1] == pytest.approx(last, abs=1e-3)
    (grid,) = years_chart(strategy, dimension).figure.data
    np.testing.assert_allclose(grid.z[:-1].sum(axis=0), grid.z[-1], atol=0.06)


def test_no_two_lines_look_alike(strategy):
    for chart in (lines_chart(strategy, "factor"), benchmark_chart(strategy)):
        looks = [(line.line.color, line.line.dash) for line in chart.figure.data]
        assert len(set(looks)) == len(looks)


def test_the_best_and_the_worst_names_are_drawn(strategy):
    (bars,) = names_chart(strategy).figure.data
    profits = 100 * strategy.attribution.cumulative("name").iloc[-1]
    assert len(bars.y) == 20
    assert bars.x[0] == pytest.approx(profits.max(), abs=1e-3)
    assert bars.x[-1] == pytest.approx(profits.min(), abs=1e-3)


def test_tables_of_an_attribution(strategy):
    table = attribution_table(strategy.attribution)
    assert {row[0] for row in table.rows} == {"leg", "sector", "source", "factor"}
    assert all(len(row) == len(table.header) for row in table.rows)
    exposures = exposure_table(strategy.attribution)
    assert exposures.rows[0][0] == "market"


def test_without_benchmarks_or_books_there_are_gaps_and_no_chapter(plain_strategy):
    assert attribution_section(plain_strategy) == []
    (chapter,) = benchmark_section(plain_strategy)
    assert [type(drawn) for drawn in chapter.charts] == [Gap, Gap]
    table = dict(chapter.tables)
    assert [len(each.rows) for each in table.values()] == [0, 1]


def test_a_dimension_that_is_not_known_is_a_gap(strategy):
    bare = replace(strategy, attribution=attribute(hand_books(targets=None)))
    assert isinstance(parts_chart(bare, "source"), Gap)
    assert isinstance(lines_chart(bare, "factor"), Gap)
    assert isinstance(years_chart(bare, "sector"), Gap)
    assert isinstance(parts_chart(bare, "leg"), Chart)
    assert exposure_table(bare.attribution).rows == ()
    (chapter,) = attribution_section(bare)
    assert isinstance(chapter.charts[0], Chart)
