"""Names in an upward trend, sized by volatility, and less of them in a falling market.

Needs no scores: prices alone say who is held.
"""

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction.aim import Aim
from alpha_kedro.portfolio.construction.eligible import (
    counted,
    refusal,
    tradable_names,
)
from alpha_kedro.portfolio.construction.fields import (
    LongGross,
    MinNames,
    MinShare,
    NameCap,
    Window,
)
from alpha_kedro.portfolio.construction.sizing import leg, placed
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.risk.exposures import moved
from alpha_kedro.portfolio.ties import Keys


class Trend(Spec):
    """Long the names that rise, by one over volatility. Shares are of NAV."""

    signal: Literal["average", "momentum"] = Field(
        default="average",
        description="a close above its own moving average, or a positive return",
    )
    window: Window = Field(
        default=200,
        description="closes averaged, or over which the return is taken (sessions)",
    )
    skip: int = Field(
        default=0,
        ge=0,
        le=252,
        description="last sessions that momentum leaves out; 21 for 12-1",
    )
    volatility_window: Window = 60
    min_share: MinShare = 0.8
    benchmark: str | None = Field(
        default="SPY", description="market of the gate; null: no gate"
    )
    gate_window: Window = Field(
        default=200, description="closes in the benchmark's moving average (sessions)"
    )
    exposure_below: Share = Field(
        default=0.0, description="share of the book kept while the gate is closed"
    )
    long_gross: LongGross = 1.0
    name_cap: NameCap = 1.0
    min_names: MinNames = 1

    @model_validator(mode="after")
    def _skips_less_than_it_looks_at(self) -> Self:
        if self.skip >= self.window:
            raise ValueError(f"skip {self.skip} is not inside window {self.window}")
        return self

    def aim(
        self, scores: Float, account: Account, market: MarketState, *, tie_break: Keys
    ) -> Aim:
        """Return the names in a trend, see `Construction`; scores are not read.

        Returns
        -------
        Aim
            ``weights`` sum to ``long_gross``, times ``exposure_below`` while the
            benchmark is not above its average. ``notes``: ``not_tradable``,
            ``short_history``, ``none_in_trend`` (1), ``gate_closed`` (1), with
            ``gate_unknown`` (1) where the benchmark is too young to tell, which closes
            it too; ``over_name_cap``, ``under_invested``, ``too_few_names``.

        Raises
        ------
        SimulationError
            ``AK-S040`` where there is no such benchmark.
        """
        names, notes = tradable_names(market)
        open_share, gate = self._gate(market)
        rising, spread = self._rising(market), self._volatility(market)
        known = (np.isfinite(rising) & (spread > 0))[names]
        notes |= gate | counted({"short_history": (~known).sum()})
        names = names[known]
        if flat := refusal(names, self.min_names):
            return Aim(np.zeros(len(scores)), notes | flat)
        held: Int = names[rising[names] > 0]
        notes |= counted({"none_in_trend": not len(held)})
        weights, sized = leg(
            1 / spread[held], self.long_gross * open_share, self.name_cap
        )
        return Aim(placed(len(scores), held, weights), notes | sized)

    def _volatility(self, market: MarketState) -> Float:
        return market.volatility(self.volatility_window, min_share=self.min_share)

    def _rising(self, market: MarketState) -> Float:
        """Return how far each name has risen, NaN where that is not known."""
        if not len(market.close):
            return np.full(len(market.tickers), np.nan)
        if self.signal == "average":
            return above_average(market.close, self.window, self.min_share)
        return moved(market, self.window, skip=self.skip)

    def _gate(self, market: MarketState) -> tuple[float, dict[str, int]]:
        if self.benchmark is None:
            return 1.0, {}
        level = market.benchmark(self.benchmark)[:, None]
        distance = above_average(level, self.gate_window, self.min_share)[0]
        if distance > 0:
            return 1.0, {}
        unknown = counted({"gate_unknown": np.isnan(distance)})
        return self.exposure_below, {"gate_closed": 1} | unknown


def above_average(close: Float, window: int, min_share: float = 0.8) -> Float:
    """Return how far the last close lies above the mean of the last closes.

    Parameters
    ----------
    close
        (n_sessions, n_series) closes, NaN where there is none; at least one session.
    window
        Closes averaged, the last included (sessions).
    min_share
        Share of them that has to be known.

    Returns
    -------
    (n_series,) close over mean less 1; NaN with too few closes, or without a last one.
    """
    levels = close[-window:]
    known: Bool = np.isfinite(levels)
    count = known.sum(axis=0)
    usable = np.where(count >= np.ceil(min_share * window), count, np.nan)
    mean = np.where(known, levels, 0.0).sum(axis=0) / usable
    distance: Float = levels[-1] / mean - 1
    return distance
