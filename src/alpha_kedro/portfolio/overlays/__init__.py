"""Overlays: the steps from what construction aims at to what is traded, and limits.

`apply_overlays` takes a strategy's list in its order; see `chain` for how limits are
held to at its end, and `book` for names that cannot be traded today.
"""

from typing import Annotated

from pydantic import Field

from alpha_kedro.portfolio.overlays.chain import (
    Overlaid,
    apply_overlays,
    check_limits,
    refuse_contradictions,
)
from alpha_kedro.portfolio.overlays.correlation_control import CorrelationControl
from alpha_kedro.portfolio.overlays.drawdown_control import DrawdownControl
from alpha_kedro.portfolio.overlays.exposure_caps import CashFloor, LeverageCap, NetCap
from alpha_kedro.portfolio.overlays.hedges import BetaHedge, SectorHedge
from alpha_kedro.portfolio.overlays.limit import Breach, Limit, RiskLimit
from alpha_kedro.portfolio.overlays.liquidity_limit import LiquidityLimit
from alpha_kedro.portfolio.overlays.market_gates import (
    ImpliedVolatilityGate,
    RegimeGate,
)
from alpha_kedro.portfolio.overlays.overlay import Adjusted, Overlay
from alpha_kedro.portfolio.overlays.position_limits import PositionLimits
from alpha_kedro.portfolio.overlays.sector_limits import SectorLimits
from alpha_kedro.portfolio.overlays.trade_limits import MinimumTrade, TurnoverCap
from alpha_kedro.portfolio.overlays.volatility_target import VolatilityTarget

AnyOverlay = Annotated[
    BetaHedge
    | CashFloor
    | CorrelationControl
    | DrawdownControl
    | ImpliedVolatilityGate
    | LeverageCap
    | LiquidityLimit
    | MinimumTrade
    | NetCap
    | PositionLimits
    | RegimeGate
    | SectorHedge
    | SectorLimits
    | TurnoverCap
    | VolatilityTarget,
    Field(discriminator="kind"),
]
"""A limit, a hedge or a control of risk, by its kind."""

__all__ = [
    "Adjusted",
    "AnyOverlay",
    "BetaHedge",
    "Breach",
    "CashFloor",
    "CorrelationControl",
    "DrawdownControl",
    "ImpliedVolatilityGate",
    "LeverageCap",
    "Limit",
    "LiquidityLimit",
    "MinimumTrade",
    "NetCap",
    "Overlaid",
    "Overlay",
    "PositionLimits",
    "RegimeGate",
    "RiskLimit",
    "SectorHedge",
    "SectorLimits",
    "TurnoverCap",
    "VolatilityTarget",
    "apply_overlays",
    "check_limits",
    "refuse_contradictions",
]
