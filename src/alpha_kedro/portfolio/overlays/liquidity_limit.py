"""No position takes longer to sell than a market of its size allows."""

from typing import Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.book import TOLERANCE, counted
from alpha_kedro.portfolio.overlays.limit import Breach
from alpha_kedro.portfolio.overlays.overlay import Adjusted


class LiquidityLimit(Spec):
    """Positions are cut to so many days of mean dollar volume."""

    kind: Literal["liquidity_limit"] = "liquidity_limit"
    max_days: float = Field(
        default=0.05,
        gt=0,
        description="largest position, in days of the name's mean dollar volume",
    )
    window: int = Field(
        default=20, ge=1, description="sessions in the mean dollar volume"
    )

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Cut tradable names to their limit; what is cut stays in cash.

        Notes: ``over_limit`` names cut; ``no_volume`` of them without any trading in
        the window, which are given up.

        Raises
        ------
        SimulationError
            ``AK-S030`` where the capital is not known.
        """
        largest = self.largest(market)
        over = market.tradable & (np.abs(weights) > largest)
        if not over.any():
            return Adjusted(weights)
        notes = {"over_limit": over.sum(), "no_volume": (over & (largest == 0)).sum()}
        return Adjusted(self.reduced(weights, account, market), counted(notes))

    def breach(
        self, weights: Float, account: Account, market: MarketState
    ) -> Breach | None:
        """Return the names that are held beyond their limit."""
        largest = self.largest(market)
        book = np.where(market.tradable, weights, account.holdings)
        over = np.abs(book) > largest + TOLERANCE
        if not over.any():
            return None
        names = market.tickers[over]
        what = f"{len(names)} names above max_days {self.max_days:g}: {names[0]} first"
        return Breach(len(names), what)

    def reduced(self, weights: Float, account: Account, market: MarketState) -> Float:
        """Return the book with every tradable name at its limit at most."""
        largest = self.largest(market)
        within = np.clip(weights, -largest, largest)
        return np.where(market.tradable, within, weights)

    def largest(self, market: MarketState) -> Float:
        """Return (n_tickers,) the largest position, share of NAV."""
        if market.capital is None:
            raise SimulationError(
                "AK-S030",
                "liquidity_limit measures positions in days of trading, and nobody "
                "says how much money is traded",
                got="no capital",
                wanted="NAV in currency",
                fix="set simulation.capital, or take liquidity_limit out",
            )
        with np.errstate(divide="ignore", invalid="ignore"):  # a book wiped out
            room: Float = self.max_days * market.adv(self.window) / market.capital
        return np.where(np.isnan(room), np.inf, room)
