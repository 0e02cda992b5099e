"""One run that most tests of this package write about."""

import pytest

from tests.reports.toy_runs import Run, draw_run


@pytest.fixture(scope="session")
def run() -> Run:
    return draw_run()
