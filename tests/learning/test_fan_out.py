"""Where the work is done changes no byte of the result, and errors come back whole."""

import os

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.learning import ExecutionSpec, ModelSpec, fan_out
from alpha_kedro.learning.fan_out import execution
from tests.learning.errands import (
    failing,
    failing_oddly,
    leaving_traces,
    products,
    scaled,
    threads,
)
from tests.learning.small_study import CHOOSING, RIDGE, TABLES, small_study, walk

SERIAL = ExecutionSpec()
ONE = ExecutionSpec(backend="processes", workers=1)
TWO = ExecutionSpec(backend="processes", workers=2)


def numbers():
    """Return what ``products`` is made of."""
    rng = np.random.default_rng(0)
    panel = pd.DataFrame(rng.normal(size=(2000, 60)), dtype=np.float32)
    return {"panel": panel, "weights": rng.normal(size=60)}


def assert_same_bytes(execution):
    """Compare a backend with the serial one; results are in the tasks' order."""
    told = {"tasks": range(8), "shared": numbers(), "label": "t"}
    expected = fan_out(products, execution=SERIAL, **told)
    spread = fan_out(products, execution=execution, **told)
    assert [value.tobytes() for value in spread] == [
        value.tobytes() for value in expected
    ]


def assert_no_further_task_begins(execution, folder):
    with pytest.raises(ValueError, match="the first one"):
        fan_out(
            leaving_traces, range(20), shared=folder, execution=execution, label="t"
        )
    assert len(list(folder.iterdir())) < 10


def test_results_come_in_the_order_of_the_tasks():
    done = fan_out(scaled, range(5), shared=10, execution=SERIAL, label="t")
    assert done == [(10 * task, os.getpid()) for task in range(5)]
    spread = fan_out(scaled, range(5), shared=10, execution=TWO, label="t")
    assert [value for value, _ in spread] == [value for value, _ in done]
    assert os.getpid() not in {process for _, process in spread}


def test_processes_give_the_same_bytes():
    assert_same_bytes(TWO)


def test_no_tasks_give_no_results():
    for backend in ("serial", "processes", "dask"):
        nowhere = ExecutionSpec(backend=backend)
        assert fan_out(scaled, [], shared=1, execution=nowhere, label="t") == []


@pytest.mark.parametrize("execution", [SERIAL, ONE], ids=lambda spec: spec.backend)
def test_errors_come_back_as_themselves(execution):
    with pytest.raises(ModelError) as caught:
        fan_out(failing, range(3), shared="x", execution=execution, label="t")
    assert (caught.value.code, caught.value.where, caught.value.got) == (
        *("AK-M999", ["here"]),
        "x",
    )


def test_an_error_says_where_in_the_other_process_it_was_raised():
    with pytest.raises(ModelError) as caught:
        fan_out(failing, range(3), shared="x", execution=ONE, label="t")
    assert "errands.py" in str(caught.value.__cause__)


def test_an_error_that_cannot_travel_comes_as_its_text():
    with pytest.raises(RuntimeError, match="OddError: 1 and 2"):
        fan_out(failing_oddly, [0], shared=None, execution=ONE, label="t")


def test_after_an_error_no_further_task_begins(tmp_path):
    assert_no_further_task_begins(TWO, tmp_path)


@pytest.mark.slow
def test_libraries_in_a_worker_have_one_thread_each():
    (counts,) = fan_out(threads, [0], shared=None, execution=ONE, label="t")
    assert set(counts) == {1}


def test_results_are_counted_as_they_are_finished(monkeypatch):
    """The first task is the last to finish."""
    counted = []

    def spy(items, *, label, total):
        for place, result in items:
            counted.append(place)
            yield place, result

    monkeypatch.setattr(execution, "track", spy)
    fan_out(scaled, range(4), shared=1, execution=TWO, label="t")
    assert sorted(counted) == [0, 1, 2, 3]
    assert counted[0] != 0


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
    with pytest.raises(ConfigError, match="'serial', 'processes' or 'dask'"):
        ExecutionSpec.parse({"backend": "threads"}, "execution")


@pytest.mark.parametrize("backend", ["serial", "processes"])
def test_an_address_nobody_would_read_is_refused(backend):
    block = {"backend": backend, "address": "tcp://10.0.0.1:8786"}
    with pytest.raises(ConfigError, match="no scheduler"):
        ExecutionSpec.parse(block, "execution")


def test_an_address_has_a_protocol_and_a_port():
    with pytest.raises(ConfigError, match="address"):
        ExecutionSpec.parse({"backend": "dask", "address": "10.0.0.1"}, "execution")


def test_how_many_workers_a_scheduler_has_is_not_ours_to_say():
    block = {"backend": "dask", "address": "tcp://10.0.0.1:8786", "workers": 2}
    with pytest.raises(ConfigError, match="omit workers"):
        ExecutionSpec.parse(block, "execution")
