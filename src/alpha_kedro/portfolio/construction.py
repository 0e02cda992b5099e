"""From one cross-section of scores to target weights.

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

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.core.spec import Share, Spec

Keys = npt.NDArray[np.uint64]
_ROUNDING = 1e-9


class StrategySpec(Spec):
    """How scores become a book. Exposures and caps are shares of NAV."""

    model: str = Field(description="name of the model whose scores are traded")
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
    long_gross: float = Field(
        default=1.0, ge=0, le=10, description="long leg, share of NAV"
    )
    short_gross: float = Field(
        default=1.0, ge=0, le=10, description="short leg, share of NAV; 0 is long only"
    )
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


@dataclass(frozen=True)
class Targets:
    """A book to trade to.

    Attributes
    ----------
    weights
        (n_tickers,) float64 share of NAV, zero where nothing is wanted.
    notes
        How many were left out or cut back, by reason, and never a zero. Names:
        ``unscored``, ``not_tradable``, ``no_sector``, ``over_name_cap``, and ``stuck``
        from `decide`; groups: ``small_group``, ``constant_scores``; and 1 for a flat
        book for want of names, ``too_few_names``.
    """

    weights: Float
    notes: Mapping[str, int]


def target_weights(
    scores: Float, *, groups: Int, tradable: Bool, tie_break: Keys, spec: StrategySpec
) -> Targets:
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
        (n_tickers,) orders equal scores, see `alpha_kedro.portfolio.policy.tie_keys`.
    spec
        The strategy.

    Returns
    -------
    Targets
        ``weights`` sum to ``long_gross`` over the long leg and to ``-short_gross`` over
        the short leg, in every sector alike if ``neutral: sector``. The book is flat,
        and a note says why, where too few names are eligible or all scores are the
        same.

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
        return Targets(np.zeros(len(scores)), notes | {"too_few_names": 1})
    names = names[np.lexsort((tie_break[names], scores[names], sector[names]))]
    names, dropped = _with_an_opinion(names, scores, sector, spec)
    weights = np.zeros(len(scores))
    if len(names):
        group = np.unique(sector[names], return_inverse=True)[1]
        shape = _SHAPES[spec.kind](scores[names], group, spec)
        weights[names], over = _sized(shape, group, spec)
        dropped |= _counted({"over_name_cap": over})
    return Targets(weights, notes | dropped)


def _eligible(scores: Float, sector: Int, tradable: Bool) -> tuple[Int, dict[str, int]]:
    scored = np.isfinite(scores)
    notes = {
        "unscored": tradable & ~scored,
        "not_tradable": scored & ~tradable,
        "no_sector": scored & tradable & (sector < 0),
    }
    names = np.flatnonzero(scored & tradable & (sector >= 0))
    return names, _counted({note: where.sum() for note, where in notes.items()})


def _counted(notes: Mapping[str, int]) -> dict[str, int]:
    return {note: int(count) for note, count in notes.items() if count}


def _with_an_opinion(
    names: Int, scores: Float, sector: Int, spec: StrategySpec
) -> tuple[Int, dict[str, int]]:
    """Drop the groups that are too small or score all their names the same."""
    _, first, group, size = np.unique(
        sector[names], return_index=True, return_inverse=True, return_counts=True
    )
    constant = scores[names[first]] == scores[names[first + size - 1]]
    small = size < spec.min_group_names
    notes = {"small_group": small.sum(), "constant_scores": (constant & ~small).sum()}
    return names[~(constant | small)[group]], _counted(notes)


def _best_and_worst(scores: Float, group: Int, spec: StrategySpec) -> Float:
    """Mark the top and bottom quantile of each group with 1 and -1."""
    size = np.bincount(group)
    start = np.cumsum(size) - size
    position = np.arange(len(group)) - start[group]
    leg = np.maximum(1, np.floor(spec.quantile * size + _ROUNDING))[group]
    best, worst = position >= size[group] - leg, position < leg
    signed: Float = best.astype(np.float64) - worst
    return signed


def _demeaned_rank(scores: Float, group: Int, spec: StrategySpec) -> Float:
    """Return the rank within the group minus its mean; equal scores share one rank."""
    n_names = len(scores)
    new = np.ones(n_names, dtype=bool)
    new[1:] = (np.diff(scores) != 0) | (np.diff(group) != 0)
    run = np.cumsum(new) - 1
    rank: Float = (np.bincount(run, np.arange(n_names)) / np.bincount(run))[run]
    mean: Float = (np.bincount(group, rank) / np.bincount(group))[group]
    return rank - mean


_Shape = Callable[[Float, Int, StrategySpec], Float]
_SHAPES: dict[str, _Shape] = {"quantile": _best_and_worst, "rank": _demeaned_rank}


@dataclass(frozen=True)
class _Leg:
    sign: float
    gross: float
    shape: Float


def _sized(shape: Float, group: Int, spec: StrategySpec) -> tuple[Float, int]:
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
    over = np.abs(weights) > spec.name_cap * (1 + _ROUNDING)
    capped = _capped(share, legs, group, spec) if over.any() else weights
    return capped, int(np.count_nonzero(over))


def _capped(share: Float, legs: list[_Leg], group: Int, spec: StrategySpec) -> Float:
    """Size the legs under the cap on names, every group as neutral as before."""
    per_leg = [
        np.bincount(group, leg.shape > 0) * spec.name_cap / leg.gross for leg in legs
    ]
    room = np.min(per_leg, axis=0)
    _refuse_too_little_room(room, legs, spec)
    weights = np.zeros(len(group))
    for code, part in enumerate(_shared_out(share, 1.0, room)):
        inside = group == code
        cap = np.full(np.count_nonzero(inside), spec.name_cap)
        for leg in legs:
            sized = _shared_out(leg.shape[inside], leg.gross * part, cap)
            weights[inside] += leg.sign * sized
    return weights


def _shared_out(shape: Float, total: float, cap: Float) -> Float:
    """Share ``total`` in proportion to ``shape``, nobody above the cap.

    What a full one cannot take goes to the others, again in proportion.
    """
    shared: Float = shape * (total / shape.sum())
    full = np.zeros(len(shape), dtype=bool)
    while np.any(shared > cap * (1 + _ROUNDING)):
        full |= shared > cap
        free = np.where(full, 0.0, shape)
        rest = total - cap[full].sum()
        shared = np.where(full, cap, free * (rest / free.sum() if free.any() else 0.0))
    return shared


def _refuse_too_little_room(room: Float, legs: list[_Leg], spec: StrategySpec) -> None:
    if room.sum() >= 1 - _ROUNDING:
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
