"""What a fit leaves behind, and the tables of the walk-forward made from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Float
from alpha_kedro.learning.training import FittedModel
from alpha_kedro.learning.wrappers.selected_model import SelectedModel
from alpha_kedro.learning.wrappers.selection import verdict_table

ORDER = ["date", "ticker", "model"]
SETTINGS = {"seed": "int64", "choice": "str", "value": "float64", "text": "str"}
_KEY = ["date", "ticker"]


@dataclass(frozen=True, eq=False)
class WalkForwardResult:
    """What a walk-forward leaves behind.

    Attributes
    ----------
    predictions
        date, ticker, model, fold, score (float64, NaN where a model gave none), label
        (NaN where not known yet), fit_end (last label_end the fit used), sorted by
        (date, ticker, model).
    fit_ledger
        One row per model and fold: what the fit saw and, where there was none, why.
    contributions
        date, ticker, model, fold, feature, value, contribution of a seeded sample of
        scored rows; contributions of one row, ``bias`` included, add up to its score,
        before it is neutralized where it is.
    feature_choices
        One row per feature, fold and model that chooses its features: model, fold,
        feature, family, chosen, reason (why not), twin (the chosen feature a redundant
        one repeats), ic and t (mean rank IC in the window), agreement (share of its
        periods with that sign). No rows where no model chooses, nor of models whose
        regimes choose each for itself.
    fit_choices
        model, fold, seed, choice, value (float64, NaN for words), text: what each fit
        chose for itself, such as its rounds, its threshold or an ensemble's weights.
    """

    predictions: pd.DataFrame
    fit_ledger: pd.DataFrame
    contributions: pd.DataFrame
    feature_choices: pd.DataFrame
    fit_choices: pd.DataFrame


@dataclass(frozen=True, eq=False)
class FoldOutcome:
    """What a fit left behind; everything else about a fold follows from the data.

    Attributes
    ----------
    scores
        date, ticker, score of every tested row.
    explained
        date, ticker, one contribution per feature and the bias, of a few of them.
    choices
        A row per feature, as from ``verdict_table``; none where all were given.
    dropped
        feature, reason: what the fit could not use.
    settings
        seed, choice, value, text: what the fit chose for itself.
    """

    scores: pd.DataFrame
    explained: pd.DataFrame
    choices: pd.DataFrame
    dropped: pd.DataFrame
    settings: pd.DataFrame


class FoldTables(NamedTuple):
    """The part of one fold in each table of a ``WalkForwardResult``."""

    predictions: pd.DataFrame
    contributions: pd.DataFrame
    feature_choices: pd.DataFrame
    fit_choices: pd.DataFrame


def outcome_of(
    fitted: FittedModel, scores: pd.DataFrame, explained: pd.DataFrame, *, seed: int
) -> FoldOutcome:
    """Return what a fit leaves behind.

    Parameters
    ----------
    scores, explained
        As in ``FoldOutcome``.
    seed
        Number of the seed the model was fitted with.
    """
    return FoldOutcome(
        scores,
        explained,
        choices_made(fitted),
        dropped_features(fitted),
        settings_table(fitted.chosen, seed=seed),
    )


def combined_outcome(
    scores: pd.DataFrame, chosen: Mapping[str, float | str]
) -> FoldOutcome:
    """Return the outcome of a fold whose scores are made of others; nothing fitted.

    Parameters
    ----------
    scores
        date, ticker, score.
    chosen
        What each member counted, and why.
    """
    return FoldOutcome(
        scores,
        scores[_KEY].iloc[:0],
        verdict_table(()),
        _dropped({}),
        settings_table(chosen, seed=0),
    )


def tables_of(
    outcome: FoldOutcome,
    label: Float,
    sampled: pd.DataFrame,
    *,
    line: Mapping[str, Any],
) -> FoldTables:
    """Return the tables of one fold.

    Parameters
    ----------
    label
        (n,) labels of the scored rows, NaN where not known yet.
    sampled
        Samples, the explained rows among them.
    line
        The fold's line in the fit ledger.
    """
    return FoldTables(
        predictions_of(outcome, label, line=line),
        contributions_of(outcome, sampled, line=line),
        _of_fold(outcome.choices, line),
        _of_fold(outcome.settings, line),
    )


def settings_table(chosen: Mapping[str, float | str], *, seed: int) -> pd.DataFrame:
    """Return seed, choice, value, text of what a fit chose for itself."""
    rows = [
        (seed, name, np.nan, found)
        if isinstance(found, str)
        else (seed, name, float(found), "")
        for name, found in chosen.items()
    ]
    return pd.DataFrame(rows, columns=list(SETTINGS)).astype(SETTINGS)


def dropped_features(fitted: FittedModel) -> pd.DataFrame:
    """Return feature, reason of what a fit could not use."""
    return _dropped(fitted.dropped_features)


def _dropped(reasons: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        list(reasons.items()), columns=["feature", "reason"], dtype="str"
    )


def choices_made(fitted: FittedModel) -> pd.DataFrame:
    """Return what became of each feature, where the fit has chosen among them."""
    while not isinstance(fitted, SelectedModel) and hasattr(fitted, "inner"):
        fitted = fitted.inner
    if isinstance(fitted, SelectedModel):
        return verdict_table(fitted.selection.verdicts)
    return verdict_table(())


def predictions_of(
    outcome: FoldOutcome, label: Float, *, line: Mapping[str, Any]
) -> pd.DataFrame:
    """Return the predictions table of one fold.

    Parameters
    ----------
    label
        (n,) labels of the scored rows, NaN where not known yet.
    line
        The fold's line in the fit ledger.
    """
    named = _named(outcome.scores, line)
    labelled = named.assign(label=label, fit_end=line["max_label_end"])
    return labelled[[*ORDER, "fold", "score", "label", "fit_end"]]


def contributions_of(
    outcome: FoldOutcome, sampled: pd.DataFrame, *, line: Mapping[str, Any]
) -> pd.DataFrame:
    """Stack a fold's contributions: one row per feature, its value beside.

    Parameters
    ----------
    sampled
        Samples, the explained rows among them. A model that explains nothing leaves the
        table without rows.
    line
        The fold's line in the fit ledger.
    """
    parts = outcome.explained.drop(columns=_KEY)
    keys = outcome.explained[_KEY]
    values = keys.merge(sampled, on=_KEY, how="left", validate="1:1")
    values = values.reindex(columns=parts.columns)
    stacked = keys.loc[keys.index.repeat(parts.shape[1])].assign(
        feature=np.tile(parts.columns.to_numpy(dtype=object), len(parts)),
        value=values.to_numpy(dtype=np.float32).ravel(),
        contribution=parts.to_numpy().ravel(),
    )
    named = _named(stacked.astype({"feature": "str"}), line)
    return named[[*ORDER, "fold", "feature", "value", "contribution"]]


def _of_fold(table: pd.DataFrame, line: Mapping[str, Any]) -> pd.DataFrame:
    """Return a table under the model and number of its fold."""
    named = table.assign(model=line["model"], fold=line["fold"])
    ordered = named[["model", "fold", *table.columns]]
    return ordered.astype({"model": "str", "fold": "int64"})


def _named(table: pd.DataFrame, line: Mapping[str, Any]) -> pd.DataFrame:
    named = table.assign(model=line["model"], fold=line["fold"])
    return named.astype({"ticker": "str", "model": "str", "fold": "int64"})
