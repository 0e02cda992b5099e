"""One step of expected return less risk less cost, at the rates of the bill."""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.costs import NextRates
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.overlay import Adjusted
from alpha_kedro.portfolio.risk.covariance import enough_returns
from alpha_kedro.portfolio.risk.statistical_factors import FactorRisk, factor_risk
from alpha_kedro.portfolio.trading.band import settled
from alpha_kedro.portfolio.trading.neutral import Measured, Neutral, exposures_kept
from alpha_kedro.portfolio.trading.orders import Orders, Ramp
from alpha_kedro.portfolio.trading.tradeoff import Prospects, Tradeoff, tradeoff_of


class CostAware(Spec):
    """Trade only what earns its cost back.

    Maximises ``alpha'w - 1/2 gamma w'Sw - cost(w - holdings) / horizon``, where
    ``alpha = gamma S aim`` is what the aim stands for: with free trading the answer is
    the aim, whatever made it. ``S`` is the variance of each name, and what names have
    in common with ``factors``. A name that is not worth its cost is not traded. The
    answer is exact, see `alpha_kedro.portfolio.construction.nearest_book`; no solver is
    asked.
    """

    kind: Literal["cost_aware"] = "cost_aware"
    prospects: Prospects = Field(
        default=Prospects(), description="what is expected of the scores"
    )
    horizon: Annotated[float, Field(gt=0, le=1_000)] | None = Field(
        default=None,
        description="decisions in which a trade has to pay; null: as long as the score "
        "lasts, one over its decay",
    )
    factors: int = Field(
        default=0,
        ge=0,
        le=30,
        description="principal components of trailing returns in the risk; 0: none",
    )
    neutral: Neutral = "none"
    exposures: Measured = None
    ramp: Ramp = False

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Return the best book of this step."""
        orders = Orders.of(weights, account, market)
        if orders.starts(ramp=self.ramp):
            return orders.bought()
        terms = tradeoff_of(weights, market, self.prospects)
        rates = _stated(market.rates)
        horizon = self.horizon or 1 / terms.mean_reversion
        risk = _risk(terms, market, self.prospects.window, self.factors)
        kept = exposures_kept(market, self.neutral, self.exposures)
        slack = np.full(self.factors, 1 / terms.risk_aversion)
        return settled(
            orders,
            stiffness=terms.risk_aversion * risk.specific,
            price=rates.trading / horizon,
            impact=rates.impact / horizon,
            columns=np.hstack([kept, risk.loadings]),
            slack=np.append(np.zeros(kept.shape[1]), slack),
            no_volatility=terms.unmeasured,
        )


def _risk(terms: Tradeoff, market: MarketState, window: int, count: int) -> FactorRisk:
    """Split the variance per decision of each name: factors, and its own."""
    n_tickers = len(terms.variance)
    loadings, own = np.zeros((n_tickers, count)), terms.variance.copy()
    returns = market.returns(window)
    names = np.flatnonzero(enough_returns(returns, window=window) & market.universe)
    if not count or len(names) < 2:
        return FactorRisk(loadings, own)
    found = factor_risk(returns[:, names], count)
    total = (found.loadings**2).sum(axis=1) + found.specific
    scale = terms.variance[names] / total
    loadings[names, : found.loadings.shape[1]] = (
        found.loadings * np.sqrt(scale)[:, None]
    )
    own[names] = found.specific * scale
    return FactorRisk(loadings, own)


def _stated(rates: NextRates | None) -> NextRates:
    assert rates is not None  # tradeoff_of has refused to go on without
    return rates
