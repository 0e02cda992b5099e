"""Three LSTMs that read days, weeks and months, and attention within and across them.

- short: every one of the last sessions;
- medium: every session of a longer window, two LSTMs stacked;
- long: every k-th session of a still longer one.

Each branch asks, with the state it ends in, all its own states (self-attention). The
three answers, brought to one width, then ask one another (cross-scale attention). Dense
layers turn both into one number. With the default sizes and 24 features these are
3,208,961 weights.

Attention: A. Vaswani et al. (2017), "Attention is all you need".
"""

from typing import TYPE_CHECKING, ClassVar, Literal, Self, cast

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.panel import Int
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.linear_models.preprocessing import PreprocessingSpec
from alpha_kedro.learning.sequence.architecture import (
    Sizes,
    attend,
    attention,
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


class BranchSpec(Spec):
    """One time scale: which sessions it reads, with which LSTMs."""

    lookback: int = Field(
        ge=1, le=2_520, description="Sessions it looks back, today included (sessions)."
    )
    every: int = Field(
        default=1, ge=1, le=252, description="Reads every k-th session (sessions)."
    )
    units: Sizes = Field(
        min_length=1, description="Units of its LSTMs, one reading the other."
    )

    @property
    def offsets(self) -> Int:
        """Return the sessions it reads, counted back from the row; descending."""
        return np.arange(0, self.lookback, self.every, dtype=np.int64)[::-1]


class MultiScaleLSTMSpec(Spec):
    """Parameters of a multi-scale LSTM with attention."""

    kind: ClassVar[Literal["multi_scale_lstm"]] = "multi_scale_lstm"

    short: BranchSpec = Field(
        default=BranchSpec(lookback=10, units=(128,)), description="Patterns of days."
    )
    medium: BranchSpec = Field(
        default=BranchSpec(lookback=30, units=(512, 256)),
        description="Patterns of weeks.",
    )
    long: BranchSpec = Field(
        default=BranchSpec(lookback=120, every=5, units=(128,)),
        description="Patterns of months, sampled thinly.",
    )
    min_length: int = Field(
        default=30,
        ge=1,
        le=2_520,
        description="Shorter sequences are neither learned from nor scored (sessions).",
    )
    heads: int = Field(
        default=4, ge=1, le=64, description="Heads of each attention layer (heads)."
    )
    attention_units: int = Field(
        default=256,
        ge=1,
        le=8_192,
        description="Common width of the scales where they attend to one another.",
    )
    dense: Sizes = Field(
        default=(256, 128, 64),
        description="Units of the dense layers before the score.",
    )
    dropout: float = Field(
        default=0.2,
        ge=0,
        lt=1,
        description="Share of states and dense units left out while learning.",
    )
    preprocessing: PreprocessingSpec = Field(
        default=PreprocessingSpec(clip_quantile=0.005),
        description="Clipping, missing indicators and scaling, fitted in the fold.",
    )
    loss: LossSpec = Field(
        default=LossSpec(kind="squared_and_directional"),
        description="What is minimised: 60 % squared, 40 % directional.",
    )
    training: TrainingLoopSpec = Field(
        default=TrainingLoopSpec(), description="How it is minimised."
    )

    @model_validator(mode="after")
    def _sizes_fit_together(self) -> Self:
        if self.min_length > self.looks_back:
            raise ValueError("min_length is longer than any branch looks back")
        widths = (*(units for units in self._widths()), self.attention_units)
        if any(width % self.heads for width in widths):
            raise ValueError(
                f"heads {self.heads} has to divide the last units of every branch and "
                f"attention_units: {', '.join(map(str, widths))}"
            )
        return self

    @property
    def looks_back(self) -> int:
        """Return the most sessions of a sequence."""
        return int(self.offsets[0]) + 1

    @property
    def offsets(self) -> Int:
        """Return the sessions any branch reads; each is gathered once."""
        read = np.concatenate([branch.offsets for branch in self._branches.values()])
        return np.unique(read)[::-1]

    @property
    def _branches(self) -> dict[str, BranchSpec]:
        return {"short": self.short, "medium": self.medium, "long": self.long}

    def _widths(self) -> tuple[int, ...]:
        return tuple(branch.units[-1] for branch in self._branches.values())

    def fit(self, data: TrainingData, *, seed: int) -> FittedSequenceModel:
        """Learn from the rows and the sessions before them, within the window.

        Raises
        ------
        ModelError
            As ``fit_sequence_model``.
        """
        return fit_sequence_model(self, data, seed=seed)

    def build(self, n_inputs: int) -> "nn.ModuleDict":
        """Return branches, attention and head, newly drawn."""
        from torch import nn

        width = self.attention_units
        branches = {
            name: _branch(branch, n_inputs, width)
            for name, branch in self._branches.items()
        }
        n_read = len(branches) * width + sum(self._widths())
        return nn.ModuleDict(
            {
                **branches,
                "across": attention(width),
                "norm": nn.LayerNorm(width),
                "dropout": nn.Dropout(self.dropout),
                "head": dense(n_read, self.dense, dropout=self.dropout),
            }
        )

    def outputs(
        self, layers: "nn.ModuleDict", values: "Tensor", lengths: "Tensor"
    ) -> "Tensor":
        """Return the (n,) outputs of sequences."""
        import torch

        branches = self._branches
        parts = {name: cast("nn.ModuleDict", layers[name]) for name in branches}
        summaries = {
            name: self._summary(branch, parts[name], values, lengths)
            for name, branch in branches.items()
        }
        scales = torch.stack(
            [parts[name]["width"](each) for name, each in summaries.items()], dim=1
        )
        across = cast("nn.ModuleDict", layers["across"])
        answers = attend(across, scales, scales, heads=self.heads)
        scales = layers["norm"](scales + layers["dropout"](answers))
        read = torch.cat([*summaries.values(), scales.flatten(1)], dim=1)
        outputs: Tensor = layers["head"](layers["dropout"](read)).squeeze(-1)
        return outputs

    def _summary(
        self,
        branch: BranchSpec,
        layers: "nn.ModuleDict",
        values: "Tensor",
        lengths: "Tensor",
    ) -> "Tensor":
        """Return (n, units): the state a branch ends in, and what it asked the rest."""
        import torch

        steps = np.flatnonzero(np.isin(self.offsets, branch.offsets)).tolist()
        offsets = torch.from_numpy(branch.offsets.copy()).to(lengths.device)
        counts = (offsets < lengths[:, None]).sum(dim=1)
        states = begun_at_once(values[:, steps], counts)
        for lstm in cast("nn.ModuleList", layers["lstms"]):
            states = lstm(states)[0]
        last = last_state(states, counts)
        own = cast("nn.ModuleDict", layers["self"])
        answer = attend(own, last[:, None], states, heads=self.heads, counts=counts)
        read: Tensor = layers["norm"](last + answer[:, 0])
        return read


def _branch(branch: BranchSpec, n_inputs: int, width: int) -> "nn.ModuleDict":
    from torch import nn

    sizes = (n_inputs, *branch.units)
    lstms = [
        nn.LSTM(above, units, batch_first=True)
        for above, units in zip(sizes, branch.units, strict=False)
    ]
    return nn.ModuleDict(
        {
            "lstms": nn.ModuleList(lstms),
            "self": attention(sizes[-1]),
            "norm": nn.LayerNorm(sizes[-1]),
            "width": nn.Linear(sizes[-1], width),
        }
    )
