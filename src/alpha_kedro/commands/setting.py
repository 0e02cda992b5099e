"""What every command needs: where the data are, and errors without a traceback."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click
from kedro.framework.cli.project import run as kedro_run

from alpha_kedro.core.errors import AlphaKedroError, ConfigError

F = TypeVar("F", bound=Callable[..., Any])

_OF_A_RUN = {option.name: option for option in kedro_run.params}


def with_data_root(command: F) -> F:
    """Give a command the options that say where its data are.

    ``--env`` and ``--params`` are those of ``kedro run``; ``--data-root`` names the
    folder outright. They arrive as ``env``, ``params`` and ``data_root``.
    """
    click.option(
        "--data-root", help="Folder of the data; instead of what is configured."
    )(command)
    for name in ("params", "env"):
        _attach(command, _OF_A_RUN[name])
    return command


def local_root(
    env: str | None, params: dict[str, Any] | None, data_root: str | None
) -> Path:
    """Return the folder of all data, as ``kedro run`` with these options would use it.

    Raises
    ------
    ConfigError
        ``AK-C082`` when it is not on a local disk, or there is no project to ask.
    """
    project, root = Path.cwd(), data_root
    if root is None:
        project, root = _configured(env, params or {})
    if "://" in root:
        raise _no_folder(root)
    return project / root


@contextmanager
def faults_told() -> Iterator[None]:
    """Print an error of ours and leave with its exit code; also a decorator."""
    try:
        yield
    except AlphaKedroError as error:
        click.secho(f"\n{error}", fg="red", err=True)
        sys.exit(error.exit_code)


def _attach(command: Callable[..., Any], option: click.Parameter) -> None:
    """Add an option as the decorators of click do."""
    known = getattr(command, "__click_params__", [])
    command.__click_params__ = [*known, option]  # type: ignore[attr-defined]


def _configured(env: str | None, params: dict[str, Any]) -> tuple[Path, str]:
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project
    from kedro.utils import find_kedro_project

    project = find_kedro_project(Path.cwd())
    if project is None:
        raise _no_folder("no project in this folder")
    bootstrap_project(Path(project))
    with KedroSession.create(project, env=env, runtime_params=params) as session:
        context: Any = session.load_context()  # type: ignore[attr-defined]
        return Path(project), str(context.params["data_root"])


def _no_folder(got: str) -> ConfigError:
    return ConfigError(
        "AK-C082",
        "there is no local folder of data",
        got=got,
        wanted="a path",
        fix="run it in the folder of the project, or name a folder with --data-root",
    )
