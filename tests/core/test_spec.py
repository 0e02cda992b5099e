from datetime import date, datetime

import pytest
from pydantic import Field, ValidationError

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.spec import (
    BasisPoints,
    Names,
    SessionDate,
    Share,
    Spec,
    known_keys,
)


class Costs(Spec):
    spread: BasisPoints = 5.0
    share: Share = 0.5


class Study(Spec):
    names: Names = ("a",)
    start: SessionDate | None = None
    horizon: int = Field(5, ge=1)
    costs: Costs = Costs()
    optional: Costs | None = None
    books: dict[str, Costs] = Field(default_factory=dict)


def refusal_of(block, spec=Study, where="study"):
    with pytest.raises(ConfigError, match="AK-C003") as refusal:
        spec.parse(block, where)
    return str(refusal.value)


def test_a_block_is_read_into_its_types():
    study = Study.parse(
        {"names": ["x", "y"], "start": "2012-01-31", "costs": {"spread": 1.5}}, "study"
    )
    assert study.names == ("x", "y")
    assert study.start == date(2012, 1, 31)
    assert study.costs == Costs(spread=1.5)


@pytest.mark.parametrize("said", ["x+y", "x y", ["x", "y"], ("x", "y")])
def test_names_come_from_yaml_or_the_command_line(said):
    assert Study.parse({"names": said}, "").names == ("x", "y")


@pytest.mark.parametrize("name", [True, None, 1e5])
def test_a_name_that_yaml_took_for_something_else_is_refused(name):
    assert "valid string" in refusal_of({"names": ["A", name]})


@pytest.mark.parametrize("said", [date(2012, 1, 31), datetime(2012, 1, 31, 9)])
def test_a_date_may_come_as_yaml_reads_it(said):
    assert Study.parse({"start": said}, "").start == date(2012, 1, 31)


def test_a_day_that_is_none_is_refused():
    assert "study.start" in refusal_of({"start": "2012-02-31"})


def test_a_spec_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        Study().horizon = 3


@pytest.mark.parametrize("value", ["5", 5.5, True, None])
def test_a_number_of_the_wrong_type_is_refused(value):
    assert "study.horizon" in refusal_of({"horizon": value})


@pytest.mark.parametrize("spread", [-1.0, 1e4, float("nan"), float("inf")])
def test_an_absurd_cost_is_refused_with_its_place(spread):
    assert "study.costs.spread" in refusal_of({"costs": {"spread": spread}})


def test_a_whole_number_will_do_for_a_decimal():
    assert Costs.parse({"spread": 7}, "").spread == 7.0


@pytest.mark.parametrize(
    ("block", "where", "near"),
    [
        ({"horizn": 3}, "study.horizn", "horizon"),
        ({"costs": {"sprad": 3.0}}, "study.costs.sprad", "spread"),
        ({"optional": {"sprad": 3.0}}, "study.optional.sprad", "spread"),
        ({"books": {"mine": {"sprad": 3.0}}}, "study.books.mine.sprad", "spread"),
    ],
)
def test_an_unknown_key_is_answered_by_the_nearest_at_any_depth(block, where, near):
    assert f"{where}: unknown key, did you mean {near!r}?" in refusal_of(block)


def test_all_problems_are_told_at_once():
    said = refusal_of({"horizon": 0, "zzz": 1, "costs": {"share": 2.0}})
    assert "3 parameter(s)" in said
    for key in ("study.horizon", "study.zzz", "study.costs.share"):
        assert key in said


def test_without_a_place_the_key_stands_alone():
    assert "where:  horizon: " in refusal_of({"horizon": 0}, where="")


def test_the_known_keys_of_a_block_are_those_of_its_spec():
    assert known_keys(Study, []) == sorted(Study.model_fields)
    assert known_keys(Study, ["costs"]) == ["share", "spread"]
    assert known_keys(Study, ["books", "mine"]) == ["share", "spread"]
