"""The same experiment gives the same bytes: anywhere, any way, and after a kill."""

import shutil
import subprocess
import time

import pytest

from tests.pipelines.runs import PROJECT, TINY, command, kedro, nested, run_project

pytestmark = pytest.mark.slow

STUDY = TINY | {
    "models": "lightgbm+ridge+random",
    "strategies": "sector_neutral_quintiles+sector_neutral_ranks@ridge",
    "headline": "sector_neutral_quintiles",
    "walk_forward.refit_every": "quarter",
}
JOB = ("run", "--pipeline=walk_forward", "--to-outputs=weights,returns")
RESULTS = ("predictions", "weights", "returns", "fit_ledger", "contributions")


def study(root, *, variables=None, **changes):
    """Run up to the returns, as a command; return the bytes of the results."""
    params = STUDY | {"data_root": str(root)} | changes
    answer = kedro(*JOB, params=params, variables=variables)
    assert answer.code == 0, answer.text
    return results(root)


def results(root):
    return {
        name: (root / f"07_model_output/{name}.parquet").read_bytes()
        for name in RESULTS
    }


def finished_folds(root):
    """Files of finished folds, and when each was written."""
    last_written = root.glob("06_models/folds/*/dropped.parquet")
    folders = [path.parent for path in last_written]
    return {
        path: path.stat().st_mtime_ns
        for folder in folders
        for path in sorted(folder.iterdir())
    }


def same(one, other):
    return [name for name in RESULTS if one[name] != other[name]] == []


@pytest.fixture(scope="module")
def root_of_clean(tmp_path_factory):
    return tmp_path_factory.mktemp("clean")


@pytest.fixture(scope="module")
def clean(root_of_clean):
    return study(root_of_clean, variables={"PYTHONHASHSEED": "1"})


def test_another_folder_other_hashes_and_several_processes_change_no_byte(
    clean, tmp_path
):
    spread = {"execution.backend": "processes", "execution.workers": 2}
    seen = study(tmp_path / "elsewhere", variables={"PYTHONHASHSEED": "2"}, **spread)
    assert same(seen, clean)


def test_a_killed_run_goes_on_where_it_stopped_and_ends_with_the_same_bytes(
    clean, tmp_path
):
    params = STUDY | {"data_root": str(tmp_path)}
    line, environment = command(*JOB, params=params)
    silence = {"stdout": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    with subprocess.Popen(line, cwd=PROJECT, env=environment, **silence) as run:
        while len(finished_folds(tmp_path)) < 6 and run.poll() is None:
            time.sleep(0.01)
        run.kill()
    kept = finished_folds(tmp_path)
    assert len(kept) >= 6
    assert not (tmp_path / "07_model_output/predictions.parquet").exists()
    assert same(study(tmp_path), clean)
    after = finished_folds(tmp_path)
    assert len(after) > len(kept)
    assert {path: after[path] for path in kept} == kept
    assert not list(tmp_path.rglob("*.partial"))


def test_another_seed_gives_other_bytes(root_of_clean, clean, tmp_path):
    copied = shutil.copytree(root_of_clean, tmp_path / "copy")
    run_project(copied, "walk_forward_stage", **nested(STUDY | {"seed": 8}))
    changed = {name for name in RESULTS if results(copied)[name] != clean[name]}
    assert "predictions" in changed
