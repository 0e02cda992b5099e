"""The best names, a few exchanged a day, by this project.

    python -m benchmarks.ours.top_k <folder>

Scores and prices are in memory before time is taken. Orders are filled at the close the
scores are from, which stands here as the open of the next session.
"""

import sys
from pathlib import Path

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
from benchmarks.books import COST_BPS, INVESTED_BY_QLIB, keep, top_k_of
from benchmarks.ours.libraries import load_libraries
from benchmarks.stopwatch import tell, timed


def main(folder: Path) -> None:
    """Run the strategy on the folder's scores, tell what it took."""
    closes = pd.read_parquet(folder / "closes.parquet")
    wide = pd.read_parquet(folder / "scores.parquet")
    scores = wide.stack().rename("score").reset_index()  # noqa: PD013
    prices = continuous(closes)
    early = scores["date"] < closes.index[20]
    traded(scores[early], continuous(closes.iloc[:30]))
    result, taken = timed(lambda: traded(scores, prices))
    _, again = timed(lambda: traded(scores, prices))
    path = result.simulation.nav.iloc[1:].to_frame("nav")
    keep(folder / "top_k", "top_k", path, {})
    tell(taken | {"again_cpu": again["cpu"]}, "alpha-kedro", "numba", "numpy")


def continuous(closes: pd.DataFrame) -> Panel:
    """Return prices that open where they closed."""
    close = closes.to_numpy("float64")
    opens = np.vstack([close[:1], close[:-1]])
    axes = Axes.of(closes.index, closes.columns)
    traded = np.ones(close.shape, dtype=bool)
    return Panel(axes, {"open": opens, "close": close, "traded": traded})


def traded(scores: pd.DataFrame, prices: Panel) -> BacktestResult:
    """Decide at every close with scores, keep the books and judge them."""
    names = top_k_of(len(prices.tickers))
    block = {
        "k": names["topk"],
        "n_drop": names["n_drop"],
        "invested": INVESTED_BY_QLIB,
    }
    spec = {"model": "timed", "kind": "top_k_dropout", "top_k_dropout": block}
    return run_backtest(
        prices,
        scores,
        spec=StrategySpec.parse(spec, "strategies.timed"),
        costs=CostSpec(cost_bps=COST_BPS, borrow_bps_annual=0.0),
        simulation=SimulationSpec(lag=1),
    )


if __name__ == "__main__":
    load_libraries()
    main(Path(sys.argv[1]))
