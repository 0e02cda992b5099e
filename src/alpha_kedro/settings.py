"""What Kedro reads first: hooks, and how configuration is loaded."""

from alpha_kedro.config import ExperimentConfigLoader
from alpha_kedro.hooks import RunHooks

HOOKS = (RunHooks(),)
CONFIG_LOADER_CLASS = ExperimentConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    # An experiment names what differs; everything beside it keeps its value.
    "merge_strategy": {"parameters": "soft", "globals": "soft"},
}
