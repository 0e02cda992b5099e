"""From evidence to weights: who is judged, on which dates, and how boldly."""

import numpy as np
import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.learning.ensemble import EnsembleSpec
from alpha_kedro.learning.ensemble.weights import learn_weights
from tests.learning.ensemble.planted_members import spec


def ics(**members):
    """Return evidence of members by name, (n_dates, n_members, 1)."""
    columns = [members[name] for name in sorted(members)]
    return np.array(columns, dtype=float).T[:, :, None]


def learned(evidence, *names, **settings):
    found = learn_weights(evidence, spec(*names, **settings))
    assert found.values.sum() == pytest.approx(1.0)
    assert (found.values >= 0).all()
    return found


def test_weights_are_drawn_half_way_to_equal_ones():
    evidence = ics(a=[0.3] * 8, b=[0.1] * 8)
    found = learned(evidence, "b", "a")
    assert found.by_member == pytest.approx({"a": 0.625, "b": 0.375})
    assert found.reason == "learned from 8 dates"
    assert found.chosen == pytest.approx(
        {"weight_a": 0.625, "weight_b": 0.375, "weights": "learned from 8 dates"}
    )
    bold = learned(evidence, "b", "a", shrinkage=0.0).by_member
    assert bold == pytest.approx({"a": 0.75, "b": 0.25})
    shy = learned(evidence, "b", "a", shrinkage=1.0).by_member
    assert shy == pytest.approx({"a": 0.5, "b": 0.5})


def test_members_are_equal_until_enough_dates_are_known():
    found = learned(ics(a=[0.3] * 7, b=[0.1] * 7), "a", "b")
    assert found.by_member == {"a": 0.5, "b": 0.5}
    assert found.reason == "equal: 7 of 8 past dates"
    assert len(found.learned_from) == 0
    none = learned(np.zeros((0, 2, 1)), "a", "b")
    assert none.reason == "equal: 0 of 8 past dates"


def test_members_are_equal_when_none_has_earned_a_weight():
    found = learned(ics(a=[-0.3] * 9, b=[-0.1] * 9), "a", "b")
    assert found.by_member == {"a": 0.5, "b": 0.5}
    assert found.reason == "equal: no member has earned a weight"
    assert len(found.learned_from) == 9


@pytest.mark.parametrize("weighting", ["mean", "rank_mean"])
def test_some_weightings_learn_nothing(weighting):
    found = learned(ics(a=[0.3] * 9, b=[0.1] * 9), "a", "b", weighting=weighting)
    assert found.by_member == {"a": 0.5, "b": 0.5}
    assert found.reason == "equal: by definition"


def test_a_new_member_counts_as_among_equals_and_the_others_share_the_rest():
    new = [np.nan] * 6 + [0.9] * 4
    evidence = ics(a=[0.3] * 10, b=[0.1] * 10, c=new)
    found = learned(evidence, "a", "b", "c", shrinkage=0.0)
    assert found.by_member == pytest.approx({"a": 0.5, "b": 1 / 6, "c": 1 / 3})
    assert found.reason == "learned from 10 dates; too new to judge: c"


def test_members_are_compared_on_dates_of_all_of_them():
    """Where b was silent, a was lucky: that says nothing about a against b."""
    a = [0.9] * 4 + [0.1] * 8
    b = [np.nan] * 4 + [0.1] * 8
    found = learned(ics(a=a, b=b), "a", "b", shrinkage=0.0)
    assert found.by_member == pytest.approx({"a": 0.5, "b": 0.5})
    np.testing.assert_array_equal(found.learned_from, np.arange(4, 12))


def test_members_that_never_met_are_equal():
    nothing = [np.nan] * 8
    found = learned(ics(a=[0.1] * 8 + nothing, b=nothing + [0.2] * 8), "a", "b")
    assert found.reason == "equal: 0 of 8 past dates"


def test_a_window_forgets_and_a_half_life_fades():
    a, b = [0.3] * 8 + [0.1] * 8, [0.1] * 8 + [0.3] * 8
    evidence = ics(a=a, b=b)
    both = learned(evidence, "a", "b", shrinkage=0.0)
    assert both.by_member == pytest.approx({"a": 0.5, "b": 0.5})
    late = learned(evidence, "a", "b", shrinkage=0.0, window=8)
    assert late.by_member == pytest.approx({"a": 0.25, "b": 0.75})
    np.testing.assert_array_equal(late.learned_from, np.arange(8, 16))
    counts = 0.5 ** (np.arange(15, -1, -1) / 4)
    expected = counts @ np.array(a) / (counts @ (np.array(a) + np.array(b)))
    faded = learned(evidence, "a", "b", shrinkage=0.0, half_life=4.0)
    assert faded.by_member["a"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"members": ["a"]}, "at least 2"),
        ({"members": ["a", "b", "a"]}, "more than once: a"),
        ({"weighting": "mean", "standardise": "rank"}, "standardises by z_score"),
        ({"weighting": "rank_mean", "standardise": "z_score"}, "standardises by rank"),
        ({"window": 20, "min_dates": 30}, "never learns a weight"),
        ({"min_members": 3}, "more than there are members"),
        ({"shrinkage": 1.5}, "less than or equal to 1"),
    ],
)
def test_what_makes_no_ensemble_is_refused(wrong, said):
    with pytest.raises(ConfigError, match="AK-C003") as refused:
        EnsembleSpec.parse({"members": ["a", "b"]} | wrong, "model_library.both")
    assert said in str(refused.value)


def test_the_unit_of_scores_follows_from_the_weighting():
    assert spec("a", "b", weighting="mean").scale == "z_score"
    assert spec("a", "b", weighting="rank_mean").scale == "rank"
    assert spec("a", "b", weighting="ic").scale == "rank"
    assert spec("a", "b", weighting="ic", standardise="z_score").scale == "z_score"
