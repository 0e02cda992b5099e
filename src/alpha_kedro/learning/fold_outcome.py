"""What a fit leaves behind, and the tables of the walk-forward made from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Float
from alpha_kedro.learning.selected_model import SelectedModel
from alpha_kedro.learning.selection import verdict_table
from alpha_kedro.learning.training import FittedModel

ORDER = ["date", "ticker", "model"]
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
        scored rows; contributions of one row, ``bias`` included, add up to its score.
    feature_choices
        One row per feature, fold and model that chooses its features: model, fold,
        feature, family, chosen, reason (why not), twin (the chosen feature a redundant
        one repeats), ic and t (mean rank IC in the window), agreement (share of its
        periods with that sign). No rows where no model chooses.
    """

    predictions: pd.DataFrame
    fit_ledger: pd.DataFrame
    contributions: pd.DataFrame
    feature_choices: pd.DataFrame


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
    """

    scores: pd.DataFrame
    explained: pd.DataFrame
    choices: pd.DataFrame
    dropped: pd.DataFrame


def dropped_features(fitted: FittedModel) -> pd.DataFrame:
    """Return feature, reason of what a fit could not use."""
    reasons = list(fitted.dropped_features.items())
    return pd.DataFrame(reasons, columns=["feature", "reason"], dtype="str")


def choices_made(fitted: FittedModel) -> pd.DataFrame:
    """Return what became of each feature, where the fit has chosen among them."""
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


def choices_of(outcome: FoldOutcome, *, line: Mapping[str, Any]) -> pd.DataFrame:
    """Return a fold's choice of features, under its model and number."""
    named = outcome.choices.assign(model=line["model"], fold=line["fold"])
    ordered = named[["model", "fold", *outcome.choices.columns]]
    return ordered.astype({"model": "str", "fold": "int64"})


def _named(table: pd.DataFrame, line: Mapping[str, Any]) -> pd.DataFrame:
    named = table.assign(model=line["model"], fold=line["fold"])
    return named.astype({"ticker": "str", "model": "str", "fold": "int64"})
