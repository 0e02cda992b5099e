"""``kedro run`` with this project's exit codes and errors without a traceback.

0 fine, 1 failed, 2 wrong usage, 3 done but with part of the data refused.
"""

import sys
import warnings
from typing import Any

import click
from kedro.framework.cli.project import run as kedro_run

from alpha_kedro.commands.data import data
from alpha_kedro.commands.health import health
from alpha_kedro.core.errors import fault_of_ours
from alpha_kedro.core.shutdown import leave_on_sigterm

_PARTIAL_DATA = 3

# Both spellings are documented here; which one Kedro prefers is no news to the user.
warnings.filterwarnings("ignore", message="Option '--pipeline' is deprecated")


@click.group(name="alpha-kedro")
def cli() -> None:
    """Prices to evidence, without looking ahead."""


def run(**options: Any) -> None:
    """Run the pipeline and leave with the exit code that tells how it went."""
    from alpha_kedro.hooks import LATEST_RUN

    leave_on_sigterm()
    try:
        kedro_run.callback(**options)  # type: ignore[misc]
    except Exception as error:
        ours = fault_of_ours(error)
        if ours is None:
            raise
        click.secho(f"\n{ours}", fg="red", err=True)
        sys.exit(ours.exit_code)
    if LATEST_RUN.is_partial:
        click.secho(LATEST_RUN.refusal(), fg="yellow", err=True)
        sys.exit(_PARTIAL_DATA)


cli.add_command(
    click.Command("run", callback=run, params=kedro_run.params, help=kedro_run.help)
)
cli.add_command(data)
cli.add_command(health)
