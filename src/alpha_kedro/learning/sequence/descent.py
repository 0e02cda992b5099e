"""Teaching a network epoch by epoch, and getting out with its best weights."""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import Dates, Int, Single
from alpha_kedro.learning.sequence.arithmetic import is_out_of_memory
from alpha_kedro.learning.sequence.losses import Targets, loss_of
from alpha_kedro.learning.sequence.network import Network, tensors
from alpha_kedro.learning.sequence.sequences import (
    Sequences,
    date_batches,
    rows_per_date,
)

if TYPE_CHECKING:
    import torch
    from torch import Tensor

logger = logging.getLogger(__name__)

Weights = Mapping[str, "Tensor"]
Judge = Callable[[Network], float]
"""How good a network is; higher is better, NaN where it cannot be said."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a network is taught.

    Attributes
    ----------
    sequences
        n rows, sorted by date.
    targets
        (n,) labels, in the unit of the loss.
    weights
        (n,) float32.
    dates
        (n,) ascending.
    """

    sequences: Sequences
    targets: Targets
    weights: Single
    dates: Dates


@dataclass(frozen=True, eq=False)
class Course:
    """How teaching went.

    Attributes
    ----------
    weights
        Of the best epoch.
    epoch
        That epoch, counted from 1.
    quality
        What the judge said of it.
    halvings
        How often batches were halved because memory ran out.
    broken_off
        Whether the loss ceased to be a number.
    """

    weights: Weights
    epoch: int
    quality: float
    halvings: int
    broken_off: bool


class NotFinite(Exception):  # noqa: N818 - an outcome of a step, not an error
    """A loss, a gradient or a weight that is no number."""


def descend(
    network: Network,
    lesson: Lesson,
    *,
    epochs: int,
    seed: int,
    judge: Judge | None = None,
) -> Course:
    """Teach a network and return the weights of its best epoch.

    Parameters
    ----------
    epochs
        Most passes over the lesson.
    seed
        Of the order of the dates.
    judge
        Asked after each epoch; without progress for ``stopping.patience`` epochs,
        teaching ends. None: every epoch counts as better than the one before.

    Raises
    ------
    ModelError
        ``AK-M106`` when no epoch ended in finite weights that could be judged,
        ``AK-M107`` when memory runs out however small the batches.
    """
    patience = network.spec.training.stopping.patience
    teacher = _Teacher(network, lesson, np.random.default_rng(seed))
    best: tuple[float, int, Weights] | None = None
    broken_off = False
    for epoch in range(1, epochs + 1):
        try:
            loss = teacher.epoch()
            weights = _finite_weights(network)
        except NotFinite:
            broken_off = True
            break
        quality = float(epoch) if judge is None else judge(network)
        logger.debug("epoch %d: loss %.6g, quality %.6g", epoch, loss, quality)
        if np.isfinite(quality) and (best is None or quality > best[0]):
            best = (quality, epoch, weights)
        elif epoch - (best[1] if best else 0) >= patience:
            break
    if best is None:
        raise _nothing_learned(broken_off)
    quality, epoch, weights = best
    return Course(weights, epoch, quality, teacher.halvings, broken_off)


@dataclass(eq=False)
class _Teacher:
    """A network, its optimiser, and the size of batch that memory allows."""

    network: Network
    lesson: Lesson
    rng: np.random.Generator
    halvings: int = 0
    max_rows: int = field(init=False)
    optimiser: "torch.optim.Optimizer" = field(init=False)

    def __post_init__(self) -> None:
        from torch.optim import AdamW

        spec = self.network.spec.training
        self.max_rows = spec.max_batch_rows
        self.optimiser = AdamW(
            self.network.layers.parameters(),
            lr=spec.learning_rate,
            weight_decay=spec.weight_decay,
        )

    def epoch(self) -> float:
        """Pass over every row once and return the mean loss of the batches.

        Raises
        ------
        NotFinite
            When a step cannot be taken; weights are those before it.
        """
        self.network.layers.train()
        waiting = deque(
            date_batches(
                self.lesson.dates,
                dates_per_batch=self.network.spec.training.dates_per_batch,
                max_rows=self.max_rows,
                rng=self.rng,
            )
        )
        losses = []
        while waiting:
            rows = waiting.popleft()
            n_parts = -(-len(rows) // self.max_rows)
            if n_parts > 1:  # memory ran out after this batch had been made up
                waiting.extendleft(reversed(np.array_split(rows, n_parts)))
                continue
            loss = self._tried(rows)
            if loss is None:
                self._halve(rows)
                waiting.appendleft(rows)
            else:
                losses.append(loss)
        return float(np.mean(losses))

    def _tried(self, rows: Int) -> float | None:
        """Take a step; None when memory ran out."""
        try:
            return self._step(rows)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
        # Out here the error is gone, and with it what it kept in memory.
        self.optimiser.zero_grad(set_to_none=True)
        return None

    def _step(self, rows: Int) -> float:
        from torch.nn.utils import clip_grad_norm_

        spec, lesson = self.network.spec, self.lesson
        batch = (lesson.targets.values[rows], lesson.weights[rows])
        targets, weights = (_tensor(each, self.network.device) for each in batch)
        given = tensors(*lesson.sequences.gather(rows))
        outputs = self.network(*(each.to(self.network.device) for each in given))
        counts = rows_per_date(lesson.dates[rows])
        loss = loss_of(spec.loss, outputs, targets, weights, counts)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        length = clip_grad_norm_(
            self.network.layers.parameters(), spec.training.gradient_clip
        )
        if not bool((loss + length).isfinite()):
            raise NotFinite
        self.optimiser.step()
        return loss.item()

    def _halve(self, rows: Int) -> None:
        """Make batches half as large as the one that was too large."""
        if len(rows) < 2 or self.halvings >= self.network.spec.training.max_halvings:
            raise ModelError(
                "AK-M107",
                "memory ran out while a network was taught",
                got=f"a batch of {len(rows)} rows, after {self.halvings} halvings",
                fix="lower training.max_batch_rows or the sizes of the network",
            )
        self.halvings += 1
        self.max_rows = len(rows) // 2
        logger.warning("memory ran out: batches of %d rows now", self.max_rows)


def _tensor(values: Single, device: "torch.device") -> "Tensor":
    import torch

    return torch.from_numpy(values).to(device)


def _finite_weights(network: Network) -> Weights:
    state: Mapping[str, Tensor] = network.layers.state_dict()
    weights = {name: each.detach().cpu().clone() for name, each in state.items()}
    if not all(bool(each.isfinite().all()) for each in weights.values()):
        raise NotFinite
    return weights


def _nothing_learned(broken_off: bool) -> ModelError:
    return ModelError(
        "AK-M106",
        "no epoch ended in weights that could be used",
        got="a loss or a weight that is no number, in the first epoch"
        if broken_off
        else "held-out dates on which the loss is no number",
        fix="lower training.learning_rate, or look for wild labels and features",
    )
