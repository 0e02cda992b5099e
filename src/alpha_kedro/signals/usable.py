"""What features cannot be made of, and where it stands."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Panel, gather

_COLUMNS = ("date", "ticker", "open", "high", "low", "close", "volume")
_WHERE_KNOWN = ("adj_close", "share_factor", "vwap")


def refuse_unusable_bars(bars: pd.DataFrame) -> None:
    """Refuse a table that is no bars; a number that is missing is no fault.

    Parameters
    ----------
    bars
        See `build_features`.

    Raises
    ------
    DataError
        ``AK-D050`` columns, rows, dates or tickers missing; ``AK-D115`` prices or
        volumes that are infinite, or text.
    """
    missing = [name for name in _COLUMNS if name not in bars]
    if missing or bars.empty:
        raise _no_bars("columns missing" if missing else "no rows", missing)
    unnamed = bars[["date", "ticker"]].isna().any(axis=1)
    if unnamed.any():
        raise _no_bars("rows without a date or a ticker", bars.index[unnamed])
    numbers = [*_COLUMNS[2:], *(name for name in _WHERE_KNOWN if name in bars)]
    _refuse_text(bars, numbers)
    _refuse_infinite(bars, numbers)


def refuse_infinite_prices(prices: Panel) -> None:
    """Refuse a panel with a price or volume that is infinite: ``AK-D115``."""
    anywhere = np.zeros(prices.axes.shape, dtype=bool)
    for values in prices.fields.values():
        anywhere |= np.isinf(values)
    if anywhere.any():
        _refuse_infinite(gather(prices.axes, prices.fields, anywhere), prices.fields)


def _refuse_text(bars: pd.DataFrame, names: Iterable[str]) -> None:
    text = [name for name in names if not is_numeric_dtype(bars[name])]
    if text:
        raise _no_numbers(f"{len(text)} columns of text", text)


def _refuse_infinite(table: pd.DataFrame, names: Iterable[str]) -> None:
    places: list[str] = []
    for name in names:
        infinite = np.isinf(table[name].to_numpy(dtype=np.float64, na_value=np.nan))
        for row in table[infinite].itertuples():
            places.append(f"{row.ticker} {row.date:%Y-%m-%d} {name}")
    if places:
        raise _no_numbers(f"{len(places)} infinite values", places)


def _no_numbers(got: str, where: Iterable[object]) -> DataError:
    return DataError(
        "AK-D115",
        "prices or volumes are not finite numbers",
        where=where,
        got=got,
        wanted="finite numbers, NaN where there is none",
        fix="look at what these were read from; clean the bars first: "
        "alpha_kedro.market.clean_bars",
    )


def _no_bars(got: str, where: Iterable[object]) -> DataError:
    return DataError(
        "AK-D050",
        "these are no bars to compute features from",
        where=where,
        got=got,
        wanted=f"rows with {', '.join(_COLUMNS)}",
        fix="clean the bars first: alpha_kedro.market.clean_bars",
    )
