"""A sector-neutral book of many names over many weeks, from scores to statistics.

    python -m benchmarks.ours.sector_neutral <names> <weeks>

Fifths within sectors, 100 % long and 100 % short, decided weekly and marked daily on
random walks. Scores and prices are in memory before time is taken.
"""

import sys

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Panel
from alpha_kedro.portfolio import (
    BacktestResult,
    CostSpec,
    SimulationSpec,
    StrategySpec,
    run_backtest,
)
from benchmarks.books import COST_BPS, WEEK
from benchmarks.ours.libraries import load_libraries
from benchmarks.ours.simulation import figures_of
from benchmarks.stopwatch import tell, timed

SECTORS = 11


def main(n_names: int, n_weeks: int) -> None:
    """Run the book, tell what it took."""
    few = market(150, 5)
    traded(*few)
    given = market(n_names, n_weeks)
    result, taken = timed(lambda: traded(*given))
    _, again = timed(lambda: traded(*given))
    exposure = result.simulation.returns["net_exposure"].abs().max()
    told = {"again_cpu": again["cpu"], "net_exposure": exposure}
    tell(taken | told, "alpha-kedro", "numba", "numpy")


def market(n_names: int, n_weeks: int) -> tuple[Panel, pd.DataFrame, pd.DataFrame]:
    """Draw prices, weekly scores and sectors."""
    rng = np.random.default_rng(7)
    shape = (n_weeks * WEEK, n_names)
    close = 50 * np.exp(np.cumsum(rng.normal(0, 0.02, shape), axis=0))
    opens = np.vstack([close[:1], close[:-1]])
    opens *= np.exp(rng.normal(0, 0.005, shape))
    dates = pd.bdate_range("2005-01-03", periods=shape[0])
    tickers = [f"N{place:04d}" for place in range(n_names)]
    fields = {"open": opens, "close": close, "traded": np.ones(shape, dtype=bool)}
    keys = pd.MultiIndex.from_product(
        [dates[::WEEK], tickers], names=["date", "ticker"]
    )
    scores = pd.Series(rng.normal(size=len(keys)), keys, name="score").reset_index()
    sectors = [f"sector {place % SECTORS}" for place in range(n_names)]
    return (
        Panel(Axes.of(dates, tickers), fields),
        scores,
        pd.DataFrame({"ticker": tickers, "sector": sectors}),
    )


def traded(
    prices: Panel, scores: pd.DataFrame, sectors: pd.DataFrame
) -> BacktestResult:
    """Decide every week, keep the books and judge them."""
    spec = {"model": "timed", "kind": "quantile", "quantile": 0.2}
    result = run_backtest(
        prices,
        scores,
        sectors=sectors,
        spec=StrategySpec.parse(spec, "strategies.timed"),
        costs=CostSpec(cost_bps=COST_BPS),
        simulation=SimulationSpec(),
    )
    figures_of(result.simulation)
    return result


if __name__ == "__main__":
    load_libraries()
    main(int(sys.argv[1]), int(sys.argv[2]))
