"""What was tried in one window: every trial, and which of them was taken."""

from typing import Literal

from pydantic import Field

from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.wrappers.tuning.space import Setting
from alpha_kedro.learning.wrappers.tuning.spec import TuningSpec

PREFIX = "tuned."
"""What the names of tuned parameters begin with among a fit's choices."""

State = Literal["complete", "pruned", "failed"]
Ended = Literal["trials", "clock", "space"]


class TrialRecord(Spec):
    """One set of parameters, and how it did on the held-out blocks."""

    number: int = Field(ge=0, description="Order of the trial; 0: the block's own.")
    parameters: dict[str, Setting]
    state: State
    value: float | None = Field(
        default=None, description="The objective over all blocks; null: not complete."
    )
    rank_ic: float | None = Field(
        default=None, description="Mean rank IC over the blocks seen; null: none."
    )
    running: tuple[float | None, ...] = Field(
        default=(), description="The objective over the blocks so far, block by block."
    )
    reason: str = Field(default="", description="Why the trial failed.")


class TuningRecord(Spec):
    """All trials of one window, in the order they were made."""

    tuning: TuningSpec
    ended_by: Ended = Field(
        description="trials: n_trials; clock: minutes; space: nothing new was drawn."
    )
    trials: tuple[TrialRecord, ...]
    best: int = Field(description="Number of the trial that was taken.")

    @property
    def taken(self) -> TrialRecord:
        """Return the trial whose parameters the model was fitted with."""
        return self.trials[self.best]

    def count(self, state: State) -> int:
        """Return how many trials ended in a state."""
        return sum(trial.state == state for trial in self.trials)

    @property
    def chosen(self) -> dict[str, float | str]:
        """Return the parameters taken and what they cost, as a fit's choices.

        Returns
        -------
        dict
            ``tuned.`` and each parameter; trials, pruned, failed (counts, the block's
            own set among the trials); inner_rank_ic of the trial taken and
            inner_rank_ic_untuned of the block's own (``failed`` where it has none), and
            the same for the t where that is the objective; trials_ended_by.
        """
        first, best = self.trials[0], self.taken
        found = {
            f"{PREFIX}{name}": _told(value) for name, value in best.parameters.items()
        }
        found |= {
            "trials": float(len(self.trials)),
            "pruned": float(self.count("pruned")),
            "failed": float(self.count("failed")),
            "inner_rank_ic": _known(best.rank_ic),
            "inner_rank_ic_untuned": _known(first.rank_ic),
        }
        if self.tuning.objective == "rank_ic_t":
            found["inner_rank_ic_t"] = _known(best.value)
            found["inner_rank_ic_t_untuned"] = _known(first.value)
        return found | {"trials_ended_by": self.ended_by}


def _known(value: float | None) -> float | str:
    return "failed" if value is None else value


def _told(value: Setting) -> float | str:
    if isinstance(value, tuple):
        return ", ".join(str(_told(each)) for each in value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return float(value) if isinstance(value, int | float) else value
