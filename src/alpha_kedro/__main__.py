"""Run the packaged project: ``python -m alpha_kedro --pipeline=walk_forward``."""

import sys
from pathlib import Path

from kedro.framework.project import configure_project


def main() -> None:
    """Configure the project from the installed package and run its command."""
    configure_project(Path(__file__).parent.name)
    from alpha_kedro.cli import cli

    cli(["run", *sys.argv[1:]])


if __name__ == "__main__":
    main()
