"""The best names, long only, with a buffer of ranks before a holding is sold."""

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.core.spec import Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction.aim import Aim
from alpha_kedro.portfolio.construction.eligible import (
    best_first,
    counted,
    refusal,
    scored_names,
)
from alpha_kedro.portfolio.construction.fields import LongGross, MinNames, NameCap
from alpha_kedro.portfolio.construction.sizing import ROUNDING, leg, placed
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.ties import Keys


class TopN(Spec):
    """A fixed number of the best names, held until they have fallen well behind.

    A name is bought when it is among the ``n`` best and no place is taken by a holding
    of rank ``n + buffer`` or better: the book always has ``n`` names, if there are as
    many, and ranks that change places at its edge cause no trades.
    """

    n: int = Field(default=20, ge=1, description="names held")
    buffer: int = Field(
        default=0, ge=0, description="ranks beyond n at which a holding is still kept"
    )
    weighting: Literal["equal", "rank", "score"] = Field(
        default="equal",
        description="equal parts; by rank within the holdings, the best n to 1; or by "
        "the score above the lowest of the cross-section",
    )
    long_gross: LongGross = 1.0
    name_cap: NameCap = 1.0
    min_names: MinNames = 1

    @model_validator(mode="after")
    def _fits_under_the_cap(self) -> Self:
        if self.n * self.name_cap < self.long_gross * (1 - ROUNDING):
            raise ValueError(
                f"{self.n} names x name_cap {self.name_cap:g} cannot hold long_gross "
                f"{self.long_gross:g}"
            )
        return self

    def aim(
        self, scores: Float, account: Account, market: MarketState, *, tie_break: Keys
    ) -> Aim:
        """Return the best names of one date, see `Construction`.

        Returns
        -------
        Aim
            ``weights`` sum to ``long_gross``, or to less where too few names are
            eligible to hold it under ``name_cap``. ``notes``: ``unscored``,
            ``not_tradable``, ``short_of_names`` (how many the book lacks to ``n``),
            ``over_name_cap``, ``under_invested``; and 1 for a flat book,
            ``too_few_names`` or ``constant_scores``.
        """
        names, notes = scored_names(scores, market)
        if flat := refusal(names, self.min_names, scores):
            return Aim(np.zeros(len(scores)), notes | flat)
        ranked = best_first(names, scores, tie_break)
        chosen = ranked[self._chosen(account.holdings[ranked] > 0)]
        shape = self._shape(scores[chosen], float(scores[names].min()))
        weights, sized = leg(shape, self.long_gross, self.name_cap)
        missing = counted({"short_of_names": self.n - len(chosen)})
        return Aim(placed(len(scores), chosen, weights), notes | missing | sized)

    def _chosen(self, held: Bool) -> Int:
        """Return the places, best first, of the names to hold, given who is held."""
        place = np.arange(len(held))
        kept = place[held & (place < self.n + self.buffer)][: self.n]
        new = np.setdiff1d(place, kept)[: self.n - len(kept)]
        return np.sort(np.concatenate([kept, new]))

    def _shape(self, scores: Float, lowest: float) -> Float:
        if self.weighting == "rank":
            return np.arange(len(scores), 0, -1, dtype=np.float64)
        above: Float = scores - lowest
        if self.weighting == "score" and above.any():
            return above
        return np.ones(len(scores))
