"""Sectors, or any other groups of names, as numbers."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Int


def sector_codes(sectors: pd.DataFrame | None, tickers: Iterable[str]) -> Int:
    """Return the sector of each ticker as a number.

    Parameters
    ----------
    sectors
        ticker, sector; one row per ticker. None: no sector is known.
    tickers
        (n_tickers,) in the order of the panel.

    Returns
    -------
    (n_tickers,) int64
        Place of the sector among the table's sectors in alphabetical order, -1 for a
        ticker without one.

    Raises
    ------
    DataError
        ``AK-D053`` a ticker stands in the table twice.
    """
    names = pd.Index(tickers)
    if sectors is None:
        return np.full(len(names), -1, dtype=np.int64)
    _refuse_two_sectors(sectors["ticker"])
    codes, _ = pd.factorize(sectors["sector"], sort=True)
    by_ticker = pd.Series(codes, index=sectors["ticker"])
    return by_ticker.reindex(names, fill_value=-1).to_numpy(dtype=np.int64)


def _refuse_two_sectors(tickers: "pd.Series[str]") -> None:
    twice = tickers[tickers.duplicated()]
    if len(twice):
        raise DataError(
            "AK-D053",
            "a ticker stands in the sectors more than once",
            where=twice,
            wanted="one sector per ticker",
            fix="keep one row per ticker",
        )
