"""The same model with several seeds: one model, the mean of their scores."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning.explaining.explain import contributions, explain
from alpha_kedro.learning.fold_outcome import (
    FoldOutcome,
    choices_made,
    dropped_features,
    outcome_of,
)
from alpha_kedro.learning.models import ModelSpec, make_model
from alpha_kedro.learning.trees import lightgbm_trees
from alpha_kedro.learning.wrappers.seeds import (
    SEEDS_FILE,
    AveragedModel,
    average_outcomes,
    restore_averaged,
    seed_of,
)
from alpha_kedro.learning.wrappers.selected_model import (
    SELECTION_FILE,
    restore_selected,
)
from tests.learning.planted import BLOCKS, FEATURES, WEEKS, fitted, replaced, window

CHANCY = {"feature_fraction": 0.5}
N_SEEDS = 3


@pytest.fixture(scope="module")
def members():
    return tuple(
        fitted("lightgbm", seed=seed_of(3, number), **CHANCY)
        for number in range(N_SEEDS)
    )


@pytest.fixture(scope="module")
def averaged(members):
    return AveragedModel(members)


def samples(seed=1):
    data = window(seed=seed)
    table = pd.DataFrame(data.X, columns=list(FEATURES))
    names = [f"T{place}" for place in range(5)] * len(WEEKS)
    return table.assign(date=data.dates, ticker=pd.array(names, "str"))


def outcome(member, number):
    table = samples()
    scores = table[["date", "ticker"]].assign(score=member.score(window(seed=1).X))
    return outcome_of(member, scores, explain(member, table.iloc[::7]), seed=number)


def test_seeds_are_all_different_and_the_first_is_the_seed_itself():
    seeds = [seed_of(7, number) for number in range(1_000)]
    assert seeds[0] == 7
    assert len(set(seeds)) == 1_000
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert seeds[1:4] == [seed_of(7, number) for number in (1, 2, 3)]
    assert seed_of(8, 1) != seed_of(7, 1)


def test_the_score_is_the_mean(averaged, members):
    X = window(seed=1).X
    each = [member.score(X) for member in members]
    assert len({scores.tobytes() for scores in each}) == N_SEEDS
    np.testing.assert_allclose(averaged.score(X), np.mean(each, axis=0), rtol=1e-12)
    assert (averaged.kind, averaged.features) == ("lightgbm", FEATURES)


def test_contributions_are_means_that_add_up(averaged, members):
    X = window(seed=1).X
    each = [member.contributions(X) for member in members]
    found = contributions(averaged, X)
    np.testing.assert_allclose(found, np.mean(each, axis=0), rtol=1e-12)


def test_one_seed_is_the_model_itself(members):
    X = window(seed=1).X
    alone = AveragedModel(members[:1])
    np.testing.assert_array_equal(alone.score(X), members[0].score(X))
    first = outcome(members[0], 0)
    assert average_outcomes([first]) is first


def test_outcomes_average_to_the_bits_of_the_averaged_model(averaged, members):
    found = average_outcomes([outcome(each, i) for i, each in enumerate(members)])
    expected = outcome(averaged, 0)
    pd.testing.assert_frame_equal(found.scores, expected.scores, check_exact=True)
    pd.testing.assert_frame_equal(
        found.explained,
        expected.explained.reset_index(drop=True),
        check_exact=True,
    )
    pd.testing.assert_frame_equal(found.choices, expected.choices)
    pd.testing.assert_frame_equal(found.dropped, expected.dropped)
    assert list(found.settings["seed"]) == [0, 1, 2]
    assert set(found.settings["choice"]) == {"rounds"}


def test_a_missing_score_of_one_is_missing_in_the_mean(members):
    parts = [outcome(each, number) for number, each in enumerate(members)]
    gone = parts[1].scores.assign(score=parts[1].scores["score"].where(lambda s: s > 0))
    explained = parts[2].explained.iloc[3:]
    parts[1] = FoldOutcome(**(vars(parts[1]) | {"scores": gone}))
    parts[2] = FoldOutcome(**(vars(parts[2]) | {"explained": explained}))
    found = average_outcomes(parts)
    np.testing.assert_array_equal(found.scores["score"].isna(), gone["score"].isna())
    keys = ["date", "ticker"]
    pd.testing.assert_frame_equal(
        found.explained[keys], explained[keys].reset_index(drop=True)
    )
    nothing = FoldOutcome(**(vars(parts[0]) | {"explained": explained.iloc[:0]}))
    assert average_outcomes([parts[1], nothing]).explained.empty


@pytest.mark.parametrize("reverse", [False, True])
def test_it_comes_back_from_its_files_to_the_byte(averaged, reverse):
    files = averaged.files()
    assert sorted(files) == [*(f"seed{i}_trees.txt" for i in range(3)), SEEDS_FILE]
    shuffled = dict(sorted(files.items(), reverse=reverse))
    again = restore_averaged(lightgbm_trees.restore, FEATURES, {}, shuffled)
    assert again.files() == files
    X = window(seed=1).X
    np.testing.assert_array_equal(again.score(X), averaged.score(X))


def test_each_fit_keeps_what_it_dropped():
    data = window()
    X = data.X.copy()
    X[:, 3] = 1.0
    constant = replaced(data, X=X)
    fits = tuple(fitted("lightgbm", seed=s, data=constant, **CHANCY) for s in (1, 2))
    both = AveragedModel(fits)
    assert both.dropped_features == {"noise": "constant"}
    again = restore_averaged(lightgbm_trees.restore, FEATURES, {}, both.files())
    np.testing.assert_array_equal(again.score(X), both.score(X))
    mixed = AveragedModel((fits[0], fitted("lightgbm", seed=2, **CHANCY)))
    assert mixed.dropped_features == {}
    again = restore_averaged(lightgbm_trees.restore, FEATURES, {}, mixed.files())
    np.testing.assert_array_equal(again.score(X), mixed.score(X))
    assert [dict(each.dropped_features) for each in again.members] == [
        {"noise": "constant"},
        {},
    ]


def test_fits_on_chosen_features_are_stored_with_their_choice():
    block = {
        "kind": "lightgbm",
        "lightgbm": BLOCKS["lightgbm"] | CHANCY,
        "selection": {"n_features": 2, "min_names": 5, "n_periods": 1},
    }
    chooser = make_model(ModelSpec.parse(block, "models.tiny"))
    data = window(missing=0.0)
    both = AveragedModel(tuple(chooser.fit(data, seed=seed) for seed in (1, 2)))
    assert f"seed1_{SELECTION_FILE}" in both.files()

    def restore(features, dropped, files):
        return restore_selected(lightgbm_trees.restore, features, dropped, files)

    again = restore_averaged(restore, FEATURES, {}, both.files())
    np.testing.assert_array_equal(again.score(data.X), both.score(data.X))
    assert again.dropped_features == both.dropped_features
    assert len(both.dropped_features) == 3


def fit_of(**chosen):
    return SimpleNamespace(
        kind="toy", features=("a",), dropped_features={}, chosen=chosen
    )


def test_what_they_chose_is_the_mean_of_numbers_and_common_words():
    both = AveragedModel(
        (
            fit_of(rounds=10.0, loss="huber", word="one", own=1.0),
            fit_of(rounds=20.0, loss="huber", word="two"),
        )
    )
    assert both.chosen == {"rounds": 15.0, "loss": "huber"}


def test_what_explains_nothing_explains_nothing_on_average():
    silent = AveragedModel((fitted("random", seed=1), fitted("random", seed=2)))
    assert silent.contributions(window().X) is None


def test_fits_of_different_models_are_refused(members):
    with pytest.raises(ModelError, match="AK-M164") as refused:
        AveragedModel((members[0], fitted("ridge")))
    assert "lightgbm on 5 features" in str(refused.value)
    with pytest.raises(ModelError, match="AK-M164"):
        AveragedModel(())


def test_choices_and_drops_are_told_as_for_one_model(averaged, members):
    assert choices_made(averaged).empty
    assert dropped_features(averaged).empty
    assert set(averaged.chosen) == set(members[0].chosen)
