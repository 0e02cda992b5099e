"""What a sequence model has to say of itself, and the parts networks are made of."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal, Protocol

from pydantic import BeforeValidator, Field

from alpha_kedro.core.panel import Int
from alpha_kedro.learning.linear_models.preprocessing import PreprocessingSpec
from alpha_kedro.learning.sequence.losses import LossSpec
from alpha_kedro.learning.sequence.training_loop import TrainingLoopSpec

if TYPE_CHECKING:
    from torch import Tensor, nn

SequenceKind = Literal["lstm", "multi_scale_lstm"]


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Sizes = Annotated[
    tuple[Annotated[int, Field(ge=1, le=8_192)], ...], BeforeValidator(_as_tuple)
]
"""Numbers of units, layer by layer."""


class SequenceSpec(Protocol):
    """The parameters of one network and of how it is taught."""

    @property
    def kind(self) -> SequenceKind:
        """Return the name of the model kind."""

    @property
    def loss(self) -> LossSpec:
        """Return what is minimised."""

    @property
    def training(self) -> TrainingLoopSpec:
        """Return how it is minimised."""

    @property
    def preprocessing(self) -> PreprocessingSpec:
        """Return how features are brought to one scale."""

    @property
    def min_length(self) -> int:
        """Return the fewest sessions of a sequence that is learned from or scored."""

    @property
    def looks_back(self) -> int:
        """Return the most sessions of a sequence, the row's own included."""

    @property
    def offsets(self) -> Int:
        """Return the sessions that are read, counted back from the row; descending."""

    def build(self, n_inputs: int) -> "nn.ModuleDict":
        """Return the parts with weights, newly drawn, for ``n_inputs`` features."""

    def outputs(
        self, layers: "nn.ModuleDict", values: "Tensor", lengths: "Tensor"
    ) -> "Tensor":
        """Return (n,) outputs of (n, n_steps, n_inputs) sequences and their lengths."""

    def model_dump_json(self) -> str:
        """Return the parameters as text."""


def begun_at_once(values: "Tensor", counts: "Tensor") -> "Tensor":
    """Move each row's real steps from the end of its sequence to the beginning.

    An LSTM then starts at each row's own first session, and what follows the last real
    step has no way back into it.

    Parameters
    ----------
    values
        (n, n_steps, k); the last ``counts`` steps of each row are real.
    counts
        (n,) int64, at least 1.

    Returns
    -------
    (n, n_steps, k)
        The first ``counts`` steps of each row are real, zeros follow.
    """
    import torch

    n_steps = values.shape[1]
    if bool((counts == n_steps).all()):
        return values
    steps = torch.arange(n_steps, device=values.device)
    source = steps + (n_steps - counts)[:, None]
    rows = torch.arange(len(values), device=values.device)[:, None]
    moved = values[rows, source.clamp(max=n_steps - 1)]
    return moved.masked_fill((source >= n_steps)[..., None], 0.0)


def last_state(states: "Tensor", counts: "Tensor") -> "Tensor":
    """Return (n, units): the state after each row's last real step."""
    import torch

    return states[torch.arange(len(states), device=states.device), counts - 1]


def dense(n_inputs: int, sizes: Iterable[int], *, dropout: float) -> "nn.Sequential":
    """Return dense layers that end in one output.

    SiLU (Elfwing et al., 2018) between them: a rectifier without a corner, so that
    gradients can be integrated along a path.
    """
    from torch import nn

    parts: list[nn.Module] = []
    for size in sizes:
        parts += [nn.Linear(n_inputs, size), nn.SiLU(), nn.Dropout(dropout)]
        n_inputs = size
    return nn.Sequential(*parts, nn.Linear(n_inputs, 1))


def attention(units: int) -> "nn.ModuleDict":
    """Return the four projections of one attention layer."""
    from torch import nn

    names = ("query", "key", "value", "out")
    return nn.ModuleDict({name: nn.Linear(units, units) for name in names})


def attend(
    layer: "nn.ModuleDict",
    asking: "Tensor",
    asked: "Tensor",
    *,
    heads: int,
    counts: "Tensor | None" = None,
) -> "Tensor":
    """Multi-head scaled dot-product attention (Vaswani et al., 2017).

    Parameters
    ----------
    asking
        (n, n_queries, units).
    asked
        (n, n_steps, units).
    heads
        Divides ``units``.
    counts
        (n,) steps of each row that are real, the first ones; None: all.

    Returns
    -------
    (n, n_queries, units)
    """
    import torch

    query, key, value = (
        layer[name](given).unflatten(-1, (heads, -1)).transpose(1, 2)
        for name, given in (("query", asking), ("key", asked), ("value", asked))
    )
    fit = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    if counts is not None:
        steps = torch.arange(asked.shape[1], device=asked.device)
        beyond = steps >= counts[:, None]
        fit = fit.masked_fill(beyond[:, None, None, :], -torch.inf)
    mixed = fit.softmax(dim=-1) @ value
    read: Tensor = layer["out"](mixed.transpose(1, 2).flatten(-2))
    return read
