"""Where the work is done changes no byte of the result, and errors come back whole."""

import os

import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning import ExecutionSpec, ModelSpec, fan_out
from tests.learning.errands import dying, failing, scaled, threads
from tests.learning.small_study import CHOOSING, RIDGE, TABLES, small_study, walk

SERIAL = ExecutionSpec()
ONE = ExecutionSpec(backend="processes", workers=1)
TWO = ExecutionSpec(backend="processes", workers=2)


def test_results_come_in_the_order_of_the_tasks():
    done = fan_out(scaled, range(5), shared=10, execution=SERIAL, label="t")
    assert done == [(10 * task, os.getpid()) for task in range(5)]
    spread = fan_out(scaled, range(5), shared=10, execution=TWO, label="t")
    assert [value for value, _ in spread] == [value for value, _ in done]
    assert os.getpid() not in {process for _, process in spread}


def test_no_tasks_give_no_results():
    for execution in (SERIAL, TWO):
        assert fan_out(scaled, [], shared=1, execution=execution, label="t") == []


@pytest.mark.parametrize("execution", [SERIAL, ONE], ids=lambda spec: spec.backend)
def test_errors_come_back_as_themselves(execution):
    with pytest.raises(ModelError) as caught:
        fan_out(failing, range(3), shared="x", execution=execution, label="t")
    assert (caught.value.code, caught.value.where, caught.value.got) == (
        *("AK-M999", ["here"]),
        "x",
    )


def test_a_process_that_dies_is_an_error_and_not_a_wait():
    with pytest.raises(ModelError, match="AK-M004"):
        fan_out(dying, range(2), shared=None, execution=ONE, label="t")


@pytest.mark.slow
def test_libraries_in_a_worker_have_one_thread_each():
    (counts,) = fan_out(threads, [0], shared=None, execution=ONE, label="t")
    assert set(counts) == {1}


def assert_backends_agree(folder, models):
    serial = walk(*small_study(), models=models)
    spread = walk(*small_study(), models=models, execution=TWO, cache=folder)
    for table in TABLES:
        pd.testing.assert_frame_equal(
            getattr(serial, table), getattr(spread, table), check_exact=True
        )
    assert len(list(folder.iterdir())) == 3 * len(models)


def test_both_backends_give_the_same_bytes(tmp_path):
    assert_backends_agree(tmp_path, RIDGE | CHOOSING)


@pytest.mark.slow
def test_trees_on_two_threads_give_the_bytes_of_workers_held_to_one(tmp_path):
    block = {"n_estimators": 20, "min_data_in_leaf": 5, "threads": 2}
    spec = ModelSpec.parse({"kind": "lightgbm", "lightgbm": block}, "models.trees")
    assert_backends_agree(tmp_path, {"trees": spec})


def test_an_unknown_backend_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="'serial' or 'processes'"):
        ExecutionSpec.parse({"backend": "threads"}, "execution")


def test_an_address_nobody_would_read_is_refused():
    with pytest.raises(ConfigError, match="no scheduler"):
        ExecutionSpec.parse({"address": "tcp://10.0.0.1:8786"}, "execution")
