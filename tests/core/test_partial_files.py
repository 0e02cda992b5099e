"""Half-written files: what a dead process left is swept, a living one's is kept."""

import os

from alpha_kedro.core.files import sweep_partials


def test_only_the_partial_files_of_dead_processes_are_swept(tmp_path):
    mine = tmp_path / "folder" / f".scores.parquet.{os.getpid()}.partial"
    dead = mine.with_name(".scores.parquet.999999999.partial")
    nobodys = mine.with_name(".scores.parquet.partial")
    mine.parent.mkdir()
    for path in (mine, dead, nobodys):
        path.write_bytes(b"half")
    assert sweep_partials(tmp_path) == 2
    assert list(mine.parent.iterdir()) == [mine]
