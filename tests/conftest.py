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


@pytest.fixture(scope="session")
def full_size(request):
    """True when slow tests are to run at full size."""
    return bool(request.config.getoption("--full-size"))
