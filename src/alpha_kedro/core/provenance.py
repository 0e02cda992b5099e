"""Where a result comes from: code, parameters, versions, seed."""

import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from alpha_kedro.core.fingerprint import hash_parameters

_NAMED = (
    *("alpha-kedro", "kedro", "numpy", "pandas", "pyarrow", "numba", "scipy"),
    *("scikit-learn", "lightgbm", "xgboost-cpu", "exchange-calendars"),
)
_PLACES = ("data_root", "execution")
"""Where and how a run happens; the same experiment elsewhere has the same hash."""


def run_facts(
    project: Path, env: str | None, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what is known of a run before it starts.

    Returns
    -------
    dict
        git_sha (``+dirty`` when files differ from it), env, market, parameters_hash,
        versions, seed, started (UTC, ISO 8601).
    """
    chosen = {key: value for key, value in parameters.items() if key not in _PLACES}
    return {
        "git_sha": git_sha(project),
        "env": env or "base",
        "market": parameters["market"],
        "parameters_hash": hash_parameters(chosen),
        "versions": versions(),
        "seed": parameters["seed"],
        "started": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }


def finish(
    facts: Mapping[str, Any], ingestion_report: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the manifest of a finished run: facts, seconds, and what data it used.

    Parameters
    ----------
    facts
        Of `run_facts`.
    ingestion_report
        vintage (its id), data_hash (of all raw tables), hashes (of each).
    """
    started = datetime.fromisoformat(facts["started"])
    seconds = (datetime.now(UTC) - started).total_seconds()
    data = {
        "data_hash": ingestion_report["data_hash"],
        "vintage": ingestion_report["vintage"],
        "data_hashes": dict(ingestion_report["hashes"]),
    }
    return {**facts, **data, "seconds": round(seconds, 3)}


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries numbers depend on."""
    return {"python": platform.python_version()} | {
        name: known for name in _NAMED if (known := _version(name))
    }


def git_sha(project: Path) -> str | None:
    """Return the commit of the working tree, None where there is no repository."""
    commit = _git(project, "rev-parse", "HEAD")
    if commit is None:
        return None
    return commit + ("+dirty" if _git(project, "status", "--porcelain") else "")


def _git(project: Path, *words: str) -> str | None:
    try:
        answer = subprocess.run(
            ["git", "-C", str(project), *words],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
