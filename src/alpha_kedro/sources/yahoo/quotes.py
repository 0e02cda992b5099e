"""From what a vendor serves today to what was quoted on the day.

Yahoo divides every earlier price by the splits that have happened since, so that the
same day has another price after each split. Undone by the splits of the same answer, a
quote stays what it was.
"""

import numpy as np
import pandas as pd

from alpha_kedro.market.columns import PRICES
from alpha_kedro.sources.yahoo.answers import Served

QUOTE_COLUMNS = (
    "date",
    *PRICES,
    "adj_close",
    "volume",
    "dividend",
    "split_ratio",
    "later_splits",
)

Counts = dict[str, int]


def as_quoted(
    served: Served, *, first: pd.Timestamp | None, last: pd.Timestamp
) -> tuple[pd.DataFrame, Counts]:
    """Return one row per day, on the share basis of that day.

    Parameters
    ----------
    served
        Bars and actions on the vendor's basis: divided by the splits up to now.
    first
        First day that was asked for; rows before it are not looked at.
    last
        The last session whose bar is final; later rows are left for another time.

    Returns
    -------
    quotes
        ``QUOTE_COLUMNS`` by date. Prices and dividends are multiplied by
        ``later_splits`` (the product of the splits after the day), volume is divided by
        it; served price = quote / later_splits. ``adj_close`` is as served and compares
        only within one answer. A day with an action and no bar has NaN prices.
    counts
        served (rows), without_price, duplicated, unfinished (left out), kept (bars).
        The first is the sum of the others.

    Notes
    -----
    Of a day that is served twice the later row stays, as in yfinance: its volume is the
    one Yahoo settles on. Days are told apart by date, not by value: a flat day is one.
    """
    asked = served.bars if first is None else _since(served.bars, first)
    priced = asked[asked[list(PRICES)].notna().any(axis=1)]
    daily = priced.drop_duplicates("date", keep="last")
    quotes = _undo_splits(daily, served.actions)
    if first is not None:
        quotes = _since(quotes, first)
    final = quotes[quotes["date"] <= last].reset_index(drop=True)
    finished = int((daily["date"] <= last).sum())
    counts = {
        "served": len(asked),
        "without_price": len(asked) - len(priced),
        "duplicated": len(priced) - len(daily),
        "unfinished": len(daily) - finished,
        "kept": finished,
    }
    return final, counts


def _since(table: pd.DataFrame, first: pd.Timestamp) -> pd.DataFrame:
    return table[table["date"] >= first]


def _undo_splits(daily: pd.DataFrame, actions: pd.DataFrame) -> pd.DataFrame:
    events = actions.groupby("date").agg({"dividend": "sum", "split_ratio": "prod"})
    rows = daily.merge(events, on="date", how="outer", sort=True, validate="1:1")
    rows = rows.fillna({"dividend": 0.0, "split_ratio": 1.0})
    up_to_now = rows["split_ratio"].to_numpy()[::-1].cumprod()[::-1]
    later = np.append(up_to_now, 1.0)[1:]
    money = {name: rows[name] * later for name in (*PRICES, "dividend")}
    undone = rows.assign(**money, volume=rows["volume"] / later, later_splits=later)
    return undone[list(QUOTE_COLUMNS)]
