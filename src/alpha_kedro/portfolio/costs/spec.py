"""What the parameters say about costs."""

from collections.abc import Iterable
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.core.registry import nearest
from alpha_kedro.core.spec import BasisPoints, Names, Spec
from alpha_kedro.portfolio.costs.rates import CostRates, checked

BASIS_POINT = 1e-4

BorrowFee = Annotated[float, Field(ge=0, le=50_000)]
"""A fee in basis points a year: some names have cost several times their price."""


class HalfSpreadSpec(Spec):
    """How far from the middle of the market an order is filled."""

    kind: Literal["none", "fixed", "high_low"] = Field(
        default="none",
        description="none: it is part of cost_bps; fixed: the same for every name; "
        "high_low: estimated per name and session from high, low and close",
    )
    bps: BasisPoints = Field(
        default=2.0,
        description="half the spread, basis points of the price; of high_low, where "
        "nothing is known of any name yet",
    )
    window: int = Field(
        default=63, ge=5, le=1_260, description="high_low: sessions it is taken over"
    )
    floor_bps: BasisPoints = Field(
        default=1.0, description="high_low: lowest estimate that is believed"
    )
    cap_bps: BasisPoints = Field(
        default=50.0, description="high_low: highest estimate that is believed"
    )

    @model_validator(mode="after")
    def _floor_under_cap(self) -> Self:
        if self.floor_bps > self.cap_bps:
            raise ValueError(
                f"floor_bps {self.floor_bps:g} above cap_bps {self.cap_bps:g}"
            )
        return self


class ImpactSpec(Spec):
    """What an order moves the price against itself: the square-root law."""

    coefficient: float = Field(
        default=1.0,
        ge=0,
        le=10,
        description="cost of an order as large as a session's volume, in units of the "
        "session's volatility",
    )
    volatility_window: int = Field(
        default=63, ge=5, le=1_260, description="sessions of the volatility"
    )
    adv_window: int = Field(
        default=21, ge=1, le=1_260, description="sessions of the mean dollar volume"
    )


class HardToBorrowSpec(Spec):
    """Names whose shares are dear to borrow, or not to be had."""

    tickers: dict[str, BorrowFee] = Field(
        default_factory=dict,
        description="borrow fee by ticker, basis points a year of the short value",
    )
    not_available: Names = Field(
        default=(), description="tickers that cannot be sold short at all"
    )

    def fees(self, tickers: Iterable[str], *, usual: float) -> Float:
        """Return (n_tickers,) borrow fee, bps a year; ``AK-C165`` for strangers."""
        names = self._among(tickers)
        return np.array([self.tickers.get(name, usual) for name in names], np.float64)

    def shortable(self, tickers: Iterable[str]) -> Bool:
        """Return (n_tickers,) False where no shares can be had.

        Raises
        ------
        ConfigError
            ``AK-C165`` for names of this block that are not among ``tickers``.
        """
        names = self._among(tickers)
        return np.array([name not in self.not_available for name in names], np.bool_)

    def _among(self, tickers: Iterable[str]) -> list[str]:
        names = list(tickers)
        listed = dict.fromkeys([*self.tickers, *self.not_available])
        strangers = listed.keys() - set(names) if listed else set()
        if strangers:
            first = min(strangers)
            close = nearest(first, names)
            raise ConfigError(
                "AK-C165",
                f"{len(strangers)} hard-to-borrow ticker(s) have no prices",
                where=sorted(strangers),
                wanted=f"{first}: did you mean {close!r}?" if close else None,
                fix="correct costs.hard_to_borrow, or take the names out of it",
            )
        return names


class CostSpec(Spec):
    """What trading and borrowing cost."""

    cost_bps: BasisPoints = Field(
        default=5.0,
        description="one-way cost, basis points of the absolute traded value: "
        "commission and all that is proportional and not named elsewhere",
    )
    borrow_bps_annual: BasisPoints = Field(
        default=50.0,
        description="borrow fee, basis points a year of the short value held",
    )
    half_spread: HalfSpreadSpec = Field(
        default_factory=HalfSpreadSpec, description="half the bid-ask spread, on top"
    )
    impact: ImpactSpec | None = Field(
        default=None, description="market impact, on top; null: orders are small"
    )
    hard_to_borrow: HardToBorrowSpec = Field(
        default_factory=HardToBorrowSpec, description="names with fees of their own"
    )

    @property
    def commission(self) -> float:
        """Return ``cost_bps`` as a decimal."""
        return self.cost_bps * BASIS_POINT

    @property
    def proportional(self) -> float:
        """Return the part of a trade that is the same everywhere, a decimal."""
        half = self.half_spread
        return self.commission + (half.kind == "fixed") * half.bps * BASIS_POINT

    def rates(self, shape: tuple[int, int]) -> CostRates:
        """Return the rates as read-only arrays of ``shape`` (n_dates, n_tickers).

        Raises
        ------
        ConfigError
            ``AK-C168`` where they differ from name to name or from day to day.
        """
        self._refuse_without_market()
        borrow = self.borrow_bps_annual * BASIS_POINT / SESSIONS_PER_YEAR
        return CostRates(
            trading=np.broadcast_to(self.proportional, shape),
            borrow=np.broadcast_to(borrow, shape),
        )

    def _refuse_without_market(self) -> None:
        asks = {
            "half_spread: high_low": self.half_spread.kind == "high_low",
            "impact": self.impact is not None,
            "hard_to_borrow": self.hard_to_borrow != HardToBorrowSpec(),
        }
        if any(asks.values()):
            raise ConfigError(
                "AK-C168",
                "costs that depend on the name or the day, without a market",
                where=[f"costs.{name}" for name, asked in asks.items() if asked],
                fix="make the rates first: charged_rates(known_rates(prices, costs, "
                "capital=...))",
            )


def rates_on(costs: CostSpec | CostRates, shape: tuple[int, int]) -> CostRates:
    """Return cost rates of ``shape`` (n_dates, n_tickers).

    Raises
    ------
    ConfigError
        ``AK-C042`` for arrays of another shape, negative or not finite; ``AK-C168`` for
        costs that need a market.
    """
    if isinstance(costs, CostSpec):
        return costs.rates(shape)
    return checked(costs, shape)
