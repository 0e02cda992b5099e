import pickle

import pytest

from alpha_kedro.core.errors import (
    AlphaKedroError,
    ConfigError,
    DataError,
    ModelError,
    SimulationError,
    shorten,
)


def test_an_error_says_what_where_got_wanted_and_how_to_fix_it():
    error = DataError(
        "AK-D001",
        "a bar stands twice",
        where=["A 2024-01-02"],
        got=2,
        wanted="one",
        fix="clean the bars",
    )
    assert str(error).splitlines() == [
        "AK-D001 a bar stands twice",
        "  where:  A 2024-01-02",
        "  got:    2",
        "  wanted: one",
        "  fix:    clean the bars",
    ]


def test_what_is_not_known_is_not_mentioned():
    assert str(ConfigError("AK-C001", "wrong")) == "AK-C001 wrong"


def test_something_found_to_be_zero_is_mentioned():
    assert "got:    0" in str(DataError("AK-D001", "nothing", got=0))


def test_the_first_five_places_are_named_and_the_rest_counted():
    assert shorten(range(5)) == "0, 1, 2, 3, 4"
    assert shorten(range(7)) == "0, 1, 2, 3, 4 (+2 more)"
    assert "(+95 more)" in str(DataError("AK-D001", "many", where=range(100)))


def test_wrong_usage_and_failure_leave_by_different_exit_codes():
    assert ConfigError.exit_code == 2
    assert {kind.exit_code for kind in (DataError, ModelError, SimulationError)} == {1}
    assert issubclass(SimulationError, AlphaKedroError)


@pytest.mark.parametrize("kind", [ConfigError, DataError, ModelError, SimulationError])
def test_an_error_comes_back_whole_from_a_worker_process(kind):
    error = kind("AK-X001", "broken", where=["here"], got=1, wanted=2, fix="mend it")
    returned = pickle.loads(pickle.dumps(error))
    assert type(returned) is kind
    assert str(returned) == str(error)
    assert returned.__dict__ == error.__dict__
