"""Fit on the past, score what follows, step forward: scores nobody could have fitted.

1. Samples are joined to labels and placed on the axis of sessions.
2. The folds are planned once, the same for every model.
3. For each model and fold the past with known labels is fitted, and the fold's dates,
   which the fit has not seen, are scored.
4. The fit ledger says what each fit saw, and is proved against the gap rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ConfigError, ModelError
from alpha_kedro.core.files import sweep_partials
from alpha_kedro.core.panel import Dates, Int
from alpha_kedro.learning.examples import Examples, join_examples
from alpha_kedro.learning.explain import explain
from alpha_kedro.learning.fan_out import ExecutionSpec, fan_out
from alpha_kedro.learning.fit_ledger import (
    Line,
    check_fit_ledger,
    fit_line,
    outcome_line,
    refuse_unfitted,
    skipped_line,
)
from alpha_kedro.learning.fold_cache import FoldCache, RowDigests, fold_key
from alpha_kedro.learning.fold_outcome import (
    ORDER,
    FoldOutcome,
    WalkForwardResult,
    choices_made,
    choices_of,
    contributions_of,
    dropped_features,
    predictions_of,
)
from alpha_kedro.learning.folds import Fold, WalkForwardSpec, plan_folds
from alpha_kedro.learning.models import ModelSpec, make_model, scoring
from alpha_kedro.learning.splits import Spans, assert_no_overlap
from alpha_kedro.learning.training import FittedModel, require_learnable


@dataclass(frozen=True, eq=False)
class _Study:
    """What every fit of a walk-forward shares."""

    examples: Examples
    spans: Spans
    digests: RowDigests
    models: Mapping[str, ModelSpec]
    spec: WalkForwardSpec
    seed: int
    cache: FoldCache


@dataclass(frozen=True, eq=False)
class _Record:
    """One fold of one model: its line in the ledger, its tables unless skipped."""

    line: Line
    tables: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame] | None


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

    Raises
    ------
    ModelError
        ``AK-M003`` when a fit would see past its tests; ``AK-M008`` when every fold of
        a model was skipped; others as ``join_examples`` and ``score_cross_section``.
    ConfigError
        ``AK-C032`` when the history is too short for the plan, ``AK-C033`` without a
        model.
    """
    if not models:
        raise ConfigError(
            "AK-C033", "no model is named", fix="set models to one or more"
        )
    examples = join_examples(samples, labels)
    spans = Spans.of(examples.dated(), embargo=spec.embargo, sessions=sessions)
    digests, cache = RowDigests.of(examples), FoldCache(cache_folder)
    study = _Study(examples, spans, digests, models, spec, seed, cache)
    if cache_folder is not None:
        sweep_partials(cache_folder)
    tasks = [(name, fold) for name in models for fold in plan_folds(spans, spec)]
    records = fan_out(
        _run_fold, tasks, shared=study, execution=execution, label="fitting folds"
    )
    return _result(records, spans.sessions)


def fit_fold(
    model: ModelSpec,
    examples: Examples,
    rows: Int,
    *,
    spec: WalkForwardSpec,
    seed: int,
) -> FittedModel:
    """Fit one model on some rows, once they are known to be enough to learn from.

    Parameters
    ----------
    rows
        Ascending row numbers; those without a label are left out.

    Raises
    ------
    ModelError
        ``AK-M007`` for too few rows or dates, ``AK-M021`` to ``AK-M025`` for labels or
        scores that are constant or not finite.
    """
    data = examples.training(examples.labelled(rows))
    n_dates = len(np.unique(data.dates))
    if len(data.y) < spec.min_rows or n_dates < spec.min_dates:
        raise ModelError(
            "AK-M007",
            "too little to learn from",
            got=f"{len(data.y)} labelled rows on {n_dates} dates",
            wanted=f"{spec.min_rows} rows on {spec.min_dates} dates",
            fix="start later, or lower walk_forward.min_rows and min_dates",
        )
    require_learnable(data)
    return make_model(model).fit(data, seed=seed)


