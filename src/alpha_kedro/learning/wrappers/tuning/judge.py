"""One trial: a set of parameters, fitted and judged on purged parts of one window."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from alpha_kedro.core.errors import AlphaKedroError, ConfigError, ModelError
from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.training import Model, TrainingData
from alpha_kedro.learning.wrappers.feature_evidence import label_overlap
from alpha_kedro.learning.wrappers.tuning.held_out import (
    held_out_coefficients,
    mean_coefficient,
    t_of_mean,
)
from alpha_kedro.learning.wrappers.tuning.record import TrialRecord
from alpha_kedro.learning.wrappers.tuning.space import (
    Setting,
    settings_of,
    with_settings,
)
from alpha_kedro.learning.wrappers.tuning.spec import TuningSpec

Watch = Callable[[int, float], bool]
"""Told the number of a block and the objective after it; True ends the trial there."""


@dataclass(frozen=True)
class Judge:
    """Judges any set of parameters by the same blocks and the same seed.

    Attributes
    ----------
    tuning
        Blocks and objective.
    block
        The parameters to begin with.
    make
        Returns the model of a block.
    data
        The window.
    seed
        Of every fit.
    """

    tuning: TuningSpec
    block: Spec
    make: Callable[[Spec], Model]
    data: TrainingData
    seed: int

    @property
    def own_seed(self) -> int:
        """Return the seed of the draws: another in every window, or all draw alike."""
        window = np.random.SeedSequence([self.seed, len(self.data.y)])
        return int(window.generate_state(1)[0])

    def start(self) -> TrialRecord:
        """Judge the block as it stands.

        Raises
        ------
        ConfigError
            What is wrong here has nothing to do with the values tried.
        """
        settings = settings_of(self.block, self.tuning.space)
        try:
            return self._judged(0, settings, self.block, lambda *_: False)
        except ModelError as error:
            return _failed(0, settings, error)

    def trial(
        self, number: int, settings: Mapping[str, Setting], watch: Watch
    ) -> TrialRecord:
        """Judge the block with other parameters; what cannot be fitted has failed."""
        try:
            block = with_settings(self.block, settings)
            return self._judged(number, settings, block, watch)
        except (ConfigError, ModelError) as error:
            return _failed(number, settings, error)

    def _judged(
        self, number: int, settings: Mapping[str, Setting], block: Spec, watch: Watch
    ) -> TrialRecord:
        known = np.empty(0)
        running: list[float | None] = []
        for coefficients in held_out_coefficients(
            self.make(block), self.data, tuning=self.tuning, seed=self.seed
        ):
            known = np.append(known, coefficients[~np.isnan(coefficients)])
            running.append(self._objective(known))
            if len(running) < self.tuning.n_splits and _stops(running, watch):
                break
        done = len(running) == self.tuning.n_splits
        if done and running[-1] is None:
            raise _unmeasured(self.tuning)
        return TrialRecord(
            number=number,
            parameters=dict(settings),
            state="complete" if done else "pruned",
            value=running[-1] if done else None,
            rank_ic=mean_coefficient(known),
            running=tuple(running),
        )

    def _objective(self, coefficients: Float) -> float | None:
        if self.tuning.objective == "rank_ic":
            return mean_coefficient(coefficients)
        return t_of_mean(coefficients, overlap=label_overlap(self.data))


def _stops(running: list[float | None], watch: Watch) -> bool:
    value = running[-1]
    return value is not None and watch(len(running) - 1, value)


def _failed(
    number: int, settings: Mapping[str, Setting], error: AlphaKedroError
) -> TrialRecord:
    reason = " ".join(str(error).split())
    return TrialRecord(
        number=number, parameters=dict(settings), state="failed", reason=reason
    )


def _unmeasured(tuning: TuningSpec) -> ModelError:
    return ModelError(
        "AK-M173",
        f"the held-out dates have no {tuning.objective}",
        wanted=f"dates with {tuning.min_names} names, and scores that differ",
        fix="lower tuning.min_names, or widen the training window",
    )
