"""The book with the best expected return after risk and cost, within hard limits."""

from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.panel import Float, Int
from alpha_kedro.core.spec import Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.construction.aim import Aim
from alpha_kedro.portfolio.construction.book_task import Limits, Task
from alpha_kedro.portfolio.construction.convex_program import best_book
from alpha_kedro.portfolio.construction.eligible import counted, refusal, scored_names
from alpha_kedro.portfolio.construction.fields import (
    LongGross,
    MinNames,
    MinShare,
    NameCap,
    ShortGross,
    Window,
)
from alpha_kedro.portfolio.construction.sizing import placed
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.risk.beta import betas
from alpha_kedro.portfolio.risk.covariance import enough_returns
from alpha_kedro.portfolio.risk.exposures import sector_columns
from alpha_kedro.portfolio.risk.statistical_factors import FactorRisk, factor_risk
from alpha_kedro.portfolio.ties import Keys

_FARTHEST = 3.0
"""Standard deviations at which a score stops being an even better one."""

_TINY = 1e-6
"""Weights and trades below this, a tenth of a basis point of a percent, are none."""


class Optimize(Spec):
    """Expected return less risk less cost, at its best within limits; shares of NAV."""

    risk_aversion: float = Field(
        default=10.0,
        gt=0,
        le=1e6,
        description="return given up per unit of variance, both over the horizon",
    )
    ic: float = Field(
        default=0.03,
        gt=0,
        le=1,
        description="correlation of scores with returns over the horizon: what turns a "
        "score into an expected return",
    )
    horizon: int = Field(
        default=5, ge=1, le=252, description="sessions a score looks ahead"
    )
    neutral: Literal["sector", "dollar", "none"] = Field(
        default="sector", description="what has a net exposure of zero"
    )
    net_tolerance: float = Field(
        default=1e-5,
        ge=1e-7,
        le=1,
        description="net exposure allowed, in each sector or in all",
    )
    beta_tolerance: Annotated[float, Field(ge=1e-7, le=10)] | None = Field(
        default=None, description="net beta allowed; null: any"
    )
    benchmark: str | None = Field(
        default=None,
        description="market that beta is measured on; null: the mean of the universe",
    )
    max_turnover: Annotated[float, Field(gt=0, le=20)] | None = Field(
        default=None, description="one-way turnover of a decision allowed; null: any"
    )
    max_adv: Annotated[float, Field(gt=0, le=10)] | None = Field(
        default=None,
        description="trade allowed in a name, share of its mean traded value; needs "
        "the strategy's capital; null: any",
    )
    adv_window: Window = 20
    factors: int = Field(
        default=15, ge=0, le=60, description="statistical factors of the risk model"
    )
    window: Window = 252
    min_share: MinShare = 0.8
    long_gross: LongGross = 1.0
    short_gross: ShortGross = 1.0
    name_cap: NameCap = 0.05
    min_names: MinNames = 10

    @model_validator(mode="after")
    def _legs_add_up(self) -> Self:
        if self.long_gross == 0:
            raise ValueError("long_gross is 0")
        if self.neutral != "none" and self.long_gross != self.short_gross:
            raise ValueError(
                f"neutral: {self.neutral} needs long_gross = short_gross; long only "
                "books are neutral: none"
            )
        return self

    def aim(
        self, scores: Float, account: Account, market: MarketState, *, tie_break: Keys
    ) -> Aim:
        """Return the best book of one date, see `Construction`.

        Returns
        -------
        Aim
            Absolute weights sum to at most ``long_gross + short_gross``; without a
            short leg all are long. A name whose trade would be smaller than 1e-6 stands
            at its holding. ``notes``: ``unscored``, ``not_tradable``, ``no_sector``,
            ``short_history``, ``no_beta`` (taken to be 1), ``no_capital`` (1:
            ``max_adv`` was not applied), ``tiny_weights`` and ``tiny_trades`` (rounded
            off), ``inaccurate`` (1: the solver stopped a little short of its
            tolerance); and 1 for a flat book, ``too_few_names`` or
            ``constant_scores``.

        Raises
        ------
        ConfigError
            ``AK-C175`` without cvxpy and Clarabel.
        SimulationError
            ``AK-S018`` where the limits cannot be met together, naming those that
            bind, and by how much; ``AK-S019`` where the solver fails; ``AK-S040``
            where there is no such benchmark.

        Notes
        -----
        Maximises ``alpha'w - risk_aversion w'Sw - cost(w - h) - borrow'(-w)+``, all
        over ``horizon`` sessions, with drifted holdings ``h``:

        - ``alpha = ic * volatility * z``, with z-scores cut at 3 (Grinold 1994, Alpha
          is volatility times IC times score);
        - ``S`` from statistical factors and specific variances, see `factor_risk`;
        - costs at ``market.rates``, by the formula of the bill: ``trading |x| + impact
          |x|^1.5`` (Boyd et al. 2017, Multi-period trading via convex optimization).

        Holdings in names that cannot be chosen are closed; what that turns over counts.
        """
        names, notes = self._names(scores, market)
        if flat := refusal(names, self.min_names, scores):
            return Aim(np.zeros(len(scores)), notes | flat)
        limits, met = self._limits(names, account, market)
        task = self._task(names, scores, account, market)
        book, inaccurate = best_book(task, limits)
        weights, rounded = _rounded(book, account.holdings[names])
        notes |= met | rounded | counted({"inaccurate": inaccurate})
        return Aim(placed(len(scores), names, weights), notes)

    def _names(self, scores: Float, market: MarketState) -> tuple[Int, dict[str, int]]:
        names, notes = scored_names(scores, market)
        if self.neutral == "sector":
            known = market.groups[names] >= 0
            notes |= counted({"no_sector": (~known).sum()})
            names = names[known]
        returns = market.returns(self.window)[:, names]
        enough = enough_returns(returns, window=self.window, min_share=self.min_share)
        return names[enough], notes | counted({"short_history": (~enough).sum()})

    def _task(
        self, names: Int, scores: Float, account: Account, market: MarketState
    ) -> Task:
        risk = factor_risk(market.returns(self.window)[:, names], self.factors)
        variance = (risk.loadings**2).sum(axis=1) + risk.specific
        alpha = self.ic * np.sqrt(variance * self.horizon) * _z_scores(scores[names])
        stretch = self.horizon * self.risk_aversion
        none = np.zeros(len(names))
        rates = market.rates
        return Task(
            alpha=alpha,
            risk=FactorRisk(risk.loadings * np.sqrt(stretch), risk.specific * stretch),
            holdings=account.holdings[names],
            trading=none if rates is None else rates.trading[names],
            impact=none if rates is None else rates.impact[names],
            borrow=none if rates is None else rates.borrow[names] * self.horizon,
        )

    def _limits(
        self, names: Int, account: Account, market: MarketState
    ) -> tuple[Limits, dict[str, int]]:
        beta, unknown = self._betas(names, market)
        traded, without = self._largest_trades(names, market)
        closed = np.delete(account.holdings, names)
        turnover = None
        if self.max_turnover is not None:
            turnover = max(self.max_turnover - np.abs(closed).sum() / 2, 0.0)
        money = sector_columns(market, by_sector=self.neutral == "sector")[names]
        limits = Limits(
            net=money if self.neutral != "none" else money[:, :0],
            net_tolerance=self.net_tolerance,
            beta=beta,
            beta_tolerance=self.beta_tolerance or 0.0,
            name_cap=self.name_cap,
            gross=self.long_gross + self.short_gross,
            long_only=self.short_gross == 0,
            turnover=turnover,
            largest_trade=traded,
        )
        return limits, counted({"no_beta": unknown, "no_capital": without})

    def _betas(self, names: Int, market: MarketState) -> tuple[Float | None, int]:
        if self.beta_tolerance is None:
            return None, 0
        found = betas(market, self.benchmark, self.window, min_share=self.min_share)
        known = np.isfinite(found[names])
        return np.where(known, found[names], 1.0), int((~known).sum())

    def _largest_trades(
        self, names: Int, market: MarketState
    ) -> tuple[Float | None, bool]:
        if self.max_adv is None:
            return None, False
        if market.capital is None:
            return None, True
        share = market.adv(self.adv_window)[names] / market.capital
        return self.max_adv * share, False


def _z_scores(scores: Float) -> Float:
    standard = (scores - scores.mean()) / scores.std()
    cut: Float = np.clip(standard, -_FARTHEST, _FARTHEST)
    return cut


def _rounded(book: Float, holdings: Float) -> tuple[Float, dict[str, int]]:
    """Return the book without weights and trades too small to mean anything."""
    still = (np.abs(book - holdings) < _TINY) & (holdings != 0)
    tiny = (np.abs(book) < _TINY) & ~still
    weights = np.where(still, holdings, np.where(tiny, 0.0, book))
    return weights, counted({"tiny_weights": tiny.sum(), "tiny_trades": still.sum()})
