import pytest

from tests.sources.postgres import can_run, running_server


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server for all tests of a process."""
    if reason := can_run():
        pytest.skip(reason)
    with running_server() as server:
        yield server
