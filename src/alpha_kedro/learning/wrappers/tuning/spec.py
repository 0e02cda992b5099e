"""How a model's parameters are tuned, and the refusal of a space it cannot take."""

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.registry import nearest
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.wrappers.tuning.space import (
    Range,
    Values,
    parameters_of,
    refuse_no_number,
    with_settings,
)


class TuningSpec(Spec):
    """How parameters are tuned inside the fold, the block's own values to begin with.

    Notes
    -----
    With ``minutes`` the number of trials depends on the clock, and so may the result;
    what ended the trials is recorded with it. Where ``n_trials`` ends them first, the
    same data and seed give the same bytes.
    """

    n_trials: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Most parameter sets tried in a fold, the block's own among them; "
        "null: as many as the minutes allow.",
    )
    minutes: float | None = Field(
        default=None,
        gt=0,
        le=10_080,
        description="Time after which no trial is begun (minutes); null: none.",
    )
    n_splits: int = Field(
        default=3,
        ge=2,
        le=20,
        description="Blocks of dates the training window is cut into, each held out "
        "once (blocks).",
    )
    embargo: int = Field(
        default=0,
        ge=0,
        le=252,
        description="Gap on both sides of a held-out block beyond the labels "
        "(sessions).",
    )
    objective: Literal["rank_ic", "rank_ic_t"] = Field(
        default="rank_ic",
        description="rank_ic: mean over the held-out dates of the rank correlation of "
        "score and label; rank_ic_t: its HAC t.",
    )
    min_names: int = Field(
        default=5,
        ge=2,
        description="Fewest names for a held-out date to have a coefficient.",
    )
    pruner: Literal["median", "none"] = Field(
        default="median",
        description="median: from the sixth on, a trial ends after a block where its "
        "best so far lies below the median of those before it; none: every trial sees "
        "all blocks.",
    )
    space: Annotated[dict[str, Values], Field(min_length=1)] = Field(
        description="Where each tuned parameter of the model's block may go.",
    )

    @model_validator(mode="after")
    def _ends_some_time(self) -> Self:
        if self.n_trials is None and self.minutes is None:
            raise ValueError("tuning without end: set n_trials, minutes, or both")
        return self

    def check(self, block: Spec) -> None:
        """Refuse a space that the block of a model cannot take, before any fit.

        Ends of ranges and listed values are tried one at a time beside the block's own
        values; a combination that the block refuses is found by the trial that draws
        it, which then counts as failed.

        Raises
        ------
        ConfigError
            ``AK-C150`` for a parameter the block does not have, ``AK-C151`` for a value
            it refuses, ``AK-C152`` for a range where no number is wanted, ``AK-C153``
            when Optuna is not installed.
        """
        _require_optuna()
        known = parameters_of(block)
        for name, values in self.space.items():
            if name not in known:
                raise _unknown(name, known)
            if isinstance(values, Range):
                refuse_no_number(name, known[name])
            self._refuse_values(name, block)

    def planned_trials(self, n_folds: int) -> int | None:
        """Return the most trials that some folds can cost; None: the clock decides."""
        return None if self.n_trials is None else self.n_trials * n_folds

    def _refuse_values(self, name: str, block: Spec) -> None:
        values = self.space[name]
        for value in values.samples if isinstance(values, Range) else values:
            try:
                with_settings(block, {name: value})
            except ConfigError as error:
                raise ConfigError(
                    "AK-C151",
                    f"tuning.space.{name} reaches a value that cannot be used",
                    where=error.where,
                    got=repr(value),
                    fix="draw the parameter from what its block allows",
                ) from None


def _require_optuna() -> None:
    if find_spec("optuna") is None:
        raise ConfigError(
            "AK-C153",
            "tuning needs a library that is not installed",
            wanted="optuna",
            fix="pip install 'alpha-kedro[tuning]', or take tuning away",
        )


def _unknown(name: str, known: Mapping[str, object]) -> ConfigError:
    # A nested parameter is often named without its block: patience, scaling.
    last = {each.rpartition(".")[2]: each for each in known}
    close = nearest(name, known) or last.get(nearest(name, last) or "")
    return ConfigError(
        "AK-C150",
        f"tuning.space.{name}: the model has no such parameter",
        wanted=f"one of {', '.join(sorted(known))}",
        fix=f"did you mean {close!r}?" if close else "use one of the names above",
    )
