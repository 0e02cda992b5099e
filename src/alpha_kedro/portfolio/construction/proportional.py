"""Every name in proportion to its score, and nothing of what the names share.

1. The score, its rank or its normal score is what one wants of each name, per unit of
   its volatility if asked for.
2. Of that the residual is held, after a regression on sectors and exposures: the book
   has none of them, to rounding.
3. It is scaled to its gross exposure. Where a name is beyond the cap, the nearest book
   within it is taken, as neutral and as large.

What is held plays no part; `NoTradeBand` leaves alone what is near enough.
"""

from collections.abc import Callable
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.panel import Float, Int
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction.aim import Aim
from alpha_kedro.portfolio.construction.eligible import counted, refusal, scored_names
from alpha_kedro.portfolio.construction.fields import (
    LongGross,
    MinNames,
    NameCap,
    ShortGross,
    Window,
)
from alpha_kedro.portfolio.construction.neutral_book import (
    Wish,
    basis_of,
    residual,
    with_gross,
)
from alpha_kedro.portfolio.construction.sizing import ROUNDING, placed
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.risk.exposures import (
    ExposureSpec,
    exposures_of,
    sector_columns,
)
from alpha_kedro.portfolio.ties import Keys

_LEAST_VOLATILITY = 0.25
"""Share of the median volatility below which a name is taken to be as quiet as that."""

_NOTHING_LEFT = 1e-9


class Proportional(Spec):
    """Weights in proportion to scores, neutral. Caps and gross are shares of NAV."""

    signal: Literal["score", "rank", "normal"] = Field(
        default="rank",
        description="what weights are proportional to: the score, its rank, or the "
        "normal score of its rank; each less its mean",
    )
    power: float = Field(
        default=1.0,
        gt=0,
        le=4,
        description="that the size of the signal is raised to: above 1 the extremes "
        "have more of the book",
    )
    per_volatility: Share = Field(
        default=0.0,
        description="power of the volatility that weights are divided by: 0 equal "
        "money, 1 equal risk",
    )
    volatility_window: Window = 60
    neutral: Literal["sector", "dollar", "none"] = Field(
        default="sector", description="what has a net exposure of zero"
    )
    exposures: ExposureSpec = Field(
        default=ExposureSpec(), description="what else has a net exposure of zero"
    )
    long_gross: LongGross = 1.0
    short_gross: ShortGross = 1.0
    name_cap: NameCap = 0.05
    min_names: MinNames = 10

    @model_validator(mode="after")
    def _legs_are_alike(self) -> Self:
        if not self.long_gross + self.short_gross > 0:
            raise ValueError("long_gross + short_gross is 0")
        if self.neutral != "none" and self.long_gross != self.short_gross:
            raise ValueError(f"neutral: {self.neutral} needs long_gross = short_gross")
        return self

    def aim(
        self, scores: Float, account: Account, market: MarketState, *, tie_break: Keys
    ) -> Aim:
        """Return the book of one date, see `Construction`.

        Returns
        -------
        Aim
            Exposures are zero to rounding; absolute weights sum to ``long_gross +
            short_gross``, half on each side where the book is neutral. ``notes``:
            ``unscored``, ``not_tradable``, ``no_sector``, ``no_exposure`` (taken to be
            in the middle), ``no_volatility`` (taken to be the median),
            ``over_name_cap``; and 1 for a flat book, ``too_few_names``,
            ``constant_scores`` or ``nothing_left`` (sectors and exposures explain every
            score).

        Raises
        ------
        SimulationError
            ``AK-S015`` where the cap leaves no room for the gross, ``AK-S040`` where
            there is no such benchmark.

        Notes
        -----
        With signal ``z``, volatility ``v`` as a share of the median and ``p`` =
        ``per_volatility``, the book is the residual of ``z / v^p`` in a regression
        weighted by ``v^(2 p)``. Equal scores have equal weights but for exposures.
        """
        names, notes = self._names(scores, market)
        flat = np.zeros(len(scores))
        if refused := refusal(names, self.min_names, scores):
            return Aim(flat, notes | refused)
        wish, met = self._wish(names, scores, market)
        notes |= met
        if wish is None:
            return Aim(flat, notes | {"nothing_left": 1})
        over = np.abs(wish.weights) > self.name_cap * (1 + ROUNDING)
        notes |= counted({"over_name_cap": over.sum()})
        weights = wish.weights
        if over.any():
            weights = with_gross(wish, self._gross, cap=self.name_cap)
        return Aim(placed(len(scores), names, weights), notes)

    def _wish(
        self, names: Int, scores: Float, market: MarketState
    ) -> tuple[Wish | None, dict[str, int]]:
        """Return the neutral book of full gross, as yet without a cap."""
        exposures, missing = self._exposures(names, market)
        spread, unknown = self._volatility(names, market)
        notes = counted({"no_exposure": missing, "no_volatility": unknown})
        shape = _shape(scores[names], self.signal, self.power)
        wished = shape / spread**self.per_volatility
        stiffness = spread ** (2 * self.per_volatility)
        basis = basis_of(exposures)
        neutral = residual(wished, stiffness, basis)
        size = np.abs(neutral).sum()
        if size <= _NOTHING_LEFT * np.abs(wished).sum():
            return None, notes
        full = neutral * (self._gross / size)
        return Wish(full, stiffness, basis), notes

    @property
    def _gross(self) -> float:
        return self.long_gross + self.short_gross

    def _names(self, scores: Float, market: MarketState) -> tuple[Int, dict[str, int]]:
        names, notes = scored_names(scores, market)
        if self.neutral != "sector":
            return names, notes
        known = market.groups[names] >= 0
        return names[known], notes | counted({"no_sector": (~known).sum()})

    def _exposures(self, names: Int, market: MarketState) -> tuple[Float, int]:
        measured = exposures_of(market, self.exposures)
        if self.neutral == "none":
            return measured.columns[names], measured.missing
        money = sector_columns(market, by_sector=self.neutral == "sector")
        return np.column_stack([money, measured.columns])[names], measured.missing

    def _volatility(self, names: Int, market: MarketState) -> tuple[Float, int]:
        """Return volatilities as shares of their median, and how many are unknown."""
        if not self.per_volatility:
            return np.ones(len(names)), 0
        spread = market.volatility(self.volatility_window)[names]
        known = spread > 0
        middle = float(np.median(spread[known])) if known.any() else 1.0
        share = np.where(known, spread / middle, 1.0)
        return np.maximum(share, _LEAST_VOLATILITY), int((~known).sum())


def _shape(scores: Float, signal: str, power: float) -> Float:
    from scipy.special import ndtri
    from scipy.stats import rankdata

    share = (rankdata(scores) - 0.5) / len(scores)
    shapes: dict[str, Callable[[], Float]] = {
        "score": lambda: scores - scores.mean(),
        "rank": lambda: share - 0.5,
        "normal": lambda: ndtri(share),
    }
    shape = shapes[signal]()
    if power == 1:
        return shape
    raised: Float = np.sign(shape) * np.abs(shape) ** power
    return raised
