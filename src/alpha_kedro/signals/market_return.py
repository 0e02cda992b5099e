"""The return of the market that betas and residuals are measured against."""

from math import fsum

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ConfigError
from alpha_kedro.core.panel import Axes, Bool, Float
from alpha_kedro.core.prices import price_panel
from alpha_kedro.signals.operators.cells import delay, ratio


def equal_weight_return(close: Float, members: Bool | None = None) -> Float:
    """Average the returns of the members of each date.

    The sums are exact before they are rounded, so names that are not listed yet and the
    order of the tickers leave every bit as it is.

    Parameters
    ----------
    close
        (n_dates, n_tickers) total-return prices.
    members
        (n_dates, n_tickers) bool. Default: every name with a return.

    Returns
    -------
    (n_dates,) simple return over one session, NaN where no member has one.
    """
    ret = ratio(close, delay(close, 1)) - 1
    known = np.isfinite(ret) if members is None else np.isfinite(ret) & members
    rows = zip(ret, known, strict=True)
    totals = np.array([fsum(row[there].tolist()) for row, there in rows])
    return ratio(totals, known.sum(axis=1).astype(np.float64))


def benchmark_return(benchmark: pd.DataFrame, axes: Axes) -> Float:
    """Return the total return of a benchmark on the sessions of a panel.

    Parameters
    ----------
    benchmark
        Bars of one ticker.
    axes
        Axes of the panel it is measured against.

    Returns
    -------
    (n_dates,) simple return over one session, NaN where a close is missing.

    Raises
    ------
    ConfigError
        ``AK-C025`` for the bars of no ticker, or of several.
    """
    tickers = sorted(benchmark["ticker"].unique())
    if len(tickers) != 1:
        raise ConfigError(
            "AK-C025",
            "a benchmark is one series",
            where=tickers,
            got=f"{len(tickers)} tickers",
            wanted="the bars of one ticker, such as SPY",
            fix="select one: benchmarks[benchmarks['ticker'] == 'SPY']",
        )
    prices = price_panel(benchmark, axes=Axes.of(axes.dates, tickers))
    close = prices["close"].astype(np.float64)
    return (ratio(close, delay(close, 1)) - 1)[:, 0]
