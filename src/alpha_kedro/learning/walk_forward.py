"""Fit on the past, score what follows, step forward: scores nobody could have fitted.

1. Samples are joined to labels and placed on the axis of sessions.
2. The folds are planned once, the same for every model.
3. For each model, fold and seed the past with known labels is fitted, and the fold's
   dates, which the fit has not seen, are scored.
4. Ensembles combine the scores of others, by what was known of them before each fold.
5. The fit ledger says what each fit saw, and is proved against the gap rule.
"""

from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.core.files import sweep_partials
from alpha_kedro.core.panel import Dates
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.learning.context import NOTHING, Background
from alpha_kedro.learning.ensemble import EnsembleFold, run_ensemble
from alpha_kedro.learning.fan_out import ExecutionSpec, fan_out
from alpha_kedro.learning.fit_ledger import (
    Line,
    check_fit_ledger,
    outcome_line,
    refuse_unfitted,
    skipped_line,
)
from alpha_kedro.learning.fitting import fit_fold, score_cross_section
from alpha_kedro.learning.fold_cache import FoldCache
from alpha_kedro.learning.fold_outcome import (
    ORDER,
    FoldTables,
    WalkForwardResult,
    combined_outcome,
    tables_of,
)
from alpha_kedro.learning.models import ModelSpec
from alpha_kedro.learning.splitters.folds import WalkForwardSpec
from alpha_kedro.learning.study import Fit, Study, run_task
from alpha_kedro.learning.wrappers.seeds import average_outcomes

__all__ = ["fit_fold", "run_walk_forward", "score_cross_section"]


class _Record(NamedTuple):
    """One fold of one model: its line in the ledger, its tables unless skipped."""

    line: Line
    tables: FoldTables | None


def run_walk_forward(
    samples: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    models: Mapping[str, ModelSpec],
    spec: WalkForwardSpec,
    seed: int,
    execution: ExecutionSpec,
    cache_folder: Path | None = None,
    sessions: Dates | None = None,
    horizon: int | None = None,
    background: Background = NOTHING,
) -> WalkForwardResult:
    """Fit every model fold by fold, and score each fold's dates out of sample.

    Parameters
    ----------
    samples, labels
        As for ``join_examples``.
    models
        Name of a model in the result, and what it is.
    spec
        Refit step, history and embargo.
    seed
        For the fits and for the choice of rows to explain; not negative.
    execution
        Where fits run; the numbers do not depend on it.
    cache_folder
        Where finished folds are kept and found again; None keeps nothing.
    sessions
        Axis to count on; pass the sessions of the bars. Default: the days seen in the
        samples and labels.
    horizon
        Of the labels that all models are judged on, and that those learn from which
        name no other (sessions). Default: the only one there is.
    background
        What is known of every session, for models that look further than one row.

    Raises
    ------
    ModelError
        ``AK-M003`` when a fit would see past its tests; ``AK-M008`` when every fold of
        a model was skipped; others as ``join_examples`` and ``score_cross_section``.
    ConfigError
        ``AK-C032`` when the history is too short for the plan, ``AK-C033`` without a
        model, ``AK-C002`` for an ensemble with a member that is not among them.
    """
    if not models:
        raise ConfigError(
            "AK-C033", "no model is named", fix="set models to one or more"
        )
    for model in models.values():
        for member in model.ensemble.members if model.ensemble else ():
            if member not in models:
                raise unknown_name("ensemble member", member, models)
    if cache_folder is not None:
        sweep_partials(cache_folder)
    study = Study.of(
        samples,
        labels,
        models=models,
        spec=spec,
        seed=seed,
        cache=FoldCache(cache_folder),
        sessions=sessions,
        horizon=horizon,
        background=background,
    )
    fitted = [name for name in models if models[name].kind != "ensemble"]
    fits = fan_out(
        run_task,
        study.tasks(fitted),
        shared=study,
        execution=execution,
        label="fitting folds",
    )
    records = _records(study, fits)
    refuse_unfitted(pd.DataFrame([record.line for record in records]))
    records += _combined(study, records)
    return _result(records, study.judged.spans.sessions)


def _records(study: Study, fits: Iterable[Fit]) -> list[_Record]:
    """Join the seeds of each model and fold; tasks of one stand side by side."""
    by_fold = groupby(fits, key=lambda fit: (fit.line["model"], fit.line["fold"]))
    return [_record(study, list(seeds)) for _, seeds in by_fold]


def _record(study: Study, seeds: list[Fit]) -> _Record:
    line, examples = seeds[0].line, study.judged.examples
    failed = [fit.outcome for fit in seeds if isinstance(fit.outcome, ModelError)]
    if failed:
        reason = " ".join(str(failed[0]).split())
        return _Record(line | skipped_line(line["n_test"], reason), None)
    outcome = average_outcomes(
        [fit.outcome for fit in seeds if not isinstance(fit.outcome, ModelError)]
    )
    line = line | outcome_line(outcome)
    test = examples.between(line["test_start"], line["test_end"])
    tested = examples.samples.iloc[test]
    return _Record(line, tables_of(outcome, examples.label[test], tested, line=line))


def _combined(study: Study, records: list[_Record]) -> list[_Record]:
    """Combine the scores of the others into those of each ensemble."""
    ensembles = {
        name: model.ensemble for name, model in study.models.items() if model.ensemble
    }
    done = [record.tables.predictions for record in records if record.tables]
    if not ensembles or not done:
        return []
    rows, predictions = study.judged, pd.concat(done)
    return [
        _record_of(study, fold)
        for name, spec in ensembles.items()
        for fold in run_ensemble(
            name,
            spec,
            predictions,
            rows.examples.outcomes(),
            folds=study.folds,
            embargo=study.spec.embargo,
            sessions=rows.spans.sessions,
        )
    ]


def _record_of(study: Study, fold: EnsembleFold) -> _Record:
    if not len(fold.scores):
        why = "no member of the ensemble was fitted in this fold"
        return _Record(fold.line | skipped_line(fold.line["n_test"], why), None)
    outcome = combined_outcome(fold.scores, fold.weights.chosen)
    line = fold.line | outcome_line(outcome)
    examples = study.judged.examples
    label = examples.label_of(fold.scores)
    return _Record(line, tables_of(outcome, label, examples.samples[:0], line=line))


def _result(records: list[_Record], sessions: Dates) -> WalkForwardResult:
    ledger = pd.DataFrame([record.line for record in records])
    check_fit_ledger(ledger, sessions=sessions)
    done = [record.tables for record in records if record.tables is not None]
    joined = (pd.concat(tables) for tables in zip(*done, strict=True))
    by_fold = ["model", "fold"]
    orders = (ORDER, ORDER, [*by_fold, "feature"], [*by_fold, "seed", "choice"])
    predictions, contributions, choices, settings = (
        table.sort_values(order, kind="stable", ignore_index=True)
        for table, order in zip(joined, orders, strict=True)
    )
    return WalkForwardResult(predictions, ledger, contributions, choices, settings)
