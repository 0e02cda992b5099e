"""Regimes that are told by a threshold: a market in a trend, a market that is restless.

A session is in one regime or the other, and nothing is hidden: probabilities are 0 or
1. A session without the state it is told by stays in the regime of the session before;
before the first such state the regimes have their shares of the fit.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

import numpy as np
import pandas as pd
from pydantic import BeforeValidator, Field, model_validator

from alpha_kedro.core.panel import Float, Int
from alpha_kedro.core.spec import Spec
from alpha_kedro.learning.linear_models.preprocessing import Floats
from alpha_kedro.learning.wrappers.regimes.sessions import (
    refuse_constant_states,
    require_enough,
    state_columns,
)
from alpha_kedro.signals.operators.cells import first_known
from alpha_kedro.signals.operators.rolling import rolling_quantile

_TREND, _VOLATILITY = "trend", "market_volatility"
_UNKNOWN = -1


def _as_tuple(value: object) -> object:
    """Accept one number, or a YAML list of them."""
    return tuple(value) if isinstance(value, list | tuple) else (value,)


Quantiles = Annotated[
    tuple[Annotated[float, Field(gt=0, lt=1)], ...],
    BeforeValidator(_as_tuple),
    Field(min_length=1, max_length=5),
]


class TrendGateSpec(Spec):
    """Above its moving average (regime 0) or below it (regime 1); Faber (2007)."""

    band: float = Field(
        default=0.02,
        ge=0,
        lt=1,
        description="Distance from the average, on its other side, at which the regime "
        "changes (decimal).",
    )

    def fit(self, states: pd.DataFrame, *, seed: int) -> "TrendGate":
        """Learn how often the market is above; the gate itself is given.

        Raises
        ------
        ModelError
            ``AK-M122`` when no session has a trend.
        """
        del seed
        known = ~np.isnan(state_columns(states, (_TREND,))[:, 0])
        require_enough(known, wanted=1, names=(_TREND,))
        gate = TrendGate(band=self.band, shares=(0.5, 0.5))
        return gate.model_copy(update={"shares": _shares(gate.regimes(states), 2)})


class TrendGate(Spec):
    """A trend gate, and the share of sessions on each side of it."""

    detector: Literal["trend"] = "trend"
    band: float
    shares: Floats

    @property
    def n_regimes(self) -> int:
        """Return 2: above the average, and below it."""
        return 2

    @property
    def facts(self) -> Mapping[str, float]:
        """Return the band."""
        return {"band": self.band}

    def regimes(self, states: pd.DataFrame) -> Int:
        """Return (n_sessions,) 0 above, 1 below, -1 before the first trend."""
        trend = state_columns(states, (_TREND,))[:, 0]
        above, below = trend > self.band, trend < -self.band
        side = np.select([above, below], [0, 1], _UNKNOWN)
        known = np.flatnonzero(~np.isnan(trend))
        if len(known) and side[known[0]] == _UNKNOWN:  # inside the band to begin with
            side[known[0]] = int(trend[known[0]] < 0)
        return _held(side)

    def probabilities(self, states: pd.DataFrame) -> Float:
        """Return (n_sessions, 2), each row from the rows up to it."""
        return _certain(self.regimes(states), self.shares)


class VolatilityGateSpec(Spec):
    """Calm or restless: the market's volatility against quantiles of its own past."""

    quantiles: Quantiles = Field(
        default=(0.8,),
        description="Shares of sessions below each threshold, ascending.",
    )
    lookback: int | None = Field(
        default=None,
        ge=20,
        le=5_000,
        description="Sessions, up to the one told, whose quantiles are the thresholds; "
        "null: those of the training window, the same until the next fit.",
    )
    min_sessions: int = Field(
        default=250, ge=20, description="Fewest sessions with a volatility."
    )

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if list(self.quantiles) != sorted(set(self.quantiles)):
            raise ValueError("quantiles have to ascend")
        return self

    def fit(self, states: pd.DataFrame, *, seed: int) -> "VolatilityGate":
        """Learn the thresholds.

        Raises
        ------
        ModelError
            ``AK-M122`` too few sessions, ``AK-M123`` a volatility that never changes.
        """
        del seed
        values = state_columns(states, (_VOLATILITY,))
        known = ~np.isnan(values[:, 0])
        require_enough(known, wanted=self.min_sessions, names=(_VOLATILITY,))
        refuse_constant_states(values[known], (_VOLATILITY,))
        thresholds = np.quantile(values[known, 0], self.quantiles)
        n_regimes = len(thresholds) + 1
        gate = VolatilityGate(
            quantiles=self.quantiles,
            lookback=self.lookback,
            thresholds=tuple(float(each) for each in thresholds),
            shares=(1 / n_regimes,) * n_regimes,
        )
        shares = _shares(gate.regimes(states), n_regimes)
        return gate.model_copy(update={"shares": shares})


class VolatilityGate(Spec):
    """A volatility gate with its thresholds, and the share of sessions between them."""

    detector: Literal["volatility"] = "volatility"
    quantiles: Floats
    lookback: int | None
    thresholds: Floats = Field(description="Quantiles of the training window.")
    shares: Floats

    @property
    def n_regimes(self) -> int:
        """Return one more than there are thresholds."""
        return len(self.shares)

    @property
    def facts(self) -> Mapping[str, float]:
        """Return the thresholds of the training window."""
        names = enumerate(self.thresholds)
        return {f"threshold_{place}": value for place, value in names}

    def regimes(self, states: pd.DataFrame) -> Int:
        """Return (n_sessions,) how many thresholds are passed, -1 before the first."""
        volatility = state_columns(states, (_VOLATILITY,))[:, 0]
        passed = sum(
            (volatility > self._threshold(volatility, place)).astype(np.int64)
            for place in range(len(self.thresholds))
        )
        return _held(np.where(np.isnan(volatility), _UNKNOWN, passed))

    def probabilities(self, states: pd.DataFrame) -> Float:
        """Return (n_sessions, k), each row from the rows up to it."""
        return _certain(self.regimes(states), self.shares)

    def _threshold(self, volatility: Float, place: int) -> Float:
        """Return (n_sessions,) one threshold; that of the fit where none is known."""
        learned = np.full(len(volatility), self.thresholds[place])
        if self.lookback is None:
            return learned
        share = self.quantiles[place]
        return first_known(rolling_quantile(volatility, self.lookback, share), learned)


def _held(regimes: Int) -> Int:
    """Return the last known regime up to each session."""
    place = np.where(regimes == _UNKNOWN, -1, np.arange(len(regimes)))
    last = np.maximum.accumulate(place) if len(place) else place
    return np.where(last < 0, _UNKNOWN, regimes[last]).astype(np.int64)


def _shares(regimes: Int, n_regimes: int) -> Floats:
    counts = np.bincount(regimes[regimes != _UNKNOWN], minlength=n_regimes)
    return tuple(float(share) for share in counts / counts.sum())


def _certain(regimes: Int, shares: Floats) -> Float:
    """Return 0 and 1, or the shares where the regime is not known."""
    certain = np.vstack([np.eye(len(shares)), shares])  # unknown is -1: the last row
    return certain[regimes]
