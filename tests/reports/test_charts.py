"""The interactive charts: what each one draws, and the data behind it."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.reports.chart import Chart, Gap
from alpha_kedro.reports.explanation_charts import (
    contributions_of,
    fold_sizes,
    importance_chart,
    stability,
    stability_chart,
    swarm_chart,
)
from alpha_kedro.reports.performance_charts import (
    equity_chart,
    monthly_chart,
    rolling_sharpe_chart,
)
from alpha_kedro.reports.protocol_charts import coverage_chart, fold_chart
from alpha_kedro.reports.sections import sections
from alpha_kedro.reports.signal_charts import ic_histogram, model_chart
from alpha_kedro.reports.trading_charts import cost_chart, sharpe_chart, turnover_chart
from tests.reports.toy_runs import draw_contributions, draw_fits, draw_run


def chapters(run):
    about_charts = {k: v for k, v in run.arguments().items() if k != "findings"}
    return sections(run.evidence, **about_charts)


def all_charts(run) -> list[Chart]:
    return [chart for part in chapters(run) for chart in part.drawn]


def axes_of(figure) -> list:
    layout = figure.to_plotly_json()["layout"]
    return [layout[name] for name in layout if name[:5] in ("xaxis", "yaxis")]


def test_every_chart_has_a_title_a_sample_axis_titles_data_and_words(run):
    charts = all_charts(run)
    assert len(charts) == 31
    assert len({chart.key for chart in charts}) == len(charts)
    for chart in charts:
        assert chart.title, chart.key
        assert chart.subtitle, chart.key
        assert chart.alt, chart.key
        assert len(chart.table), chart.key
        titled = [
            axis for axis in axes_of(chart.figure) if axis.get("title", {}).get("text")
        ]
        assert len(titled) >= 2, chart.key
        assert chart.figure.data, chart.key


def test_no_chart_has_colours_of_red_and_green(run):
    for chart in all_charts(run):
        text = chart.figure.to_json().lower()
        assert not any(f'"{name}"' in text for name in ("red", "green", "#ff0000"))


def test_the_equity_chart_carries_the_returns_it_draws(run):
    strategy = run.evidence.strategies["quintiles"]
    chart = equity_chart(strategy)
    assert [trace.name for trace in chart.figure.data] == ["net", "gross", "benchmark"]
    assert chart.figure.layout.yaxis.type == "log"
    np.testing.assert_array_equal(chart.table["net"], strategy.returns["nav"])


def test_a_year_of_returns_is_needed_for_a_rolling_ratio():
    short = draw_run(n_weeks=40).evidence.strategies["quintiles"]
    assert rolling_sharpe_chart(short) == Gap(
        "Sharpe ratio of the last 252 sessions",
        "252 sessions needed, 200 in the sample",
    )


def test_the_heatmap_is_centred_at_zero_and_prints_its_numbers(run):
    chart = monthly_chart(run.evidence.strategies["quintiles"])
    (heat,) = chart.figure.data
    assert heat.zmin == -heat.zmax
    assert "%{z" in heat.texttemplate


def test_net_and_gross_stand_beside_each_other_for_every_strategy(run):
    table = sharpe_chart(run.evidence.strategies).table.set_index("strategy")
    for name, strategy in run.evidence.strategies.items():
        assert table.loc[name, "net_sharpe"] == strategy.summary["net"]["sharpe"]
        assert table.loc[name, "gross_sharpe"] == strategy.summary["gross"]["sharpe"]
        low, high = strategy.summary["net"]["sharpe_ci95"]
        assert tuple(table.loc[name, ["low", "high"]]) == (low, high)
    assert cost_chart(run.evidence.strategies).title.endswith("after costs")


def test_turnover_is_drawn_where_trades_filled(run):
    strategy = run.evidence.strategies["quintiles"]
    table = turnover_chart(strategy).table
    assert len(table) == (strategy.returns["turnover"] > 0).sum()


def test_models_are_compared_by_their_own_numbers(run):
    table = model_chart(run.evidence.models).table.set_index("model")
    facts = run.evidence.models["ridge"].summary
    assert table.loc["ridge", "rank_ic"] == facts["rank_ic"]
    width = table.loc["ridge", "high"] - table.loc["ridge", "low"]
    assert width == pytest.approx(2 * 1.96 * facts["rank_ic_se"], rel=1e-4)


def test_scores_without_skill_fill_the_histogram_as_often_as_the_scores(run):
    table = ic_histogram(run.evidence.models["random"]).table
    assert table["dates"].sum() == 150
    assert table["without_skill"].sum() == pytest.approx(150, rel=0.1)


def test_importance_is_the_mean_size_per_fold_by_hand():
    table = pd.DataFrame(
        {
            "date": pd.Timestamp("2020-01-03"),
            "ticker": ["A", "B", "A", "A", "A"],
            "model": ["m", "m", "m", "m", "other"],
            "fold": [0, 0, 1, 0, 0],
            "feature": ["x", "x", "x", "bias", "x"],
            "value": 1.0,
            "contribution": [0.1, -0.3, 0.4, 9.0, 9.0],
        }
    )
    sizes = fold_sizes(contributions_of(table, model="m"))
    assert sizes.loc["x"].tolist() == [pytest.approx(0.2), pytest.approx(0.4)]
    assert list(sizes.index) == ["x"]


def test_a_contribution_that_is_no_number_is_left_out():
    table = draw_contributions("m", n_folds=1, n_features=2)
    broken = table.copy()
    broken.loc[broken.index[:5], "contribution"] = [np.nan, np.inf, -np.inf, np.nan, 1]
    assert (
        len(contributions_of(broken, model="m"))
        == len(contributions_of(table, model="m")) - 4
    )


def test_explanations_do_not_depend_on_row_order():
    table = draw_contributions("m")
    shuffled = table.sample(frac=1, random_state=1)
    for draw in (importance_chart, swarm_chart, stability_chart):
        first, second = (draw(each, model="m") for each in (table, shuffled))
        assert first.figure.to_json() == second.figure.to_json()
        pd.testing.assert_frame_equal(first.table, second.table)


def test_importances_that_turn_around_between_folds_are_called_unstable():
    steady = pd.DataFrame({0: [3.0, 2.0, 1.0], 1: [6.0, 5.0, 4.0]})
    turned = pd.DataFrame({0: [3.0, 2.0, 1.0], 1: [1.0, 2.0, 3.0]})
    assert stability(steady) == pytest.approx(1)
    assert stability(turned) == pytest.approx(-1)
    assert np.isnan(stability(steady[[0]]))


def test_the_strip_of_folds_shows_signed_shares_by_hand():
    value = np.array([-1.0, 0.0, 1.0])
    tables = [
        pd.DataFrame({"ticker": ["A", "B", "C"], "value": value}).assign(
            date=pd.Timestamp("2020-01-03"),
            model="m",
            fold=fold,
            feature=feature,
            contribution=weight * value,
        )
        for fold, weights in {1: (3.0, -1.0), 2: (1.0, 0.0)}.items()
        for feature, weight in zip(("x", "y"), weights, strict=True)
    ]
    chart = stability_chart(pd.concat(tables), model="m")
    strip = chart.figure.data[0]
    assert list(strip.y) == ["x", "y"]
    assert list(strip.x) == ["1", "2"]
    np.testing.assert_array_equal(strip.z, [[75, 100], [-25, np.nan]])
    np.testing.assert_array_equal(chart.table["direction_agreement"], [1.0, np.nan])
    assert chart.title == "From fold to fold 50 % of the ten leading features stay"
    assert "push the same way in 100 % of them" in chart.subtitle


def test_one_fold_has_no_other_to_be_compared_with():
    drawn = stability_chart(draw_contributions("m", n_folds=1), model="m")
    assert drawn.reason == "m has contributions in fewer than two folds"


def test_many_folds_are_a_strip_without_numbers():
    chart = stability_chart(draw_contributions("m", n_folds=31), model="m")
    assert chart.figure.data[0].texttemplate == ""
    assert chart.least_width == 360 + 31 * 5


def test_a_huge_table_is_thinned_and_missing_values_are_counted():
    table = draw_contributions("m", n_folds=6, n_features=20)
    table.loc[table["feature"] == "feature_00", "value"] = np.nan
    chart = swarm_chart(table, model="m")
    n_rows = len(chart.table[["date", "ticker"]].drop_duplicates())
    assert n_rows == 240
    assert chart.table["feature"].nunique() == 15
    assert "240 rows shown, 240 missing values" in chart.subtitle
    assert len(chart.figure.data[0].x) == 240


@pytest.mark.parametrize("draw", [importance_chart, swarm_chart])
def test_a_model_without_contributions_leaves_a_gap_with_its_reason(draw):
    empty = draw_contributions("m").iloc[:0].astype({"contribution": object})
    assert draw(empty, model="m").reason == "m has no contributions"
    assert draw(draw_contributions("m"), model="random").reason.startswith("random")


def test_a_gap_between_training_and_test_is_drawn_for_every_fold():
    chart = fold_chart(draw_fits(("m",)), model="m")
    assert [trace.name for trace in chart.figure.data] == [
        "training, labels included",
        "purge and embargo",
        "test",
    ]
    assert chart.title == "From a fit's last label to its test: at least 14 days"
    fortnight = 14 * 24 * 60 * 60 * 1000
    assert list(chart.figure.data[1].x) == [fortnight] * 3


def test_skipped_folds_are_counted_and_a_model_without_fits_has_none():
    fits = draw_fits(("m",))
    fits.loc[0, ["train_start", "max_label_end"]] = pd.NaT
    fits.loc[0, "skipped"] = "too few rows"
    assert "2 folds fitted, 1 skipped" in fold_chart(fits, model="m").subtitle
    assert isinstance(fold_chart(fits.iloc[:1], model="m"), Gap)


def test_the_thinnest_year_of_coverage_is_named(run):
    chart = coverage_chart(run.ingestion_report["coverage"])
    assert chart.title == "86 % of the members have prices in 2018, the thinnest year"
    assert isinstance(coverage_chart(None), Gap)


def test_names_from_data_are_never_read_as_markup():
    named = draw_run(models=("<b>m</b>",), strategies=("<i>s</i>",), n_weeks=30)
    for chart in all_charts(named):
        text = chart.figure.to_json()
        assert "<b>m" not in text, chart.key
        assert "<i>s" not in text, chart.key
