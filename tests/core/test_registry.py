import pytest

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.registry import Registry, nearest, unknown_name


@pytest.fixture
def models():
    registry = Registry("model")
    registry.add("ridge", 1)
    registry.add("lightgbm", 2)
    return registry


def test_a_registry_reads_like_a_mapping(models):
    assert models["ridge"] == 1
    assert dict(models) == {"ridge": 1, "lightgbm": 2}
    assert len(models) == 2
    assert "lasso" not in models


def test_a_decorator_registers_what_it_decorates_and_leaves_it_alone(models):
    @models.register("twice")
    def twice(number):
        return 2 * number

    assert models["twice"] is twice
    assert twice(3) == 6


def test_a_name_is_given_once(models):
    with pytest.raises(ConfigError, match=r"AK-C001 two models are called 'ridge'"):
        models.add("ridge", 3)
    assert models["ridge"] == 1


def test_a_misspelt_name_is_answered_by_the_nearest_and_all_known(models):
    with pytest.raises(ConfigError, match="AK-C002") as refusal:
        models["lightgmb"]
    message = str(refusal.value)
    assert "unknown model 'lightgmb'" in message
    assert "did you mean 'lightgbm'?" in message
    assert "one of lightgbm, ridge" in message


def test_a_name_like_no_other_gets_no_suggestion():
    assert nearest("xyz", ["ridge"]) is None
    assert "did you mean" not in str(unknown_name("model", "xyz", ["ridge"]))


def test_a_name_that_may_be_absent_is_asked_for_without_complaint(models):
    assert models.get("ridge") == 1
    assert models.get("lasso") is None
    assert models.get("lasso", 0) == 0
