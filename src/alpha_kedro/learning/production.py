"""The models of today: fitted on every label known by now, and stored by date.

1. Every model is fitted on the labels that are final before the newest decision, once
   for each of its seeds.
2. Ensembles join the fitted members under the weights their past has earned them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Dates, Int
from alpha_kedro.core.progress import track
from alpha_kedro.learning.context import NOTHING, Background
from alpha_kedro.learning.ensemble import EnsembleModel, MemberWeights, weights_today
from alpha_kedro.learning.ensemble.spec import EnsembleSpec
from alpha_kedro.learning.examples import Examples, join_examples, labels_of
from alpha_kedro.learning.fan_out.one_thread import one_thread_each
from alpha_kedro.learning.fitting import fit_fold
from alpha_kedro.learning.models import ModelSpec
from alpha_kedro.learning.splitters.folds import WalkForwardSpec
from alpha_kedro.learning.splitters.splits import FOREVER, Spans, too_short
from alpha_kedro.learning.storage.manifest import TrainingRecord
from alpha_kedro.learning.storage.model_history import keep_model
from alpha_kedro.learning.storage.track_record import (
    Metrics,
    record_metrics,
    walk_forward_metrics,
)
from alpha_kedro.learning.study import only_horizon
from alpha_kedro.learning.training import FittedModel
from alpha_kedro.learning.wrappers.seeds import AveragedModel, seed_of


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
    horizon: int | None = None,
    background: Background = NOTHING,
    predictions: pd.DataFrame | None = None,
    metrics: Mapping[str, Metrics] | None = None,
    keep_last: int | None = None,
) -> dict[str, Any]:
    """Fit every model as a fold that starts with the newest decision, and store it.

    Parameters
    ----------
    samples, labels
        As for ``join_examples``.
    models
        Name of a model, and what it is; an ensemble's members are among them.
    spec
        Window and least rows, as in the walk-forward.
    label
        Kind of the label, for the record.
    seed
        Of the fits.
    folder
        Where all models are kept, by name and date; see ``find_model``.
    sessions
        Axis to count on; see ``Spans.of``.
    horizon
        Of the labels of models that name no other (sessions). Default: the only one.
    background
        What is known of every session, for models that look further than one row.
    predictions
        Of a walk-forward over the same models. Ensembles learn their weights from it,
        and records say how models of each name did. None: equal weights, no record.
    metrics
        What records say of each model, instead of what follows from ``predictions``.
    keep_last
        Fits of each model that stay; see ``keep_model``. None: all.

    Returns
    -------
    dict
        Manifest by model, as JSON can hold it.

    Raises
    ------
    ModelError
        As ``fit_fold``; ``AK-M162`` for an ensemble without one of its members.
    ConfigError
        ``AK-C032`` as in ``known_rows``.
    """
    ahead = horizon or only_horizon(labels)
    if metrics is None and predictions is not None:
        metrics = walk_forward_metrics(predictions, horizon=ahead)
    tonight = Tonight(
        samples, labels, spec, label, seed, sessions, ahead, background, predictions
    )
    fits: dict[str, Fit] = {}
    ensembles_last = sorted(models, key=lambda name: models[name].kind == "ensemble")
    for name in track(ensembles_last, label="fitting models"):
        with one_thread_each(api="blas"):  # as in every fold: the bits depend on it
            fit = tonight.fit(models[name], fits)
        fits[name] = fit.with_metrics((metrics or {}).get(name))
    kept = {
        name: keep_model(
            fit.fitted,
            folder,
            name,
            training=fit.record,
            keep_last=keep_last,
            members=fit.members,
        )
        for name, fit in fits.items()
    }
    return {name: kept[name].model_dump(mode="json") for name in models}


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted model, what it was taught, and the fits an ensemble is made of."""

    fitted: FittedModel
    record: TrainingRecord
    members: Mapping[str, date] = field(default_factory=dict)

    def with_metrics(self, out_of_sample: Metrics | None) -> "Fit":
        """Return the fit with what is known of models of its name."""
        metrics = record_metrics(self.fitted, out_of_sample)
        record = self.record.model_copy(update={"metrics": metrics})
        return replace(self, record=record)


@dataclass(frozen=True, eq=False)
class Tonight:
    """All that is known when the models of today are fitted; see ``fit_production``."""

    samples: pd.DataFrame
    labels: pd.DataFrame
    spec: WalkForwardSpec
    label: str
    seed: int
    sessions: Dates | None
    horizon: int
    background: Background
    predictions: pd.DataFrame | None

    def fit(self, model: ModelSpec, others: Mapping[str, Fit]) -> Fit:
        """Fit a model to the rows of its horizon, or join an ensemble of ``others``."""
        if model.kind == "ensemble" and model.ensemble is not None:
            return self._join(model.ensemble, others)
        horizon = model.horizon or self.horizon
        examples = join_examples(
            self.samples, self.labels, horizon=horizon, background=self.background
        )
        rows = known_rows(examples, self.spec, sessions=self.sessions)
        fits = [
            fit_fold(
                model, examples, rows, spec=self.spec, seed=seed_of(self.seed, number)
            )
            for number in range(model.seeds)
        ]
        fitted = fits[0] if len(fits) == 1 else AveragedModel(tuple(fits))
        return Fit(fitted, self._record(examples, rows, horizon))

    def _join(self, spec: EnsembleSpec, others: Mapping[str, Fit]) -> Fit:
        own = {name: others[name] for name in spec.names if name in others}
        members = {name: fit.fitted for name, fit in own.items()}
        fitted = EnsembleModel.of(spec, self._weights(spec), members)
        records = [fit.record for fit in own.values()]
        record = records[0].model_copy(
            update={
                "horizon": self.horizon,
                "train_start": min(each.train_start for each in records),
                "train_end": max(each.train_end for each in records),
                "fit_end": max([*self._weighed, *(each.fit_end for each in records)]),
                "trained_at": datetime.now(UTC),
            }
        )
        ended = {name: fit.record.fit_end for name, fit in own.items()}
        return Fit(fitted, record, ended)

    def _weights(self, spec: EnsembleSpec) -> MemberWeights:
        """Return what each member counts tonight, all the same without a past."""
        if self.predictions is not None:
            return weights_today(
                spec,
                self.predictions,
                labels_of(self.labels, self.horizon),
                newest=self._newest,
                embargo=self.spec.embargo,
                sessions=self.sessions,
            )
        equal = np.full(len(spec.names), 1 / len(spec.names))
        learned_from = np.array([], dtype=np.int64)
        return MemberWeights(
            spec.names, equal, "equal: no walk-forward to learn from", learned_from
        )

    @property
    def _newest(self) -> pd.Timestamp:
        newest: pd.Timestamp = self.samples["date"].max()
        return newest

    @property
    def _weighed(self) -> list[date]:
        """Return when the labels ended that weights can have been learned from."""
        if self.predictions is None:
            return []
        known = self.labels[self.labels["date"].isin(self.predictions["date"])]
        ends = labels_of(known, self.horizon)["label_end"]
        return [each.date() for each in ends[ends < self._newest].unique()]

    def _record(self, examples: Examples, rows: Int, horizon: int) -> TrainingRecord:
        dates = examples.dates[rows]
        return TrainingRecord(
            label=self.label,
            horizon=horizon,
            train_start=pd.Timestamp(dates.min()).date(),
            train_end=pd.Timestamp(dates.max()).date(),
            fit_end=pd.Timestamp(examples.label_end[rows].max()).date(),
            trained_at=datetime.now(UTC),
            seed=self.seed,
        )


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
