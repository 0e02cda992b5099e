"""The plan made before trading: the bill, before it comes."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.costs.charge import charge
from alpha_kedro.portfolio.costs.rates import NextRates


def plan(
    trades: Float,
    holdings: Float,
    rates: NextRates,
    *,
    tickers: Iterable[str],
    commission: float = 0.0,
) -> pd.DataFrame:
    """Say what orders will cost, name by name, before they are sent.

    Parameters
    ----------
    trades
        (n_tickers,) orders, signed share of NAV.
    holdings
        (n_tickers,) weights before them, signed share of NAV.
    rates
        `KnownRates.next_fill` of the decision.
    tickers
        (n_tickers,) names.
    commission
        Part of ``rates.trading`` that is not spread, decimal: `CostSpec.commission`.

    Returns
    -------
    DataFrame
        One row per order: ``ticker``, ``trade``, ``commission``, ``spread``,
        ``impact``, ``borrow`` (of the first session, on what is then short) and
        ``cost``, all shares of NAV. ``cost`` is `charge`, which also makes the bill:
        filled at the planned values, they are the same; the parts sum to it.

    Raises
    ------
    SimulationError
        ``AK-S009`` for arrays of other lengths or with numbers that are not finite.
    """
    names = list(tickers)
    _refuse_unequal(len(names), trades=trades, holdings=holdings, **vars(rates))
    after = holdings + trades
    spread = rates.trading - commission
    parts = {
        "commission": charge(trades, after, trading=commission, borrow=0.0),
        "spread": charge(trades, after, trading=spread, borrow=0.0),
        "impact": charge(trades, after, trading=0.0, borrow=0.0, impact=rates.impact),
        "borrow": charge(trades, after, trading=0.0, borrow=rates.borrow),
        "cost": charge(trades, after, **vars(rates)),
    }
    table = pd.DataFrame({"ticker": pd.array(names, "str"), "trade": trades} | parts)
    ordered: pd.DataFrame = table[trades != 0].reset_index(drop=True)
    return ordered


def _refuse_unequal(n_tickers: int, **arrays: Float) -> None:
    wrong = [
        f"{name}: shape {np.shape(array)}"
        for name, array in arrays.items()
        if np.shape(array) != (n_tickers,) or not np.isfinite(array).all()
    ]
    if wrong:
        raise SimulationError(
            "AK-S009",
            "a plan of orders whose parts do not fit",
            where=wrong,
            wanted=f"finite arrays of shape ({n_tickers},)",
            fix="align orders, holdings and rates with the tickers",
        )
