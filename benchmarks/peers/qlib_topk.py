"""The best names, a few exchanged a day, by Qlib's TopkDropoutStrategy and executor.

    python -m benchmarks.peers.qlib_topk <folder>

The exchange, which reads the prices from Qlib's store, is made before time is taken.
Deals are done at the close the scores are from: Qlib splits the cash there is at the
deal among purchases, and only there is it the cash known to the decision.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import qlib
from qlib.backtest import backtest
from qlib.backtest.exchange import Exchange
from qlib.backtest.executor import SimulatorExecutor
from qlib.contrib.evaluate import risk_analysis
from qlib.contrib.strategy import TopkDropoutStrategy

from benchmarks.books import COST_BPS, INVESTED_BY_QLIB, keep, top_k_of
from benchmarks.stopwatch import tell, timed

CASH = 1e8
FIRST, LAST = 1, -2
"""Qlib decides on the session before, and asks its calendar for the one after."""


def main(folder: Path) -> None:
    """Run the strategy on the folder's scores, tell what it took."""
    warnings.simplefilter("ignore")
    store = str(folder / "qlib")
    qlib.init(provider_uri=store, region="us", kernels=1, logging_level="CRITICAL")
    scores = pd.read_parquet(folder / "scores.parquet")
    scores = scores.rename_axis("datetime").rename_axis("instrument", axis=1)
    signal = scores.stack()  # noqa: PD013
    sessions = pd.read_parquet(folder / "closes.parquet").index
    exchange, reading = timed(lambda: exchange_of(sessions))
    report, taken = timed(lambda: traded(signal, sessions, exchange))
    path = (report["account"] / CASH).to_frame("nav").rename_axis("date")
    keep(folder / "qlib_book", "top_k", path, {})
    tell(taken | {"read_cpu": reading["cpu"]}, "pyqlib", "pandas", "numpy")


def exchange_of(sessions: pd.DatetimeIndex) -> Exchange:
    """Read the prices; one rate on every trade, no smallest fee, any fraction."""
    return Exchange(
        freq="day",
        start_time=sessions[FIRST],
        end_time=sessions[LAST],
        deal_price=("Ref($close, 1)", "Ref($close, 1)"),
        limit_threshold=None,
        open_cost=COST_BPS * 1e-4,
        close_cost=COST_BPS * 1e-4,
        min_cost=0,
        trade_unit=None,
    )


def traded(
    signal: pd.Series, sessions: pd.DatetimeIndex, exchange: Exchange
) -> pd.DataFrame:
    """Return the account of every session, analysed as Qlib does after a run."""
    names = top_k_of(signal.index.get_level_values("instrument").nunique())
    metrics, _ = backtest(
        sessions[FIRST],
        sessions[LAST],
        TopkDropoutStrategy(signal=signal, risk_degree=INVESTED_BY_QLIB, **names),
        SimulatorExecutor("day", generate_portfolio_metrics=True),
        benchmark=pd.Series(0.0, sessions),
        account=CASH,
        exchange_kwargs={"exchange": exchange},
    )
    report: pd.DataFrame = metrics["1day"][0]
    risk_analysis(report["return"], freq="day")
    risk_analysis(report["return"] - report["cost"], freq="day")
    assert np.isfinite(report["account"]).all()
    return report


if __name__ == "__main__":
    main(Path(sys.argv[1]))
