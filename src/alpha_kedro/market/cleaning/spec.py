"""The parameters of cleaning: which bars are taken, and what makes one unbelievable."""

from collections import Counter
from typing import Self

from pydantic import Field, model_validator

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.spec import Names, SessionDate, Share, Spec


class IngestionSpec(Spec):
    """Which bars are taken, and how much a ticker may lack."""

    vintage: str | None = Field(
        default=None,
        description="id of a kept vintage that is used instead of asking the source",
    )
    calendar: str = Field(
        default="XNYS",
        description="ISO code of the exchange whose sessions the bars keep",
    )
    calendars: dict[str, Names] = Field(
        default={},
        description="tickers that keep the sessions of another exchange, by its code: "
        "{24/7: [BTC-USD], XLON: [VOD.L]}; of their bars those on sessions of both "
        "exchanges are taken",
    )
    start: SessionDate | None = Field(
        default=None, description="first day taken; null: all"
    )
    end: SessionDate | None = Field(
        default=None, description="last day taken; null: all"
    )
    max_tickers: int | None = Field(
        default=None, ge=1, description="tickers taken, drawn by the seed; null: all"
    )
    max_sessions: int | None = Field(
        default=None, ge=1, description="last sessions taken; null: all"
    )
    settle_minutes: int = Field(
        default=30,
        ge=0,
        le=24 * 60,
        description="minutes after the close until a session's bar is final",
    )
    rounding_tolerance: Share = Field(
        default=5e-4,
        description=(
            "how far open or close may lie outside low to high, relative; the default "
            "is a cent on 20 dollars, what rounding before a split adjustment leaves"
        ),
    )
    spike_ratio: float = Field(
        default=4.0,
        gt=1,
        description="a close this many times the one before, or one part of it, has to "
        "be explained by an action or confirmed by volume",
    )
    spike_volume: float = Field(
        default=3.0,
        ge=0,
        description="volume, in medians of the 20 bars before, that confirms a rise",
    )
    fall_volume: float = Field(
        default=2.0,
        ge=0,
        description="volume, in the same medians, that confirms a fall; less than a "
        "rise needs, because a loss that is refused flatters",
    )
    unit_change_after: int = Field(
        default=5,
        ge=1,
        description="spikes in a row after which the quotes are in another unit for "
        "good; the bars after them are refused",
    )
    max_gap_share: Share = Field(
        default=0.05,
        description="share of sessions a ticker may miss since its first bar, counted "
        "over a year at least; its bars after that are refused",
    )
    max_off_calendar_share: Share = Field(
        default=0.01,
        description="share of a ticker's bars that may lie off the sessions",
    )
    delisted_after: int = Field(
        default=10,
        ge=1,
        description="sessions of absence after which a name counts as delisted",
    )

    @model_validator(mode="after")
    def _one_calendar_each(self) -> Self:
        named = Counter(name for names in self.calendars.values() for name in names)
        twice = sorted(name for name, times in named.items() if times > 1)
        if twice:
            raise ConfigError(
                "AK-C017",
                f"{len(twice)} ticker(s) are named more than once in calendars",
                where=twice,
                wanted="each ticker under one exchange",
                fix="take the ticker out of all but one list of ingestion.calendars",
            )
        return self
