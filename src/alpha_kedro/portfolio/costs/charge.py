"""The one bill: for the plan made before trading, the ledger and the optimiser.

    cost = trading |x| + impact |x|^1.5 + borrow max(-held, 0)

``x`` is the value traded and ``held`` the value held once that is done. The rates are
decimals; ``impact`` is per root of the unit in which values are given, see `CostRates`.
The power is ``|x| sqrt(|x|)``, which has the same bits on every machine.
"""

import math

import numpy as np

from alpha_kedro.core.kernels import Formula
from alpha_kedro.core.panel import Float

Rate = Float | float


@Formula
def impact_bill(trade: float, impact: float) -> float:
    """Return what moving the price costs: ``impact |trade|^1.5``."""
    amount = abs(trade)
    return amount * math.sqrt(amount) * impact if impact > 0.0 else 0.0


@Formula
def bill(
    trade: float, held: float, trading: float, borrow: float, impact: float
) -> float:
    """Return what one session costs in one name; see `charge`, its vector."""
    amount = abs(trade)
    short = 0.0 if held >= 0.0 else -held
    moved = amount * math.sqrt(amount) * impact if impact > 0.0 else 0.0
    return amount * trading + moved + short * borrow


def charge(
    trades: Float,
    positions: Float,
    *,
    trading: Rate,
    borrow: Rate,
    impact: Rate = 0.0,
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
    impact
        Of `CostRates`, for values in the units of ``trades``; scalar or (n_tickers,).

    Returns
    -------
    (n_tickers,) float64, never negative, in the currency of ``trades``: `bill` of each
    name to the last bit. NaN where a trade or a position is.
    """
    amount = np.abs(trades)
    short = np.maximum(-positions, 0.0)
    moved = amount * np.sqrt(amount) * impact
    cost: Float = amount * trading + moved + short * borrow
    return cost
