"""What every test shares: the size of the proofs, and silence towards the network."""

import os

import pytest

os.environ["KEDRO_DISABLE_TELEMETRY"] = "1"
os.environ["DO_NOT_TRACK"] = "1"


def pytest_addoption(parser):
    parser.addoption(
        "--full-size",
        action="store_true",
        help="run slow tests at the size the proofs ask for",
    )


END_TO_END = (
    *("pipelines", "faults", "commands", "causality", "architecture"),
    *("test_sql.py", "test_lock.py", "test_shutdown.py", "test_fan_out.py"),
    *("test_health_real.py", "test_real_bars.py", "test_real_market.py"),
)
"""Folders and files of tests that run the project rather than one part of it."""


def pytest_collection_modifyitems(items):
    for item in items:
        if set(END_TO_END) & set(item.path.parts):
            item.add_marker(pytest.mark.end_to_end)


@pytest.fixture(scope="session")
def full_size(request):
    """True when slow tests are to run at full size."""
    return bool(request.config.getoption("--full-size"))
