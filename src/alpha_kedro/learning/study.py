"""One walk-forward as independent pieces of work: a model, a fold, a seed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Dates, Int
from alpha_kedro.learning.context import NOTHING, Background
from alpha_kedro.learning.examples import Examples, join_examples
from alpha_kedro.learning.explaining.explain import explain
from alpha_kedro.learning.fit_ledger import Line, fit_line
from alpha_kedro.learning.fitting import SEEN, fit_fold, score_cross_section
from alpha_kedro.learning.fold_cache import FoldCache, RowDigests, fold_key
from alpha_kedro.learning.fold_outcome import FoldOutcome, outcome_of
from alpha_kedro.learning.models import ModelSpec
from alpha_kedro.learning.splitters.folds import Fold, WalkForwardSpec, plan_folds
from alpha_kedro.learning.splitters.splits import Spans, assert_no_overlap
from alpha_kedro.learning.training import FittedModel
from alpha_kedro.learning.wrappers.seeds import seed_of


class Task(NamedTuple):
    """One fit: a model by name, the number of a fold, the number of a seed."""

    model: str
    fold: int
    seed: int


class Fit(NamedTuple):
    """What became of a task: its line in the ledger, and its outcome or why none."""

    line: Line
    outcome: FoldOutcome | ModelError


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """All rows under the labels of one horizon, on the axis all horizons share."""

    examples: Examples
    spans: Spans


@dataclass(frozen=True, eq=False)
class Study:
    """What every fit of a walk-forward shares.

    Attributes
    ----------
    by_horizon
        The same rows under the labels of each horizon a model asks for.
    horizon
        That of the labels all models are judged on.
    folds
        Planned once, on these labels: all models are tested on the same dates.
    """

    by_horizon: Mapping[int, LabelledRows]
    horizon: int
    folds: tuple[Fold, ...]
    digests: RowDigests
    models: Mapping[str, ModelSpec]
    spec: WalkForwardSpec
    seed: int
    cache: FoldCache

    @classmethod
    def of(
        cls,
        samples: pd.DataFrame,
        labels: pd.DataFrame,
        *,
        models: Mapping[str, ModelSpec],
        spec: WalkForwardSpec,
        seed: int,
        cache: FoldCache,
        sessions: Dates | None = None,
        horizon: int | None = None,
        background: Background = NOTHING,
    ) -> "Study":
        """Join, place and plan; see ``run_walk_forward``."""
        main = horizon if horizon is not None else only_horizon(labels)
        judged = join_examples(samples, labels, horizon=main, background=background)
        others = {each.horizon for each in models.values() if each.horizon} - {main}
        rows = {main: judged} | {
            each: judged.relabelled(labels, each) for each in sorted(others)
        }
        axis = days_seen(rows.values()) if sessions is None else sessions
        by_horizon = {each: _placed(rows[each], spec, axis) for each in rows}
        folds = plan_folds(by_horizon[main].spans, spec)
        digests = RowDigests.of(judged)
        return cls(by_horizon, main, folds, digests, models, spec, seed, cache)

    @property
    def judged(self) -> LabelledRows:
        """Return the rows under the labels all models are judged on."""
        return self.by_horizon[self.horizon]

    def rows_of(self, model: str) -> LabelledRows:
        """Return the rows under the labels one model learns from."""
        return self.by_horizon[self.models[model].horizon or self.horizon]

    def tasks(self, names: Iterable[str]) -> list[Task]:
        """Return every fit of some models, fold by fold, seed by seed."""
        return [
            Task(name, place, number)
            for name in names
            for place in range(len(self.folds))
            for number in range(self.models[name].seeds)
        ]


def run_task(study: Study, task: Task) -> Fit:
    """Prove the split, then take the fold's outcome from disk or fit it."""
    rows = study.rows_of(task.model)
    fold = study.folds[task.fold]
    known, test = fold.rows(rows.spans)
    train = rows.examples.labelled(known)
    assert_no_overlap(rows.spans, train, test)
    line: Line = {"model": task.model, "fold": fold.number} | fit_line(
        rows.examples, known=known, train=train, test=test, embargo=study.spec.embargo
    )
    return Fit(line, _outcome(study, task, rows.examples, train, test))


def _outcome(
    study: Study, task: Task, examples: Examples, train: Int, test: Int
) -> FoldOutcome | ModelError:
    """Return a fold's outcome, from disk if it is there; or why it has none."""
    tested = examples.samples.iloc[test]
    key = _key(study, task, examples, train, test)
    kept = study.cache.load(key, tested[["date", "ticker"]])
    if kept is not None:
        return kept
    model, seed = study.models[task.model], seed_of(study.seed, task.seed)
    sampled = _sampled(study, task.fold, examples, test)
    try:
        fitted = fit_fold(model, examples, train, spec=study.spec, seed=seed)
        outcome = _told(fitted, tested, sampled, examples, train, task.seed)
    except ModelError as error:
        if error.code == SEEN:  # a fault of this package, and never of a fold
            raise
        return error
    study.cache.save(key, outcome)
    return outcome


def _told(
    fitted: FittedModel,
    tested: pd.DataFrame,
    sampled: pd.DataFrame,
    examples: Examples,
    train: Int,
    seed: int,
) -> FoldOutcome:
    """Score the tested rows and explain a sample of them."""
    fit_end = pd.Timestamp(examples.label_end[train].max())
    background = examples.background
    scores = score_cross_section(fitted, tested, fit_end=fit_end, background=background)
    explained = explain(fitted, sampled, background=background)
    return outcome_of(fitted, scores, explained, seed=seed)


def _key(study: Study, task: Task, examples: Examples, train: Int, test: Int) -> str:
    settings = study.spec.model_dump(include={"explain_rows", "min_rows", "min_dates"})
    settings |= {"fold": task.fold + 1, "seed": study.seed}
    if task.seed:
        settings["seed_number"] = task.seed
    model = study.models[task.model]
    return fold_key(
        model, examples, study.digests, train=train, test=test, settings=settings
    )


def _sampled(study: Study, fold: int, examples: Examples, test: Int) -> pd.DataFrame:
    """Return the tested rows that are explained: the same ones for every model."""
    rng = np.random.default_rng([study.seed, fold + 1])
    n_rows = min(study.spec.explain_rows, len(test))
    chosen = np.sort(rng.choice(test, n_rows, replace=False))
    return examples.samples.iloc[chosen]


def only_horizon(labels: pd.DataFrame) -> int:
    """Return the horizon of the labels, which without a choice have to be of one."""
    horizons = sorted(map(int, labels["horizon"].unique()))
    if len(horizons) > 1:
        raise ModelError(
            "AK-M017",
            "the labels are of several horizons, and none is chosen to judge by",
            got=f"labels {horizons} sessions ahead",
            fix="pass horizon=, one of them",
        )
    return horizons[0] if horizons else 0


def days_seen(rows: Iterable[Examples]) -> Dates:
    """Return the axis of all decisions and label ends, whatever their horizon."""
    days = [day for each in rows for day in (each.dates, each.label_end)]
    seen: Dates = np.unique(np.concatenate(days))
    return seen[~np.isnat(seen)]


def _placed(examples: Examples, spec: WalkForwardSpec, axis: Dates) -> LabelledRows:
    spans = Spans.of(examples.dated(), embargo=spec.embargo, sessions=axis)
    return LabelledRows(examples, spans)
