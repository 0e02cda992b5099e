"""Hooks observe: what is about to run, how long it took, what came out. Never data."""

import logging
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.io import CatalogProtocol
from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from alpha_kedro.core.errors import ConfigError, shorten
from alpha_kedro.core.registry import nearest

Catalog = CatalogProtocol[Any, Any]

_ACCOUNTED = ("bars", "fundamentals", "sentiment")

log = logging.getLogger(__name__)


@dataclass
class RunRecord:
    """What the command line wants to know of the run that just ended."""

    started: float = field(default_factory=time.perf_counter)
    node_started: float = 0.0
    n_refused: int = 0
    n_given: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def is_partial(self) -> bool:
        """Tell whether part of the data is missing from the result."""
        return bool(self.n_refused or self.failed)

    def learn(self, ingestion_report: dict[str, Any]) -> None:
        """Remember what ingestion refused, and whom its source did not give."""
        accounts = [ingestion_report[table] for table in _ACCOUNTED]
        self.n_refused = sum(account["n_rejected"] for account in accounts)
        self.n_given = sum(account["n_input"] for account in accounts)
        self.reasons = dict(sum((Counter(a["by_reason"]) for a in accounts), Counter()))
        self.failed = ingestion_report["source"].get("failed", {})

    def refusal(self) -> str:
        """Say how many rows were refused, why, and where they are."""
        said = []
        if self.n_refused:
            why = ", ".join(f"{reason} {n}" for reason, n in self.reasons.items())
            said.append(
                f"{self.n_refused:,} rows of the input were refused, "
                f"{self.n_refused / self.n_given:.2%} of them ({why}); "
                "see *rejects.parquet in 02_intermediate."
            )
        if self.failed:
            names = shorten(f"{name} ({why})" for name, why in self.failed.items())
            said.append(f"tickers could not be fetched: {names}.")
        return f"Done, but {' '.join(said)} Exit code 3."


LATEST_RUN = RunRecord()


class RunHooks:
    """Check the run before it starts, tell its progress, print its headline."""

    def __init__(self) -> None:
        self._lock: Any = None

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Remember the project's folder, for the commit in the manifest."""
        self._project: Path = context.project_path

    @hook_impl
    def after_catalog_created(
        self, conf_catalog: dict[str, Any], parameters: dict[str, Any]
    ) -> None:
        """Refuse catalog entries that no pipeline reads or writes."""
        self._parameters = parameters["parameters"]
        refuse_orphans(conf_catalog)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: Catalog
    ) -> None:
        """Hand the run its own facts, and refuse to start without its inputs."""
        from alpha_kedro.core.provenance import run_facts

        LATEST_RUN.__init__()  # type: ignore[misc]
        env = run_params.get("env")
        catalog["run_facts"] = run_facts(self._project, env, plain(self._parameters))
        require_inputs(pipeline, catalog)
        self._take_over()

    @hook_impl
    def before_node_run(self) -> None:
        """Start the node's clock."""
        LATEST_RUN.node_started = time.perf_counter()

    @hook_impl
    def after_node_run(self, node: Node, outputs: dict[str, Any]) -> None:
        """Tell what a node made and how long it took."""
        seconds = time.perf_counter() - LATEST_RUN.node_started
        made = ", ".join(described(name, data) for name, data in outputs.items())
        log.info("%-24s %6.1f s   %s", node.name, seconds, made)
        if "ingestion_report" in outputs:
            LATEST_RUN.learn(outputs["ingestion_report"])

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: Catalog) -> None:
        """Print the headline table and where the report is."""
        self._release()
        seconds = time.perf_counter() - LATEST_RUN.started
        if "summary" in pipeline.all_outputs():
            from alpha_kedro.reports import headline_table

            print(headline_table(catalog.load("summary")))
            print(f"\nReport: {catalog['report'].location}   ({seconds:.0f} s)")
        else:
            log.info("done in %.1f s", seconds)

    @hook_impl
    def on_pipeline_error(self) -> None:
        """Free the data for the next run."""
        self._release()

    def _take_over(self) -> None:
        """Keep other runs off the data, and clear what killed ones left."""
        from alpha_kedro.core.files import sweep_partials
        from alpha_kedro.core.lock import RunLock

        root = self._parameters["data_root"]
        is_local = "://" not in root
        root = str(self._project / root) if is_local else root
        wait = plain(self._parameters["execution"])["lock_wait"]
        lock = RunLock(root, wait=wait)
        lock.acquire()
        self._lock = lock
        if is_local:
            sweep_partials(Path(root))

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def refuse_orphans(conf_catalog: dict[str, Any]) -> None:
    """Raise ``AK-P001`` for catalog entries that no pipeline knows."""
    from alpha_kedro.pipeline_registry import register_pipelines

    known = set().union(*(p.datasets() for p in register_pipelines().values()))
    orphans = [name for name in conf_catalog if name not in known and "{" not in name]
    if not orphans:
        return
    close = {name: nearest(name, known) for name in orphans}
    raise ConfigError(
        "AK-P001",
        "the catalog names datasets that no pipeline reads or writes",
        where=orphans,
        wanted=shorten(f"{close[name] or 'nothing'} for {name}" for name in orphans),
        fix="correct the name in conf/*/catalog.yml or remove the entry",
    )


def require_inputs(pipeline: Pipeline, catalog: Catalog) -> None:
    """Raise ``AK-P002`` when what a pipeline starts from has not been made yet."""
    from alpha_kedro.pipeline_registry import producer_of

    needed = (name for name in pipeline.inputs() if not name.startswith("param"))
    missing = sorted(name for name in needed if not catalog.exists(name))
    if not missing:
        return
    makers = list(dict.fromkeys(filter(None, map(producer_of, missing))))
    commands = " && ".join(f"kedro run --pipeline={maker}" for maker in makers)
    raise ConfigError(
        "AK-P002",
        "the pipeline starts from datasets that do not exist yet",
        where=missing,
        fix=f"run {commands or 'the whole job'} first, or all at once: "
        "kedro run --pipeline=walk_forward",
    )


def described(name: str, data: Any) -> str:
    """Return a dataset's name, with its number of rows where it has one."""
    return f"{name} {len(data):,}" if hasattr(data, "columns") else name


def plain(value: Any) -> Any:
    """Return parameters as plain JSON values, specs included."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    return value
