"""What a book's program is given, in the units that suit a solver."""

import numpy as np

from alpha_kedro.core.panel import Float
from alpha_kedro.portfolio.construction.book_task import Limits, Task

BASIS_POINTS = 1e4
"""What the objective is counted in, for the sake of the solver's tolerances."""

PERCENT = 100.0
"""What weights are counted in, for the same reason."""

NO_TRADE = 1e-7
"""Trade left to a name that must not be traded: the solver needs room inside."""


def values_of(task: Task, limits: Limits) -> dict[str, Float | None]:
    """Return what is given by name, objective in basis points, weights in percent."""
    risk, slope = task.risk, BASIS_POINTS / PERCENT
    traded = limits.largest_trade
    return {
        "alpha": slope * task.alpha,
        "specific": np.sqrt(BASIS_POINTS * risk.specific) / PERCENT,
        "loadings": np.sqrt(BASIS_POINTS) * risk.loadings.T / PERCENT,
        "holdings": PERCENT * task.holdings,
        "trading": slope * task.trading,
        "impact": slope * task.impact / np.sqrt(PERCENT),
        "borrow": slope * task.borrow,
        "cap": np.full(len(task.alpha), PERCENT * limits.name_cap),
        "net": limits.net.T,
        "beta": limits.beta,
        "largest_trade": None if traded is None else PERCENT * traded + NO_TRADE,
    }


def singles_of(limits: Limits) -> dict[str, float]:
    """Return the limits that are one number, by name, weights in percent."""
    found = {
        "gross": limits.gross,
        "turnover": limits.turnover or 0.0,
        "net_tolerance": limits.net_tolerance,
        "beta_tolerance": limits.beta_tolerance,
    }
    return {name: PERCENT * value for name, value in found.items()}
