"""The models of today: fitted on every label known by now, and stored."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Dates, Int
from alpha_kedro.core.progress import track
from alpha_kedro.learning.examples import Examples, join_examples
from alpha_kedro.learning.folds import WalkForwardSpec
from alpha_kedro.learning.manifest import TrainingRecord
from alpha_kedro.learning.models import ModelSpec
from alpha_kedro.learning.splits import FOREVER, Spans, too_short
from alpha_kedro.learning.store import save_model
from alpha_kedro.learning.walk_forward import fit_fold


def fit_production(
    samples: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    models: Mapping[str, ModelSpec],
    spec: WalkForwardSpec,
    label: str,
    seed: int,
    folder: Path,
    sessions: Dates | None = None,
) -> dict[str, Any]:
    """Fit every model as a fold that starts with the newest decision, and store it.

    Parameters
    ----------
    samples, labels
        As for ``join_examples``.
    models
        Name of a model, and what it is.
    spec
        Window and least rows, as in the walk-forward.
    label
        Kind of the label, for the record.
    seed
        Of the fits.
    folder
        Each model is stored in a folder of its own name below it.
    sessions
        Axis to count on; see ``Spans.of``.

    Returns
    -------
    dict
        Manifest by model, as JSON can hold it.

    Raises
    ------
    ModelError
        As ``fit_fold``.
    ConfigError
        ``AK-C032`` as in ``known_rows``.
    """
    examples = join_examples(samples, labels)
    rows = known_rows(examples, spec, sessions=sessions)
    horizon = int(labels["horizon"].max())
    record = _record(examples, rows, label=label, horizon=horizon, seed=seed)
    manifests = {}
    for name, model in track(models.items(), label="fitting models"):
        fitted = fit_fold(model, examples, rows, spec=spec, seed=seed)
        manifest = save_model(fitted, folder / name, training=record)
        manifests[name] = manifest.model_dump(mode="json")
    return manifests


def known_rows(
    examples: Examples, spec: WalkForwardSpec, *, sessions: Dates | None = None
) -> Int:
    """Return the labelled rows that may train a model for the newest decision.

    The rule of every fold: a label plus the embargo is over before that decision.

    Returns
    -------
    (n,) int64, ascending

    Raises
    ------
    ConfigError
        ``AK-C032`` when no label is known by then.
    """
    spans = Spans.of(examples.dated(), embargo=spec.embargo, sessions=sessions)
    newest = int(spans.first.max())
    reach = newest if spec.train_sessions is None else spec.train_sessions
    known = spans.clear_of(newest, FOREVER) & (spans.first >= newest - reach)
    rows = examples.labelled(np.flatnonzero(known))
    if not len(rows):
        raise too_short("labels known before the newest decision", 1, 0)
    return rows


def _record(
    examples: Examples,
    rows: Int,
    *,
    label: str,
    horizon: int,
    seed: int,
) -> TrainingRecord:
    dates = examples.dates[rows]
    return TrainingRecord(
        label=label,
        horizon=horizon,
        train_start=pd.Timestamp(dates.min()).date(),
        train_end=pd.Timestamp(dates.max()).date(),
        fit_end=pd.Timestamp(examples.label_end[rows].max()).date(),
        trained_at=datetime.now(UTC),
        seed=seed,
    )
