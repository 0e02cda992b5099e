"""Half-written files: what a dead process left is swept, a living one's is kept."""

import os

import pytest

from alpha_kedro.core.files import (
    atomic_folder,
    atomic_path,
    remove_folder,
    sweep_partials,
)


def test_only_the_partial_files_of_dead_processes_are_swept(tmp_path):
    living = tmp_path / "folder" / f".scores.parquet.0.{os.getppid()}.partial"
    dead = living.with_name(".scores.parquet.0.999999999.partial")
    nobodys = living.with_name(".scores.parquet.partial")
    living.parent.mkdir()
    for path in (living, dead, nobodys):
        path.write_bytes(b"half")
    assert sweep_partials(tmp_path) == 2
    assert list(living.parent.iterdir()) == [living]


def test_what_this_process_is_writing_is_kept_and_what_its_number_left_is_not(tmp_path):
    """In a container every run has the same process number."""
    earlier = tmp_path / f".scores.parquet.0.{os.getpid()}.partial"
    earlier.write_bytes(b"half")
    with atomic_path(tmp_path / "scores.parquet") as mine:
        mine.write_bytes(b"whole")
        assert sweep_partials(tmp_path) == 1
        assert not earlier.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["scores.parquet"]


def test_what_is_written_through_a_link_to_the_folder_is_known_too(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with atomic_path(tmp_path / "link" / "a") as mine:
        mine.write_bytes(b"whole")
        assert sweep_partials(tmp_path / "real") == 0


def test_a_folder_appears_whole(tmp_path):
    target = tmp_path / "kept"
    with atomic_folder(target) as partial:
        (partial / "a").write_bytes(b"1")
        assert not target.exists()
        assert sweep_partials(tmp_path) == 0
    assert [path.name for path in target.iterdir()] == ["a"]
    assert list(tmp_path.iterdir()) == [target]


def test_half_a_folder_is_cleared_at_once_or_swept(tmp_path):
    with pytest.raises(FileNotFoundError), atomic_folder(tmp_path / "a") as half:
        (half / "missing" / "file").write_bytes(b"1")
    assert list(tmp_path.iterdir()) == []
    left = tmp_path / ".a.0.999999999.partial"
    (left / "deep").mkdir(parents=True)
    assert sweep_partials(tmp_path) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_never_written_over(tmp_path):
    with atomic_folder(tmp_path / "a") as partial:
        (partial / "file").write_bytes(b"1")
    with pytest.raises(OSError, match="not empty"), atomic_folder(tmp_path / "a"):
        pass
    assert (tmp_path / "a" / "file").read_bytes() == b"1"


def test_a_folder_is_removed_with_all_that_is_in_it(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    remove_folder(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_two_writes_of_one_file_at_once_do_not_meet(tmp_path):
    target = tmp_path / "file"
    with atomic_path(target) as first, atomic_path(target) as second:
        first.write_bytes(b"first")
        second.write_bytes(b"second")
    assert target.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [target]
