"""One run of the whole job, shared by every test that only reads what it left."""

import pytest

from tests.pipelines.environments import Runs
from tests.pipelines.runs import run_project

QUICK = {
    "quick": True,
    "models": ["lightgbm", "ridge", "momentum_12_1", "random"],
    "strategies": [
        "sector_neutral_quintiles",
        "sector_neutral_ranks@ridge",
        "sector_neutral_quintiles@momentum_12_1",
        "sector_neutral_quintiles@random",
    ],
    "headline": "sector_neutral_quintiles",
    "execution": {"backend": "serial"},
}


@pytest.fixture(scope="session")
def quick():
    """Parameters of the shared run."""
    return QUICK


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """Folder of the files of one quick run; read, never written to."""
    root = tmp_path_factory.mktemp("quick run")
    run_project(root, **QUICK)
    return root


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """Quick runs of the experiments by name; read, never written to."""
    return Runs(tmp_path_factory.mktemp("experiments"))
