"""Why a score is what it is: parts that add up to it, feature by feature."""

from dataclasses import replace

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Float, Single
from alpha_kedro.learning.context import NOTHING, Background, Context
from alpha_kedro.learning.scoring import feature_matrix
from alpha_kedro.learning.training import FittedModel
from alpha_kedro.learning.wrappers.neutralized_model import NeutralizedModel
from alpha_kedro.learning.wrappers.seeds import AveragedModel

BIAS = "bias"
_KEYS = ["date", "ticker"]
_TOLERANCE = 1e-4  # XGBoost adds its parts up in float32


def explain(
    fitted: FittedModel, table: pd.DataFrame, *, background: Background = NOTHING
) -> pd.DataFrame:
    """Split the scores of some rows into the contributions of their features.

    Parameters
    ----------
    fitted
        Any model; trees by TreeSHAP, linear by coefficient x standardised value.
    table
        Rows the model did not learn from: date, ticker and its float32 features.
    background
        What is known of every session, for models that look further than one row.

    Returns
    -------
    DataFrame
        date, ticker, one float64 column per feature and ``bias``, in score units; they
        add up to the score, before it is neutralized where it is. Rows the model gives
        no score are left out, and all of them where it has no such parts (``random``).

    Raises
    ------
    ModelError
        ``AK-M027`` for other features, ``AK-M028`` when the parts do not add up.

    References
    ----------
    Lundberg et al. (2020), "From local explanations to global understanding with
    explainable AI for trees", *Nature Machine Intelligence* 2.
    """
    fitted = before_neutralizing(fitted)
    X = feature_matrix(table, fitted.features)
    context = Context.of(table, background)
    parts = contributions(fitted, X, context) if len(X) else None
    keys = table[_KEYS].reset_index(drop=True)
    columns = [*fitted.features, BIAS]
    if parts is None:
        return keys.iloc[:0].join(pd.DataFrame(columns=columns, dtype=np.float64))
    scored = np.flatnonzero(~np.isnan(parts).any(axis=1))
    return keys.join(pd.DataFrame(parts, columns=columns)).iloc[scored]


def before_neutralizing(fitted: FittedModel) -> FittedModel:
    """Return the model whose scores are neutralized, or the model itself."""
    if isinstance(fitted, NeutralizedModel):
        return fitted.inner
    if isinstance(fitted, AveragedModel):
        members = tuple(before_neutralizing(member) for member in fitted.members)
        return replace(fitted, members=members)
    return fitted


def contributions(
    fitted: FittedModel, X: Single, context: Context | None = None
) -> Float | None:
    """Return the (n, p + 1) contributions, bias last, once they add up to the scores.

    Raises
    ------
    ModelError
        ``AK-M028`` naming the worst row.
    """
    parts = fitted.contributions(X, context)
    if parts is None:
        return None
    gap = np.abs(parts.sum(axis=1) - fitted.score(X, context))
    excess = gap - _TOLERANCE * np.abs(parts).sum(axis=1)
    if np.nanmax(excess, initial=0.0) > 0:
        worst = int(np.nanargmax(excess))
        raise ModelError(
            "AK-M028",
            f"the contributions to a {fitted.kind} score do not add up to it",
            where=[f"row {worst}"],
            got=f"a gap of {gap[worst]:g}",
            fix="do not trust this model's explanation; fit it again",
        )
    return parts


def importance(explained: pd.DataFrame) -> pd.DataFrame:
    """Rank features by the mean size of their contribution.

    Parameters
    ----------
    explained
        Table from ``explain``.

    Returns
    -------
    DataFrame
        feature, mean_abs_contribution (score units), largest first, ties by name; NaN
        where there was no row to explain.
    """
    sizes = explained.drop(columns=[*_KEYS, BIAS]).abs().mean()
    table = pd.DataFrame(
        {"feature": sizes.index, "mean_abs_contribution": sizes.to_numpy()}
    )
    return table.sort_values(
        ["mean_abs_contribution", "feature"], ascending=[False, True], ignore_index=True
    )
