"""Scores for the rows of a table, its features matched to the model's by name."""

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Float, Single
from alpha_kedro.core.registry import nearest
from alpha_kedro.learning.context import NOTHING, Background, Context
from alpha_kedro.learning.finite import refuse_infinite
from alpha_kedro.learning.training import FittedModel


def feature_matrix(table: pd.DataFrame, features: tuple[str, ...]) -> Single:
    """Take features from a table by name, in the order a model knows them.

    Parameters
    ----------
    table
        Rows to score. Its features are its float32 columns; keys, sectors and labels
        beside them are left alone.
    features
        Names, in order.

    Returns
    -------
    (n, p) float32, C-contiguous; NaN where a value is missing.

    Raises
    ------
    ModelError
        ``AK-M027`` when a feature is missing, extra or there twice; ``AK-M024`` when a
        value is infinite.
    """
    found = [str(name) for name, kind in table.dtypes.items() if kind == np.float32]
    if sorted(found) != sorted(features):
        raise _other_features(found, features)
    X = np.ascontiguousarray(table[list(features)].to_numpy(dtype=np.float32))
    refuse_infinite(X, features)
    return X


def scoring(
    fitted: FittedModel, table: pd.DataFrame, *, background: Background = NOTHING
) -> Float:
    """Score the rows of a table, its features matched by name.

    Returns
    -------
    (n,) float64, in the order of the rows.

    Raises
    ------
    ModelError
        As ``feature_matrix``.
    """
    X = feature_matrix(table, fitted.features)
    known = {"date", "ticker"} <= {*table.columns}
    return fitted.score(X, Context.of(table, background) if known else None)


def _other_features(found: list[str], wanted: tuple[str, ...]) -> ModelError:
    missing = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted]
    twice = sorted({name for name in found if found.count(name) > 1})
    close = {name: nearest(name, extra) for name in missing}
    return ModelError(
        "AK-M027",
        "the table does not have the features the model was fitted on",
        where=[
            *(
                f"missing {name}" + (f" (is {near!r} meant?)" if near else "")
                for name, near in close.items()
            ),
            *(f"extra {name}" for name in extra),
            *(f"twice {name}" for name in twice),
        ],
        got=f"{len(found)} float32 columns",
        wanted=f"the {len(wanted)} features of the model, in any order",
        fix="build the features with the parameters the model was fitted with",
    )
