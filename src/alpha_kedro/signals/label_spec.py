"""What a score is asked to foresee, how far ahead, and how often."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field, model_validator

from alpha_kedro.core.calendar import Frequency
from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.registry import nearest
from alpha_kedro.core.spec import Names, Sessions, Spec

SECTOR = "sector"
"""What stands for the sector of a name among the features neutralized against."""


class LabelSpec(Spec):
    """What is foreseen, how far ahead, and how often it is asked."""

    horizon: int = Field(
        5, ge=1, le=252, description="sessions from the entry open to the exit open"
    )
    more_horizons: Sessions = Field(
        (),
        description="further horizons that models may learn from (sessions); every "
        "model is judged on horizon",
    )
    lag: int = Field(
        1, ge=1, le=21, description="sessions from the decision's close to the entry"
    )
    scale: str | None = Field(
        None,
        description="feature the forward return is divided by, such as volatility_60, "
        "so that calm and wild names count alike; null: none",
    )
    neutralize: Names = Field(
        (),
        description="features, or sector, whose part in the (scaled) forward returns "
        "of a date is taken out before kind",
    )
    kind: Literal["raw", "rank", "sector_relative", "sector_rank"] = Field(
        "rank",
        description="raw: the forward return; rank: its rank on the date, -0.5 to 0.5; "
        "sector_relative: less the mean of the sector; sector_rank: rank in the sector",
    )
    frequency: Frequency = Field(
        "weekly", description="daily, or the last session of each week or month"
    )
    delisting_return: float = Field(
        -0.3,
        ge=-1,
        le=1,
        description="return after the last close of a delisted name, decimal; Shumway "
        "(1997) finds about -30 % for delistings on performance",
    )
    delisted_after: int = Field(
        10,
        ge=1,
        le=252,
        description="sessions without a bar, up to the end of the data, after which a "
        "name counts as delisted",
    )

    @model_validator(mode="after")
    def _horizons_are_each_named_once(self) -> "LabelSpec":
        wrong = [each for each in self.more_horizons if not 1 <= each <= 252]
        if wrong or len({*self.horizons}) < 1 + len(self.more_horizons):
            raise ValueError(
                "more_horizons: each from 1 to 252 sessions, none twice, and not "
                "horizon itself"
            )
        return self

    @property
    def horizons(self) -> tuple[int, ...]:
        """Return every horizon that is labelled, the main one first."""
        return (self.horizon, *self.more_horizons)

    @property
    def exposures(self) -> tuple[str, ...]:
        """Return the features labels are neutralized against, sector left out."""
        return tuple(name for name in self.neutralize if name != SECTOR)

    @property
    def words(self) -> str:
        """Return what the label is, for the record of a model that learned from it."""
        scaled = f" / {self.scale}" if self.scale else ""
        less = f" less {', '.join(self.neutralize)}" if self.neutralize else ""
        return f"{self.kind} of fwd_ret{scaled}{less}" if scaled or less else self.kind

    @property
    def needs_sectors(self) -> bool:
        """Tell whether labels cannot be made without the sector of each name."""
        return self.kind.startswith("sector") or SECTOR in self.neutralize

    @property
    def compares_names(self) -> bool:
        """Tell whether the label of one name depends on those of its date."""
        return self.kind != "raw" or bool(self.neutralize)

    def require_features(self, names: Iterable[str]) -> None:
        """Refuse to scale or neutralize labels by what is no feature.

        Parameters
        ----------
        names
            Features that will be computed.

        Raises
        ------
        ConfigError
            ``AK-C148`` with the nearest name.
        """
        known = [*names]
        wanted = [*self.exposures, *([self.scale] if self.scale else [])]
        unknown = [name for name in wanted if name not in known]
        if not unknown:
            return
        close = nearest(unknown[0], [SECTOR, *known])
        hint = f"did you mean {close!r}? " if close else ""
        raise ConfigError(
            "AK-C148",
            "labels are to be scaled or neutralized by what is no feature",
            where=unknown,
            fix=f"{hint}add it to features.names, or take it out of labels",
        )
