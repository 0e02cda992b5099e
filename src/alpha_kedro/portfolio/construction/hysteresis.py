"""Legs that are hard to get into and easy to stay in."""

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.core.spec import Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction.aim import Aim
from alpha_kedro.portfolio.construction.eligible import counted, scored_names
from alpha_kedro.portfolio.construction.fields import (
    LongGross,
    MinNames,
    NameCap,
    ShortGross,
    Window,
)
from alpha_kedro.portfolio.construction.sizing import ROUNDING, placed, shared_out
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.ties import Keys


class Hysteresis(Spec):
    """Names enter with the best or worst scores and stay until those are middling."""

    kind: Literal["hysteresis"] = "hysteresis"
    enter: float = Field(
        default=0.1, gt=0, le=0.5, description="share of names that enters each leg"
    )
    leave: float = Field(
        default=0.5,
        gt=0,
        lt=1,
        description="a name stays in its leg while it is within this share of names",
    )
    neutral: Literal["sector", "dollar", "none"] = Field(
        default="sector",
        description="what has a net exposure of zero; none: legs may differ",
    )
    weighting: Literal["equal", "inverse_volatility"] = Field(
        default="equal", description="of names within a leg"
    )
    window: Window = 60
    long_gross: LongGross = 1.0
    short_gross: ShortGross = 1.0
    name_cap: NameCap = 0.05
    min_group_names: int = Field(
        default=2, ge=2, description="names a sector needs to be traded at all"
    )
    min_names: MinNames = 10

    @model_validator(mode="after")
    def _shares_fit(self) -> Self:
        if not self.enter <= self.leave <= 1 - self.enter:
            raise ValueError(
                f"leave is {self.leave:g}, outside [enter, 1 - enter] = "
                f"[{self.enter:g}, {1 - self.enter:g}]"
            )
        if not self.long_gross + self.short_gross > 0:
            raise ValueError("long_gross and short_gross are both 0")
        one_leg = 0 in (self.long_gross, self.short_gross)
        same = self.long_gross == self.short_gross
        if self.neutral != "none" and not one_leg and not same:
            raise ValueError(
                f"neutral: {self.neutral} needs long_gross = short_gross, or one leg"
            )
        return self

    @property
    def memory(self) -> int:
        """Return how many earlier aims are read: the last says who is in a leg."""
        return 1

    def aim(
        self, scores: Float, account: Account, market: MarketState, *, tie_break: Keys
    ) -> Aim:
        """Return the legs of one date.

        Groups (sectors, or all names) share the gross exposure by their number of
        names, both legs alike. Who is in a leg follows from the last aim, and from the
        holdings where none is remembered.

        Returns
        -------
        Aim
            Notes besides those of `Legs`: ``stayed``, names that are in a leg only
            because they were; ``under_invested`` groups whose names cannot hold their
            share under ``name_cap``: what is left is cash, in both legs alike;
            ``no_volatility`` names with the weight of the median name.
        """
        names, notes = self._eligible(scores, market)
        if len(names) < self.min_names:
            return Aim(np.zeros(len(scores)), notes | {"too_few_names": 1})
        sector = self._sector(market)
        ordered = np.lexsort((tie_break[names], scores[names], sector[names]))
        names, dropped = self._with_an_opinion(names[ordered], scores, sector)
        if not len(names):
            return Aim(np.zeros(len(scores)), notes | dropped)
        group = np.unique(sector[names], return_inverse=True)[1]
        member, stayed = self._members(group, _side(account)[names])
        shape, unmeasured = self._shape(names, market)
        weights, sizing = self._sized(member, shape, group)
        own = counted({"stayed": stayed, "no_volatility": unmeasured})
        return Aim(placed(len(scores), names, weights), notes | dropped | own | sizing)

    def _eligible(
        self, scores: Float, market: MarketState
    ) -> tuple[Int, dict[str, int]]:
        names, notes = scored_names(scores, market)
        known = self._sector(market)[names] >= 0
        return names[known], notes | counted({"no_sector": (~known).sum()})

    def _sector(self, market: MarketState) -> Int:
        everyone = np.zeros_like(market.groups)
        return market.groups if self.neutral == "sector" else everyone

    def _with_an_opinion(
        self, names: Int, scores: Float, sector: Int
    ) -> tuple[Int, dict[str, int]]:
        """Drop groups that are too small or score all their names the same."""
        _, first, group, size = np.unique(
            sector[names], return_index=True, return_inverse=True, return_counts=True
        )
        constant = scores[names[first]] == scores[names[first + size - 1]]
        small = size < self.min_group_names
        notes = {
            "small_group": small.sum(),
            "constant_scores": (constant & ~small).sum(),
        }
        return names[~(constant | small)[group]], counted(notes)

    def _members(self, group: Int, side: Int) -> tuple[Int, int]:
        """Return 1, -1 or 0 per name (by group and score), and how many just stayed."""
        size = np.bincount(group)
        rank = np.arange(len(group)) - (np.cumsum(size) - size)[group]
        count = size[group]
        enter = np.maximum(1, np.floor(self.enter * count + ROUNDING))
        leave = np.maximum(enter, np.floor(self.leave * count + ROUNDING))
        from_top = count - 1 - rank
        # No name is in both: enter and leave add up to all names at most.
        long = (from_top < enter) | ((from_top < leave) & (side > 0))
        short = (rank < enter) | ((rank < leave) & (side < 0))
        fresh = (from_top < enter) | (rank < enter)
        return long.astype(np.int64) - short, int(((long | short) & ~fresh).sum())

    def _shape(self, names: Int, market: MarketState) -> tuple[Float, int]:
        if self.weighting == "equal":
            return np.ones(len(names)), 0
        own = market.volatility(self.window)[names]
        known = np.isfinite(own) & (own > 0)
        typical = np.median(own[known]) if known.any() else 1.0
        return 1 / np.where(known, own, typical), int((~known).sum())

    def _sized(
        self, member: Int, shape: Float, group: Int
    ) -> tuple[Float, dict[str, int]]:
        weights = np.zeros(len(member))
        over, lacking = 0, 0
        for code, share in enumerate(np.bincount(group) / len(group)):
            legs = self._legs(member, group == code)
            fits = min(
                min(share, leg.sum() * self.name_cap / gross) for _, gross, leg in legs
            )
            lacking += int(fits < share * (1 - ROUNDING))
            for sign, gross, leg in legs:
                cap = np.full(int(leg.sum()), self.name_cap)
                wanted = shape[leg] * (gross * share / shape[leg].sum())
                over += int((wanted > cap * (1 + ROUNDING)).sum())
                weights[leg] = sign * shared_out(shape[leg], gross * fits, cap)
        return weights, counted({"over_name_cap": over, "under_invested": lacking})

    def _legs(self, member: Int, inside: Bool) -> list[tuple[int, float, Bool]]:
        sides = ((1, self.long_gross), (-1, self.short_gross))
        return [
            (sign, gross, inside & (member == sign)) for sign, gross in sides if gross
        ]


def _side(account: Account) -> Int:
    """Return (n_tickers,) 1 or -1 for names in a leg, from the last aim if known."""
    remembered = account.past_aims
    forgotten = remembered is None or not len(remembered)
    last = account.holdings if remembered is None or forgotten else remembered[-1]
    sides: Int = np.sign(last).astype(np.int64)
    return sides
