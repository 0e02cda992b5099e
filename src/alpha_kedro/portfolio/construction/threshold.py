"""Every name whose score lies beyond a threshold, as many as there are."""

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction.aim import Aim
from alpha_kedro.portfolio.construction.eligible import counted, refusal, scored_names
from alpha_kedro.portfolio.construction.fields import (
    LongGross,
    MinNames,
    NameCap,
    ShortGross,
)
from alpha_kedro.portfolio.construction.sizing import leg, placed
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.ties import Keys


class Threshold(Spec):
    """Names above a threshold long, and those below one less it short if asked for."""

    threshold: float | None = Field(
        default=None,
        description="score above which a name is bought; null: scores already are "
        "what they lie above it, and 0 is the threshold",
    )
    weighting: Literal["equal", "excess"] = Field(
        default="equal",
        description="equal parts, or in proportion to the distance to the threshold",
    )
    max_names: int | None = Field(
        default=None, ge=1, description="most names in a leg, the farthest first"
    )
    long_gross: LongGross = 1.0
    short_gross: ShortGross = 0.0
    name_cap: NameCap = 0.1
    min_names: MinNames = 1

    @model_validator(mode="after")
    def _sides_are_apart(self) -> Self:
        if self.long_gross + self.short_gross == 0:
            raise ValueError("long_gross + short_gross is 0")
        if self.short_gross and (self.threshold is None or self.threshold < 0.5):
            raise ValueError(
                "a short leg below 1 - threshold needs a threshold of at least 0.5"
            )
        return self

    def aim(
        self, scores: Float, account: Account, market: MarketState, *, tie_break: Keys
    ) -> Aim:
        """Return the names beyond the threshold, see `Construction`.

        Returns
        -------
        Aim
            Each leg has its gross or, where its names cannot hold it under
            ``name_cap``, less: the rest is cash. Flat where no name is beyond.
            ``notes``: ``unscored``, ``not_tradable``, ``none_above`` and ``none_below``
            (1 for a leg without names), ``over_max_names``, ``over_name_cap``,
            ``under_invested``, ``too_few_names``.
        """
        names, notes = scored_names(scores, market)
        weights = np.zeros(len(scores))
        if flat := refusal(names, self.min_names):
            return Aim(weights, notes | flat)
        above = scores[names] - (self.threshold or 0.0)
        below = 1 - (self.threshold or 0.0) - scores[names]
        for sign, gross, distance, none in (
            (1, self.long_gross, above, "none_above"),
            (-1, self.short_gross, below, "none_below"),
        ):
            if gross > 0:
                shape, cut = self._shape(distance, tie_break[names])
                sized, met = leg(shape, gross, self.name_cap)
                weights += placed(len(scores), names, sign * sized)
                met |= counted({"over_max_names": cut, none: not shape.any()})
                notes = {
                    note: notes.get(note, 0) + met.get(note, 0) for note in notes | met
                }
        return Aim(weights, notes)

    def _shape(self, distance: Float, tie_break: Keys) -> tuple[Float, int]:
        beyond = distance > 0
        count = int(beyond.sum())
        most = count if self.max_names is None else min(self.max_names, count)
        chosen = np.lexsort((tie_break, -distance))[:most]
        shape = np.zeros(len(distance))
        shape[chosen] = distance[chosen] if self.weighting == "excess" else 1.0
        return shape, count - most
