"""No trade within a band around the aim, and to its edge from outside."""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction.nearest_book import Pull, nearest_book
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.overlay import Adjusted
from alpha_kedro.portfolio.trading.neutral import MET, Measured, Neutral, exposures_kept
from alpha_kedro.portfolio.trading.orders import Orders, Ramp
from alpha_kedro.portfolio.trading.tradeoff import (
    Prospects,
    Tradeoff,
    tradeoff_of,
    typical_cost_ratio,
)


class NoTradeBand(Spec):
    """Leave names alone that are near their aim. One of four widths is given.

    ``cost_root`` is ``from_costs`` with one width for all names and a constant in the
    place of ``(3/2 (1 - persistence^2) / ic)^(1/3)``.
    """

    kind: Literal["no_trade_band"] = "no_trade_band"
    width: Share | None = Field(
        default=None, description="half-width of every name, share of NAV"
    )
    share_of_mean: Annotated[float, Field(ge=0, le=100)] | None = Field(
        default=None,
        description="half-width of every name in units of the mean size of positions "
        "aimed at",
    )
    from_costs: bool = Field(
        default=False,
        description="half-width of each name from its cost, its variance and how fast "
        "the aim moves",
    )
    cost_root: Annotated[float, Field(ge=0, le=1_000)] | None = Field(
        default=None,
        description="half-width of every name in units of the mean size of positions "
        "aimed at, over the cube root of cost by volatility (per session, median name)",
    )
    scale: float = Field(
        default=1.0, ge=0, le=100, description="multiplies the half-widths"
    )
    name_cap: Annotated[Share, Field(gt=0)] | None = Field(
        default=None, description="largest position, share of NAV; null: none"
    )
    cap_of_mean: Annotated[float, Field(gt=0, le=1_000)] | None = Field(
        default=None,
        description="largest position in units of the mean size of positions aimed at; "
        "null: none",
    )
    prospects: Prospects = Field(
        default=Prospects(), description="what from_costs expects of the scores"
    )
    neutral: Neutral = "none"
    exposures: Measured = None
    ramp: Ramp = False

    @model_validator(mode="after")
    def _one_width(self) -> Self:
        given = (self.width, self.share_of_mean, self.cost_root)
        if sum(way is not None for way in given) + self.from_costs != 1:
            raise ValueError(
                "give one of width, share_of_mean, cost_root and from_costs: true"
            )
        return self

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Return the book with every name within its band.

        An empty book is bought at once, within the caps, unless ``ramp``. With
        ``neutral`` the bands lie around an aim moved by as much as makes up for
        the exposures that holdings have drifted to.
        """
        orders = Orders.of(weights, account, market)
        terms, half_width = None, np.zeros(len(weights))
        if not orders.starts(ramp=self.ramp):
            if self.from_costs:
                terms = tradeoff_of(weights, market, self.prospects)
            half_width = self.scale * self._half_width(weights, market, terms)
        stiffness = np.ones(len(weights)) if terms is None else terms.stiffness
        return settled(
            orders,
            stiffness=stiffness,
            price=stiffness * half_width,
            columns=exposures_kept(market, self.neutral, self.exposures),
            cap=self._cap(weights),
            no_volatility=terms.unmeasured if terms else 0,
        )

    def _half_width(
        self, weights: Float, market: MarketState, terms: Tradeoff | None
    ) -> Float:
        if terms is not None:
            return band_half_width(
                terms.cost,
                terms.variance,
                risk_aversion=terms.risk_aversion,
                move=terms.move,
            )
        if self.width is not None:
            return np.full(len(weights), self.width)
        share = self.share_of_mean
        if self.cost_root is not None:
            ratio = typical_cost_ratio(weights != 0, market, self.prospects.window)
            share = self.cost_root * np.cbrt(ratio)
        return np.full(len(weights), (share or 0.0) * _mean_size(weights))

    def _cap(self, weights: Float) -> float:
        fixed = np.inf if self.name_cap is None else self.name_cap
        if self.cap_of_mean is None:
            return fixed
        return min(fixed, self.cap_of_mean * _mean_size(weights))


def _mean_size(weights: Float) -> float:
    """Return the mean size of the positions that are wanted, share of NAV."""
    n_wanted = int(np.count_nonzero(weights))
    return float(np.abs(weights).sum()) / max(n_wanted, 1)


def band_half_width(
    cost: Float, variance: Float, *, risk_aversion: float, move: float
) -> Float:
    """Return the half-width of the best band around an aim that wanders.

    Parameters
    ----------
    cost
        (n,) of trading one unit, decimal, one way.
    variance
        (n,) of the return of a period.
    risk_aversion
        Cost of variance, twice over.
    move
        Standard deviation of the aim's change over a period, share of NAV.

    Returns
    -------
    (n,) float64
        ``(3/2 cost move^2 / (risk_aversion variance))^(1/3)``, share of NAV.

    Notes
    -----
    A holding kept within ``b`` of a wandering aim loses ``risk_aversion variance b^2 /
    6`` a period to the distance and ``cost move^2 / (2 b)`` to trades at the edges; the
    sum is least here. The leading term for small costs: R. Martin and T. Schoneborn,
    Mean Reversion Pays, but Costs, Risk (2011); R. Martin, Optimal Multifactor Trading
    under Proportional Transaction Costs (2012); L. Rogers, Why is the Effect of
    Proportional Transaction Costs O(delta^(2/3))? (2004). A period is one decision, and
    steps of the aim are taken to be small beside the band.
    """
    cubed = 1.5 * cost * move**2 / (risk_aversion * variance)
    return np.cbrt(cubed)


def settled(
    orders: Orders,
    *,
    stiffness: Float,
    price: Float,
    columns: Float,
    impact: Float | None = None,
    slack: Float | None = None,
    cap: float = np.inf,
    **notes: int,
) -> Adjusted:
    """Return the `nearest_book` of the names that may trade, with the others as due.

    Parameters
    ----------
    orders
        The decision.
    stiffness, price, impact
        (n_tickers,) see `alpha_kedro.portfolio.construction.nearest_book.Pull`.
    columns, slack
        (n_tickers, k) exposures and (k,) inverse strengths, default 0: to be met.
    cap
        Largest weight on either side, share of NAV.
    **notes
        What is to be reported besides ``not_neutral``.
    """
    free = orders.free
    due = orders.whole(orders.aim)
    hard = np.zeros(columns.shape[1]) if slack is None else slack
    dragged = np.zeros(len(price)) if impact is None else impact
    nearest = nearest_book(
        orders.aim[free],
        orders.holdings[free],
        Pull(stiffness, price, dragged, columns, hard, cap).among(free),
        offset=columns.T @ np.where(free, 0.0, due - orders.aim),
    )
    due[free] = nearest.weights
    missed = int((np.abs(nearest.missed) > MET).sum())
    return orders.adjusted(due, not_neutral=missed, **notes)
