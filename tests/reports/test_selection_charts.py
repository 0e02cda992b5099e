"""What was chosen, how often, and how steadily: by hand."""

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.reports.selection_charts import (
    agreement,
    choice_chart,
    choice_table,
    choosers,
    family_table,
    fold_table,
    tally,
)
from tests.reports.toy_runs import draw_choices

FATES = {
    # feature: family, t in each fold, reason in each fold
    "a": ("one", (3.0, 4.0, 5.0), ("", "", "")),
    "b": ("one", (2.0, -1.0, 2.0), ("", "redundant", "family full")),
    "c": ("two", (0.5, -6.0, -6.0), ("unstable", "", "")),
    "d": ("two", (np.nan, 0.1, 0.1), ("unmeasured", "unstable", "unstable")),
}


def choices():
    rows = [
        {
            "model": "m",
            "fold": fold + 1,
            "feature": feature,
            "family": family,
            "chosen": not reason,
            "reason": reason,
            "twin": "a" if reason == "redundant" else "",
            "ic": t / 100,
            "t": t,
            "agreement": 0.5,
        }
        for feature, (family, *folds) in FATES.items()
        for fold, (t, reason) in enumerate(zip(*folds, strict=True))
    ]
    return pd.DataFrame(rows)


def test_how_often_a_feature_was_chosen_by_hand():
    table = tally(choices())
    assert table["feature"].tolist() == ["a", "c", "b"]
    assert table["n_folds"].tolist() == [3, 2, 1]
    np.testing.assert_allclose(table["share"], [1, 2 / 3, 1 / 3])
    np.testing.assert_allclose(table["t"], [4.0, -11.5 / 3, 1.0])


def test_of_features_chosen_as_often_the_clearest_comes_first():
    second = choices().query("fold == 2")  # a: t 4, c: t -6
    assert tally(second)["feature"].tolist() == ["c", "a"]


def test_neighbouring_folds_are_compared_by_hand():
    # {a, b}, then {a, c}, then {a, c} again.
    table = agreement(choices())
    assert table["n_chosen"].tolist() == [2, 2, 2]
    np.testing.assert_array_equal(table["n_new"], [np.nan, 1, 0])
    np.testing.assert_allclose(table["jaccard"], [np.nan, 1 / 3, 1])


def test_the_chart_shows_a_cell_where_a_feature_was_chosen():
    chart = choice_chart(choices(), model="m")
    assert chart.title == "1 of 4 features are chosen in every fold, 3 in one or more"
    assert "neighbouring folds have 67 % in common" in chart.subtitle
    (strip,) = chart.figure.data
    families, features = strip.y
    assert list(zip(families, features, strict=True)) == [
        ("one", "a"),
        ("one", "b"),
        ("two", "c"),
    ]
    expected = [[3, 4, 5], [2, np.nan, np.nan], [np.nan, -6, -6]]
    np.testing.assert_array_equal(strip.z, expected)
    assert (strip.zmin, strip.zmax) == (-6, 6)
    assert chart.table["feature"].tolist() == ["a", "b", "a", "c", "a", "c"]


def test_the_tables_say_it_in_words():
    assert family_table(choices(), model="m").rows == (
        ("one", "2", "1.3", "0.3", "0.3", "0.0", "0.0"),
        ("two", "2", "0.7", "0.0", "0.0", "1.0", "0.3"),
    )
    assert fold_table(choices(), model="m").rows == (
        ("1", "2", "n/a", "n/a"),
        ("2", "2", "1", "33 %"),
        ("3", "2", "0", "100 %"),
    )
    assert choice_table(choices(), model="m").rows[1] == (
        *("c", "two", "2", "67 %"),
        *("-0.038", "-3.8"),
    )


def test_models_are_told_apart():
    both = pd.concat([draw_choices("b", seed=1), draw_choices("a")])
    assert choosers(both) == ["a", "b"]
    keys = {choice_chart(both, model=model).key for model in ("a", "b")}
    assert keys == {"choices_a", "choices_b"}
    alone = choice_chart(draw_choices("a"), model="a")
    assert choice_chart(both, model="a").figure.to_json() == alone.figure.to_json()


def test_one_fold_has_no_neighbour():
    chart = choice_chart(choices().query("fold == 1"), model="m")
    assert "have n/a in common" in chart.subtitle


@pytest.mark.parametrize(("n_folds", "printed"), [(30, True), (31, False)])
def test_numbers_are_printed_while_there_is_room_for_them(n_folds, printed):
    chart = choice_chart(draw_choices("m", n_folds=n_folds), model="m")
    assert bool(chart.figure.data[0].texttemplate) is printed
    assert chart.least_width < 1_500


def test_of_very_many_features_the_most_often_chosen_are_drawn():
    chart = choice_chart(draw_choices("m").assign(chosen=True, reason=""), model="m")
    assert len(chart.figure.data[0].z) == 20
    many = draw_choices("m", n_features=80).assign(chosen=True, reason="")
    crowded = choice_chart(many, model="m")
    assert len(crowded.figure.data[0].z) == 60
    assert "the 60 chosen most often" in crowded.subtitle


def test_the_order_of_the_rows_does_not_matter():
    shuffled = choices().sample(frac=1, random_state=1)
    one, other = choice_chart(choices(), model="m"), choice_chart(shuffled, model="m")
    assert one.figure.to_json() == other.figure.to_json()
    pd.testing.assert_frame_equal(one.table, other.table)
