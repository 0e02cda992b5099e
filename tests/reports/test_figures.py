"""The three still figures: titles, axes, numbers, bytes."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import alpha_kedro.reports
from alpha_kedro.reports import deciles, equity_curve, ic_timeseries
from alpha_kedro.reports.figures import as_png
from alpha_kedro.reports.series import growth, rolling_mean
from tests.reports.toy_runs import draw_run

FIGURES = [equity_curve, ic_timeseries, deciles]


@pytest.mark.parametrize("draw", FIGURES)
def test_every_figure_says_what_it_found_and_names_its_axes(run, draw):
    figure = draw(run.evidence)
    title, subtitle = (text.get_text() for text in figure.texts)
    assert any(character.isdigit() for character in title)
    assert "out of sample" in subtitle
    assert "2018-01-05" in subtitle
    assert all(axes.get_ylabel() for axes in figure.axes)
    assert figure.axes[-1].get_xlabel()


@pytest.mark.parametrize("draw", FIGURES)
def test_the_same_evidence_gives_the_same_bytes(run, draw):
    first, second = as_png(draw(run.evidence)), as_png(draw(run.evidence))
    assert first == second
    assert first.startswith(b"\x89PNG")
    assert b"Software" not in first


def test_growth_is_drawn_on_a_log_scale_and_ends_at_the_nav(run):
    axes = equity_curve(run.evidence).axes[0]
    assert axes.get_yscale() == "log"
    strategy = run.evidence.strategies["quintiles"]
    net = axes.get_lines()[0]
    assert net.get_ydata()[-1] == strategy.returns["nav"].iloc[-1]
    assert {text.get_text() for text in axes.texts} == {"net", "gross", "benchmark"}


def test_the_worst_drawdown_is_marked_with_its_date(run):
    strategy = run.evidence.strategies["quintiles"]
    (mark,) = equity_curve(run.evidence).axes[1].texts
    assert f"{100 * strategy.drawdown.min():.1f} %" in mark.get_text()
    assert f"{strategy.drawdown.idxmin():%Y-%m-%d}" in mark.get_text()


def test_bars_of_deciles_start_at_zero_and_carry_the_means(run):
    axes = deciles(run.evidence).axes[0]
    table = run.evidence.models["lightgbm"].deciles
    heights = [bar.get_height() for bar in axes.patches]
    np.testing.assert_allclose(heights, 100 * table["mean_return"])
    assert all(bar.get_y() == 0 for bar in axes.patches)


def test_a_rolling_mean_counts_known_dates_only(run):
    rank_ic = run.evidence.models["ridge"].ic["rank_ic"].copy()
    rank_ic.iloc[3] = np.nan
    rolled = rolling_mean(rank_ic, window=5)
    assert rolled.first_valid_index() == rank_ic.index[5]
    expected = np.delete(rank_ic.to_numpy()[:6], 3).mean()
    assert rolled.iloc[5] == pytest.approx(expected)


def test_the_benchmark_is_left_out_where_there_is_none():
    alone = draw_run(with_benchmark=False, n_weeks=60)
    axes = equity_curve(alone.evidence).axes[0]
    assert {text.get_text() for text in axes.texts} == {"net", "gross"}


def test_a_book_that_lost_everything_leaves_the_log_scale(run):

    strategy = run.evidence.strategies["quintiles"]
    ruined = strategy.returns.assign(
        nav=lambda t: t["nav"].where(t.index < t.index[9], 0)
    )
    lines = growth(replace(strategy, returns=ruined))
    assert lines["net"].notna().sum() == 9
    assert lines["gross"].notna().all()


def test_a_name_with_dollar_signs_is_printed_and_not_typeset():
    named = draw_run(strategies=("$a_b$",), n_weeks=40)
    figure = equity_curve(named.evidence)
    assert "$a_b$" in figure.texts[1].get_text()
    assert not figure.texts[1].get_parse_math()
    as_png(figure)


def test_importing_the_package_loads_no_plotting_library():
    code = (
        "import sys, alpha_kedro.reports;"
        "sys.exit(bool({'matplotlib', 'plotly', 'jinja2'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_no_module_of_the_package_knows_pyplot():
    folder = Path(alpha_kedro.reports.__file__).parent
    imports = [
        line
        for module in folder.glob("*.py")
        for line in module.read_text().splitlines()
        if "import" in line and "pyplot" in line
    ]
    assert imports == []
