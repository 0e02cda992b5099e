"""Target weights traded by this project, with statistics.

    python -m benchmarks.ours.simulation <folder> <book>
    python -m benchmarks.ours.simulation <folder> configurations

Wide frames are in memory before time is taken, the kernels loaded by a small market.
Settings are those vectorbt has too: orders filled at the next open, sized by the NAV
before costs, nothing charged for borrowing.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from alpha_kedro.measures import (
    annual_return,
    annual_volatility,
    calmar_ratio,
    drawdown,
    max_drawdown,
    sharpe_ratio,
)
from alpha_kedro.portfolio import (
    CostSpec,
    Simulation,
    SimulationSpec,
    charged_rates,
    known_rates,
    simulate,
)
from alpha_kedro.portfolio.simulation import Tape, run_many
from alpha_kedro.portfolio.simulation.frames import aligned_prices, aligned_targets
from benchmarks.books import (
    COST_BPS,
    COSTS_BPS,
    configurations,
    keep,
    read_book,
    read_prices,
)
from benchmarks.ours.libraries import load_libraries
from benchmarks.stopwatch import tell, timed

CALLS = 3
COMPARED = ("total_return", "max_drawdown", "sharpe", "calmar", "fees")
Prices = dict[str, pd.DataFrame]


def main(folder: Path, what: str) -> None:
    """Trade one book or all configurations, tell what it took."""
    opens, closes = read_prices(folder)
    prices = {"open": opens, "close": closes}
    if what == "configurations":
        all_configurations(folder, prices)
    else:
        one_book(folder, what, prices)


def one_book(folder: Path, name: str, prices: Prices) -> None:
    """Trade one book, and a few times again; keep its path and figures."""
    book = read_book(folder, name)
    judged(book.iloc[:10, :10], {n: p.iloc[:60, :10] for n, p in prices.items()})
    (nav, figures), taken = timed(lambda: judged(book, prices))
    again = min(timed(lambda: judged(book, prices))[1]["cpu"] for _ in range(CALLS))
    compared = {each: figures[each] for each in COMPARED}
    keep(folder / "simulation", name, nav.to_frame("nav"), compared)
    tell(taken | {"again_cpu": again}, *_PACKAGES)


def all_configurations(folder: Path, prices: Prices) -> None:
    """Trade every configuration; keep their paths."""
    books = {name: read_book(folder, name) for name, _ in configurations()}
    few = {name: book.iloc[:10, :10] for name, book in books.items()}
    every_path(few, {n: p.iloc[:60, :10] for n, p in prices.items()})
    paths, taken = timed(lambda: every_path(books, prices))
    _, again = timed(lambda: every_path(books, prices))
    keep(folder / "simulation", "configurations", pd.DataFrame(paths), {})
    tell(taken | {"again_cpu": again["cpu"]}, *_PACKAGES)


def every_path(books: dict[str, pd.DataFrame], prices: Prices) -> dict[str, pd.Series]:
    """Return the value path of every configuration, judged like a single one.

    Prices are laid out and checked once, and the books kept on them in one call.
    """
    spec, cells = SimulationSpec(), configurations()
    panel = aligned_prices(prices, spec=spec)
    decisions = {n: aligned_targets(book, panel.axes) for n, book in books.items()}
    rates = {
        cost: charged_rates(known_rates(panel, costs_of(cost)))
        for _, cost in cells[: len(COSTS_BPS)]
    }
    done = run_many(
        Tape.of(panel.fields, spec=spec),
        [rates[cost] for _, cost in cells],
        spec,
        decisions[cells[0][0]].rows,
        [decisions[name].targets for name, _ in cells],
        threads=1,
    )
    paths = {}
    for (name, cost), book in zip(cells, done, strict=True):
        simulation = Simulation.of(book, panel.axes)
        figures_of(simulation)
        paths[f"{name} {cost}"] = simulation.nav
    return paths


def judged(book: pd.DataFrame, prices: Prices) -> tuple[pd.Series, dict[str, float]]:
    """Return the value path of one book and its statistics."""
    simulation = simulate(book, prices, costs_of(COST_BPS), lag=1)
    return simulation.nav, figures_of(simulation)


def costs_of(cost_bps: float) -> CostSpec:
    """Return one rate on every trade and no fee for borrowing."""
    return CostSpec(cost_bps=cost_bps, borrow_bps_annual=0.0)


def figures_of(simulation: Simulation) -> dict[str, float]:
    """Return what is said of a book: return, risk, exposure, turnover and cost."""
    returns = simulation.returns
    net, cost = returns["net_return"], returns["cost"].to_numpy()
    nav = returns["nav"].to_numpy()
    return {
        "total_return": nav[-1] - 1,
        "annual_return": annual_return(net),
        "annual_volatility": annual_volatility(net),
        "sharpe": sharpe_ratio(net),
        "gross_sharpe": sharpe_ratio(returns["gross_return"]),
        "max_drawdown": max_drawdown(net),
        "longest_drawdown": longest_run(drawdown(net) < 0),
        "calmar": calmar_ratio(net),
        "max_gross_exposure": returns["gross_exposure"].max(),
        "net_exposure": returns["net_exposure"].mean(),
        "turnover": returns["turnover"].mean(),
        "fees": float(cost @ np.append(1.0, nav[:-1])),
        "best_session": net.max(),
        "worst_session": net.min(),
        "positive_sessions": (net > 0).mean(),
    }


def longest_run(under: np.ndarray) -> int:
    """Return the longest run of sessions below an earlier high."""
    highs = np.flatnonzero(np.concatenate([[True], ~under, [True]]))
    return int(np.diff(highs).max() - 1)


_PACKAGES = ("alpha-kedro", "numba", "numpy", "pandas")

if __name__ == "__main__":
    load_libraries()
    main(Path(sys.argv[1]), sys.argv[2])
