"""What is asked of a factor, and the definitions that libraries differ in."""

from collections.abc import Iterable
from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator, Field, field_validator

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.spec import Spec

RelativeTo = Literal["nothing", "universe", "groups"]
"""The mean that is taken off a return: none, that of the date, that of the group."""


class FactorConventions(Spec):
    """Definitions that libraries differ in; the defaults are those of this project."""

    sample: Literal["each_horizon", "every_horizon"] = Field(
        default="each_horizon",
        description="names of a date: those with a return over the horizon in "
        "question, or only those with one over every horizon",
    )
    quantile_rule: Literal["ranks", "edges"] = Field(
        default="ranks",
        description="ranks: groups of equal size, equal scores together; edges: "
        "between interpolated quantiles (pandas.qcut), none where two edges are equal",
    )
    ranks: Literal["both_dates", "own_date"] = Field(
        default="both_dates",
        description="ranks that the rank autocorrelation compares: among the names of "
        "both dates, or among all names of each",
    )


ALPHALENS = FactorConventions(
    sample="every_horizon", quantile_rule="edges", ranks="own_date"
)
"""The definitions of alphalens-reloaded 0.5; it also has a lag of 0."""


def _plain(value: object) -> object:
    """Take counts as numpy has them, and any row of them."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        return tuple(map(_plain, value))
    return int(value) if isinstance(value, np.integer) else value


Count = Annotated[int, BeforeValidator(_plain)]


class FactorDesign(Spec):
    """The arguments of `evaluate_factor` that are not data; see there."""

    horizons: Annotated[
        tuple[Annotated[int, Field(ge=1)], ...], BeforeValidator(_plain)
    ] = Field(min_length=1, description="holding periods, each once (sessions)")
    quantiles: Count = Field(ge=2, description="groups that names are sorted into")
    lag: Count = Field(ge=0, description="from the score to the fill (sessions)")
    min_names: Count = Field(ge=0, description="fewest names for a date to count")
    relative_to: RelativeTo = Field(description="the mean that is taken off a return")
    quantiles_by_group: bool = Field(description="sort names within their group")
    conventions: FactorConventions = Field(description="what libraries differ in")

    @field_validator("horizons")
    @classmethod
    def _each_once(cls, horizons: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(horizons))

    @property
    def fewest(self) -> int:
        """Return the names that a date needs to count."""
        return max(self.min_names, self.quantiles)

    @property
    def neutral(self) -> bool:
        """Tell whether the factor is judged, and weighted, within groups."""
        return self.relative_to == "groups"


def beyond_history(*, horizon: int, wait: int, had: int) -> ConfigError:
    """Build the error for returns that no date of the scores has the prices for."""
    return ConfigError(
        "AK-C120",
        "the prices end before the first return does",
        got=f"{had} sessions from the first date of the scores on",
        wanted=f"{wait + horizon + 1}: a horizon of {horizon} after a lag of {wait}",
        fix="ask for a shorter horizon, or bring later prices",
    )
