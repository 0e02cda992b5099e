"""A strategy and its benchmarks, one calendar year after the other."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from alpha_kedro.measures.availability import NotAvailable
from alpha_kedro.measures.benchmarks.market_model import common_dates
from alpha_kedro.measures.performance import annual_volatility, max_drawdown
from alpha_kedro.measures.sharpe import sharpe_ratio

_FEWEST_DAYS = 20
_COLUMNS = {
    "year": "int64",
    "start": "datetime64[us]",
    "end": "datetime64[us]",
    "n_sessions": "int64",
    "gross_return": "float64",
    "net_return": "float64",
    "annual_volatility": "float64",
    "sharpe": "float64",
    "max_drawdown": "float64",
    "benchmark": "str",
    "benchmark_return": "float64",
    "information_ratio": "float64",
    "n_common": "int64",
}


def year_by_year(
    gross: pd.Series, net: pd.Series, benchmarks: Mapping[str, pd.Series]
) -> pd.DataFrame:
    """Judge every calendar year by itself.

    Parameters
    ----------
    gross, net
        (n,) simple returns of the strategy before and after costs, indexed by date.
    benchmarks
        Returns by name; dates without one are left out and missing from ``n_common``.

    Returns
    -------
    DataFrame
        A row per year and benchmark, one per year without any (``benchmark`` empty):
        year, start, end, n_sessions; gross_return and net_return (compounded over the
        year), annual_volatility, sharpe and max_drawdown (net, from the value the year
        began with); benchmark, benchmark_return (compounded over the common dates),
        information_ratio (annualised) and n_common. NaN where a ratio is not available
        or rests on fewer than 20 dates.
    """
    rows = [
        row
        for _, own in net.groupby(pd.DatetimeIndex(net.index).year)
        for row in _rows(gross, own, benchmarks)
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)


def _rows(
    gross: pd.Series, net: pd.Series, benchmarks: Mapping[str, pd.Series]
) -> Iterator[dict[str, Any]]:
    facts = _year(gross.loc[net.index], net)
    for name, returns in (benchmarks or {"": pd.Series(dtype="float64")}).items():
        pair = common_dates(net, returns)
        active = (pair["strategy"] - pair["benchmark"]).to_numpy()
        enough = len(active) >= _FEWEST_DAYS
        yield facts | {
            "benchmark": name,
            "benchmark_return": _compounded(pair["benchmark"]),
            "information_ratio": sharpe_ratio(active) if enough else np.nan,
            "n_common": len(active),
        }


def _year(gross: pd.Series, net: pd.Series) -> dict[str, Any]:
    return {
        "year": net.index[0].year,
        "start": net.index[0],
        "end": net.index[-1],
        "n_sessions": len(net),
        "gross_return": _compounded(gross),
        "net_return": _compounded(net),
        "annual_volatility": annual_volatility(net),
        "sharpe": sharpe_ratio(net) if len(net) >= _FEWEST_DAYS else np.nan,
        "max_drawdown": max_drawdown(net),
    }


def _compounded(returns: pd.Series) -> float:
    if not len(returns):
        return NotAvailable("no common date")
    return float(np.prod(1 + returns.to_numpy(dtype=np.float64)) - 1)
