"""One LSTM over the last sessions, and a dense head on the state it ends in.

S. Hochreiter and J. Schmidhuber (1997), "Long short-term memory", *Neural Computation*
9; for ranking stocks, T. Fischer and C. Krauss (2018), "Deep learning with long
short-term memory networks for financial market predictions", *EJOR* 270.
"""

from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.panel import Int
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.linear_models.preprocessing import PreprocessingSpec
from alpha_kedro.learning.sequence.architecture import (
    Sizes,
    begun_at_once,
    dense,
    last_state,
)
from alpha_kedro.learning.sequence.fitted import FittedSequenceModel
from alpha_kedro.learning.sequence.fitting import fit_sequence_model
from alpha_kedro.learning.sequence.losses import LossSpec
from alpha_kedro.learning.sequence.training_loop import TrainingLoopSpec
from alpha_kedro.learning.training import TrainingData

if TYPE_CHECKING:
    from torch import Tensor, nn


class LSTMSpec(Spec):
    """Parameters of an LSTM that ranks a cross-section by the past of each name."""

    kind: ClassVar[Literal["lstm"]] = "lstm"

    lookback: int = Field(
        default=30,
        ge=1,
        le=2_520,
        description="Sessions of a sequence, the row's own included (sessions).",
    )
    min_length: int = Field(
        default=20,
        ge=1,
        le=2_520,
        description="Shorter sequences are neither learned from nor scored (sessions).",
    )
    layers: int = Field(
        default=1,
        ge=1,
        le=8,
        description="LSTM layers, one reading the other (layers).",
    )
    hidden: int = Field(
        default=64, ge=1, le=8_192, description="Units of each LSTM layer (units)."
    )
    head: Sizes = Field(
        default=(), description="Units of dense layers between state and score."
    )
    dropout: float = Field(
        default=0.1,
        ge=0,
        lt=1,
        description="Share of the state and of dense units left out while learning.",
    )
    preprocessing: PreprocessingSpec = Field(
        default=PreprocessingSpec(clip_quantile=0.005),
        description="Clipping, missing indicators and scaling, fitted in the fold.",
    )
    loss: LossSpec = Field(default=LossSpec(), description="What is minimised.")
    training: TrainingLoopSpec = Field(
        default=TrainingLoopSpec(), description="How it is minimised."
    )

    @model_validator(mode="after")
    def _a_sequence_can_be_long_enough(self) -> Self:
        if self.min_length > self.lookback:
            raise ValueError("min_length is longer than lookback: no row could qualify")
        return self

    @property
    def looks_back(self) -> int:
        """Return the most sessions of a sequence."""
        return self.lookback

    @property
    def offsets(self) -> Int:
        """Return every session of the lookback, the oldest first."""
        return np.arange(self.lookback, dtype=np.int64)[::-1]

    def fit(self, data: TrainingData, *, seed: int) -> FittedSequenceModel:
        """Learn from the rows and the sessions before them, within the window.

        Raises
        ------
        ModelError
            As ``fit_sequence_model``.
        """
        return fit_sequence_model(self, data, seed=seed)

    def build(self, n_inputs: int) -> "nn.ModuleDict":
        """Return the LSTM and its head, newly drawn."""
        from torch import nn

        between = self.dropout if self.layers > 1 else 0.0
        lstm = nn.LSTM(
            n_inputs,
            self.hidden,
            num_layers=self.layers,
            dropout=between,
            batch_first=True,
        )
        head = dense(self.hidden, self.head, dropout=self.dropout)
        return nn.ModuleDict(
            {"lstm": lstm, "dropout": nn.Dropout(self.dropout), "head": head}
        )

    def outputs(
        self, layers: "nn.ModuleDict", values: "Tensor", lengths: "Tensor"
    ) -> "Tensor":
        """Return the (n,) outputs of sequences."""
        states = layers["lstm"](begun_at_once(values, lengths))[0]
        state = layers["dropout"](last_state(states, lengths))
        outputs: Tensor = layers["head"](state).squeeze(-1)
        return outputs
