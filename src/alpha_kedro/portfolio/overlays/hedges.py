"""The market's or the sectors' part of a book is sold with an instrument.

A hedge is a position in a ticker outside the universe: an index fund, a sector fund.
Its size follows from the ex-ante beta of the book, the sum of every weight times its
trailing beta. A name with too short a history for one is taken to have a beta of 1 and
is counted. Stuck names count with what is held of them.
"""

from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.core.registry import nearest
from alpha_kedro.core.spec import Names, Spec
from alpha_kedro.portfolio.account import Account
from alpha_kedro.portfolio.market_state import MarketState
from alpha_kedro.portfolio.overlays.book import counted, standing
from alpha_kedro.portfolio.overlays.overlay import Adjusted
from alpha_kedro.portfolio.risk.beta import slopes

Part = Annotated[float, Field(gt=0, le=1, description="share that is hedged")]
Window = Annotated[
    int, Field(ge=10, description="trailing returns in a beta (sessions)")
]
WithoutPrice = Annotated[
    Literal["refuse", "skip"],
    Field(
        description="what happens on a date on which an instrument has no bar or too "
        "short a history: refuse the date, or skip the hedge and note it"
    ),
]


class BetaHedge(Spec):
    """The beta of the book to an instrument is brought to a target."""

    kind: Literal["beta_hedge"] = "beta_hedge"
    hedge: str = Field(default="SPY", description="ticker that is traded as the hedge")
    window: Window = 252
    target: float = Field(default=0.0, ge=-5, le=5, description="beta wanted")
    part: Part = 1.0
    without_price: WithoutPrice = "refuse"

    @property
    def instruments(self) -> tuple[str, ...]:
        """Return the tickers that have to be columns of the market."""
        return (self.hedge,)

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Add ``part`` of the beta that is missing to the weight of the instrument.

        Notes: ``no_beta`` names held without a history; ``not_hedged`` where the hedge
        was skipped.

        Raises
        ------
        SimulationError
            ``AK-S032`` where the instrument is no column of the market, ``AK-S033``
            where it has no price today or too few.
        """
        column = _column_of(self.hedge, market)
        if not _is_quoted(column, self.window, market):
            _refuse_unquoted([self.hedge], self.window, self.without_price)
            return Adjusted(weights, {"not_hedged": 1})
        book = standing(weights, account, market)
        beta, unknown = _betas_to(column, book, self.window, market)
        missing = self.part * (self.target - float(book @ beta))
        hedged = _with_more_of(weights, column, missing)
        return Adjusted(hedged, counted({"no_beta": unknown.sum()}))


class SectorHedge(Spec):
    """The part of every sector that its fund explains is brought to zero.

    Which sector a fund is of is read where the sectors of names are: the fund has a
    line in the table of sectors too.
    """

    kind: Literal["sector_hedge"] = "sector_hedge"
    hedges: Names = Field(
        min_length=1, description="tickers of sector funds, one per sector"
    )
    window: Window = 252
    part: Part = 1.0
    without_price: WithoutPrice = "refuse"

    @property
    def instruments(self) -> tuple[str, ...]:
        """Return the tickers that have to be columns of the market."""
        return self.hedges

    def apply(self, weights: Float, account: Account, market: MarketState) -> Adjusted:
        """Add to each fund the opposite of its sector's ex-ante beta to it.

        The positions of a sector are those before this overlay, funds included. Notes:
        ``no_beta`` names held without a history; ``not_hedged`` funds skipped;
        ``no_fund`` names held in a sector without a fund, or in none.

        Raises
        ------
        SimulationError
            ``AK-S032`` and ``AK-S033`` as `BetaHedge.apply`; ``AK-S034`` where a fund
            has no sector, or two have the same.
        """
        funds = [_column_of(hedge, market) for hedge in self.hedges]
        _refuse_unclear_sectors(funds, market)
        quoted = [_is_quoted(column, self.window, market) for column in funds]
        silent = [
            each for each, known in zip(self.hedges, quoted, strict=True) if not known
        ]
        if silent:
            _refuse_unquoted(silent, self.window, self.without_price)
        book = standing(weights, account, market)
        hedged, no_beta = weights, 0
        for column in np.array(funds)[quoted]:
            own = np.where(market.groups == market.groups[column], book, 0.0)
            beta, unknown = _betas_to(column, own, self.window, market)
            hedged = _with_more_of(hedged, column, -self.part * float(own @ beta))
            no_beta += int(unknown.sum())
        bare = (book != 0) & ~np.isin(market.groups, market.groups[funds])
        notes = {"no_beta": no_beta, "not_hedged": len(silent), "no_fund": bare.sum()}
        return Adjusted(hedged, counted(notes))


def _column_of(ticker: str, market: MarketState) -> int:
    columns = np.flatnonzero(market.tickers == ticker)
    if len(columns):
        return int(columns[0])
    close = nearest(ticker, map(str, market.tickers))
    raise SimulationError(
        "AK-S032",
        f"a hedge is made with {ticker}, which is no column of the market",
        got=f"{len(market.tickers):,} tickers",
        wanted=f"{close!r}?" if close else None,
        fix="give the market prices of it, outside the universe (as a benchmark), or "
        "hedge with another ticker",
    )


def _is_quoted(column: int, window: int, market: MarketState) -> bool:
    """Tell whether an instrument has a bar today and a history for betas."""
    moved = market.returns(window)[:, column]
    known = np.count_nonzero(np.isfinite(moved))
    return bool(market.tradable[column]) and known >= max(2, np.ceil(0.8 * window))


def _refuse_unquoted(silent: list[str], window: int, without_price: str) -> None:
    if without_price == "skip":
        return
    raise SimulationError(
        "AK-S033",
        "a hedge cannot be made: its instrument has no price today, or too few",
        where=silent,
        wanted=f"a bar today and 80 % of the last {window} returns",
        fix="start later, shorten window, or set without_price: skip",
    )


def _refuse_unclear_sectors(funds: list[int], market: MarketState) -> None:
    sector = market.groups[funds]
    codes, times = np.unique(sector, return_counts=True)
    unclear = (sector < 0) | np.isin(sector, codes[times > 1])
    if unclear.any():
        raise SimulationError(
            "AK-S034",
            "sector funds of which nobody says what sector they stand for",
            where=market.tickers[np.array(funds)[unclear]],
            wanted="one fund per sector",
            fix="give each fund a line of its own sector in the table of sectors",
        )


def _betas_to(
    column: int, book: Float, window: int, market: MarketState
) -> tuple[Float, Bool]:
    """Return betas to an instrument, and which names held have none: they get 1."""
    names = np.flatnonzero(book)
    moved = market.returns(window)
    beta = np.zeros(len(book))
    beta[names] = slopes(moved[:, names], moved[:, column], window)
    unknown = np.isnan(beta)
    return np.where(unknown, 1.0, beta), unknown


def _with_more_of(weights: Float, column: int, more: float) -> Float:
    if more == 0:
        return weights
    hedged = np.array(weights)
    hedged[column] += more
    return hedged
