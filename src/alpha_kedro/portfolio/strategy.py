"""A strategy: how scores become an aim, and the steps from there to what is traded."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Annotated, Literal, Self, cast

from pydantic import Field, model_validator

from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Spec
from alpha_kedro.portfolio.combination import CombinationSpec
from alpha_kedro.portfolio.construction import (
    Construction,
    Hysteresis,
    Legs,
    Optimize,
    Proportional,
    RiskWeights,
    Threshold,
    TopKDropout,
    TopN,
    Trend,
)
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays import AnyOverlay, refuse_contradictions
from alpha_kedro.portfolio.overlays.chain import cuts_among, refuse_cuts_undone
from alpha_kedro.portfolio.trading import AnyTradingRule, HalfLife, smoothed

AnyStep = Annotated[AnyTradingRule | AnyOverlay, Field(discriminator="kind")]
"""A step from what is aimed at to what is traded, by its kind."""

Kind = Literal[
    "quantile",
    "rank",
    "hysteresis",
    "top_n",
    "top_k_dropout",
    "threshold",
    "proportional",
    "optimize",
    "risk_weights",
    "trend",
    "combination",
]

_LEGS = ("quantile", "rank")
_OF_LEGS = tuple(name for name in Legs.model_fields if name != "kind")


def _said(name: str) -> str | None:
    return Legs.model_fields[name].description


class StrategySpec(Spec):
    """How scores become a book. Exposures and caps are shares of NAV.

    ``kind`` says what is aimed at and has a block of its own name; the two kinds of
    legs, ``quantile`` and ``rank``, have their parameters beside it.
    """

    model: str | None = Field(
        default=None,
        description="name of the model whose scores are traded; null: reads no scores",
    )
    kind: Kind = Field(default="quantile", description="what book is aimed at")

    # Of the legs; null: as `Legs` has it.
    quantile: float | None = Field(default=None, description=_said("quantile"))
    neutral: Literal["sector", "dollar", "none"] | None = Field(
        default=None, description=_said("neutral")
    )
    long_gross: float | None = Field(default=None, description=_said("long_gross"))
    short_gross: float | None = Field(default=None, description=_said("short_gross"))
    name_cap: float | None = Field(default=None, description=_said("name_cap"))
    gross_cap: float | None = Field(default=None, description=_said("gross_cap"))
    min_group_names: int | None = Field(
        default=None, description=_said("min_group_names")
    )
    min_names: int | None = Field(default=None, description=_said("min_names"))

    # One block per kind, read if it is the kind; null: its defaults.
    hysteresis: Hysteresis | None = None
    top_n: TopN | None = None
    top_k_dropout: TopKDropout | None = None
    threshold: Threshold | None = None
    proportional: Proportional | None = None
    optimize: Optimize | None = None
    risk_weights: RiskWeights | None = None
    trend: Trend | None = None
    combination: CombinationSpec | None = None

    score_half_life: HalfLife | None = Field(
        default=None,
        description="decisions over which ranks of scores are averaged, or measured: "
        "the half-life of their rank IC; null: today's scores alone",
    )
    tranches: int = Field(
        default=1,
        ge=1,
        le=252,
        description="decisions that share the NAV, each holding its names as long",
    )
    overlays: tuple[AnyStep, ...] = Field(
        default=(),
        strict=False,
        description="limits and rules how fast to trade, applied in this order",
    )

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> Self:
        given = [name for name in _OF_LEGS if getattr(self, name) is not None]
        if given and self.kind not in _LEGS:
            raise ValueError(
                f"{', '.join(given)} belong to kind quantile or rank; kind "
                f"{self.kind} has a block {self.kind} of its own"
            )
        self._refuse_blocks_of_other_kinds()
        if self.kind == "combination" and self.combination is None:
            raise ValueError("kind combination needs combination.members")
        if self.reads_scores != (self.model is not None):
            wrong = "needs a" if self.reads_scores else "reads no scores: no"
            raise ValueError(f"kind {self.kind} {wrong} model")
        self._refuse_strange_half_life()
        refuse_contradictions(self.overlays, "a strategy")
        refuse_cuts_undone(self.overlays, "a strategy", before=self._gate)
        return self

    def _refuse_blocks_of_other_kinds(self) -> None:
        """Refuse a block that is not read: it would look as if it were."""
        idle = [
            name
            for name in BLOCKS
            if name != self.kind and getattr(self, name) is not None
        ]
        if idle:
            raise ValueError(
                f"kind {self.kind} does not read {', '.join(idle)}: take the block "
                f"out, or set kind to {idle[0]}"
            )

    def _refuse_strange_half_life(self) -> None:
        half_life = self.score_half_life
        if half_life is not None and not self.reads_scores:
            raise ValueError(f"kind {self.kind} reads no scores: no score_half_life")
        if isinstance(half_life, float) and half_life <= 0:
            raise ValueError(f"score_half_life must be above 0, got {half_life:g}")

    @model_validator(mode="after")
    def _can_be_built(self) -> Self:
        """Build what is aimed at, so that a wrong block is refused here."""
        _ = self.construction
        return self

    @cached_property
    def construction(self) -> Construction:
        """Return how an aim is made."""
        if self.kind in _LEGS:
            given = {name: getattr(self, name) for name in _OF_LEGS}
            known = {name: value for name, value in given.items() if value is not None}
            return Legs.model_validate({"kind": self.kind} | known)
        block = getattr(self, self.kind)
        return cast(Construction, _BLOCKS[self.kind]() if block is None else block)

    @property
    def reads_scores(self) -> bool:
        """Tell whether the strategy trades on scores, rather than on prices alone."""
        if self.kind == "risk_weights":
            return self.risk_weights is not None and self.risk_weights.top_n is not None
        return self.kind not in ("trend", "combination")

    @property
    def members(self) -> tuple[str, ...]:
        """Return the strategies a combination is made of."""
        if self.kind != "combination" or self.combination is None:
            return ()
        return self.combination.members

    @property
    def cuts(self) -> tuple[str, ...]:
        """Return what takes exposure away for a while: gates, and controls of loss."""
        return (*self._gate, *cuts_among(self.overlays))

    @property
    def _gate(self) -> tuple[str, ...]:
        """Return the gate of the construction itself, where it has one."""
        if self.kind != "trend":
            return ()
        own = self.trend or Trend()
        gated = own.benchmark is not None and own.exposure_below < 1
        return (f"trend.benchmark {own.benchmark}",) if gated else ()

    @property
    def memory(self) -> int:
        """Return how many earlier aims a decision reads."""
        own = getattr(self.construction, "memory", 0)
        return max(self.tranches - 1, int(own))

    @property
    def instruments(self) -> tuple[str, ...]:
        """Return the tickers that are traded beside the scored names."""
        own = (getattr(each, "instruments", ()) for each in self.overlays)
        return tuple(dict.fromkeys(name for names in own for name in names))

    def opinions(self, scores: Float, market: MarketState) -> Float:
        """Return (n_tickers,) the scores construction reads: today's, or averages."""
        if self.score_half_life is None or not self.reads_scores:
            return scores
        return smoothed(scores, market, self.score_half_life)


_BLOCKS: dict[str, Callable[[], Spec]] = {
    "hysteresis": Hysteresis,
    "top_n": TopN,
    "top_k_dropout": TopKDropout,
    "threshold": Threshold,
    "proportional": Proportional,
    "optimize": Optimize,
    "risk_weights": RiskWeights,
    "trend": Trend,
}
BLOCKS = (*_BLOCKS, "combination")
"""The kinds whose parameters stand in a block of their name."""


def refuse_cuts_of_members_undone(strategies: Mapping[str, StrategySpec]) -> None:
    """Refuse combinations that scale up what all of their members have cut.

    Where some members cut and others do not, a cut still moves the mix of them.

    Raises
    ------
    ConfigError
        ``AK-C187`` naming the combination, the members and the cuts.
    """
    for name, whole in strategies.items():
        own = {each: strategies[each].cuts for each in whole.members}
        if all(own.values()):
            cuts = [f"{cut} of {each}" for each in own for cut in own[each]]
            refuse_cuts_undone(whole.overlays, name, before=cuts)
