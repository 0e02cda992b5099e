"""Exposure is cut after a loss, until a rule lets the book back in.

Whether the control is on follows from the NAV alone, replayed from its first close:

1. The peak is the highest close so far.
2. At a close ``limit`` or more below the peak the control goes on.
3. It goes off at the first close that has recovered to ``recovered_to`` of the peak, or
   ``sessions`` closes after it went on, whichever comes first.
4. Let back in by the count of sessions, the book starts from a new peak, the NAV of
   that close: the old loss would put the control on again at once.

Exposure changes with the next decision, the state with every close.
"""

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.kernels import dense, kernel
from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.book import rescaled, stuck_names
from alpha_kedro.portfolio.overlays.overlay import Adjusted


class DrawdownControl(Spec):
    """Less exposure in a drawdown (Grossman & Zhou 1993), with a rule of re-entry."""

    kind: Literal["drawdown_control"] = "drawdown_control"
    limit: float = Field(
        default=-0.10, gt=-1, lt=0, description="drawdown at which the control goes on"
    )
    exposure: Share = Field(
        default=0.5, lt=1, description="share of the book that is kept while it is on"
    )
    recovered_to: float | None = Field(
        default=0.95,
        gt=0,
        le=1,
        description="share of the peak at which it goes off; null: by sessions alone",
    )
    sessions: int | None = Field(
        default=None,
        ge=1,
        description="closes after which it goes off; null: by recovery alone",
    )

    @model_validator(mode="after")
    def _there_is_a_way_back(self) -> Self:
        if self.recovered_to is None and self.sessions is None:
            raise ValueError("a way back in is needed: recovered_to or sessions")
        if self.exposure == 0 and self.sessions is None:
            raise ValueError(
                "with exposure 0 the NAV stands still and never recovers: set sessions"
            )
        if self.recovered_to is not None and self.recovered_to <= 1 + self.limit:
            raise ValueError(
                f"recovered_to {self.recovered_to:g} is no recovery from a limit of "
                f"{self.limit:g}: it must be above {1 + self.limit:g}"
            )
        return self

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Scale all tradable names by ``exposure`` while the control is on.

        Notes: ``control_on``; ``stuck`` names held, which cannot be reduced. Before the
        book has a NAV the control is off.
        """
        if not self.is_on(account.nav):
            return Adjusted(weights)
        notes = {"control_on": 1, "stuck": stuck_names(account, market).sum()}
        return rescaled(weights, self.exposure, market, notes)

    def is_on(self, nav: Float) -> bool:
        """Tell whether the control is on after a path of NAV, oldest first."""
        recovered = np.inf if self.recovered_to is None else self.recovered_to
        sessions = -1 if self.sessions is None else self.sessions
        return bool(_replayed(dense(nav), self.limit, recovered, sessions))


@kernel
def _replayed(nav: Float, limit: float, recovered: float, sessions: int) -> bool:
    """Walk through the closes; see the module. A negative ``sessions`` is no limit."""
    on = False
    peak = -np.inf
    since = 0
    for row in range(len(nav)):
        if on:
            since += 1
            if nav[row] >= recovered * peak:
                on = False
            elif since == sessions:
                on = False
                peak = nav[row]
        peak = max(peak, nav[row])
        if not on and nav[row] <= (1 + limit) * peak:
            on = True
            since = 0
    return on
