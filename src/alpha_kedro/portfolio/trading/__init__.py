"""How fast to trade towards an aim.

Each rule is an overlay: it takes the book one would hold if trading were free and
returns the one to trade to. `Partial` goes a part of the way, `NoTradeBand` leaves
alone what is near enough, `AimPortfolio` goes at the speed that costs and decay ask
for, `CostAware` trades what earns its cost back. `smoothed` comes before construction.
"""

from typing import Annotated

from pydantic import Field

from alpha_kedro.portfolio.trading.aim_portfolio import (
    AimPortfolio,
    persistence_weight,
    trading_rate,
)
from alpha_kedro.portfolio.trading.band import NoTradeBand, band_half_width
from alpha_kedro.portfolio.trading.cost_aware import CostAware
from alpha_kedro.portfolio.trading.decay import (
    Decay,
    measured_decay,
    score_persistence,
)
from alpha_kedro.portfolio.trading.partial import Partial
from alpha_kedro.portfolio.trading.smoothing import (
    HalfLife,
    blend_by_half_life,
    smoothed,
)
from alpha_kedro.portfolio.trading.tradeoff import Prospects
from alpha_kedro.portfolio.trading.typical_volatility import TypicalVolatility

AnyTradingRule = Annotated[
    AimPortfolio | CostAware | NoTradeBand | Partial | TypicalVolatility,
    Field(discriminator="kind"),
]
"""A rule how fast to trade, by its kind."""

__all__ = [
    "AimPortfolio",
    "AnyTradingRule",
    "CostAware",
    "Decay",
    "HalfLife",
    "NoTradeBand",
    "Partial",
    "Prospects",
    "TypicalVolatility",
    "band_half_width",
    "blend_by_half_life",
    "measured_decay",
    "persistence_weight",
    "score_persistence",
    "smoothed",
    "trading_rate",
]
