"""What tasks share is written once and read by all, whole or not at all."""

import errno
import os

import numpy as np
import pandas as pd
import pytest

from alpha_kedro.core.errors import ModelError
from alpha_kedro.learning import ExecutionSpec, fan_out
from alpha_kedro.learning.fan_out.handover import drop_copy, handed_over, keep_copy
from tests.learning.errands import own_memory, writing

ONE = ExecutionSpec(backend="processes", workers=1)
MIB = 2**20


def study():
    rng = np.random.default_rng(0)
    panel = pd.DataFrame(rng.normal(size=(50, 7)), columns=list("abcdefg"))
    panel.insert(0, "ticker", pd.array(["T1", None] * 25, "str"))
    panel.insert(0, "date", pd.bdate_range("2020-01-01", periods=50).as_unit("us"))
    return {
        "panel": panel.assign(sector=pd.Categorical(["one", "two"] * 25)),
        "empty": np.empty((0, 3)),
        "turned": np.asfortranarray(rng.normal(size=(5, 3))),
        "strided": rng.normal(size=(9, 4))[::2],
        "names": np.array(["a", "b"], dtype=object),
        "none": None,
    }


def test_what_is_read_is_what_was_written(tmp_path):
    written = study()
    with handed_over(written, folder=tmp_path) as handover:
        read = handover.open()
    pd.testing.assert_frame_equal(read.pop("panel"), written.pop("panel"))
    assert read.keys() == written.keys()
    for name, value in written.items():
        np.testing.assert_array_equal(read[name], value)


def test_arrays_are_read_only_aligned_and_not_copied(tmp_path):
    arrays = [np.arange(size, dtype=np.float64) for size in (3, 100, 17)]
    with handed_over(arrays, folder=tmp_path) as handover:
        one, two = handover.open(), handover.open()
    for array in (*one, *two):
        assert not array.flags.writeable
        assert not array.flags.owndata
        assert array.ctypes.data % 64 == 0


def test_nobody_else_may_read_the_file_and_in_the_end_it_is_gone(tmp_path):
    with handed_over(study(), folder=tmp_path) as handover:
        assert handover.path.stat().st_mode & 0o777 == 0o600
        assert [*tmp_path.iterdir()] == [handover.path]
    assert [*tmp_path.iterdir()] == []
    with pytest.raises(KeyboardInterrupt), handed_over(study(), folder=tmp_path):
        raise KeyboardInterrupt
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(bytes(path.stat().st_size)),
    ],
    ids=["missing", "short", "other bytes"],
)
def test_other_bytes_are_not_opened(tmp_path, damage):
    with handed_over(study(), folder=tmp_path) as handover:
        damage(handover.path)
        with pytest.raises(FileNotFoundError, match="not here"):
            handover.open()


def test_a_machine_that_cannot_read_the_file_keeps_a_copy(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with handed_over([1, 2], folder=tmp_path) as handover:
        content = handover.path.read_bytes()
    keep_copy(handover, content)
    assert handover.open() == [1, 2]
    assert handover.copy.stat().st_mode & 0o777 == 0o600
    for _ in range(2):
        drop_copy(handover)
    assert [*tmp_path.iterdir()] == []


def test_a_full_folder_is_an_error_that_says_so(tmp_path, monkeypatch):
    def full(number, mode):
        os.close(number)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fdopen", full)
    with pytest.raises(ModelError, match="AK-M011"), handed_over(0, folder=tmp_path):
        pass
    assert [*tmp_path.iterdir()] == []


def test_what_cannot_be_pickled_says_so_and_leaves_nothing(tmp_path):
    made_here = lambda: 0  # noqa: E731
    with pytest.raises(AttributeError), handed_over(made_here, folder=tmp_path):
        pass
    assert [*tmp_path.iterdir()] == []


def test_tasks_cannot_write_to_what_they_share():
    with pytest.raises(ValueError, match="read-only"):
        fan_out(writing, [0], shared={"weights": np.zeros(3)}, execution=ONE, label="t")


@pytest.mark.skipif(not os.path.exists("/proc/self/smaps_rollup"), reason="Linux only")
def test_a_process_holds_no_copy_of_the_arrays():
    held = []
    for n_rows in (1, 16 * MIB):
        panel = pd.DataFrame({"close": np.ones(n_rows)})
        held += fan_out(own_memory, [0], shared=panel, execution=ONE, label="t")
    assert held[1] - held[0] < 16 * MIB  # of 128
