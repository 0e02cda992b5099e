"""Any model, fitted once for each regime of the market and mixed by its probability.

1. The detector is fitted on the states of the sessions up to the last training date:
   not up to the last label, which is known later than the last decision it stands for.
2. Every row has the probabilities of its date, from the states up to that date.
3. A model is fitted for each regime, or for all rows where a regime has too few.
4. A score is the mean of the models' scores, weighted by probability.

Scores are mixed as they are. Models of the same label that give expected labels have
one unit, and one that is sure of little and says so should count for little. Scores
without a unit, such as those of a ranking loss, are better switched than blended.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Float, Int, Single
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.context import Context, require_context
from alpha_kedro.learning.training import (
    FittedModel,
    Kind,
    Model,
    TrainingData,
    require_learnable,
)
from alpha_kedro.learning.wrappers.regimes.sessions import (
    rows_at,
    sessions_until,
    states_of,
)
from alpha_kedro.learning.wrappers.regimes.spec import AnyDetector, RegimesSpec
from alpha_kedro.learning.wrappers.selected_model import Restore

REGIMES_FILE = "regimes.json"

_ALL_ROWS = "all"
_NEGLIGIBLE = 1e-3
"""Probability below which a row has nothing to teach a regime's model."""

Facts = Mapping[str, float | str]


class Regimes(Spec):
    """What was learned of the regimes, and which model stands for each."""

    mode: str
    detector: AnyDetector
    models: tuple[str, ...]
    dropped: dict[str, dict[str, str]]
    facts: dict[str, float | str]

    def shares(self, context: Context) -> dict[str, Float]:
        """Return the (n,) weight of each model in the scores of n rows."""
        probability = probabilities_at(self.detector, context)
        if self.mode == "switch":
            probability = likeliest(probability)
        if len(set(self.models)) == 1:
            return {self.models[0]: np.ones(len(probability))}
        shares = {name: np.zeros(len(probability)) for name in self.models}
        for name, column in zip(self.models, probability.T, strict=True):
            shares[name] += column
        return shares


@dataclass(frozen=True)
class RegimeModel:
    """A model that is another one in each regime of the market."""

    regimes: RegimesSpec
    model: Model

    def fit(self, data: TrainingData, *, seed: int) -> "SwitchedModel":
        """Learn the regimes of the window, then a model for each.

        A regime with too few rows, or whose rows cannot be learned from, is given the
        model of all rows; ``chosen`` says why.

        Raises
        ------
        ModelError
            ``AK-M100`` rows without a context, ``AK-M120`` to ``AK-M125`` states that
            cannot be used; others as the model itself.
        """
        require_learnable(data)
        context = require_context(data.context, "regime")
        states = sessions_until(
            states_of(context), data.dates[-1], history=self.regimes.history
        )
        detector = self.regimes.detect(states, seed=seed)
        probability = probabilities_at(detector, context)
        if self.regimes.mode == "switch":
            probability = likeliest(probability)
        fits, models, reasons = self._fit_each(data, probability, seed)
        regimes = Regimes(
            mode=self.regimes.mode,
            detector=detector,
            models=models,
            dropped={name: dict(each.dropped_features) for name, each in fits.items()},
            facts={**detector.facts, **portrait(detector, states), **reasons},
        )
        return SwitchedModel(data.features, regimes, fits)

    def _fit_each(
        self, data: TrainingData, probability: Float, seed: int
    ) -> tuple[dict[str, FittedModel], tuple[str, ...], dict[str, str]]:
        """Return models by name, the name for each regime, and why others stand in."""
        fits: dict[str, FittedModel] = {}
        models, reasons = [], {}
        for place, share in enumerate(probability.T):
            name, reason = f"regime{place}", self._too_few(data, share)
            if not reason:
                try:
                    fits[name] = self.model.fit(_rows_of(data, share), seed=seed)
                except ModelError as error:
                    reason = f"{error.code} {error.what}"
            if reason:
                reasons[f"regime_{place}_model"] = f"all rows: {reason}"
            models.append(_ALL_ROWS if reason else name)
        if reasons:
            fits[_ALL_ROWS] = self.model.fit(data, seed=seed)
        return fits, tuple(models), reasons

    def _too_few(self, data: TrainingData, share: Float) -> str:
        """Return what a regime lacks for a model of its own; empty if nothing."""
        _, first = np.unique(data.dates, return_index=True)
        counts = {"rows": share.sum(), "dates": share[first].sum()}
        wanted = {"rows": self.regimes.min_rows, "dates": self.regimes.min_dates}
        short = [
            f"{counts[unit]:.1f} {unit}, fewer than {least}"
            for unit, least in wanted.items()
            if counts[unit] < least
        ]
        return "; ".join(short)


