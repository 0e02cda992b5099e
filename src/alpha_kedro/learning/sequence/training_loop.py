"""How a network is taught: batches, step size, when to stop, on which device."""

from typing import Literal

from pydantic import Field

from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.sequence.arithmetic import Device


class StoppingSpec(Spec):
    """When teaching ends: judged on the last dates of the window, labels purged."""

    choose_by: Literal["none", "purged_tail"] = Field(
        default="purged_tail",
        description="none: all epochs; purged_tail: the epoch that is best on the last "
        "block of dates, which is then not learned from.",
    )
    n_splits: int = Field(
        default=5,
        ge=2,
        le=20,
        description="Blocks the window is cut into; the last is held out (blocks).",
    )
    embargo: int = Field(
        default=0, ge=0, le=252, description="Gap before the held-out block (sessions)."
    )
    patience: int = Field(
        default=5, ge=1, le=1_000, description="Epochs without progress before the end."
    )
    metric: Literal["rank_ic", "loss"] = Field(
        default="rank_ic",
        description="rank_ic: mean over dates of the rank correlation; loss: the loss.",
    )
    refit: bool = Field(
        default=False,
        description="false: keep the weights of the best epoch; true: teach a new "
        "network on the whole window for that many epochs.",
    )


class TrainingLoopSpec(Spec):
    """Adam (Kingma & Ba, 2015) with decoupled weight decay, on batches of dates."""

    epochs: int = Field(
        default=30, ge=1, le=10_000, description="Most passes over the window (epochs)."
    )
    learning_rate: float = Field(
        default=1e-3, gt=0, le=1, description="Size of a step."
    )
    weight_decay: float = Field(
        default=0.0, ge=0, le=1, description="Share of the weights lost per unit step."
    )
    dates_per_batch: int = Field(
        default=4, ge=1, le=10_000, description="Dates of a batch, all their rows."
    )
    max_batch_rows: int = Field(
        default=2_048,
        ge=2,
        le=1_000_000,
        description="Most rows of a batch; fewer dates then make one up.",
    )
    gradient_clip: float = Field(
        default=1.0, gt=0, le=1e6, description="Longest gradient; beyond it is cut."
    )
    max_halvings: int = Field(
        default=5,
        ge=0,
        le=20,
        description="How often a batch may be halved when memory runs out.",
    )
    device: Device = Field(
        default="auto",
        description="Where it is taught; auto: cuda, mps or cpu, the first there is. "
        "Only the cpu is held to the same bytes. Scores always come from the cpu.",
    )
    threads: int = Field(
        default=1,
        ge=1,
        le=256,
        description="CPU threads to teach with; the last digits depend on them.",
    )
    stopping: StoppingSpec = Field(
        default=StoppingSpec(), description="When teaching ends."
    )
