"""Which detector tells the regimes, and how models are made to follow them."""

from collections.abc import Mapping
from typing import Annotated, Literal, Protocol

import numpy as np
import pandas as pd
from pydantic import Field

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.wrappers.regimes.gates import (
    TrendGate,
    TrendGateSpec,
    VolatilityGate,
    VolatilityGateSpec,
)
from alpha_kedro.learning.wrappers.regimes.hidden_markov import (
    HiddenMarkov,
    HiddenMarkovSpec,
)


class FittedDetector(Protocol):
    """Something that says how likely each regime is, and knows its own numbers."""

    @property
    def n_regimes(self) -> int:
        """Return the number of regimes k."""

    @property
    def facts(self) -> Mapping[str, float | str]:
        """Return what was learned, as it is told in tables."""

    def probabilities(self, states: pd.DataFrame) -> Float:
        """Return (n_sessions, k) summing to 1, row t from the rows up to t alone."""


class Detector(Protocol):
    """Something that learns regimes from the sessions it is given."""

    def fit(self, states: pd.DataFrame, *, seed: int) -> FittedDetector:
        """Learn from ``states``; the same states and seed give the same regimes."""


class OneRegime(Spec):
    """A market without regimes, and why none were found."""

    detector: Literal["none"] = "none"
    reason: str

    @property
    def n_regimes(self) -> int:
        """Return 1."""
        return 1

    @property
    def facts(self) -> Mapping[str, str]:
        """Return why there is one regime."""
        return {"undetected": self.reason}

    def probabilities(self, states: pd.DataFrame) -> Float:
        """Return (n_sessions, 1) ones."""
        return np.ones((len(states), 1))


AnyDetector = Annotated[
    HiddenMarkov | TrendGate | VolatilityGate | OneRegime,
    Field(discriminator="detector"),
]
"""A fitted detector, as it is stored."""


class RegimesSpec(Spec):
    """Regimes of the market, and a model for each.

    Blocks of other detectors may stand beside the one in use. Regime 0 is the calm one,
    or that of a rising market; the last is the most volatile, or the falling one.
    """

    detector: Literal["hmm", "trend", "volatility"] = Field(
        default="hmm", description="Which block is used."
    )
    mode: Literal["blend", "switch"] = Field(
        default="blend",
        description="blend: every row teaches each regime's model by its probability, "
        "and scores are mixed by it; switch: the likeliest regime alone.",
    )
    hmm: HiddenMarkovSpec = Field(
        default=HiddenMarkovSpec(), description="Hidden states; probabilities."
    )
    trend: TrendGateSpec = Field(
        default=TrendGateSpec(), description="Above or below a moving average."
    )
    volatility: VolatilityGateSpec = Field(
        default=VolatilityGateSpec(), description="Calm or restless."
    )
    history: int | None = Field(
        default=None,
        ge=20,
        description="Sessions the detector is fitted on, up to the last training date; "
        "null: all there are, also those before the training window.",
    )
    min_rows: int = Field(
        default=500,
        ge=1,
        description="Fewest rows of a regime, counted by probability, for a model of "
        "its own; below it the model of all rows stands in.",
    )
    min_dates: int = Field(
        default=20, ge=1, description="Fewest dates of a regime, counted as rows are."
    )
    if_undetected: Literal["refuse", "one_regime"] = Field(
        default="refuse",
        description="What becomes of a fit whose regimes cannot be learned: refuse: an "
        "error; one_regime: one model of all rows, with the reason.",
    )

    def detect(self, states: pd.DataFrame, *, seed: int) -> AnyDetector:
        """Fit the detector on (n_sessions) states; all of them, so cut them first.

        Raises
        ------
        ModelError
            ``AK-M122`` to ``AK-M124`` as the detector, unless one regime will do.
        """
        spec: HiddenMarkovSpec | TrendGateSpec | VolatilityGateSpec
        spec = getattr(self, self.detector)
        try:
            return spec.fit(states, seed=seed)
        except ModelError as error:
            if self.if_undetected == "refuse":
                raise
            return OneRegime(reason=f"{error.code} {error.what}")
