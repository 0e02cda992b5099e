"""Spaces: what may be drawn, and what is refused before any fit."""

import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.linear_models.linear import RidgeSpec
from alpha_kedro.learning.trees.lightgbm_trees import LightGBMSpec
from alpha_kedro.learning.wrappers.tuning import Range, TuningSpec, with_settings
from alpha_kedro.learning.wrappers.tuning.space import distributions, holds, settings_of
from tests.learning.wrappers.tuning.tilted import Inside, Tilted, tuning


def refused(space, block=Tilted(), code="AK-C151"):  # noqa: B008
    with pytest.raises(ConfigError) as error:
        tuning(space).check(block)
    assert error.value.code == code
    return error.value


def test_the_example_is_one_lightgbm_takes():
    block = {
        "n_trials": 30,
        "n_splits": 3,
        "embargo": 5,
        "objective": "rank_ic",
        "pruner": "median",
        "space": {
            "num_leaves": {"low": 4, "high": 63, "log": True},
            "learning_rate": {"low": 0.01, "high": 0.2, "log": True},
            "min_data_in_leaf": [100, 300, 1000],
            "feature_fraction": {"low": 0.2, "high": 1.0},
            "rounds.patience": {"low": 10, "high": 50, "step": 10},
        },
    }
    spec = TuningSpec.parse(block, "model_library.lightgbm_tuned.tuning")
    spec.check(LightGBMSpec())
    drawn = distributions(spec.space, LightGBMSpec())
    kinds = [type(each).__name__ for each in drawn.values()]
    assert kinds == [
        *("IntDistribution", "FloatDistribution", "CategoricalDistribution"),
        *("FloatDistribution", "IntDistribution"),
    ]
    assert spec.planned_trials(8) == 240


def test_a_unit_range_is_drawn_as_the_block_counts():
    """0 to 1 are whole numbers in YAML; a float parameter takes what lies between."""
    spec = tuning({"tilt": {"low": 0, "high": 1}, "turns": {"low": 0, "high": 1}})
    spec.check(Tilted())
    kinds = [
        type(each).__name__ for each in distributions(spec.space, Tilted()).values()
    ]
    assert kinds == ["FloatDistribution", "IntDistribution"]


def test_one_number_is_drawn_for_a_parameter_that_may_have_several():
    spec = tuning({"alpha": {"low": 1, "high": 1000, "log": True}})
    spec.check(RidgeSpec())
    (kind,) = distributions(spec.space, RidgeSpec()).values()
    assert type(kind).__name__ == "FloatDistribution"
    assert with_settings(RidgeSpec(), {"alpha": 7.5}).alpha == (7.5,)


def test_settings_change_the_block_and_are_read_back():
    new = {"tilt": 1.5, "inside.depth": 4, "inside.way": "down", "pair": (1.0, 2.0)}
    block = with_settings(Tilted(turns=3), new)
    assert block == Tilted(
        tilt=1.5, turns=3, pair=(1.0, 2.0), inside=Inside(depth=4, way="down")
    )
    assert settings_of(block, new) == new
    assert settings_of(Tilted(), {"pair": None}) == {"pair": 1.0}


@pytest.mark.parametrize(
    ("space", "block", "meant"),
    [
        ({"tylt": [1.0]}, Tilted(), "tilt"),
        ({"inside.dept": [1]}, Tilted(), "inside.depth"),
        ({"num_leafs": [7]}, LightGBMSpec(), "num_leaves"),
        ({"patience": [7]}, LightGBMSpec(), "rounds.patience"),
        ({"scaling": ["none"]}, RidgeSpec(), "preprocessing.scaling"),
    ],
)
def test_a_misspelt_parameter_is_refused_with_the_nearest(space, block, meant):
    error = refused(space, block, "AK-C150")
    assert error.fix == f"did you mean {meant!r}?"


def test_a_name_like_no_other_is_refused_with_all_of_them():
    error = refused({"zzz": [1]}, code="AK-C150")
    assert error.wanted.startswith("one of exact, inside.depth, inside.way")


@pytest.mark.parametrize(
    ("space", "got"),
    [
        ({"tilt": {"low": -11.0, "high": 1.0}}, "-11.0"),
        ({"tilt": {"low": 1.0, "high": 11.0}}, "11.0"),
        ({"tilt": [1.0, "steep"]}, "'steep'"),
        ({"turns": {"low": 0, "high": 2, "step": 0.5}}, "0.5"),
        ({"turns": {"low": 0.5, "high": 2}}, "0.5"),
        ({"inside.way": ["up", "left"]}, "'left'"),
        ({"inside.depth": {"low": 0, "high": 3}}, "0"),
    ],
)
def test_a_value_the_block_refuses_is_refused_at_once(space, got):
    error = refused(space)
    assert error.got == got
    assert next(iter(space)) in error.where[0]


def test_a_combination_is_left_to_its_trial():
    tuning({"tilt": {"low": -10.0, "high": 10.0}, "turns": [0, 9]}).check(Tilted())


@pytest.mark.parametrize("name", ["exact", "inside.way"])
def test_a_range_of_what_is_no_number_is_refused(name):
    refused({name: {"low": 0, "high": 1}}, code="AK-C152")


@pytest.mark.parametrize(
    ("space", "reason"),
    [
        ({}, "at least 1 item"),
        ({"tilt": []}, "at least 1 item"),
        ({"tilt": [1.0, 1.0]}, "listed twice"),
        ({"tilt": {"low": 2, "high": 1}}, "low 2 lies above high 1"),
        ({"tilt": {"low": 0, "high": 1, "log": True}}, "low above 0"),
        ({"tilt": {"low": 1, "high": 2, "log": True, "step": 1}}, "no step"),
        ({"tilt": {"low": 0, "high": 1, "step": 0.3}}, "whole number of steps"),
        ({"tilt": {"low": 0, "hihg": 1}}, "did you mean 'high'?"),
    ],
)
def test_what_is_no_space_is_refused_by_name(space, reason):
    with pytest.raises(ConfigError, match="AK-C003") as error:
        tuning(space)
    assert reason in str(error.value)
    assert "tuning.space" in error.value.where[0]


def test_tuning_has_to_end():
    with pytest.raises(ConfigError, match="set n_trials, minutes, or both"):
        tuning(n_trials=None)
    assert tuning(n_trials=None, minutes=5.0).planned_trials(8) is None


def test_a_model_block_can_check_its_space_while_it_is_read():
    """A ConfigError passes through pydantic as it is."""
    from pydantic import model_validator

    class Named(Spec):
        block: Tilted = Tilted()
        tuning: TuningSpec

        @model_validator(mode="after")
        def _space_fits(self):
            self.tuning.check(self.block)
            return self

    with pytest.raises(ConfigError, match="AK-C150"):
        Named.parse({"tuning": {"n_trials": 2, "space": {"tylt": [1.0]}}}, "named")


def test_what_lies_in_a_space():
    grid = Range(low=0.1, high=0.9, step=0.2)
    assert [holds(grid, value) for value in (0.1, 0.3, 0.7, 0.9)] == [True] * 4
    assert [holds(grid, value) for value in (0.2, 1.1, True, None, "0.3")] == [
        False
    ] * 5
    assert (holds((1, 2), 2), holds((1, 2), 3)) == (True, False)


def test_a_space_survives_its_json():
    spec = tuning({"tilt": {"low": 0, "high": 1.0}, "turns": [0, 4], "exact": [True]})
    assert TuningSpec.model_validate_json(spec.model_dump_json()) == spec
