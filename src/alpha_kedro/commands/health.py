"""``kedro health``: what is wrong with the raw data, and what to do about it.

0 nothing to look at, 3 something refused or suspect, 1 the check could not be made, 2
wrong usage.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from alpha_kedro.commands.setting import faults_told, with_data_root
from alpha_kedro.core.errors import ConfigError, fault_of_ours

if TYPE_CHECKING:
    import pandas as pd

_PIPELINE = "health"
_SOMETHING_FOUND = 3


@click.command(name="health")
@click.option("--check", help="Only findings of this check.")
@click.option("--ticker", help="Only findings about this ticker.")
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    help="Findings to print.",
)
@click.option(
    "--json",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write findings and counts to this file.",
)
@with_data_root
@faults_told()
def health(
    check: str | None, ticker: str | None, rows: int, target: Path | None, **how: Any
) -> None:
    """Load the market, look for faults in its raw data, and tell what was found.

    Leaves with 0 when nothing is refused or suspect, with 3 when something is.
    """
    if check is not None:
        from alpha_kedro.market.health import CHECKS

        CHECKS[check]  # an unknown name is refused before anything runs
    findings, summary = run_health(**how)
    chosen = select(findings, check=check, ticker=ticker)
    from alpha_kedro.reports.health_page import health_text

    click.echo(health_text(chosen, summary, rows=rows))
    if target is not None:
        from alpha_kedro.core.files import write_bytes

        write_bytes(target, as_json(chosen, summary))
        click.echo(f"\n{len(chosen):,} findings written to {target}")
    if (chosen["severity"] != "note").any():
        sys.exit(_SOMETHING_FOUND)


def run_health(
    env: str | None, params: dict[str, Any] | None, data_root: str | None
) -> tuple["pd.DataFrame", dict[str, Any]]:
    """Run ingestion up to its findings; return them and their summary.

    Raises
    ------
    AlphaKedroError
        What stopped it, also where Kedro has raised another error in its place.
    ConfigError
        ``AK-C090`` outside of a project.
    """
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project
    from kedro.runner import SequentialRunner
    from kedro.utils import find_kedro_project

    project = find_kedro_project(Path.cwd())
    if project is None:
        raise ConfigError(
            "AK-C090",
            "there is no project in this folder",
            fix="run kedro health in the folder of the project",
        )
    bootstrap_project(Path(project))
    chosen = dict(params or {}) | ({"data_root": data_root} if data_root else {})
    with KedroSession.create(project, env=env, runtime_params=chosen) as session:
        refuse_other_market(session.load_context())  # type: ignore[attr-defined]
        try:
            session.run(  # type: ignore[call-arg]
                pipeline_names=[_PIPELINE],
                runner=SequentialRunner(),  # as kedro run; Kedro-Viz warns of none
            )
            catalog = session.load_context().catalog  # type: ignore[attr-defined]
            return catalog.load("findings"), catalog.load("health")
        except Exception as error:
            raise fault_of_ours(error) or error from None


def refuse_other_market(context: Any) -> None:
    """Raise ``AK-C091`` when the folder holds a market that was not asked for."""
    facts, asked = context.catalog["market_facts"], context.params["market"]
    if not facts.exists() or (kept := facts.load()["market"]) == asked:
        return
    raise ConfigError(
        "AK-C091",
        "the folder holds the data of another market, which would be overwritten",
        got=f"market {kept} in {facts.location}",
        wanted=asked,
        fix=f'--params "market={kept},..." as for kedro run, or another --data-root',
    )


def select(
    findings: "pd.DataFrame", *, check: str | None, ticker: str | None
) -> "pd.DataFrame":
    """Return the findings of one check, or about one ticker, or all of them."""
    chosen = findings
    if check is not None:
        chosen = chosen[chosen["check"] == check]
    if ticker is not None:
        chosen = chosen[chosen["ticker"] == ticker.upper()]
    return chosen


def as_json(findings: "pd.DataFrame", summary: dict[str, Any]) -> bytes:
    """Return findings and counts as JSON; NaN is null, days are ISO text."""
    days = {name: findings[name].dt.strftime("%Y-%m-%d") for name in ("first", "last")}
    records = findings.assign(**days).to_json(orient="records")
    content = {"summary": summary, "findings": json.loads(records)}
    return json.dumps(content, indent=2, allow_nan=False).encode()
