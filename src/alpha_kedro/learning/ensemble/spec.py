"""Which models an ensemble is made of, and how it learns what each is worth."""

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from alpha_kedro.core.spec import Names, Share, Spec

Weighting = Literal["mean", "rank_mean", "ic", "sharpe", "stacking"]
Scale = Literal["rank", "z_score"]

_GIVEN: dict[Weighting, Scale] = {"mean": "z_score", "rank_mean": "rank"}


class EnsembleSpec(Spec):
    """Other models of the same walk-forward, combined by their scores alone.

    An ensemble never sees a feature. What it learns it learns from scores its members
    gave out of sample, and from labels that were final before the dates it weighs for.
    """

    members: Names = Field(
        min_length=2, description="Names of the models it combines, each once."
    )
    weighting: Weighting = Field(
        default="ic",
        description="mean: of z-scores; rank_mean: of ranks; ic: by past rank IC; "
        "sharpe: by the past Sharpe ratio of score-weighted portfolios, adjusted for "
        "their correlation; stacking: by regression of past labels on past scores.",
    )
    standardise: Scale | None = Field(
        default=None,
        description="Unit the scores of a date are brought to before they are added; "
        "null: z_score for mean, rank for all others.",
    )
    shrinkage: Share = Field(
        default=0.5,
        description="Share of the way from the learned weights to equal ones.",
    )
    window: int | None = Field(
        default=None,
        ge=1,
        description="Latest past dates the weights are learned from; null: all.",
    )
    half_life: float | None = Field(
        default=None,
        gt=0,
        description="Age at which a past date counts half (dates); null: all alike.",
    )
    min_dates: int = Field(
        default=52, ge=2, description="Past dates needed to learn weights; else equal."
    )
    min_names: int = Field(
        default=10,
        ge=2,
        description="Names with a score and a final label for a past date to count.",
    )
    min_members: int = Field(
        default=1, ge=1, description="Members that must score a name, else it has none."
    )

    @field_validator("members")
    @classmethod
    def _each_once(cls, members: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({name for name in members if members.count(name) > 1})
        if twice:
            raise ValueError(f"members stand there more than once: {', '.join(twice)}")
        return members

    @model_validator(mode="after")
    def _settings_agree(self) -> Self:
        given = _GIVEN.get(self.weighting)
        if given and self.standardise not in (None, given):
            raise ValueError(
                f"weighting {self.weighting!r} standardises by {given}; leave "
                "standardise null, or choose the other of mean and rank_mean"
            )
        if self.window is not None and self.window < self.min_dates:
            raise ValueError("a window shorter than min_dates never learns a weight")
        if self.min_members > len(self.members):
            raise ValueError("min_members is more than there are members")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Return the members in the order of everything that is added up: by name."""
        return tuple(sorted(self.members))

    @property
    def scale(self) -> Scale:
        """Return the unit scores are brought to."""
        return self.standardise or _GIVEN.get(self.weighting, "rank")

    @property
    def learns(self) -> bool:
        """Tell whether the weights depend on the past."""
        return self.weighting not in _GIVEN
