"""What the fits chose, by hand: one table where it fits, one picture where it helps."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.reports.fit_choice_charts import (
    regime_charts,
    threshold_charts,
    weight_charts,
)
from alpha_kedro.reports.fit_choices import (
    by_fold,
    effort_table,
    fit_tables,
    parameter_tables,
    regime_tables,
    spending_table,
    trials_by_model,
)
from tests.reports.toy_runs import choice_rows, draw_fit_choices, draw_fits

NAN = np.nan
TREES = choice_rows(
    ("trees", 1, 0, "rounds", 40.0),
    ("trees", 1, 1, "rounds", 45.0),
    ("trees", 1, 0, "stopped", "as planned"),
    ("trees", 1, 1, "stopped", "loss not finite"),
    ("trees", 1, 0, "device", "cpu"),
    ("trees", 1, 1, "device", "cpu"),
    ("trees", 2, 0, "rounds", 7.0),
    ("trees", 2, 0, "stopped", "as planned"),
    ("trees", 2, 0, "device", "cpu"),
)
TUNED = choice_rows(
    *(("tuned", fold, 0, "trials", 5.0) for fold in (1, 2)),
    *(("tuned", fold, 0, "pruned", 1.0) for fold in (1, 2)),
    *(("tuned", fold, 0, "failed", 0.0) for fold in (1, 2)),
    *(("tuned", fold, 0, "trials_ended_by", "trials") for fold in (1, 2)),
    *(("tuned", fold, 0, "inner_rank_ic", 0.03) for fold in (1, 2)),
    ("tuned", 1, 0, "inner_rank_ic_untuned", 0.02),
    ("tuned", 2, 0, "inner_rank_ic_untuned", 0.01),
    ("tuned", 1, 0, "tuned.alpha", 0.5),
    ("tuned", 2, 0, "tuned.alpha", 20.0),
    ("tuned", 1, 0, "alpha", 0.5),
    ("tuned", 2, 0, "alpha", 20.0),
)


def test_seeds_are_averaged_and_their_words_stand_side_by_side():
    table = by_fold(TREES, model="trees")
    assert table.loc[1].to_dict() == {
        "device": "cpu",
        "rounds": 42.5,
        "stopped": "as planned / loss not finite",
    }
    assert table.loc[2, "rounds"] == 7


def test_what_differs_is_a_column_and_what_does_not_is_said_once():
    tables = dict(fit_tables(TREES))
    own = tables["trees: chosen fold by fold"]
    assert own.header == ("Fold", "stopped", "rounds")
    assert own.n_names == 2
    assert own.rows == (
        ("1", "as planned / loss not finite", "42.5"),
        ("2", "as planned", "7"),
    )
    assert tables["Chosen alike in every fold"].rows == (("trees", "device", "cpu"),)


def test_models_with_one_choice_share_a_table():
    rows = [("ridge", fold, 0, "alpha", 10.0**fold) for fold in (2, 3, 4)]
    rows += [("trees_2", fold, 0, "n_rounds", 40.0 + fold) for fold in (2, 3)]
    ((caption, table),) = fit_tables(choice_rows(*rows))
    assert caption == "Chosen fold by fold"
    assert table.header == ("Fold", "ridge: alpha", "trees_2: rounds")
    assert table.rows == (
        ("2", "100", "42"),
        ("3", "1,000", "43"),
        ("4", "10,000", "n/a"),
    )


def test_a_single_fold_is_a_row_though_nothing_differs():
    ((_, table),) = fit_tables(TREES.query("fold == 2"))
    assert table.rows == (("2", "cpu", "as planned", "7"),)


def test_long_words_are_cut():
    table = choice_rows(("m", 1, 0, "a", 60 * "x"), ("m", 1, 0, "b", 0.123456))
    ((_, cut),) = fit_tables(table)
    assert cut.rows == (("1", 43 * "x" + "…", "0.1235"),)


def test_what_tuning_chose_and_cost_stands_elsewhere():
    assert fit_tables(TUNED) == []
    ((caption, table),) = parameter_tables(TUNED)
    assert caption == "tuned: parameters taken"
    assert table.header == ("Fold", "alpha")
    assert table.rows == (("1", "0.5"), ("2", "20"))
    assert trials_by_model(TUNED) == {"tuned": 10}


def test_several_seeds_have_a_row_each_of_parameters():
    both = pd.concat([TUNED, TUNED.assign(seed=1)])
    ((_, table),) = parameter_tables(both)
    assert table.header == ("Fold", "Seed", "alpha")
    assert len(table.rows) == 4
    assert trials_by_model(both) == {"tuned": 20}


def test_spending_without_a_twin_says_what_is_known():
    (row,) = spending_table(TUNED, None).rows
    assert row[:7] == ("tuned", "no twin", "not measured", "10", "2", "0", "0.0150")
    assert set(row[7:]) == {"n/a"}
    assert len(row) == len(spending_table(TUNED, None).header)


def test_spending_with_a_twin_is_that_of_the_gain(run):
    tuning = run.evidence.tuning
    (row,) = spending_table(run.fit_choices, tuning).rows
    found = tuning.iloc[0]
    assert row[:3] == ("ridge", "lightgbm", found["verdict"])
    assert row[3:7] == ("15", "3", "0", "0.0100")
    assert row[9] == f"{found['gain']:.4f}"
    assert row[11] == "150"


def test_effort_counts_folds_and_trials():
    ledger = draw_fits(("tuned", "ridge"))
    ledger.loc[ledger.index[-1], "skipped"] = "too few rows"
    assert effort_table(ledger, TUNED).rows == (
        ("ridge", "2", "1", "0"),
        ("tuned", "3", "0", "10"),
    )


def test_regimes_have_a_portrait_and_a_picture_of_their_shares():
    choices = draw_fit_choices(("m",))
    ((caption, table),) = regime_tables(choices)
    assert caption == "switched: its regimes, means over 3 folds"
    assert table.header == ("Regime", "Share of sessions", "Mean spell (sessions)")
    assert [row[2] for row in table.rows] == ["20.5", "5"]
    (chart,) = regime_charts(choices)
    bars = {bar.name: np.array(bar.y) for bar in chart.figure.data}
    assert list(bars) == ["regime 0", "regime 1"]
    np.testing.assert_allclose(bars["regime 0"] + bars["regime 1"], 100, atol=0.02)
    tables = dict(fit_tables(choices))
    assert tables["Chosen fold by fold"].header == ("Fold", "switched: sessions")


def test_a_reason_why_a_regime_has_no_model_stands_with_the_choices():
    choices = choice_rows(
        ("m", 1, 0, "regime_0_share", 0.9),
        ("m", 1, 0, "regime_1_model", "all rows: 3 dates"),
        ("m", 2, 0, "regime_0_share", 0.8),
        ("m", 2, 0, "rounds", 5.0),
    )
    ((_, table),) = fit_tables(choices)
    assert table.header == ("Fold", "regime 1 model", "rounds")
    assert table.rows == (("1", "all rows: 3 dates", "n/a"), ("2", "", "5"))


def test_weights_are_stacked_to_one_hundred():
    choices = choice_rows(
        ("mix", 1, 0, "weight_a", 0.25),
        ("mix", 1, 0, "weight_b_c", 0.75),
        ("mix", 2, 0, "weight_a", 0.35),
        ("mix", 2, 0, "weight_b_c", 0.65),
        ("mix", 2, 0, "weights", "learned from 20 dates"),
    )
    (chart,) = weight_charts(choices)
    assert chart.title == "b_c counts most in mix: 70 % of the weight on average"
    assert [bar.name for bar in chart.figure.data] == ["a", "b_c"]
    assert list(chart.figure.data[1].y) == [75, 65]
    assert chart.figure.layout.barmode == "stack"
    assert chart.table.columns.tolist() == ["fold", "a", "b_c"]


def test_thresholds_of_models_and_of_their_regimes_are_lines():
    choices = choice_rows(
        ("one", 1, 0, "threshold", 0.5),
        ("one", 1, 1, "threshold", 0.6),
        ("one", 2, 0, "threshold", 0.51),
        ("two", 1, 0, "regime0_threshold", 0.52),
        ("two", 2, 0, "regime0_threshold", 0.6),
        ("two", 2, 0, "share_above", 0.3),
    )
    (chart,) = threshold_charts(choices)
    lines = {line.name: list(line.y) for line in chart.figure.data}
    assert lines == {"one": [0.55, 0.51], "two regime0": [0.52, 0.6]}
    assert chart.title == (
        "Names are worth holding from a probability of 0.510 to 0.600"
    )


@pytest.mark.parametrize(
    "drawer", [weight_charts, regime_charts, threshold_charts, fit_tables]
)
def test_where_nothing_was_chosen_nothing_is_shown(drawer):
    assert list(drawer(TREES.iloc[:0])) == []


def test_without_tuning_there_is_no_spending():
    assert spending_table(TREES, None).rows == ()
    assert parameter_tables(TREES) == []


@pytest.mark.parametrize(
    "tell",
    [
        fit_tables,
        regime_tables,
        parameter_tables,
        lambda table: [chart.figure.to_json() for chart in weight_charts(table)],
        lambda table: [chart.figure.to_json() for chart in threshold_charts(table)],
    ],
)
def test_the_order_of_the_rows_does_not_matter(tell):
    choices = draw_fit_choices(("a", "b"))
    assert tell(choices.sample(frac=1, random_state=1)) == tell(choices)
