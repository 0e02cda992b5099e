"""The pipelines, by the name they are run with."""

from kedro.pipeline import Pipeline

from alpha_kedro.pipelines import (
    backtesting,
    feature_engineering,
    ingestion,
    modeling,
    reporting,
    walk_forward,
)

STAGES = {
    "ingestion": ingestion,
    "feature_engineering": feature_engineering,
    "walk_forward_stage": walk_forward,
    "modeling": modeling,
    "backtesting": backtesting,
    "reporting": reporting,
}
"""Each stage alone, in the order of the data."""

MAIN_JOB = (
    "ingestion",
    "feature_engineering",
    "walk_forward_stage",
    "backtesting",
    "reporting",
)


def register_pipelines() -> dict[str, Pipeline]:
    """Return every pipeline; ``walk_forward`` is the whole job, data to report."""
    stages = {name: stage.create_pipeline() for name, stage in STAGES.items()}
    main_job = sum((stages[name] for name in MAIN_JOB), Pipeline([]))
    return {
        **stages,
        "health": stages["ingestion"].to_outputs("findings", "health"),
        "walk_forward": main_job,
        "__default__": main_job,
    }


def producer_of(dataset: str) -> str | None:
    """Return the stage that writes ``dataset``, None when no stage does."""
    for name, stage in STAGES.items():
        if dataset in stage.create_pipeline().all_outputs():
            return name
    return None