@dataclass(frozen=True)
class SwitchedModel:
    """Fitted models of the same features, and the regimes that say which one counts."""

    features: tuple[str, ...]
    regimes: Regimes
    inner: Mapping[str, FittedModel]

    @property
    def kind(self) -> Kind:
        """Return the kind of the models inside."""
        return next(iter(self.inner.values())).kind

    @property
    def dropped_features(self) -> Mapping[str, str]:
        """Return the features that none of the models uses."""
        first, *others = self.regimes.dropped.values()
        unused = set(first).intersection(*others)
        return {name: reason for name, reason in first.items() if name in unused}

    @property
    def chosen(self) -> Facts:
        """Return what is known of the regimes, and what each model chose."""
        choices: dict[str, float | str] = dict(self.regimes.facts)
        for name, model in self.inner.items():
            choices |= {f"{name}_{key}": each for key, each in model.chosen.items()}
        return choices

    def score(self, X: Single, context: Context | None = None) -> Float:
        """Return the (n,) scores of the models, weighted by probability.

        Raises
        ------
        ModelError
            ``AK-M100`` no context, ``AK-M120`` no states, ``AK-M121`` no state on the
            date of a row.
        """
        there = require_context(context, self.kind)
        scores = np.zeros(len(X))
        for model, rows, share in self._sharing(there):
            scores[rows] += share * model.score(X[rows], there.take(rows))
        return scores

    def contributions(self, X: Single, context: Context | None = None) -> Float | None:
        """Return (n, p + 1) parts of each score, mixed as scores are; they add up."""
        there = require_context(context, self.kind)
        parts = np.zeros((len(X), len(self.features) + 1))
        for model, rows, share in self._sharing(there):
            found = model.contributions(X[rows], there.take(rows))
            if found is None:
                return None
            parts[rows] += share[:, None] * found
        return parts

    def files(self) -> Mapping[str, bytes]:
        """Return the files of every model under its name, and the regimes as JSON."""
        files = {
            f"{name}_{file}": content
            for name, model in self.inner.items()
            for file, content in model.files().items()
        }
        return files | {REGIMES_FILE: self.regimes.model_dump_json().encode()}

    def _sharing(self, context: Context) -> Iterator[tuple[FittedModel, Int, Float]]:
        """Yield each model that has a share in some rows, those rows, and its share."""
        for name, share in self.regimes.shares(context).items():
            rows = np.flatnonzero(share)
            if len(rows):
                yield self.inner[name], rows, share[rows]


def restore_regimes(
    restore: Restore,
    features: tuple[str, ...],
    dropped: Mapping[str, str],
    files: Mapping[str, bytes],
) -> SwitchedModel:
    """Rebuild the model of each regime; ``restore`` knows the kind inside."""
    del dropped  # of all models together; each has its own
    regimes = Regimes.model_validate_json(files[REGIMES_FILE])
    inner = {
        name: restore(features, its_own, _files_of(name, files))
        for name, its_own in regimes.dropped.items()
    }
    return SwitchedModel(features, regimes, inner)


def probabilities_at(detector: AnyDetector, context: Context) -> Float:
    """Return (n, k) probabilities of the regimes on the date of each row.

    From the first session of the states to the last date asked for: a later session
    cannot have a say, as it is not there.
    """
    states = states_of(context)
    if not len(context.dates):
        return np.zeros((0, detector.n_regimes))
    known = sessions_until(states, context.dates.max())
    return detector.probabilities(known)[rows_at(known, context.dates)]


def likeliest(probability: Float) -> Float:
    """Return 1 for the likeliest regime of each row, the first of equals; else 0."""
    certain = np.zeros_like(probability)
    certain[np.arange(len(probability)), probability.argmax(axis=1)] = 1.0
    return certain


def portrait(detector: AnyDetector, states: pd.DataFrame) -> dict[str, float]:
    """Return each regime's share of sessions, mean spell, and mean states.

    A spell is a run of sessions on which the regime is the likeliest; its length counts
    sessions, 0 for a regime that never is.
    """
    probability = detector.probabilities(states)
    there = likeliest(probability)
    began = np.diff(there, axis=0, prepend=0) > 0
    facts: dict[str, float] = {"sessions": float(len(states))}
    for place, share in enumerate(probability.T):
        facts[f"regime_{place}_share"] = float(share.mean())
        spells = max(began[:, place].sum(), 1)
        facts[f"regime_{place}_spell"] = float(there[:, place].sum() / spells)
        for name in states.columns.drop("date"):
            values = states[name].to_numpy(dtype=np.float64)
            known = np.isfinite(values)
            if (weight := share[known].sum()) > 0:
                mean = (share[known] * values[known]).sum() / weight
                facts[f"regime_{place}_{name}"] = float(mean)
    return facts


def _rows_of(data: TrainingData, share: Float) -> TrainingData:
    """Return the rows a regime learns from, weighted by its probability."""
    rows = np.flatnonzero(share > _NEGLIGIBLE)
    taken = data.take(rows)
    if data.weight is None and (share[rows] == 1).all():
        return taken
    own = 1.0 if data.weight is None else data.weight[rows]
    return taken.weighted(share[rows] * own)


def _files_of(name: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    mark = f"{name}_"
    return {
        file.removeprefix(mark): content
        for file, content in files.items()
        if file.startswith(mark)
    }
