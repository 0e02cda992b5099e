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
    *("test_fan_out_dask.py", "test_fan_out_deaths.py", "test_fan_out_handover.py"),
    *("test_health_real.py", "test_real_bars.py", "test_real_market.py"),
)
"""Folders and files of tests that run the project rather than one part of it."""

SLOW = (
    *("sequence", "regimes", "tuning", "classification", "explaining"),
    *("test_store_faults.py", "test_store_wrappers.py", "test_store_history.py"),
    *("test_walk_forward_models.py", "test_tree_objectives.py", "test_binning.py"),
    *("test_models_rounds.py", "test_selection_leaks.py", "test_selected_model.py"),
    *("test_blocks_and_clock.py", "test_tear_sheet.py", "test_yahoo_vintages.py"),
    *(
        "test_health.py",
        "test_yahoo_faults.py",
        "test_vintage_diff.py",
        "test_as_of.py",
    ),
    *("test_fold_cache.py", "test_factor_sheet.py", "test_factor_twin.py"),
    *("test_traded_market.py", "test_sweep.py", "test_clean_bars.py", "test_yahoo.py"),
)
"""Folders and files of tests that fit hundreds of models, or take seconds each."""


def pytest_collection_modifyitems(items):
    for item in items:
        if set(END_TO_END) & set(item.path.parts):
            item.add_marker(pytest.mark.end_to_end)
        if set(SLOW) & set(item.path.parts):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def full_size(request):
    """True when slow tests are to run at full size."""
    return bool(request.config.getoption("--full-size"))
