"""A seeded market whose predictability is known, because it was planted."""

from alpha_kedro.market.simulated.market import (
    SimulatedMarket,
    draw_market,
    simulate_market,
)
from alpha_kedro.market.simulated.spec import SimulatedMarketSpec

__all__ = ["SimulatedMarket", "SimulatedMarketSpec", "draw_market", "simulate_market"]
