"""No sector larger than a share of NAV, in both legs together or in their difference.

Names whose sector is not known are in no sector, and are not limited.
"""

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.panel import Float, Int
from alpha_kedro.core.spec import Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.book import TOLERANCE, counted, standing
from alpha_kedro.portfolio.overlays.filling import shared_out
from alpha_kedro.portfolio.overlays.limit import Breach, cannot_be_met_together
from alpha_kedro.portfolio.overlays.overlay import Adjusted


class SectorLimits(Spec):
    """Gross and net exposure to any one sector within limits."""

    kind: Literal["sector_limits"] = "sector_limits"
    gross: float | None = Field(
        default=None, gt=0, description="largest gross of a sector; null: no limit"
    )
    net: float | None = Field(
        default=None,
        ge=0,
        description="largest net of a sector, either sign; null: any",
    )
    redistribute: bool = Field(
        default=False,
        description="give the gross that a full sector cannot hold to the others, in "
        "proportion to theirs; false: it stays in cash",
    )
    must_place: bool = Field(
        default=False,
        description="with redistribute: refuse a date whose sectors find no room; "
        "false: the rest stays in cash and is noted",
    )

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.gross is None and self.net is None:
            raise ValueError("sector_limits limits nothing: set gross or net")
        return self

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Scale the tradable names of sectors beyond a limit.

        The gross limit scales both legs of a sector alike; after it the net limit takes
        from the sector's larger leg. Notes: ``over_limit`` sectors; ``no_sector`` names
        held of which none is known; ``left_in_cash`` where no room was found.

        Raises
        ------
        SimulationError
            ``AK-S031`` where sectors find no room for the book (``must_place``).
        """
        over = self.breach(weights, account, market)
        if over is None:
            return Adjusted(weights)
        unknown = int(np.count_nonzero((weights != 0) & (market.groups < 0)))
        notes: dict[str, int] = {"over_limit": over.count, "no_sector": unknown}
        placed = weights
        if self.redistribute and self.gross is not None:
            placed, full = self._shared_among_sectors(weights, account, market)
            notes["left_in_cash"] = full
        return Adjusted(self.reduced(placed, account, market), counted(notes))

    def breach(
        self, weights: Float, account: Account, market: MarketState
    ) -> Breach | None:
        """Return the sectors beyond either limit."""
        book, sector = standing(weights, account, market), market.groups
        over = np.zeros(1, dtype=bool)
        for cap, exposure in ((self.gross, np.abs(book)), (self.net, book)):
            if cap is not None:
                over = over | (np.abs(_by_sector(exposure, sector)) > cap + TOLERANCE)
        if not over.any():
            return None
        caps = {"gross": self.gross, "net": self.net}
        named = " or ".join(f"{k} {v:g}" for k, v in caps.items() if v is not None)
        return Breach(int(over.sum()), f"{over.sum()} sectors above {named}")

    def reduced(self, weights: Float, account: Account, market: MarketState) -> Float:
        """Return the book with every sector within its limits."""
        reduced = weights
        if self.gross is not None:
            reduced = self._gross_reduced(reduced, self.gross, account, market)
        if self.net is not None:
            reduced = self._net_reduced(reduced, self.net, account, market)
        return reduced

    def _gross_reduced(
        self, weights: Float, cap: float, account: Account, market: MarketState
    ) -> Float:
        book = np.abs(standing(weights, account, market))
        free = np.where(market.tradable, book, 0.0)
        moving = _by_sector(free, market.groups)
        room = np.maximum(cap - _by_sector(book - free, market.groups), 0.0)
        return _scaled(weights, np.minimum(_ratio(room, moving), 1.0), market)

    def _net_reduced(
        self, weights: Float, cap: float, account: Account, market: MarketState
    ) -> Float:
        net = _by_sector(standing(weights, account, market), market.groups)
        excess = np.sign(net) * np.maximum(np.abs(net) - cap, 0.0)
        heavy = np.sign(weights) == _each(np.sign(excess), market.groups)
        leg = np.where(heavy & market.tradable, np.abs(weights), 0.0)
        moving = _by_sector(leg, market.groups)
        room = np.maximum(moving - np.abs(excess), 0.0)
        factor = np.where(excess != 0, np.minimum(_ratio(room, moving), 1.0), 1.0)
        return np.where(heavy, _scaled(weights, factor, market), weights)

    def _shared_among_sectors(
        self, weights: Float, account: Account, market: MarketState
    ) -> tuple[Float, int]:
        """Give what full sectors cannot hold to the others, both legs alike."""
        assert self.gross is not None
        book = np.abs(standing(weights, account, market))
        free = np.where(market.tradable, book, 0.0)
        moving = _by_sector(free, market.groups)
        traded = np.flatnonzero(moving > 0)
        stuck = _by_sector(book - free, market.groups)
        room = np.maximum(self.gross - stuck, 0.0)[traded]
        full = room.sum() < moving.sum() - TOLERANCE
        if full and self.must_place:
            raise cannot_be_met_together(
                [
                    f"sector_limits: {len(traded)} sectors x gross {self.gross:g} = "
                    f"{room.sum():.6g}",
                    f"gross exposure wanted in them: {moving.sum():.6g}",
                ],
                "raise sector_limits.gross, or leave must_place out",
            )
        shared = moving.copy()
        shared[traded] = shared_out(
            moving[traded], moving.sum(), np.zeros(len(traded)), room
        )
        return _scaled(weights, _ratio(shared, moving), market), int(full)


def _by_sector(values: Float, sector: Int) -> Float:
    """Return the sum of each sector; the last place is of names without one, and 0."""
    n_sectors = int(sector.max(initial=-1)) + 1
    known = np.where(sector < 0, n_sectors, sector)
    sums: Float = np.bincount(known, values, minlength=n_sectors + 1).astype(np.float64)
    sums[-1] = 0.0
    return sums


def _each(values: Float, sector: Int) -> Float:
    """Return for every name the value of its sector, the last one without a sector."""
    own: Float = values[np.maximum(sector, -1)]
    return own


def _ratio(part: Float, whole: Float) -> Float:
    """Return part over whole, 1 where there is nothing."""
    ratio: Float = np.divide(part, whole, out=np.ones_like(whole), where=whole > 0)
    return ratio


def _scaled(weights: Float, factor: Float, market: MarketState) -> Float:
    """Scale the tradable names of each sector; the last factor is of the others."""
    each = _each(factor, market.groups)
    changed = market.tradable & (each != 1.0)
    return np.where(changed, weights * each, weights)
