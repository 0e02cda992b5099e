"""Configuration: Kedro's loader, plus ``quick`` and a check of every key."""

import warnings
from collections.abc import Mapping
from copy import copy
from typing import Any

from kedro.config import MissingConfigException, OmegaConfigLoader

# Kedro calls OmegaConf by a name that OmegaConf retires; the user can do nothing.
warnings.filterwarnings("ignore", message=r"register_new_resolver\(\) is deprecated")


_LOCAL = "local"
# What the catalog asks for though most runs have no use for it.
_NO_CREDENTIALS: dict[str, Any] = {"market_database": {"url": None}}


class ExperimentConfigLoader(OmegaConfigLoader):
    """Load parameters as a checked experiment, with its quick settings if asked for."""

    def __getitem__(self, key: str) -> dict[str, Any]:
        """Return one configuration type; parameters come validated and complete.

        Raises
        ------
        ConfigError
            For unknown keys, wrong types and values out of range, before anything runs.
        """
        if key == "credentials":
            return self._credentials()
        loaded: dict[str, Any] = super().__getitem__(key)
        if key != "parameters":
            return loaded
        from alpha_kedro.experiment import Experiment

        said = self.runtime_params or {}
        if here := self._of_this_machine(key):
            loaded = overlay(overlay(loaded, here), said)
        wanted = overlay(loaded, quick_settings(loaded, said))
        return Experiment.parse(wanted, "").model_dump(mode="json")

    def _credentials(self) -> dict[str, Any]:
        try:
            written: dict[str, Any] = super().__getitem__("credentials")
        except MissingConfigException:
            written = {}
        return _NO_CREDENTIALS | written | self._of_this_machine("credentials")

    def _of_this_machine(self, key: str) -> dict[str, Any]:
        """Return what ``conf/local`` says beside an experiment.

        Kedro reads it only where no environment is named; what holds on this machine
        holds for every experiment.
        """
        if self.env in (None, _LOCAL):
            return {}
        local = copy(self)  # a new one would answer for ours in every ${globals:...}
        local.env = local.base_env = _LOCAL
        try:
            return dict(OmegaConfigLoader.__getitem__(local, key))
        except MissingConfigException:
            return {}


def quick_settings(
    parameters: Mapping[str, Any], runtime: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what ``quick: true`` changes; what the command line says still wins."""
    if not parameters.get("quick"):
        return {}
    return overlay(parameters.get("quick_settings") or {}, runtime)


def overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``below`` with the keys of ``above`` laid over it, block by block."""
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        merged[key] = overlay(under, value) if both else value  # type: ignore[arg-type]
    return merged
