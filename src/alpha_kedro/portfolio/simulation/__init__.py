"""Books of target weights, kept session by session.

`Tape` holds prices to fill and mark at, `Books` units and cash, `Statement` what came
of it. `run_targets` trades targets known beforehand, `run_many` many sets of them at
once, and `simulate` does it all from the wide frames of a notebook.
"""

from alpha_kedro.portfolio.simulation.books import Books, Order
from alpha_kedro.portfolio.simulation.events import (
    Event,
    events_beyond_the_end,
    note_table,
)
from alpha_kedro.portfolio.simulation.frames import (
    refuse_decisions_off,
    refuse_impossible_prices,
    refuse_strangers,
)
from alpha_kedro.portfolio.simulation.runs import run_many, run_targets
from alpha_kedro.portfolio.simulation.simulator import Simulation, simulate
from alpha_kedro.portfolio.simulation.spec import (
    SimulationSpec,
    refuse_fill_before_decision,
)
from alpha_kedro.portfolio.simulation.statement import Statement
from alpha_kedro.portfolio.simulation.tape import Tape

__all__ = [
    "Books",
    "Event",
    "Order",
    "Simulation",
    "SimulationSpec",
    "Statement",
    "Tape",
    "events_beyond_the_end",
    "note_table",
    "refuse_decisions_off",
    "refuse_fill_before_decision",
    "refuse_impossible_prices",
    "refuse_strangers",
    "run_many",
    "run_targets",
    "simulate",
]
