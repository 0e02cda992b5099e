"""Exposure is cut while the market is in a bad state: below its mean, or nervous.

A gate has two edges. Beyond the outer one it closes, beyond the inner one it opens, and
between them it stays as it was, which is read off the benchmark's own past: from today
backwards to the last close that lay outside. So a state is the same whoever asks, and
needs no memory of earlier decisions.
"""

from collections.abc import Iterator
from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.book import rescaled, stuck_names
from alpha_kedro.portfolio.overlays.overlay import Adjusted


class RegimeGate(Spec):
    """Less exposure while a benchmark closes below its moving average (Faber 2007)."""

    kind: Literal["regime_gate"] = "regime_gate"
    benchmark: str = Field(default="SPY", description="ticker among the benchmarks")
    sma: int = Field(
        default=200, ge=2, description="closes in the moving average, today's included"
    )
    exposure_below: Share = Field(
        default=0.0, description="share of the book that is kept while below"
    )
    band: Share = Field(
        default=0.0,
        lt=1,
        description="distance from the average, relative to it, that a change of state "
        "takes",
    )

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Scale all tradable names by ``exposure_below`` while the gate is closed.

        Notes: ``gate_closed``; ``stuck`` names held, which a closed gate cannot reduce;
        ``gate_unknown`` with fewer closes than ``sma``, and ``benchmark_missing`` where
        the benchmark has no close today: its last one counts. A gate that is not known
        to be closed is open.
        """
        closes, stale = _closes_of(self.benchmark, market)
        closed = _last_outside(self._distances(closes), -self.band, self.band)
        return _gated(
            self.exposure_below,
            None if len(closes) < self.sma else closed == -1,
            stale=stale,
            weights=weights,
            account=account,
            market=market,
        )

    def _distances(self, closes: Float) -> Iterator[float]:
        """Yield close over moving average less one, from today backwards."""
        for end in range(len(closes), self.sma - 1, -1):
            average = float(closes[end - self.sma : end].mean())
            yield float(closes[end - 1]) / average - 1


class ImpliedVolatilityGate(Spec):
    """Less exposure while implied volatility is high (Whaley 2000 on the VIX)."""

    kind: Literal["implied_volatility_gate"] = "implied_volatility_gate"
    benchmark: str = Field(default="VIX", description="ticker among the benchmarks")
    level: float = Field(
        default=30.0, gt=0, description="index points above which the gate closes"
    )
    release: float | None = Field(
        default=None,
        gt=0,
        description="index points below which it opens; null: those of level",
    )
    exposure_above: Share = Field(
        default=0.5, description="share of the book that is kept while above"
    )

    @model_validator(mode="after")
    def _release_below_level(self) -> Self:
        if self.release is not None and self.release > self.level:
            raise ValueError(f"release {self.release:g} above level {self.level:g}")
        return self

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Scale all tradable names by ``exposure_above`` while the gate is closed.

        Notes: as `RegimeGate.apply`; ``gate_unknown`` without a single close.
        """
        closes, stale = _closes_of(self.benchmark, market)
        release = self.level if self.release is None else self.release
        closed = _last_outside(map(float, closes[::-1]), release, self.level)
        return _gated(
            self.exposure_above,
            closed == 1 if len(closes) else None,
            stale=stale,
            weights=weights,
            account=account,
            market=market,
        )


def _closes_of(benchmark: str, market: MarketState) -> tuple[Float, bool]:
    """Return the closes there are, oldest first, and whether today's is missing."""
    levels = market.benchmark(benchmark)
    known = np.isfinite(levels)
    return levels[known], bool(len(levels)) and not known[-1]


def _last_outside(values: Iterator[float], low: float, high: float) -> int:
    """Return on which side of a band values were last: 1 above, -1 below, 0 never."""
    for value in values:
        if value > high:
            return 1
        if value < low:
            return -1
    return 0


def _gated(
    exposure: float,
    closed: bool | None,
    *,
    stale: bool,
    weights: Float,
    account: Account,
    market: MarketState,
) -> Adjusted:
    stuck = stuck_names(account, market).sum() if closed else 0
    notes = {
        "gate_closed": bool(closed),
        "gate_unknown": closed is None,
        "benchmark_missing": stale,
        "stuck": stuck,
    }
    return rescaled(weights, exposure if closed else 1.0, market, notes)
