"""The sheet of one factor: self-contained, escaped, honest, whatever is missing."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.measures import evaluate_factor
from alpha_kedro.reports import factor_sheet, write_factor_sheet
from alpha_kedro.reports.factor_ic_charts import ic_by_month, ic_over_time
from alpha_kedro.reports.factor_return_charts import (
    event_paths,
    portfolio_growth,
    quantile_bars,
    quantile_growth,
)
from alpha_kedro.reports.factor_stability_charts import persistence, turnover_bars
from alpha_kedro.reports.factor_words import caveats, tiles, verdict
from alpha_kedro.reports.palette import BLUE, GREY, VERMILLION, between
from tests.measures.factor_twin import draw_factor, draw_groups
from tests.reports.test_tear_sheet import Page, requests

N_CHARTS = 13


def evaluate(*, n_sessions=80, **asked):
    scores, prices = draw_factor(n_sessions=n_sessions)
    return evaluate_factor(scores, prices, **{"horizons": (1, 4)} | asked)


@pytest.fixture(scope="module")
def evidence():
    scores, _ = draw_factor(n_sessions=80)
    return evaluate(groups=draw_groups(scores), min_names=5)


@pytest.fixture(scope="module")
def html(evidence):
    return factor_sheet(evidence, title="A factor")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def payload(page):
    return json.loads(page.scripts[0])["charts"]


def test_the_sheet_asks_the_network_for_nothing_and_is_well_formed(html, page):
    assert requests(html) == []
    assert page.open == []
    assert len(html) < 4_000_000


def test_every_chart_is_on_the_page_with_its_words_and_its_data(page):
    holders = [value for _, name, value in page.attributes if name == "data-chart"]
    assert len(holders) == N_CHARTS
    assert sorted(holders) == sorted(payload(page))
    files = [value for _, name, value in page.attributes if name == "download"]
    assert sorted(files) == sorted(f"{key}.csv" for key in holders)


def test_every_chart_has_axes_with_titles_and_something_drawn(page):
    for key, drawing in payload(page).items():
        axes = [
            axis
            for name, axis in drawing["layout"].items()
            if name[:5] in ("xaxis", "yaxis")
        ]
        titled = [axis for axis in axes if axis.get("title", {}).get("text")]
        assert len(titled) >= 2, key
        assert drawing["data"], key


def test_the_same_evidence_gives_the_same_page(evidence, html):
    assert factor_sheet(evidence, title="A factor") == html


def test_the_numbers_of_the_sheet_are_those_of_the_evidence(evidence, page):
    facts = evidence.summary().loc[4]
    assert f"{facts['rank_ic']:.4f}" in page.words
    row = [f"{evidence.losses.loc['kept', each]:,}" for each in (1, 4)]
    assert all(any(kept in word for word in page.words.split("\n")) for kept in row)
    lead = Page(factor_sheet(evidence, title="A factor", horizon=4)).words
    assert lead.index("Over 4 sessions") < lead.index("By horizon in sessions")


def test_bars_show_returns_per_session_held(evidence):
    chart = quantile_bars(evidence)
    own = evidence.quantile_returns
    expected = own.loc[own["horizon"] == 4, "mean_return"] * 10_000 / 4
    np.testing.assert_allclose(chart.figure.data[1].y, expected)


def test_the_line_of_the_coefficients_rises_by_each_of_them(evidence):
    drawn = ic_over_time(evidence, horizon=1).figure.data[0].y
    steps = np.diff(np.concatenate([[0.0], drawn]))
    np.testing.assert_allclose(steps, evidence.ic[1].fillna(0), atol=1e-4)


def test_months_are_printed_in_hundredths(evidence):
    chart = ic_by_month(evidence, horizon=1)
    january = 100 * evidence.ic_by_month[1].iloc[0]
    assert chart.table.loc[0, 1] == pytest.approx(january)


def test_paths_before_and_after_the_fill_meet_at_zero(evidence):
    chart = event_paths(evidence, before=2, after=3)
    assert len(chart.figure.data) == 2 * 5
    before, after = chart.figure.data[:2]
    assert list(before.x) == [-2, -1, 0]
    assert list(after.x) == [0, 1, 2, 3]
    assert before.y[-1] == after.y[0] == 0


@pytest.mark.parametrize("sign", [1, -1])
def test_the_title_of_the_paths_says_what_the_score_feeds_on(sign):
    _, prices = draw_factor(n_sessions=80)
    momentum = sign * prices.ffill().pct_change(5)
    found = evaluate_factor(momentum, prices, (1,), lag=0)
    (gain,) = re.findall(
        r"quintile: (-?[\d.]+) % in the 5", event_paths(found, before=5, after=2).title
    )
    assert sign * float(gain) > 5


def test_of_many_quantiles_only_the_outer_two_are_named():
    found = evaluate(quantiles=8)
    chart = quantile_growth(found)
    named = [note.text for note in chart.figure.layout.annotations]
    assert named == ["quantile 1", "quantile 8"]
    assert len(chart.figure.data) == 8


def test_growth_that_reaches_zero_is_not_drawn_on_a_log_scale():
    _, prices = draw_factor(n_sessions=40)
    wild = prices.ffill().bfill()
    wild.iloc[20:, :12] *= 100.0
    found = evaluate_factor(-wild.pct_change().shift(-2).iloc[:-2], wild, (1,))
    assert "log scale" in portfolio_growth(found).reason


def test_names_from_data_are_escaped_everywhere():
    evil = "<script>alert(1)</script>"
    scores, prices = draw_factor(n_sessions=40)
    renamed = {"T00": evil}
    found = evaluate_factor(
        scores.rename(columns=renamed),
        prices.rename(columns=renamed),
        (1,),
        groups=dict.fromkeys([*scores.columns[1:], evil], evil),
    )
    html = factor_sheet(found, title=evil)
    assert evil not in html
    assert "<script>alert" not in html
    assert len(Page(html).scripts) == 3


def test_without_groups_the_charts_by_group_say_so():
    words = Page(factor_sheet(evaluate(), title="x")).words
    assert words.count("no groups were given") == 2


def test_scores_without_content_still_have_a_page():
    scores, prices = draw_factor(n_sessions=40)
    found = evaluate_factor(scores * np.nan, prices, (1, 4))
    words = Page(factor_sheet(found, title="nothing")).words
    assert "Fewer than two dates have a coefficient" in words
    assert "no date has a coefficient" in words


def test_one_date_still_has_a_page():
    scores, prices = draw_factor(n_sessions=40)
    found = evaluate_factor(scores.iloc[[30]], prices, (1,))
    words = Page(factor_sheet(found, title="one date")).words
    assert "Fewer than two dates have a coefficient" in words


def test_what_must_be_known_first_stands_above_the_numbers():
    scores, prices = draw_factor(n_sessions=60)
    prices.iloc[40:, 5] = np.nan
    found = evaluate_factor(scores, prices, (1, 4), lag=0)
    words = Page(factor_sheet(found, title="x")).words
    for banner in ("Lag 0", "of names whose prices end within 4 sessions"):
        assert words.index(banner) < words.index("Rank IC, 1 session")
    fine = prices.ffill().bfill()
    assert caveats(evaluate_factor(scores, fine, (1, 4))) == []
    few = evaluate_factor(scores, fine, (1, 40))
    assert "of the scores are not judged" in caveats(few)[0]


def test_the_verdict_says_on_which_side_of_zero_the_interval_lies():
    scores, prices = draw_factor(n_sessions=80)
    ahead = prices.ffill().bfill().pct_change().shift(-2).iloc[:-2]
    blurred = ahead + np.random.default_rng(0).normal(0, 0.01, ahead.shape)
    for sign, side, word in ((1, "above", "more"), (-1, "below", "less")):
        said = verdict(evaluate_factor(sign * blurred, prices, (1,)), lead=1)
        assert f"lies {side} zero" in said[0]
        assert f" % {word} than the bottom" in said[1]
    noise = pd.DataFrame(
        np.random.default_rng(1).normal(size=scores.shape), scores.index, scores.columns
    )
    assert "includes zero" in verdict(evaluate_factor(noise, prices, (1,)), lead=1)[0]


def test_tiles_lead_with_the_horizon_asked_for(evidence):
    first = tiles(evidence, lead=4)[0]
    assert first.label == "Rank IC, 4 sessions"
    assert first.value == f"{evidence.summary().loc[4, 'rank_ic']:.4f}"


def test_a_horizon_the_evidence_is_not_about_is_refused(evidence):
    with pytest.raises(ConfigError, match="AK-C002"):
        factor_sheet(evidence, title="A factor", horizon=3)


def test_more_horizons_than_colours_are_all_drawn():
    found = evaluate(horizons=range(1, 10))
    for chart in (
        ic_over_time(found, horizon=1),
        portfolio_growth(found),
        turnover_bars(found),
        persistence(found),
    ):
        names = {line.name for line in chart.figure.data}
        assert len(names) == 9
        assert len({str(line) for line in chart.figure.data}) == 9


def test_the_sheet_is_written_whole(evidence, html, tmp_path):
    path = tmp_path / "sheet.html"
    write_factor_sheet(evidence, path, title="A factor")
    assert path.read_text() == html
    assert list(tmp_path.iterdir()) == [path]


def test_colours_run_from_low_to_high_with_grey_between():
    assert between(3) == [VERMILLION, GREY, BLUE]
    assert between(1) == [VERMILLION]
    assert len(set(between(10))) == 10


def test_the_examples_of_the_page_about_factors_run(tmp_path, monkeypatch):
    page = Path(__file__).parents[2] / "docs" / "factor_evaluation.md"
    blocks = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S)
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in blocks:
        exec(block, names)
    assert (tmp_path / "reversal.html").stat().st_size > 1_000_000
    assert names["same"].design.lag == 0


def test_the_page_about_factors_names_what_exists(evidence):
    page = Path(__file__).parents[2] / "docs" / "factor_evaluation.md"
    table = page.read_text().split("## What comes back")[1].split("Nothing here")[0]
    named = [word for word in re.findall(r"`(\w+)", table) if word[0] != "_"]
    assert len(named) > 20
    known = {*dir(evidence), "walk_forward"}
    assert [word for word in named if word not in known] == []