def score_cross_section(
    fitted: FittedModel, samples: pd.DataFrame, *, fit_end: pd.Timestamp
) -> pd.DataFrame:
    """Score the rows of some dates, in research and in daily use alike.

    Parameters
    ----------
    samples
        date, ticker and the model's features, matched by name.
    fit_end
        Last ``label_end`` the fit used.

    Returns
    -------
    DataFrame
        date, ticker, score (float64, NaN where the model gives none), in the order of
        ``samples``.

    Raises
    ------
    ModelError
        ``AK-M009`` for dates the fit has seen, ``AK-M010`` for infinite scores,
        ``AK-M027`` for other features than the model's.
    """
    _refuse_seen(samples["date"], fit_end)
    scores = scoring(fitted, samples)
    if np.isinf(scores).any():
        raise ModelError(
            "AK-M010",
            f"the {fitted.kind} model gives infinite scores",
            where=samples["ticker"][np.isinf(scores)],
        )
    keys = samples[["date", "ticker"]].reset_index(drop=True)
    return keys.assign(score=scores)


def _run_fold(study: _Study, task: tuple[str, Fold]) -> _Record:
    """Prove the split, then take the fold's outcome from disk or fit it."""
    name, fold = task
    known, test = fold.rows(study.spans)
    train = study.examples.labelled(known)
    assert_no_overlap(study.spans, train, test)
    line: Line = {"model": name, "fold": fold.number} | fit_line(
        study.examples, known=known, train=train, test=test, embargo=study.spec.embargo
    )
    outcome = _outcome(study, study.models[name], fold, train, test)
    if isinstance(outcome, ModelError):
        reason = " ".join(str(outcome).split())
        return _Record(line | skipped_line(len(test), reason), None)
    line |= outcome_line(outcome)
    tables = (
        predictions_of(outcome, study.examples.label[test], line=line),
        contributions_of(outcome, _sampled(study, fold, test), line=line),
        choices_of(outcome, line=line),
    )
    return _Record(line, tables)


def _outcome(
    study: _Study, model: ModelSpec, fold: Fold, train: Int, test: Int
) -> FoldOutcome | ModelError:
    """Return a fold's outcome, from disk if it is there; or why it has none."""
    examples, tested = study.examples, study.examples.samples.iloc[test]
    settings = study.spec.model_dump(include={"explain_rows", "min_rows", "min_dates"})
    settings |= {"fold": fold.number, "seed": study.seed}
    key = fold_key(
        model, examples, study.digests, train=train, test=test, settings=settings
    )
    kept = study.cache.load(key, tested[["date", "ticker"]])
    if kept is not None:
        return kept
    try:
        fitted = fit_fold(model, examples, train, spec=study.spec, seed=study.seed)
    except ModelError as error:
        return error
    fit_end = pd.Timestamp(examples.label_end[train].max())
    outcome = FoldOutcome(
        score_cross_section(fitted, tested, fit_end=fit_end),
        explain(fitted, _sampled(study, fold, test)),
        choices_made(fitted),
        dropped_features(fitted),
    )
    study.cache.save(key, outcome)
    return outcome


def _sampled(study: _Study, fold: Fold, test: Int) -> pd.DataFrame:
    """Return the tested rows that are explained: the same ones for every model."""
    rng = np.random.default_rng([study.seed, fold.number])
    n_rows = min(study.spec.explain_rows, len(test))
    chosen = np.sort(rng.choice(test, n_rows, replace=False))
    return study.examples.samples.iloc[chosen]


def _result(records: list[_Record], sessions: Dates) -> WalkForwardResult:
    ledger = pd.DataFrame([record.line for record in records])
    check_fit_ledger(ledger, sessions=sessions)
    refuse_unfitted(ledger)
    done = [record.tables for record in records if record.tables is not None]
    joined = (pd.concat(tables) for tables in zip(*done, strict=True))
    orders = (ORDER, ORDER, ["model", "fold", "feature"])
    predictions, contributions, choices = (
        table.sort_values(order, kind="stable", ignore_index=True)
        for table, order in zip(joined, orders, strict=True)
    )
    return WalkForwardResult(predictions, ledger, contributions, choices)


def _refuse_seen(dates: "pd.Series[pd.Timestamp]", fit_end: pd.Timestamp) -> None:
    seen = dates[dates <= fit_end]
    if len(seen):
        raise ModelError(
            "AK-M009",
            "the model has seen what it is asked to score",
            where=seen.dt.strftime("%Y-%m-%d").unique(),
            got=f"{len(seen)} rows up to {seen.max():%Y-%m-%d}",
            wanted=f"dates after {fit_end:%Y-%m-%d}, the last label of the fit",
            fix="score these dates with a model fitted earlier",
        )
