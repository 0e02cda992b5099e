"""The node of the walk-forward."""

from pathlib import Path
from typing import Any

import pandas as pd

from alpha_kedro.core.calendar import sessions_of
from alpha_kedro.experiment import choose_models
from alpha_kedro.learning import (
    Background,
    ExecutionSpec,
    WalkForwardSpec,
    run_walk_forward,
)
from alpha_kedro.market import IngestionSpec
from alpha_kedro.signals import LabelSpec


def predict_out_of_sample(
    samples: pd.DataFrame,
    labels_table: pd.DataFrame,
    histories: pd.DataFrame,
    market_states: pd.DataFrame,
    fold_cache: Path,
    models: list[str],
    model_library: dict[str, Any],
    labels: LabelSpec,
    walk_forward: WalkForwardSpec,
    ingestion: IngestionSpec,
    execution: ExecutionSpec,
    seed: int,
) -> tuple[pd.DataFrame, ...]:
    """Fit every model fold by fold and score what each fit has not seen."""
    result = run_walk_forward(
        samples,
        labels_table,
        models=choose_models(models, model_library),
        spec=walk_forward,
        seed=seed,
        execution=execution,
        cache_folder=fold_cache,
        sessions=sessions_of(samples, labels_table, calendar=ingestion.calendar),
        horizon=labels.horizon,
        background=Background.of(histories, market_states),
    )
    return (
        result.predictions,
        result.fit_ledger,
        result.contributions,
        result.feature_choices,
        result.fit_choices,
    )
