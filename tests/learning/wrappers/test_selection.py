"""The choice of features: by hand, against a slow twin, and what always holds."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning.wrappers.feature_evidence import correlations_within_dates
from alpha_kedro.learning.wrappers.selection import Selection, SelectionSpec, take_turns
from alpha_kedro.signals.features import FEATURES, family_of
from tests.learning.planted import replaced
from tests.learning.windows import noise, window_of

ONE_FAMILY = SelectionSpec(n_features=3, min_names=5)


def chosen_from(data, spec=ONE_FAMILY, families=None):
    families = families or dict.fromkeys(data.features, "one")
    return spec.fit(data, families=families)


def verdict_on(name, choice):
    (found,) = (each for each in choice.verdicts if each.feature == name)
    return found


@st.composite
def contests(draw):
    """Draw queues of columns, their correlations, the places and the limit."""
    p = draw(st.integers(1, 12))
    seed = draw(st.integers(0, 1_000))
    rng = np.random.default_rng(seed)
    family = rng.integers(0, draw(st.integers(1, 4)), p)
    queues = [rng.permutation(np.flatnonzero(family == each)) for each in range(4)]
    load = rng.normal(size=(p, 3))
    correlations = np.corrcoef(load) if p > 1 else np.ones((1, 1))
    places, limit = draw(st.integers(1, 12)), draw(st.sampled_from([0.3, 0.6, 0.95]))
    return [queue.tolist() for queue in queues], correlations, places, limit


def slow_turns(queues, correlations, places, limit):
    """The slow twin: one column at a time, every rule spelt out."""
    waiting, chosen, twins, turn = [list(queue) for queue in queues], [], {}, 0
    while any(waiting) and len(chosen) < places:
        queue = waiting[turn % len(waiting)]
        turn += 1
        taken = False
        while queue and not taken and len(chosen) < places:
            column = queue.pop(0)
            like = [(abs(correlations[column, each]), each) for each in chosen]
            closest = max(like, key=lambda pair: pair[0], default=(0.0, None))
            if closest[0] > limit:
                twins[column] = closest[1]
            else:
                chosen.append(column)
                taken = True
    return chosen, twins


def turns(contest):
    queues, correlations, places, limit = contest
    return take_turns(queues, correlations, places=places, max_correlation=limit)


def test_families_take_turns_by_hand():
    # Column 1 repeats column 0, and so does 5, of another family.
    likeness = np.eye(6)
    likeness[0, 1] = likeness[1, 0] = 0.95
    likeness[0, 5] = likeness[5, 0] = -0.9
    chosen, twins = turns(([[0, 1, 2], [5, 3], [4]], likeness, 4, 0.8))
    assert chosen == [0, 3, 4, 2]
    assert twins == {5: 0, 1: 0}
    assert turns(([[0, 1, 2], [5, 3], [4]], likeness, 2, 0.8)) == ([0, 3], {5: 0})


@settings(max_examples=60, deadline=None)
@given(contests())
def test_turns_are_those_of_the_slow_twin(contest):
    assert turns(contest) == slow_turns(*contest)


@settings(max_examples=60, deadline=None)
@given(contests())
def test_what_holds_of_every_choice(contest):
    queues, correlations, places, limit = contest
    chosen, twins = turns(contest)
    assert 0 < len(chosen) <= places
    assert set(chosen).isdisjoint(twins)
    pairs = np.abs(correlations[np.ix_(chosen, chosen)])[
        ~np.eye(len(chosen), dtype=bool)
    ]
    assert (pairs <= limit).all()
    assert all(abs(correlations[one, twin]) > limit for one, twin in twins.items())
    # A family falls behind another by more than one only with nobody left to put up.
    taken = [len(set(queue) & set(chosen)) for queue in queues]
    for queue, places_taken in zip(queues, taken, strict=True):
        exhausted = set(queue) <= set(chosen) | set(twins)
        assert exhausted or places_taken >= max(taken) - 1


def planted(seed=0):
    """Return a window with a feature for every fate, after three with skill."""
    X, y = noise(n_dates=120, n_names=25, p=8, ic=(0.6, -0.5, 0.4), seed=seed)
    rng = np.random.default_rng(seed)
    signs = np.where(np.arange(120) < 60, 1.0, -1.0)[:, None]
    X[..., 3] = X[..., 0] + 0.1 * rng.normal(size=y.shape)
    X[..., 4] = signs * y + rng.normal(size=y.shape)
    X[..., 5] = np.nan
    X[..., 6] = 4.0
    names = ("up", "down", "weak", "echo", "turning", "absent", "flat", "noise")
    return window_of(X, y, names)


def test_every_fate_by_name():
    choice = chosen_from(planted())
    assert choice.chosen == ("up", "down", "weak")
    assert choice.dropped["echo"] == "redundant with up"
    assert choice.dropped["turning"] == "unstable"
    assert choice.dropped["absent"] == choice.dropped["flat"] == "unmeasured"
    assert choice.dropped["noise"] in {"unstable", "family full"}
    assert choice.columns.tolist() == [0, 1, 2]


def test_a_verdict_holds_what_was_measured():
    choice = chosen_from(planted())
    down, absent = verdict_on("down", choice), verdict_on("absent", choice)
    assert down.ic < -0.2
    assert down.t < -10
    assert (down.agreement, down.family, down.twin) == (1.0, "one", "")
    assert (absent.ic, absent.t, absent.agreement) == (None, None, 0.0)


def test_the_sign_does_not_matter_only_its_steadiness():
    data = planted()
    mirrored = replaced(data, X=-data.X)
    assert chosen_from(mirrored).chosen == chosen_from(data).chosen


def test_a_family_gets_its_place_beside_stronger_ones():
    X, y = noise(n_dates=120, n_names=25, p=5, ic=(0.9, 0.8, 0.7, 0.6, 0.2))
    data = window_of(X, y)
    families = dict(zip(data.features, ["one"] * 4 + ["two"], strict=True))
    spec = SelectionSpec(n_features=2, min_names=5)
    assert chosen_from(data, spec, families).chosen == ("f000", "f004")
    assert chosen_from(data, spec).chosen == ("f000", "f001")
    left = verdict_on("f001", chosen_from(data, spec, families))
    assert left.reason == "family full"


def test_fewer_are_chosen_where_fewer_are_steady():
    X, y = noise(n_dates=120, n_names=25, p=2, ic=(0.6,))
    X[..., 1] = np.nan
    assert chosen_from(window_of(X, y)).chosen == ("f000",)


def test_a_window_without_a_steady_feature_is_refused():
    X, y = noise(n_dates=40, n_names=20, p=2)
    X[:20], X[20:] = y[:20, :, None], X[20:] - y[20:, :, None]
    with pytest.raises(ModelError, match="f000: 50%, f001: 50%") as refused:
        chosen_from(window_of(X, y))
    assert refused.value.code == "AK-M130"


def test_too_few_names_are_no_coefficient():
    with pytest.raises(ModelError, match="AK-M130"):
        chosen_from(planted(), SelectionSpec(min_names=26))


def test_ties_go_to_the_first_name():
    X, y = noise(n_dates=60, n_names=20, p=1, ic=(0.5,))
    X = np.repeat(X, 3, axis=2)
    for names in (("c", "b", "a"), ("a", "b", "c")):
        choice = chosen_from(window_of(X, y, names))
        assert choice.chosen == ("a",)
        assert choice.dropped == dict.fromkeys(sorted(names)[1:], "redundant with a")


@pytest.mark.parametrize("seed", range(6))
def test_at_a_limit_of_one_no_copy_is_redundant_by_a_rounding_error(seed):
    X, y = noise(n_dates=11, n_names=24, p=4, seed=seed)
    X[..., 2], X[..., 3] = -X[..., 1], X[..., 0]
    spec = SelectionSpec(n_features=4, max_correlation=1.0, min_agreement=0.0)
    assert len(chosen_from(window_of(X, y), spec).chosen) == 4


@settings(max_examples=10, deadline=None)
@given(st.permutations(range(8)))
def test_the_order_of_the_columns_does_not_matter(order):
    data = planted()
    shuffled = replaced(
        data, X=data.X[:, order], features=tuple(data.features[each] for each in order)
    )
    one, other = chosen_from(data), chosen_from(shuffled)
    assert set(one.chosen) == set(other.chosen)
    assert one.dropped == other.dropped


@pytest.mark.parametrize("bend", [np.cbrt, lambda X: 3 * X - 7, np.arctan])
def test_only_the_order_of_values_matters(bend):
    data = planted()
    assert chosen_from(replaced(data, X=bend(data.X))) == chosen_from(data)


def test_no_two_chosen_are_more_alike_than_allowed():
    X, y = noise(n_dates=60, n_names=30, p=40, seed=3)
    X[..., 20:] = X[..., :20] + 0.5 * X[..., 20:]
    data = window_of(X, y)
    spec = SelectionSpec(n_features=24, max_correlation=0.5, min_agreement=0.0)
    families = {name: f"family {int(name[1:]) % 5}" for name in data.features}
    choice = chosen_from(data, spec, families)
    likeness = np.abs(correlations_within_dates(data, n_dates=spec.correlation_dates))
    kept = likeness[np.ix_(choice.columns, choice.columns)]
    assert kept[~np.eye(len(kept), dtype=bool)].max() <= 0.5
    sizes = Counter(each.family for each in choice.verdicts if each.is_chosen)
    assert len(sizes) == 5
    assert "redundant" in {each.reason for each in choice.verdicts}


def test_its_json_is_the_whole_of_it():
    choice = chosen_from(planted())
    assert Selection.model_validate_json(choice.model_dump_json()) == choice


def test_families_are_the_registered_ones_unless_told():
    known = next(iter(FEATURES))
    spec = SelectionSpec(families={"mine": "own"})
    assert spec.families_of([known, "mine", "whose"]) == {
        known: family_of(known),
        "mine": "own",
        "whose": "other",
    }


def test_a_misspelt_setting_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="n_features"):
        SelectionSpec.parse({"n_feature": 24}, "selection")
