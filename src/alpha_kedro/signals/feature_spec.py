"""Which features an experiment computes."""

from collections.abc import Mapping

from pydantic import Field, model_validator

from alpha_kedro.core.spec import Names, Spec
from alpha_kedro.signals.features import Feature, choose_features


class FeatureSpec(Spec):
    """Which features are computed, and against which market."""

    names: Names = Field(min_length=1, description="features and feature sets")
    formulas: Mapping[str, str] = Field(
        default={},
        description="features of this experiment by name, each written as a formula: "
        "close / mean(close, 20) - 1",
    )
    benchmark: str | None = Field(
        "SPY",
        description="benchmark whose return is the market's; absent from the market, "
        "or null: the equal-weighted mean return of the members",
    )
    threads: int = Field(
        1, ge=1, le=256, description="blocks of names computed at the same time"
    )

    @model_validator(mode="after")
    def _names_are_known(self) -> "FeatureSpec":
        self.chosen()
        return self

    def chosen(self) -> tuple[Feature, ...]:
        """Return the features named, and those written as formulas."""
        return choose_features((*self.names, *self.formulas), self.formulas)
