"""Whole runs of targets that are known beforehand: one call of the kernel each."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Bool, Float, Int
from alpha_kedro.portfolio.costs import CostRates
from alpha_kedro.portfolio.simulation.books import Books
from alpha_kedro.portfolio.simulation.carried import row_by_row
from alpha_kedro.portfolio.simulation.events import Event
from alpha_kedro.portfolio.simulation.layout import laid_out, refuse_not_finite
from alpha_kedro.portfolio.simulation.spec import SimulationSpec
from alpha_kedro.portfolio.simulation.tape import Tape


def run_targets(
    tape: Tape,
    charges: CostRates,
    spec: SimulationSpec,
    rows: Int,
    targets: Float,
    keep: Bool | None = None,
) -> Books:
    """Trade targets from the first session to the last.

    Parameters
    ----------
    tape
        Prices to fill and mark at.
    charges
        Cost rates on the same axes.
    spec
        On which terms orders are filled; an order is filled ``lag`` sessions after its
        decision.
    rows
        (n_decisions,) session of each decision, ascending.
    targets
        (n_decisions, n_tickers) target share of NAV, finite.
    keep
        (n_decisions, n_tickers) names that get no order. None: every name gets one.

    Raises
    ------
    SimulationError
        ``AK-S005`` for targets that are not finite, ``AK-S055`` for decisions out of
        order or off the tape, ``AK-S056`` for targets of another shape.
    """
    refuse_misfits(tape, rows, targets, keep)
    refuse_not_finite(targets)
    places = np.arange(len(rows))
    return follow_targets(tape, charges, spec, rows, places, targets, keep)


def run_many(
    tape: Tape,
    charges: CostRates | Sequence[CostRates],
    spec: SimulationSpec,
    rows: Int,
    targets: Float | Sequence[Float],
    keep: Bool | Sequence[Bool] | None = None,
    *,
    threads: int | None = None,
) -> list[Books]:
    """Trade many sets of targets on one tape, several at a time.

    Parameters
    ----------
    charges
        One for all, or one for each set.
    targets
        (n_sets, n_decisions, n_tickers), or a sequence of such sets.
    keep
        As ``targets``.
    threads
        How many at a time; None: as many as there are processors. The results do not
        depend on it.

    Returns
    -------
    list of Books
        Each is what `run_targets` gives, but holds no units: they are made again on
        demand, since those of hundreds of runs would fill the memory.
    """
    n_sets = len(targets)
    bills = [charges] * n_sets if isinstance(charges, CostRates) else charges
    kept: Sequence[Bool | None] = [None] * n_sets if keep is None else [*keep]
    places = np.arange(len(rows))
    for each, left_alone in zip(targets, kept, strict=True):
        refuse_misfits(tape, rows, each, left_alone)
        refuse_not_finite(each)

    def one(place: int) -> Books:
        run = partial(
            follow_targets,
            *(tape, bills[place], spec, rows, places, targets[place], kept[place]),
        )
        return run(again=run)

    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        return list(pool.map(one, range(n_sets)))


def follow_targets(
    tape: Tape,
    charges: CostRates,
    spec: SimulationSpec,
    rows: Int,
    places: Int,
    targets: Float,
    keep: Bool | None = None,
    *,
    again: "partial[Books] | None" = None,
) -> Books:
    """Trade targets of which decision i is row ``places[i]``, NaN standing for 0.

    With ``again``, which makes the same books once more, no units are kept.
    """
    books = Books(tape, charges, spec, retrace=again)
    fills = np.asarray(rows, np.int64) + spec.lag
    in_time = fills < tape.shape[0]
    orders = laid_out(fills[in_time], places[in_time], row_by_row(targets), keep)
    books.follow(orders, tape.shape[0])
    books.note(
        [
            Event(int(row), "beyond_the_end", int(count))
            for row, place in zip(rows[~in_time], places[~in_time], strict=True)
            if (count := np.count_nonzero(np.nan_to_num(targets[place])))
        ]
    )
    return books


def refuse_misfits(tape: Tape, rows: Int, targets: Float, keep: Bool | None) -> None:
    """Refuse decisions that do not fit the tape.

    Raises
    ------
    SimulationError
        ``AK-S055``, ``AK-S056``.
    """
    n_dates, n_tickers = tape.shape
    sessions = np.asarray(rows)
    if (np.diff(sessions) <= 0).any() or not (
        (sessions >= 0) & (sessions < n_dates)
    ).all():
        raise SimulationError(
            "AK-S055",
            "decisions out of order, or on no session of the tape",
            wanted=f"ascending rows of 0 to {n_dates - 1}, one decision a session",
        )
    shape = (len(sessions), n_tickers)
    if targets.shape != shape or (keep is not None and keep.shape != shape):
        raise SimulationError(
            "AK-S056",
            "targets that do not fit the decisions and the tape",
            got=f"an array of shape {targets.shape}",
            wanted=f"targets, and what to keep, of shape {shape}",
        )
