"""Long and short legs of the best and worst names, neutral by sector or in all.

1. A name with a score, a tradable bar and (where sectors matter) a sector is eligible.
2. Names are sorted within their group, the sector or the whole cross-section. A group
   too small, or in which every score is the same, holds nothing.
3. Each group gets a long and a short leg: its best and worst names in equal parts
   (``quantile``), or every name in proportion to its demeaned rank (``rank``).
4. Groups share the gross exposure by their number of names, both legs alike, so that
   what is neutral stays neutral; no group takes more than its names can hold under the
   cap.
5. Within a leg, what a capped name cannot hold goes to the others.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction.aim import Aim
from alpha_kedro.portfolio.construction.eligible import counted
from alpha_kedro.portfolio.construction.fields import LongGross, ShortGross
from alpha_kedro.portfolio.construction.sizing import ROUNDING, placed, shared_out
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.ties import Keys


class Legs(Spec):
    """How scores become two legs. Exposures and caps are shares of NAV."""

    kind: Literal["quantile", "rank"] = Field(
        default="quantile", description="top against bottom names, or all names by rank"
    )
    quantile: float = Field(
        default=0.2,
        gt=0,
        le=0.5,
        description="share of names in each leg; both fit in one",
    )
    neutral: Literal["sector", "dollar", "none"] = Field(
        default="sector",
        description="what has a net exposure of zero; none: legs may differ",
    )
    long_gross: LongGross = 1.0
    short_gross: ShortGross = 1.0
    name_cap: Share = Field(
        default=0.05, gt=0, description="largest position, share of NAV"
    )
    gross_cap: float = Field(
        default=2.0, gt=0, le=20, description="largest sum of both legs, share of NAV"
    )
    min_group_names: int = Field(
        default=2, ge=2, description="names a sector needs to be traded at all"
    )
    min_names: int = Field(
        default=10,
        ge=2,
        description="eligible names a date needs; with fewer the book is flat",
    )

    @model_validator(mode="after")
    def _legs_add_up(self) -> Self:
        gross = self.long_gross + self.short_gross
        if not 0 < gross <= self.gross_cap:
            raise ValueError(
                f"long_gross + short_gross is {gross:g}, outside (0, gross_cap = "
                f"{self.gross_cap:g}]"
            )
        one_leg = 0 in (self.long_gross, self.short_gross)
        if (
            self.neutral != "none"
            and not one_leg
            and self.long_gross != self.short_gross
        ):
            raise ValueError(
                f"neutral: {self.neutral} needs long_gross = short_gross, or one leg"
            )
        return self

    def aim(
        self, scores: Float, account: Account, market: MarketState, *, tie_break: Keys
    ) -> Aim:
        """Return the legs of one date, see `target_weights` and `Construction`."""
        inside = np.flatnonzero(market.universe)
        targets = target_weights(
            scores[inside],
            groups=market.groups[inside],
            tradable=market.tradable[inside],
            tie_break=tie_break[inside],
            spec=self,
        )
        return Aim(placed(len(scores), inside, targets.weights), targets.notes)


def target_weights(
    scores: Float, *, groups: Int, tradable: Bool, tie_break: Keys, spec: Legs
) -> Aim:
    """Turn the scores of one date into target weights.

    Parameters
    ----------
    scores
        (n_tickers,) higher is better; a name without a finite score is not traded.
    groups
        (n_tickers,) sector code, negative where unknown; read if ``neutral: sector``.
    tradable
        (n_tickers,) False where no order may be written.
    tie_break
        (n_tickers,) orders equal scores, see `alpha_kedro.portfolio.ties.tie_keys`.
    spec
        The legs.

    Returns
    -------
    Aim
        ``weights`` sum to ``long_gross`` over the long leg and to ``-short_gross`` over
        the short leg, in every sector alike if ``neutral: sector``. The book is flat,
        and a note says why, where too few names are eligible or all scores are the
        same. ``notes`` count names ``unscored``, ``not_tradable``, ``no_sector`` and
        ``over_name_cap``, groups ``small_group`` and ``constant_scores``, and 1 for a
        flat book for want of names, ``too_few_names``.

    Raises
    ------
    SimulationError
        ``AK-S002`` where the legs cannot hold their gross under ``name_cap``.

    Notes
    -----
    Looks at one date only. With ``rank``, equal scores get equal weights.
    """
    sector = groups if spec.neutral == "sector" else np.zeros_like(groups)
    names, notes = _eligible(scores, sector, tradable)
    if len(names) < spec.min_names:
        return Aim(np.zeros(len(scores)), notes | {"too_few_names": 1})
    names = names[np.lexsort((tie_break[names], scores[names], sector[names]))]
    names, dropped = _with_an_opinion(names, scores, sector, spec)
    weights = np.zeros(len(scores))
    if len(names):
        group = np.unique(sector[names], return_inverse=True)[1]
        shape = _SHAPES[spec.kind](scores[names], group, spec)
        weights[names], over = _sized(shape, group, spec)
        dropped |= counted({"over_name_cap": over})
    return Aim(weights, notes | dropped)


def _eligible(scores: Float, sector: Int, tradable: Bool) -> tuple[Int, dict[str, int]]:
    scored = np.isfinite(scores)
    notes = {
        "unscored": tradable & ~scored,
        "not_tradable": scored & ~tradable,
        "no_sector": scored & tradable & (sector < 0),
    }
    names = np.flatnonzero(scored & tradable & (sector >= 0))
    return names, counted({note: where.sum() for note, where in notes.items()})


def _with_an_opinion(
    names: Int, scores: Float, sector: Int, spec: Legs
) -> tuple[Int, dict[str, int]]:
    """Drop the groups that are too small or score all their names the same."""
    _, first, group, size = np.unique(
        sector[names], return_index=True, return_inverse=True, return_counts=True
    )
    constant = scores[names[first]] == scores[names[first + size - 1]]
    small = size < spec.min_group_names
    notes = {"small_group": small.sum(), "constant_scores": (constant & ~small).sum()}
    return names[~(constant | small)[group]], counted(notes)


def _best_and_worst(scores: Float, group: Int, spec: Legs) -> Float:
    """Mark the top and bottom quantile of each group with 1 and -1."""
    size = np.bincount(group)
    start = np.cumsum(size) - size
    position = np.arange(len(group)) - start[group]
    leg = np.maximum(1, np.floor(spec.quantile * size + ROUNDING))[group]
    best, worst = position >= size[group] - leg, position < leg
    signed: Float = best.astype(np.float64) - worst
    return signed


def _demeaned_rank(scores: Float, group: Int, spec: Legs) -> Float:
    """Return the rank within the group minus its mean; equal scores share one rank."""
    n_names = len(scores)
    new = np.ones(n_names, dtype=bool)
    new[1:] = (np.diff(scores) != 0) | (np.diff(group) != 0)
    run = np.cumsum(new) - 1
    rank: Float = (np.bincount(run, np.arange(n_names)) / np.bincount(run))[run]
    mean: Float = (np.bincount(group, rank) / np.bincount(group))[group]
    return rank - mean


_Shape = Callable[[Float, Int, Legs], Float]
_SHAPES: dict[str, _Shape] = {"quantile": _best_and_worst, "rank": _demeaned_rank}


@dataclass(frozen=True)
class _Leg:
    sign: float
    gross: float
    shape: Float


def _sized(shape: Float, group: Int, spec: Legs) -> tuple[Float, int]:
    """Scale the legs of every group to gross exposure; count the names cut back."""
    legs = [
        _Leg(sign, gross, np.maximum(sign * shape, 0.0))
        for sign, gross in ((1.0, spec.long_gross), (-1.0, spec.short_gross))
        if gross > 0
    ]
    share = np.bincount(group) / len(group)
    weights = np.zeros(len(shape))
    for leg in legs:
        scale = leg.sign * leg.gross * share / np.bincount(group, leg.shape)
        weights += scale[group] * leg.shape
    over = np.abs(weights) > spec.name_cap * (1 + ROUNDING)
    capped = _capped(share, legs, group, spec) if over.any() else weights
    return capped, int(np.count_nonzero(over))


def _capped(share: Float, legs: list[_Leg], group: Int, spec: Legs) -> Float:
    """Size the legs under the cap on names, every group as neutral as before."""
    per_leg = [
        np.bincount(group, leg.shape > 0) * spec.name_cap / leg.gross for leg in legs
    ]
    room = np.min(per_leg, axis=0)
    _refuse_too_little_room(room, legs, spec)
    weights = np.zeros(len(group))
    for code, part in enumerate(shared_out(share, 1.0, room)):
        inside = group == code
        cap = np.full(np.count_nonzero(inside), spec.name_cap)
        for leg in legs:
            sized = shared_out(leg.shape[inside], leg.gross * part, cap)
            weights[inside] += leg.sign * sized
    return weights


def _refuse_too_little_room(room: Float, legs: list[_Leg], spec: Legs) -> None:
    if room.sum() >= 1 - ROUNDING:
        return
    described = [
        f"{'long' if leg.sign > 0 else 'short'} leg: {np.count_nonzero(leg.shape)} "
        f"names x name_cap {spec.name_cap:g} for a gross of {leg.gross:g}"
        for leg in legs
    ]
    raise SimulationError(
        "AK-S002",
        "the legs cannot hold their gross exposure under the cap on names",
        where=described,
        got=f"room for {room.sum():.1%} of the book"
        + (" with every sector neutral" if spec.neutral == "sector" else ""),
        wanted="room for all of it",
        fix="raise name_cap or quantile, lower the gross, or trade more names",
    )
