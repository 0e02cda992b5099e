"""The library of models: one kind, one block of parameters, one way in."""

from typing import Any, Self, cast

from pydantic import Field, model_validator

from alpha_kedro.core.spec import Names, Spec
from alpha_kedro.learning.classification.classifier import ClassifierSpec
from alpha_kedro.learning.ensemble import EnsembleSpec
from alpha_kedro.learning.factors import FactorSpec, RandomSpec
from alpha_kedro.learning.linear_models.elastic_net import ElasticNetSpec
from alpha_kedro.learning.linear_models.linear import RidgeSpec
from alpha_kedro.learning.sequence.arithmetic import device_for
from alpha_kedro.learning.sequence.lstm import LSTMSpec
from alpha_kedro.learning.sequence.multi_scale import MultiScaleLSTMSpec
from alpha_kedro.learning.training import (
    FittedModel,
    Kind,
    Model,
    TrainingData,
)
from alpha_kedro.learning.trees.lightgbm_trees import LightGBMSpec
from alpha_kedro.learning.trees.xgboost_trees import XGBoostSpec
from alpha_kedro.learning.wrappers.neutralized_model import Exposures, NeutralizingModel
from alpha_kedro.learning.wrappers.regimes import RegimeModel, RegimesSpec
from alpha_kedro.learning.wrappers.selected_model import SelectingModel
from alpha_kedro.learning.wrappers.selection import SelectionSpec
from alpha_kedro.learning.wrappers.tuning import TuningModel, TuningSpec
from alpha_kedro.learning.wrappers.weighting import WeightingModel, WeightingSpec

__all__ = ["FittedModel", "Model", "ModelSpec", "TrainingData", "make_model"]

_LEARN_NOTHING: tuple[Kind, ...] = ("factor", "random")
_SURROUND = ("weighting", "selection", "regimes", "tuning")
_READ_SEQUENCES: tuple[Kind, ...] = ("lstm", "multi_scale_lstm")


class ModelSpec(Spec):
    """A named model: its kind, and one block of parameters per kind.

    Blocks of other kinds may stand beside the one in use, so that an experiment can
    change the kind of a model without rewriting it. A kind without its block has the
    defaults.
    """

    kind: Kind = Field(description="Which block is used.")
    horizon: int | None = Field(
        default=None,
        ge=1,
        le=252,
        description="Labels it learns from (sessions ahead); null: labels.horizon.",
    )
    seeds: int = Field(
        default=1, ge=1, le=100, description="Fits whose scores are averaged."
    )
    weighting: WeightingSpec | None = Field(
        default=None,
        description="Which rows of a window count for more; null: all count alike.",
    )
    selection: SelectionSpec | None = Field(
        default=None,
        description="How the features it is given are chosen in each fold; null: all.",
    )
    regimes: RegimesSpec | None = Field(
        default=None,
        description="One fit for each regime of the market; null: one for all.",
    )
    tuning: TuningSpec | None = Field(
        default=None,
        description="Parameters tried inside each training window; null: as written.",
    )
    neutralize: Names = Field(
        default=(),
        description="Features, or sector, whose part in the ranked scores of a date is "
        "taken out; none: scores as they are.",
    )
    classifier: ClassifierSpec = Field(
        default=ClassifierSpec(), description="The chance to beat a hurdle."
    )
    elastic_net: ElasticNetSpec = Field(
        default=ElasticNetSpec(), description="Linear, with few features."
    )
    ensemble: EnsembleSpec | None = Field(
        default=None, description="Scores of other models, weighed by their past."
    )
    factor: FactorSpec = Field(
        default=FactorSpec(), description="One feature as it is; learns nothing."
    )
    lightgbm: LightGBMSpec = Field(
        default=LightGBMSpec(), description="Boosted trees, leaf by leaf."
    )
    lstm: LSTMSpec = Field(
        default=LSTMSpec(), description="A network that reads a sequence of sessions."
    )
    multi_scale_lstm: MultiScaleLSTMSpec = Field(
        default=MultiScaleLSTMSpec(),
        description="A network that reads days, weeks and months, and attends.",
    )
    random: RandomSpec = Field(
        default=RandomSpec(), description="Chance; learns nothing."
    )
    ridge: RidgeSpec = Field(default=RidgeSpec(), description="Linear, penalised.")
    xgboost: XGBoostSpec = Field(
        default=XGBoostSpec(), description="Boosted trees, level by level."
    )

    @model_validator(mode="after")
    def _what_surrounds_it_is_of_use(self) -> Self:
        carried = [name for name in _SURROUND if getattr(self, name) is not None]
        if self.kind in _LEARN_NOTHING and carried:
            raise ValueError(
                f"kind {self.kind!r} learns nothing that {carried[0]} could be of use "
                f"to; take {carried[0]} away, or choose another kind"
            )
        if self.tuning is not None:
            self.tuning.check(self.block)
        return self

    @model_validator(mode="after")
    def _an_ensemble_is_made_of_others(self) -> Self:
        if self.kind != "ensemble":
            return self
        if self.ensemble is None:
            raise ValueError("kind 'ensemble' needs a block that names its members")
        carried = [name for name in _SURROUND if getattr(self, name) is not None]
        carried += ["horizon"] * (self.horizon is not None)
        carried += ["seeds"] * (self.seeds > 1) + ["neutralize"] * bool(self.neutralize)
        if carried:
            raise ValueError(
                f"an ensemble has no {carried[0]} of its own; its members may"
            )
        return self

    @property
    def block(self) -> Spec:
        """Return the parameters of the kind in use."""
        block: Spec = getattr(self, self.kind)
        return block

    @property
    def reads_sequences(self) -> bool:
        """Tell whether it reads the sessions before the row it scores."""
        return self.kind in _READ_SEQUENCES

    @property
    def device(self) -> str | None:
        """Return where a network is taught, which may change its last digits."""
        if not self.reads_sequences:
            return None
        return str(device_for(getattr(self, self.kind).training.device))

    @property
    def looks_back(self) -> bool:
        """Tell whether it reads more of the past than the row it scores."""
        return self.reads_sequences or self.regimes is not None

    @property
    def in_use(self) -> dict[str, Any]:
        """Return the parameters a fit depends on: not those of other kinds."""
        parts = {"kind", "horizon", "neutralize", *_SURROUND, self.kind}
        return self.model_dump(mode="json", include=parts)


def make_model(spec: ModelSpec) -> Model:
    """Return the model a specification names; nothing is fitted yet.

    From inside to outside: the kind on the features chosen for it, once for each
    regime, on weighted rows, with the parameters that trials have found; its scores
    neutralized.
    """

    def untuned(block: Spec) -> Model:
        model = cast(Model, block)
        if spec.selection is not None:
            model = SelectingModel(spec.selection, model)
        if spec.regimes is not None:
            model = RegimeModel(spec.regimes, model)
        return (
            model if spec.weighting is None else WeightingModel(spec.weighting, model)
        )

    model = untuned(spec.block)
    if spec.tuning is not None:
        model = TuningModel(spec.tuning, spec.block, untuned)
    if spec.neutralize:
        model = NeutralizingModel(Exposures(against=spec.neutralize), model)
    return model
