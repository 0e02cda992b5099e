"""A book that is smaller where the typical name is wilder."""

from typing import Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction.eligible import counted
from alpha_kedro.portfolio.construction.fields import Window
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.overlay import Adjusted


class TypicalVolatility(Spec):
    """Scale the book by a reference over the volatility of the median name.

    A book neutral to what names have in common is as volatile as its names are. Their
    median is known far better than the volatility of the book itself, and knows of a
    storm before the book has lived through it.
    """

    kind: Literal["typical_volatility"] = "typical_volatility"
    volatility: Share = Field(
        default=0.018,
        gt=0,
        description="deviation per session of the median name at which nothing changes",
    )
    power: float = Field(
        default=1.0, ge=0, le=2, description="1: as much smaller as names are wilder"
    )
    window: Window = 60
    most: float = Field(
        default=2.0, ge=1, le=10, description="largest factor, in calm markets"
    )

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Return the book times ``(volatility / median)^power``, at most ``most``.

        Without a volatility of any name in the universe the book stays as it is, and
        ``no_volatility`` says so. Looks at the window alone.
        """
        own = market.volatility(self.window)
        known = own[market.universe & np.isfinite(own) & (own > 0)]
        if not len(known):
            return Adjusted(weights, {"no_volatility": 1})
        factor = (self.volatility / float(np.median(known))) ** self.power
        capped = min(factor, self.most)
        return Adjusted(
            weights * capped, counted({"most_reached": int(capped < factor)})
        )
