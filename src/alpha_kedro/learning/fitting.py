"""One fit and one scoring: the same two functions in research and in daily use."""

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Int
from alpha_kedro.learning.context import NOTHING, Background
from alpha_kedro.learning.examples import Examples
from alpha_kedro.learning.models import ModelSpec, make_model
from alpha_kedro.learning.scoring import scoring
from alpha_kedro.learning.splitters.folds import WalkForwardSpec
from alpha_kedro.learning.training import FittedModel, require_learnable

SEEN = "AK-M009"
"""Code of the error about a model that is asked to score what it has learned from."""


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
    spec
        What a fit must have.

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
    fitted: FittedModel,
    samples: pd.DataFrame,
    *,
    fit_end: pd.Timestamp,
    background: Background = NOTHING,
) -> pd.DataFrame:
    """Score the rows of some dates, in research and in daily use alike.

    Parameters
    ----------
    samples
        date, ticker and the model's features, matched by name.
    fit_end
        Last ``label_end`` the fit used.
    background
        What is known of every session, for models that look further than one row.

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
    scores = scoring(fitted, samples, background=background)
    if np.isinf(scores).any():
        raise ModelError(
            "AK-M010",
            f"the {fitted.kind} model gives infinite scores",
            where=samples["ticker"][np.isinf(scores)],
        )
    keys = samples[["date", "ticker"]].reset_index(drop=True)
    return keys.assign(score=scores)


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
