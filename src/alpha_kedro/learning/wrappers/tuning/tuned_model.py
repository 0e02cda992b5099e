"""Any model with tuned parameters: its trials are part of the fit, and stored."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from alpha_kedro.core.panel import Float, Single
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.context import Context
from alpha_kedro.learning.training import (
    FittedModel,
    Kind,
    Model,
    TrainingData,
    require_learnable,
)
from alpha_kedro.learning.wrappers.selected_model import Restore
from alpha_kedro.learning.wrappers.tuning.judge import Judge
from alpha_kedro.learning.wrappers.tuning.record import TuningRecord
from alpha_kedro.learning.wrappers.tuning.space import with_settings
from alpha_kedro.learning.wrappers.tuning.spec import TuningSpec
from alpha_kedro.learning.wrappers.tuning.trials import run_trials

TUNING_FILE = "tuning.json"


@dataclass(frozen=True)
class TuningModel:
    """A model whose parameters are tuned inside the window before it is fitted.

    Attributes
    ----------
    tuning
        How, and over which space.
    block
        The parameters to begin with, taken as they are unless a trial is better.
    make
        Returns the model of such a block; whatever is inside it, such as a choice of
        features, is made anew in every trial.
    """

    tuning: TuningSpec
    block: Spec
    make: Callable[[Spec], Model]

    def __post_init__(self) -> None:
        self.tuning.check(self.block)

    def fit(self, data: TrainingData, *, seed: int) -> "TunedModel":
        """Try parameters on purged parts of ``data``, then fit the best on all of it.

        Raises
        ------
        ModelError
            ``AK-M174`` when every trial failed; others as the model itself.
        """
        require_learnable(data)
        judge = Judge(self.tuning, self.block, self.make, data, seed)
        record = run_trials(judge)
        # Trial 0 is the block itself, which may hold lists that no trial can draw.
        best = (
            with_settings(self.block, record.taken.parameters)
            if record.best
            else self.block
        )
        return TunedModel(self.make(best).fit(data, seed=seed), record)


@dataclass(frozen=True)
class TunedModel:
    """A fitted model that remembers the trials its parameters came from."""

    inner: FittedModel
    record: TuningRecord

    @property
    def kind(self) -> Kind:
        """Return the kind of the model inside."""
        return self.inner.kind

    @property
    def features(self) -> tuple[str, ...]:
        """Return the features of the model inside."""
        return self.inner.features

    @property
    def dropped_features(self) -> Mapping[str, str]:
        """Return the features the model inside could not use."""
        return self.inner.dropped_features

    @property
    def chosen(self) -> Mapping[str, float | str]:
        """Return the model's own choices, the parameters taken and their price."""
        return {**self.inner.chosen, **self.record.chosen}

    def score(self, X: Single, context: Context | None = None) -> Float:
        """Return the (n,) scores of the model inside."""
        return self.inner.score(X, context)

    def contributions(self, X: Single, context: Context | None = None) -> Float | None:
        """Return the (n, p + 1) parts of each score, None where the model has none."""
        return self.inner.contributions(X, context)

    def files(self) -> Mapping[str, bytes]:
        """Return the files of the model, and all trials as JSON."""
        return {
            **self.inner.files(),
            TUNING_FILE: self.record.model_dump_json().encode(),
        }


def restore_tuned(
    restore: Restore,
    features: tuple[str, ...],
    dropped: Mapping[str, str],
    files: Mapping[str, bytes],
) -> TunedModel:
    """Rebuild a model and its trials; ``restore`` knows the model inside."""
    record = TuningRecord.model_validate_json(files[TUNING_FILE])
    return TunedModel(restore(features, dropped, files), record)
