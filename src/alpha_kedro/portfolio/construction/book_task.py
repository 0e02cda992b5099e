"""What an optimised book is to be good at, and what it must keep to."""

from dataclasses import dataclass

from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.risk.statistical_factors import FactorRisk


@dataclass(frozen=True, eq=False)
class Task:
    """What is to be gained, risked and paid, over the horizon, per share of NAV.

    Attributes
    ----------
    alpha
        (n,) expected returns.
    risk
        Covariance times the aversion to it.
    holdings
        (n,) drifted weights.
    trading, impact
        (n,) cost of a trade ``x``: ``trading |x| + impact |x|^1.5``.
    borrow
        (n,) cost of a short position.
    """

    alpha: Float
    risk: FactorRisk
    holdings: Float
    trading: Float
    impact: Float
    borrow: Float


@dataclass(frozen=True, eq=False)
class Limits:
    """What a book must keep to.

    Attributes
    ----------
    net
        (n, k) columns whose net exposure stays within ``net_tolerance``.
    beta
        (n,) betas whose net stays within ``beta_tolerance``; None: any.
    name_cap, gross
        Largest position, and largest sum of them.
    long_only
        No short position.
    turnover
        Largest one-way turnover; None: any.
    largest_trade
        (n,) largest trade in each name; None: any.
    """

    net: Float
    net_tolerance: float
    beta: Float | None
    beta_tolerance: float
    name_cap: float
    gross: float
    long_only: bool
    turnover: float | None
    largest_trade: Float | None
