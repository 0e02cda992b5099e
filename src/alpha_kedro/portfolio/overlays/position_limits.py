"""No position larger than a share of NAV, and none too small to be worth holding.

Each leg is treated by itself, and keeps its gross exposure where it can: what a name
cannot hold under the maximum, or leaves because it is below the minimum, goes to the
others of its leg in proportion to what was wanted of them. Names outside the universe,
such as what a hedge is made with, are not limited.
"""

from collections.abc import Callable
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.book import (
    TOLERANCE,
    counted,
    standing,
    strongest_first,
)
from alpha_kedro.portfolio.overlays.filling import shared_out
from alpha_kedro.portfolio.overlays.limit import Breach, cannot_be_met_together
from alpha_kedro.portfolio.overlays.overlay import Adjusted

_ROUNDING = 1e-12


class PositionLimits(Spec):
    """Positions between a smallest and a largest size, or none.

    The maximum is a hard limit, and the final book is checked for it. The minimum is
    kept where the overlay stands in the list: a later step, such as trading half-way,
    may well hold less.
    """

    kind: Literal["position_limits"] = "position_limits"
    max: Share = Field(default=0.10, gt=0, description="largest size, share of NAV")
    min: Share = Field(default=0.0, description="smallest size, share of NAV")
    below_min: Literal["drop", "raise"] = Field(
        default="drop",
        description="drop: give up the smallest until all others reach the minimum; "
        "raise: hold every wanted name at the minimum at least",
    )
    redistribute: bool = Field(
        default=True,
        description="keep the gross of each leg by giving to the others of the leg; "
        "false: what is cut stays in cash",
    )
    must_place: bool = Field(
        default=False,
        description="refuse a date whose legs find no room under the maximum; false: "
        "the rest stays in cash and is noted",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min:g} above max {self.max:g}")
        return self

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Bring every tradable name of the universe within the limits.

        Notes: ``over_max``; ``dropped`` or ``raised``; ``left_in_cash`` legs that found
        no room for all of their gross.

        Raises
        ------
        SimulationError
            ``AK-S031`` where the minimum of all wanted names is more than their leg
            (``raise``), or a leg finds no room (``must_place``).
        """
        inside = market.tradable & market.names
        size = np.where(inside, np.abs(weights), 0.0)
        over = size > self.max + TOLERANCE
        under = (size > 0) & (size < self.min - TOLERANCE)
        if not over.any() and not under.any():
            return Adjusted(weights)
        adjusted = np.array(weights)
        cash = 0
        for sign in (1.0, -1.0):
            leg = np.flatnonzero(inside & (sign * weights > 0))
            if (over | under)[leg].any():
                leg = strongest_first(leg, weights, account, market)
                sized = self._sized(size[leg], "long" if sign > 0 else "short")
                cash += self.redistribute and self._refuse_unplaced(size[leg], sized)
                adjusted[leg] = sign * sized
        notes = {
            "over_max": over.sum(),
            "dropped": np.count_nonzero((weights != 0) & (adjusted == 0)),
            "raised": under.sum() if self.below_min == "raise" else 0,
            "left_in_cash": cash,
        }
        return Adjusted(adjusted, counted(notes))

    def breach(
        self, weights: Float, account: Account, market: MarketState
    ) -> Breach | None:
        """Return the names that are held beyond the maximum."""
        over = self._over(standing(weights, account, market), market)
        if not over.any():
            return None
        names = market.tickers[over]
        what = f"{len(names)} names above max {self.max:g}: {names[0]} first"
        return Breach(len(names), what)

    def reduced(self, weights: Float, account: Account, market: MarketState) -> Float:
        """Return the book with no name above the maximum; what is cut is cash."""
        over = self._over(weights, market) & market.tradable
        return np.where(over, np.sign(weights) * self.max, weights)

    def _over(self, book: Float, market: MarketState) -> Bool:
        over: Bool = market.names & (np.abs(book) > self.max + TOLERANCE)
        return over

    def _sized(self, size: Float, leg: str) -> Float:
        """Return the sizes of one leg, the strongest first, within the limits."""
        if self.below_min == "raise":
            return self._raised(size, leg)
        if not self.redistribute:
            return np.where(
                size < self.min - TOLERANCE, 0.0, np.minimum(size, self.max)
            )
        sized = np.zeros(len(size))
        kept = _largest(len(size), lambda n: self._all_reach_min(size, n))
        sized[:kept] = self._filled(size[:kept], size.sum(), low=0.0)
        return sized

    def _raised(self, size: Float, leg: str) -> Float:
        if not self.redistribute:
            return np.clip(size, self.min, self.max)
        least = len(size) * self.min
        if least > size.sum() + TOLERANCE:
            raise cannot_be_met_together(
                [
                    f"position_limits: {len(size)} names x min {self.min:g} = "
                    f"{least:.6g}",
                    f"gross of the {leg} leg: {size.sum():.6g}",
                ],
                "lower min, hold fewer names, or set below_min: drop",
            )
        return self._filled(size, size.sum(), low=self.min)

    def _all_reach_min(self, size: Float, n_names: int) -> bool:
        filled = self._filled(size[:n_names], size.sum(), low=0.0)
        return bool((filled >= self.min * (1 - _ROUNDING)).all())

    def _filled(self, size: Float, total: float, *, low: float) -> Float:
        every = np.ones(len(size))
        return shared_out(size, total, low * every, self.max * every)

    def _refuse_unplaced(self, wanted: Float, sized: Float) -> bool:
        """Tell whether a leg found no room for all of its gross."""
        if sized.sum() >= wanted.sum() - TOLERANCE:
            return False
        if self.must_place:
            n_names = np.count_nonzero(sized)
            raise cannot_be_met_together(
                [
                    f"position_limits: {n_names} names of at least min {self.min:g} x "
                    f"max {self.max:g} = {n_names * self.max:.6g}",
                    f"gross of the leg: {wanted.sum():.6g}",
                ],
                "raise max, lower min, hold more names, or leave must_place out",
            )
        return True


def _largest(most: int, fits: Callable[[int], bool]) -> int:
    """Return the largest count that fits, where smaller ones fit as well."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
