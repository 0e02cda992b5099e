"""A network with its weights: what it says of sequences, one row at a time or many."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from alpha_kedro.core.panel import Int, Single
from alpha_kedro.learning.sequence.architecture import SequenceSpec
from alpha_kedro.learning.sequence.sequences import Sequences

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

_ROWS_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class Network:
    """The layers of a specification, with weights.

    Attributes
    ----------
    spec
        Says how the layers are put together.
    layers
        The parts with weights.
    """

    spec: SequenceSpec
    layers: "nn.ModuleDict"

    @property
    def n_parameters(self) -> int:
        """Return the number of weights."""
        return sum(weight.numel() for weight in self.layers.parameters())

    @property
    def device(self) -> "torch.device":
        """Return where the weights are."""
        return next(self.layers.parameters()).device

    def __call__(self, values: "Tensor", lengths: "Tensor") -> "Tensor":
        """Return (n,) outputs of (n, n_steps, k) sequences and their lengths."""
        return self.spec.outputs(self.layers, values, lengths)

    def outputs(self, sequences: Sequences, rows: Int) -> Single:
        """Return the (n,) float32 outputs of some rows, many at a time.

        A row's last bits may depend on the rows beside it: good enough to judge by.
        """
        import torch

        outputs = [np.empty(0, dtype=np.float32)]
        self.layers.eval()
        with torch.inference_mode():
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                part = rows[start : start + _ROWS_AT_ONCE]
                batch = tensors(*sequences.gather(part))
                said = self(*(each.to(self.device) for each in batch))
                outputs.append(said.cpu().numpy())
        return np.concatenate(outputs)

    def outputs_one_by_one(self, sequences: Sequences, rows: Int) -> Single:
        """Return the (n,) float32 outputs of some rows, each worked out by itself.

        Notes
        -----
        Libraries of linear algebra choose their kernels, and with them the order of a
        sum, by the shape of a matrix, by a row's place in it and by where it begins in
        memory. Here every row is a matrix of its own, always in the same place, so that
        it has the same bits whatever it is scored with. That takes five times as long
        as in batches of 256, which is little beside the time of a fit.
        """
        import torch

        outputs = np.empty(len(rows), dtype=np.float32)
        self.layers.eval()
        with torch.inference_mode():
            for start in range(0, len(rows), _ROWS_AT_ONCE):
                part = rows[start : start + _ROWS_AT_ONCE]
                values, lengths = tensors(*sequences.gather(part))
                value, length = values[:1].clone(), lengths[:1].clone()
                for place in range(len(part)):
                    value[0], length[0] = values[place], lengths[place]
                    outputs[start + place] = self(value, length).item()
        return outputs

    def in_float64(self) -> "Network":
        """Return the network with its weights as float64, for exact slopes."""
        return Network(self.spec, deepcopy(self.layers).double())


def network_of(
    spec: SequenceSpec, n_inputs: int, weights: Mapping[str, "Tensor"]
) -> Network:
    """Return a network on the CPU with given weights, ready to score.

    Nothing is drawn: neither time nor torch's generator is spent on weights that are
    replaced at once.
    """
    import torch

    with torch.device("meta"):
        layers = spec.build(n_inputs)
    layers.to_empty(device="cpu").load_state_dict(weights)
    return Network(spec, layers.eval().requires_grad_(False))


def tensors(values: Single, lengths: Int) -> tuple["Tensor", "Tensor"]:
    """Return copies of sequences and lengths, in memory that torch has aligned."""
    import torch

    return torch.tensor(values), torch.tensor(lengths)
