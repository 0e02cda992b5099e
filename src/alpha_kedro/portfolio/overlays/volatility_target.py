"""The book is scaled to the volatility that is wanted of it.

Two estimates, both of trailing data alone:

``book``
    What the last returns of the names say of the *target* weights: √(w'Sw) with S their
    sample covariance, computed as the deviation of the series Σ wᵢ rᵢ, which is the
    same number without the matrix.
``realized``
    The deviation of the last net returns of the book itself, in proportion to how much
    larger the new book is than the one held (Moreira & Muir 2017, Volatility-managed
    portfolios, scale by realized volatility). It stands in for ``book`` nowhere: until
    the book has a history, ``book`` stands in for it.
"""

from typing import Literal, Self

import numpy as np
from pydantic import Field, model_validator

from alpha_kedro.core.calendar import SESSIONS_PER_YEAR
from alpha_kedro.core.panel import Float
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.book import (
    gross,
    rescaled,
    standing,
    stuck_names,
)
from alpha_kedro.portfolio.overlays.overlay import Adjusted

_YEAR = float(np.sqrt(SESSIONS_PER_YEAR))


class VolatilityTarget(Spec):
    """Gross exposure such that the expected volatility is the wanted one."""

    kind: Literal["volatility_target"] = "volatility_target"
    annual_volatility: float = Field(
        default=0.12, gt=0, le=2, description="what the book is scaled to, decimal"
    )
    window: int = Field(default=60, ge=5, description="trailing returns (sessions)")
    method: Literal["book", "realized"] = Field(
        default="book",
        description="book: trailing returns of the names held from now on; realized: "
        "trailing returns of the book itself",
    )
    max_leverage: float = Field(
        default=2.0, gt=0, le=20, description="largest gross after scaling"
    )
    min_leverage: float = Field(
        default=0.0, ge=0, le=20, description="smallest gross after scaling"
    )
    min_share: Share = Field(
        default=0.8, gt=0, description="share of the window that has to be known"
    )

    @model_validator(mode="after")
    def _bounds_in_order(self) -> Self:
        if self.min_leverage > self.max_leverage:
            raise ValueError(
                f"min_leverage {self.min_leverage:g} above max_leverage "
                f"{self.max_leverage:g}"
            )
        return self

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Scale all tradable names alike.

        Notes: ``stuck`` names held, which count in the estimate and are not scaled;
        ``no_volatility`` names with too few returns, taken to be as risky for their
        size as the rest of the book; ``not_estimated`` where nothing at all is known,
        and the book stays as it is; ``short_history`` where ``book`` stood in for
        ``realized``; ``at_max_leverage``, ``at_min_leverage``.
        """
        exposure = gross(weights)
        if exposure == 0:
            return Adjusted(weights)
        notes = {"stuck": stuck_names(account, market).sum()}
        expected, unknown = self._expected(weights, account, market)
        notes |= unknown
        if not expected > 0:
            return Adjusted(weights, {"not_estimated": 1})
        factor = self.annual_volatility / (_YEAR * expected)
        lowest, highest = self.min_leverage / exposure, self.max_leverage / exposure
        notes["at_max_leverage"] = factor > highest
        notes["at_min_leverage"] = factor < lowest
        return rescaled(weights, float(np.clip(factor, lowest, highest)), market, notes)

    def _expected(
        self, weights: Float, account: Account, market: MarketState
    ) -> tuple[float, dict[str, int]]:
        """Return the volatility per session expected of the weights, and notes."""
        if self.method == "realized":
            realized = self._realized(weights, account)
            if realized > 0:
                return realized, {}
        book = standing(weights, account, market)
        expected, unknown = book_volatility(
            book, market, self.window, min_share=self.min_share
        )
        short = int(self.method == "realized")
        return expected, {"no_volatility": unknown, "short_history": short}

    def _realized(self, weights: Float, account: Account) -> float:
        """Return the trailing volatility at the exposure wanted, NaN where unknown."""
        own = account.returns[-self.window :]
        held = gross(account.holdings)
        if len(own) < max(2, np.ceil(self.min_share * self.window)) or held == 0:
            return float("nan")
        return float(np.std(own, ddof=1)) * gross(weights) / held


def book_volatility(
    book: Float, market: MarketState, window: int, *, min_share: float = 0.8
) -> tuple[float, int]:
    """Return the trailing volatility per session of a book, and names left out of it.

    Parameters
    ----------
    book
        (n_tickers,) shares of NAV.
    market
        What is known at the close of the decision.
    window
        Returns looked at (sessions); no earlier close is read.
    min_share
        Share of them that a name needs; a return that is missing within counts as none.

    Returns
    -------
    (float, int)
        √(w'Sw) of the names that are known (ddof 1), stretched by the gross exposure of
        the whole book over theirs: what is not known is taken to be as risky as the
        rest. NaN where nothing is known. The count is of names held without a history.
    """
    names = np.flatnonzero(book)
    moved = market.returns(window)[:, names]
    known = np.isfinite(moved)
    enough = known.sum(axis=0) >= max(2, int(np.ceil(min_share * window)))
    measured = names[enough]
    if not len(measured):
        return float("nan"), len(names)
    series = np.where(known, moved, 0.0)[:, enough] @ book[measured]
    stretch = gross(book) / gross(book[measured])
    return float(np.std(series, ddof=1)) * stretch, len(names) - len(measured)
