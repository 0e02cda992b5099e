"""The library of models: one kind, one block of parameters, one way in."""

from typing import Any, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Float, Single
from alpha_kedro.core.registry import nearest
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.factors import FactorSpec, RandomSpec
from alpha_kedro.learning.lightgbm_trees import LightGBMSpec
from alpha_kedro.learning.linear import RidgeSpec
from alpha_kedro.learning.selected_model import SelectingModel
from alpha_kedro.learning.selection import SelectionSpec
from alpha_kedro.learning.training import (
    FittedModel,
    Kind,
    Model,
    TrainingData,
    refuse_infinite,
)
from alpha_kedro.learning.xgboost_trees import XGBoostSpec

__all__ = [
    "FittedModel",
    "Model",
    "ModelSpec",
    "TrainingData",
    "feature_matrix",
    "make_model",
    "scoring",
]

_LEARNS_NOTHING: tuple[Kind, ...] = ("factor", "random")


class ModelSpec(Spec):
    """A named model: its kind, and one block of parameters per kind.

    Blocks of other kinds may stand beside the one in use, so that an experiment can
    change the kind of a model without rewriting it. A kind without its block has the
    defaults.
    """

    kind: Kind = Field(description="Which block is used.")
    selection: SelectionSpec | None = Field(
        default=None,
        description="How the features it is given are chosen in each fold; null: all.",
    )
    factor: FactorSpec = Field(
        default=FactorSpec(), description="One feature as it is; learns nothing."
    )
    lightgbm: LightGBMSpec = Field(
        default=LightGBMSpec(), description="Boosted trees, leaf by leaf."
    )
    random: RandomSpec = Field(
        default=RandomSpec(), description="Chance; learns nothing."
    )
    ridge: RidgeSpec = Field(default=RidgeSpec(), description="Linear, penalised.")
    xgboost: XGBoostSpec = Field(
        default=XGBoostSpec(), description="Boosted trees, level by level."
    )

    @model_validator(mode="after")
    def _a_selection_is_of_use(self) -> Self:
        if self.selection is not None and self.kind in _LEARNS_NOTHING:
            raise ValueError(
                f"kind {self.kind!r} learns nothing that features could be selected "
                "for; take selection away, or choose another kind"
            )
        return self

    @property
    def in_use(self) -> dict[str, Any]:
        """Return the parameters a fit depends on: not those of other kinds."""
        parts = {"kind", "selection", self.kind}
        return self.model_dump(mode="json", include=parts)


def make_model(spec: ModelSpec) -> Model:
    """Return the model a specification names; nothing is fitted yet."""
    model: Model = getattr(spec, spec.kind)
    return model if spec.selection is None else SelectingModel(spec.selection, model)


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


def scoring(fitted: FittedModel, table: pd.DataFrame) -> Float:
    """Score the rows of a table, its features matched by name.

    Returns
    -------
    (n,) float64, in the order of the rows.

    Raises
    ------
    ModelError
        As ``feature_matrix``.
    """
    return fitted.score(feature_matrix(table, fitted.features))


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
