"""On which terms orders are filled, and what becomes of cash and of dead names."""

from typing import Literal

from pydantic import Field

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.spec import BasisPoints, Spec


class SimulationSpec(Spec):
    """How orders are filled and what becomes of names that stop trading."""

    lag: int = Field(
        default=1,
        ge=0,
        le=10,
        description="sessions from decision to fill; 1 is the next one",
    )
    fill: Literal["open", "close", "vwap"] = Field(
        default="open",
        description="price of the fill session; vwap: the mean of high, low and close",
    )
    missing_open: Literal["refuse", "close"] = Field(
        default="refuse",
        description="an order without a price to fill at: not filled, or at that close",
    )
    delisting_return: float = Field(
        default=-0.3, ge=-1, le=1, description="last return of a delisted name, decimal"
    )
    delisted_after: int = Field(
        default=10,
        ge=1,
        le=252,
        description="sessions without a bar that make a delisting",
    )
    liquidate_at_end: bool = Field(
        default=False, description="sell everything, at a cost, at the last close"
    )
    capital: float | None = Field(
        default=None,
        gt=0,
        description="NAV in currency at the start; null: small beside the market",
    )
    max_adv_share: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="largest share of a name's mean dollar volume that is traded in "
        "one session; needs capital; null: no limit",
    )
    adv_window: int = Field(
        default=20, ge=1, le=252, description="sessions of the mean dollar volume"
    )
    order_life: int = Field(
        default=1,
        ge=1,
        le=60,
        description="sessions an order is worked for; what is left then lapses",
    )
    cash_bps_annual: BasisPoints = Field(
        default=0.0, description="interest on cash beyond the proceeds of shorts"
    )
    financing_bps_annual: BasisPoints = Field(
        default=0.0, description="interest on what was borrowed to buy"
    )
    short_rebate_bps_annual: BasisPoints = Field(
        default=0.0, description="interest on the proceeds of shorts"
    )
    dividends: Literal["reinvested", "cash"] = Field(
        default="reinvested",
        description="in the name, prices being total-return prices; or paid in cash on "
        "price-return prices, from dividends per share",
    )


def refuse_fill_before_decision(lag: int) -> None:
    """Refuse a lag of zero where orders are filled at prices of their own.

    Raises
    ------
    ConfigError
        ``AK-C040``.
    """
    if lag == 0:
        raise ConfigError(
            "AK-C040",
            "with lag 0 an order would be filled at an open before its decision",
            got="lag: 0",
            wanted="lag: 1 (the next session) or more",
            fix="set simulation.lag to 1",
        )
