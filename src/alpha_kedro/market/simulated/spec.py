"""What a simulated market is asked to be: sizes, planted skill, volatilities, rates."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from alpha_kedro.core.spec import SessionDate, Share, Spec

Volatility = Annotated[float, Field(gt=0, le=0.6)]
Rate = Annotated[float, Field(ge=0, le=4)]


class SimulatedMarketSpec(Spec):
    """One simulated market.

    Volatilities are annualised standard deviations of log returns (decimals), rates are
    events per name and year, spells are mean lengths in sessions.
    """

    kind: Literal["simulated"] = "simulated"
    n_tickers: int = Field(
        500, ge=20, le=20_000, description="names that ever trade, dead ones included"
    )
    n_sessions: int = Field(
        2_520, ge=70, le=12_600, description="exchange sessions simulated"
    )
    start: SessionDate = Field(
        date(2014, 1, 2), description="day on or after which the first session lies"
    )
    calendar: str = Field("XNYS", description="ISO code of the exchange calendar")
    basis: Literal["split_adjusted", "raw"] = Field(
        "split_adjusted",
        description="split_adjusted: prices on the last day's share basis, and "
        "adj_close; raw: prices as traded, to be adjusted by the actions",
    )
    information_coefficient: float = Field(
        0.03,
        ge=-0.3,
        le=0.3,
        description="mean rank IC of the planted signal against the forward return; "
        "0 is a market without anything to predict",
    )
    horizon: int = Field(
        5, ge=1, le=63, description="sessions over which the signal pays"
    )
    lag: int = Field(
        1, ge=1, le=5, description="sessions from the signal to the first open it moves"
    )

    calm_volatility: Volatility = Field(
        0.12, description="market volatility in the calm regime"
    )
    stress_volatility: Volatility = Field(
        0.28, description="market volatility in the stress regime"
    )
    calm_spell: float = Field(250.0, ge=2, description="mean sessions of calm")
    stress_spell: float = Field(50.0, ge=2, description="mean sessions of stress")
    sector_volatility: Volatility = Field(
        0.08, description="volatility of a sector's own factor when the market is calm"
    )
    idiosyncratic_volatility: Volatility = Field(
        0.20, description="median name's own volatility when the market is calm"
    )
    overnight_share: float = Field(
        0.35, ge=0.05, le=0.9, description="share of variance between close and open"
    )
    equity_premium: float = Field(
        0.05,
        ge=-0.5,
        le=0.5,
        description="annual drift, the same for every name whatever its beta",
    )

    late_share: Share = Field(0.15, description="share of names listed after the start")
    delisting_rate: Rate = Field(0.02, description="delistings per name and year")
    crash_share: Share = Field(
        0.4, description="share of the delisted that crash in their last session"
    )
    split_rate: Rate = Field(0.04, description="splits per name and year")
    payer_share: Share = Field(0.7, description="share of names with a dividend")
    dividend_yield: float = Field(
        0.02, ge=0, le=0.2, description="mean annual dividend yield of payers, decimal"
    )
    halt_rate: Rate = Field(0.1, description="trading halts per name and year")
    member_share: float = Field(
        0.8, gt=0, le=1, description="share of listed names, the largest, in the index"
    )
    unreported_share: Share = Field(
        0.02, description="share of quarterly reports that never come"
    )
    restated_share: Share = Field(
        0.02, description="share of reports that come again with other figures"
    )
    tweeted_share: Share = Field(
        0.4, description="share of names somebody ever tweets about"
    )
