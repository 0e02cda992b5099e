import subprocess
import sys
from pathlib import Path

import pytest
from kedro.framework.project import configure_project
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

from tests.architecture.house import PROJECT


@pytest.fixture
def kedro():
    """Run a ``kedro`` command in the project, as a user would; returns how it ended."""

    def run(*words, timeout=120):
        return subprocess.run(
            [Path(sys.executable).with_name("kedro"), *words],
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run


@pytest.fixture
def experiment():
    """Parameters of the base experiment, free to be changed."""
    bootstrap_project(PROJECT)
    configure_project("alpha_kedro")
    with KedroSession.create(PROJECT) as session:
        return session.load_context().config_loader["parameters"]
