"""Trading part of the way to an aim, at the speed that costs and decay ask for."""

from typing import Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.overlay import Adjusted
from alpha_kedro.portfolio.trading.decay import decay_of, mean_reversion
from alpha_kedro.portfolio.trading.neutral import Measured, Neutral, exposures_kept
from alpha_kedro.portfolio.trading.orders import Orders, Ramp
from alpha_kedro.portfolio.trading.partial import Dust, Gross, approached
from alpha_kedro.portfolio.trading.tradeoff import Prospects, tradeoff_of


class AimPortfolio(Spec):
    """Trade at the rate of Garleanu & Pedersen, each name at its own.

    Assumes that risk is each name's own, that scores decay exponentially, and that a
    trade ``x`` costs ``1/2 lambda variance x^2``, with the ``lambda`` at which a trade
    as large as the aim's own move costs what the bill says it does.
    """

    kind: Literal["aim_portfolio"] = "aim_portfolio"
    rate: Share | None = Field(
        default=None,
        gt=0,
        description="part of the way that each decision goes; null: from the costs",
    )
    discount: float = Field(
        default=0.0, ge=0, lt=1, description="discount rate per decision"
    )
    weigh_persistence: bool = Field(
        default=True, description="aim for less of what decays before it is reached"
    )
    prospects: Prospects = Field(
        default=Prospects(), description="what is expected of the scores"
    )
    neutral: Neutral = "none"
    exposures: Measured = None
    gross: Gross = "free"
    ramp: Ramp = False
    dust: Dust = 1e-5

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Return the book after this step; see `trading_rate` for the formulas."""
        orders = Orders.of(weights, account, market)
        if orders.starts(ramp=self.ramp):
            return orders.bought()
        rate, reverts = self._speed(weights, market)
        kept = persistence_weight(reverts, rate, discount=self.discount)
        aim = weights * kept if self.weigh_persistence else weights
        return approached(
            orders,
            aim,
            rate,
            exposures_kept(market, self.neutral, self.exposures),
            gross=self.gross,
            dust=self.dust,
        )

    def _speed(self, weights: Float, market: MarketState) -> tuple[Float, float]:
        """Return (n_tickers,) rates, and the decay per decision."""
        if self.rate is not None:
            known = self.prospects.half_life
            rate = np.full(len(weights), self.rate)
            if known is not None:
                return rate, mean_reversion(known)
            return rate, decay_of(market).mean_reversion
        terms = tradeoff_of(weights, market, self.prospects)
        # 1/2 lambda variance move^2 = cost move, over the risk aversion.
        risk = terms.stiffness * (terms.move or 1.0)
        return trading_rate(
            2 * terms.cost / risk, discount=self.discount
        ), terms.mean_reversion


def trading_rate(cost_ratio: Float, *, discount: float = 0.0) -> Float:
    """Return the part of the way to the aim that is best to go in one period.

    Parameters
    ----------
    cost_ratio
        (n,) ``lambda / gamma``: cost of trading over cost of risk, where risk is
        ``1/2 gamma variance w^2`` and a trade costs ``1/2 lambda variance x^2``.
    discount
        Rate per period, ``rho`` in the paper.

    Returns
    -------
    (n,) float64
        ``a / lambda`` in (0, 1]; 1 where trading is free.

    Notes
    -----
    N. Garleanu and L. Pedersen, Dynamic Trading with Predictable Returns and
    Transaction Costs, Journal of Finance 68 (2013), proposition 2:
    ``a = (-(gamma b + lambda rho) + sqrt((gamma b + lambda rho)^2 + 4 gamma lambda
    b^2)) / (2 b)`` with ``b = 1 - rho``; here divided by ``lambda`` and without the
    difference of like numbers.
    """
    rest = 1 - discount
    linear = rest + cost_ratio * discount
    rate: Float = 2 * rest / (linear + np.sqrt(linear**2 + 4 * rest**2 * cost_ratio))
    return rate


def persistence_weight(
    reverts: float | Float, rate: Float, *, discount: float = 0.0
) -> Float:
    """Return how much of a signal belongs in the aim, given how fast it decays.

    Parameters
    ----------
    reverts
        Share of the signal lost per period, ``phi``.
    rate
        (n,) `trading_rate`.
    discount
        Rate per period.

    Returns
    -------
    (n,) float64
        ``1 / (1 + phi a / gamma)``: the signal as it will be, averaged over the time in
        which what is bought today is held. ``a / gamma`` follows from the rate alone:
        ``(1 - rate) / rate`` without discounting.

    Notes
    -----
    Proposition 3 of the paper that `trading_rate` names.
    """
    rest = 1 - discount
    ahead = rest * (1 - rate) / (rest * rate + discount)
    kept: Float = 1 / (1 + reverts * ahead)
    return kept
