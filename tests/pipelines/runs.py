"""The project run as its users run it: through a Kedro session, or as a command."""

import contextlib
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

PROJECT = Path(__file__).parents[2]
KEDRO = str(Path(sys.executable).with_name("kedro"))

FAST_MODELS = {
    "models": "ridge+momentum_12_1+random",
    "strategies": "sector_neutral_ranks@ridge+sector_neutral_quintiles@random",
    "headline": "sector_neutral_ranks@ridge",
}
TINY = FAST_MODELS | {
    "quick": True,
    "markets.simulated.n_tickers": 40,
    "markets.simulated.n_sessions": 760,
    "evidence.bootstrap_reps": 100,
    "execution.backend": "serial",
}
"""Seconds rather than minutes: for tests where the numbers do not matter."""


@dataclass(frozen=True)
class Answer:
    """How a command ended and what it said."""

    code: int
    text: str


@cache
def _bootstrapped():
    from kedro.framework.startup import bootstrap_project

    return bootstrap_project(PROJECT)


def run_project(
    root, pipeline="walk_forward", *, env=None, to_outputs=None, **parameters
):
    """Run a pipeline in this process; ``parameters`` as they stand in YAML."""
    from kedro.framework.session import KedroSession

    _bootstrapped()
    chosen = {"data_root": str(root), **parameters}
    with KedroSession.create(PROJECT, env=env, runtime_params=chosen) as session:
        session.run(pipeline_names=[pipeline], to_outputs=to_outputs)


def command(*words, params=None, variables=None):
    """Return the words and the environment of a ``kedro`` command."""
    said = ",".join(f"{key}={_spoken(value)}" for key, value in (params or {}).items())
    line = [KEDRO, *words, *(["--params", said] if said else [])]
    return line, {**os.environ, **(variables or {})}


def kedro(*words, params=None, variables=None):
    """Run ``kedro`` in a process of its own and return how it ended."""
    line, environment = command(*words, params=params, variables=variables)
    done = subprocess.run(
        line,
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
    )
    return Answer(done.returncode, done.stdout)


def said(*words, params=None):
    """Run a command other than ``run`` in this process and return how it ended."""
    from click.testing import CliRunner

    from alpha_kedro.cli import cli

    line, _ = command(*words, params=params)
    with contextlib.chdir(PROJECT):
        done = CliRunner().invoke(cli, line[1:])
    return Answer(done.exit_code, done.output)


def kedro_run(root, *words, pipeline="walk_forward", params=None, variables=None):
    """Run a pipeline as a command, the whole job or a part of it, below ``root``."""
    given = {"data_root": str(root), **(params or {})}
    job = ("run", f"--pipeline={pipeline}")
    return kedro(*job, *words, params=given, variables=variables)


def started(*words, params=None):
    """Start ``kedro`` in a process of its own and return the process."""
    line, environment = command(*words, params=params)
    return subprocess.Popen(
        line,
        cwd=PROJECT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def nested(dotted):
    """Return ``{"a.b": 1}`` as ``{"a": {"b": 1}}``, as the command line does."""
    blocks = {}
    for path, value in dotted.items():
        *above, key = path.split(".")
        block = blocks
        for name in above:
            block = block.setdefault(name, {})
        block[key] = value
    return blocks


def table(root, name):
    return pd.read_parquet(Path(root, name))


def write_market(folder, market, *, bars=None):
    """Write a simulated market as files; return the parameters that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    tables = {
        "bars": market.bars if bars is None else bars,
        "membership": market.membership,
        "sectors": market.sectors,
        "benchmarks": market.benchmarks,
        "actions": market.actions,
    }
    paths = {name: str(folder / f"{name}.parquet") for name in tables}
    for name, rows in tables.items():
        rows.to_parquet(paths[name])
    return {"market": "files"} | {
        f"markets.files.{name}": path for name, path in paths.items()
    }


def _spoken(value):
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else value
