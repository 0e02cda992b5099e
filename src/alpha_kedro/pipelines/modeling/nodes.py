"""The node of modeling."""

from pathlib import Path
from typing import Any

import pandas as pd

from alpha_kedro.core.calendar import sessions_of
from alpha_kedro.experiment import choose_models
from alpha_kedro.learning import Background, WalkForwardSpec, fit_production
from alpha_kedro.market import IngestionSpec
from alpha_kedro.signals import LabelSpec


def fit_production_models(
    samples: pd.DataFrame,
    labels_table: pd.DataFrame,
    histories: pd.DataFrame,
    market_states: pd.DataFrame,
    predictions: pd.DataFrame,
    model_store: Path,
    models: list[str],
    model_library: dict[str, Any],
    labels: LabelSpec,
    walk_forward: WalkForwardSpec,
    ingestion: IngestionSpec,
    seed: int,
) -> dict[str, Any]:
    """Fit every chosen model on all labels known today, and store it."""
    return fit_production(
        samples,
        labels_table,
        models=choose_models(models, model_library),
        spec=walk_forward,
        label=labels.words,
        horizon=labels.horizon,
        background=Background.of(histories, market_states),
        predictions=predictions,
        keep_last=walk_forward.keep_models,
        seed=seed,
        folder=model_store,
        sessions=sessions_of(samples, labels_table, calendar=ingestion.calendar),
    )
