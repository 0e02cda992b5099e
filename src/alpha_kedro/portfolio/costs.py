"""What trading and borrowing cost: one bill for the ledger and the evening's plan."""

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import BasisPoints, Spec

_BASIS_POINT = 1e-4


@dataclass(frozen=True)
class CostRates:
    """Cost rates per session and name, where one rate for all is too coarse.

    Attributes
    ----------
    trading
        (n_dates, n_tickers) decimals, one way, of the absolute traded value.
    borrow
        (n_dates, n_tickers) decimals per session, of the short value held.

    Notes
    -----
    Row t is charged at the open of t, so it may rest on what was known before that
    open: a spread or an impact made from the volume of t is a look-ahead.
    """

    trading: Float
    borrow: Float

    def since(self, row: int) -> "CostRates":
        """Return the rates from ``row`` on."""
        return CostRates(self.trading[row:], self.borrow[row:])


class CostSpec(Spec):
    """Rates that hold for every name and session."""

    cost_bps: BasisPoints = Field(
        default=5.0,
        description="one-way cost, basis points of the absolute traded value",
    )
    borrow_bps_annual: BasisPoints = Field(
        default=50.0,
        description="borrow fee, basis points a year of the short value held",
    )

    def rates(self, shape: tuple[int, int]) -> CostRates:
        """Return the rates as read-only arrays of ``shape`` (n_dates, n_tickers)."""
        borrow = self.borrow_bps_annual * _BASIS_POINT / SESSIONS_PER_YEAR
        return CostRates(
            trading=np.broadcast_to(self.cost_bps * _BASIS_POINT, shape),
            borrow=np.broadcast_to(borrow, shape),
        )


def charge(
    trades: Float, positions: Float, *, trading: Float | float, borrow: Float | float
) -> Float:
    """Return what one session costs per name.

    Parameters
    ----------
    trades
        (n_tickers,) signed traded value.
    positions
        (n_tickers,) signed value held once the trades are done.
    trading
        One-way rate on the absolute traded value, decimal; scalar or (n_tickers,).
    borrow
        Rate per session on the short value, decimal; scalar or (n_tickers,).

    Returns
    -------
    (n_tickers,) float64, never negative, in the currency of ``trades``.
    """
    return np.abs(trades) * trading + np.maximum(-positions, 0.0) * borrow


def rates_on(costs: CostSpec | CostRates, shape: tuple[int, int]) -> CostRates:
    """Return cost rates of ``shape`` (n_dates, n_tickers).

    Raises
    ------
    ConfigError
        ``AK-C042`` for arrays of another shape, negative or not finite.
    """
    if isinstance(costs, CostSpec):
        return costs.rates(shape)
    for name, rate in vars(costs).items():
        if rate.shape != shape or not np.all(np.isfinite(rate) & (rate >= 0)):
            raise ConfigError(
                "AK-C042",
                f"{name} cost rates that cannot be charged",
                got=f"an array of shape {rate.shape}",
                wanted=f"finite decimals of at least 0, of shape {shape}",
                fix="align the rates with the sorted dates and tickers of the prices",
            )
    return costs
