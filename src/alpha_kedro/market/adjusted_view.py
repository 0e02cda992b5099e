"""Adjusted prices as they are usually shown: those of some day, seen from that day."""

import pandas as pd

from alpha_kedro.market.columns import PRICES


def adjust_as_of(bars: pd.DataFrame, date: object) -> pd.DataFrame:
    """Return clean bars as they looked, adjusted, to a reader on the evening of a day.

    Parameters
    ----------
    bars
        As `alpha_kedro.market.clean_bars` returns them.
    date
        The day. Rows after it are left out.

    Returns
    -------
    DataFrame
        date, ticker, open, high, low, close (total return), volume: each ticker at the
        price level and on the shares of its last bar up to ``date``, so that its last
        close is the quote of that day. In the order of ``bars``.

    Notes
    -----
    The adjusted window of zipline: what is divided out is only what had happened by
    ``date``. Two such windows differ by a constant factor per ticker where they
    overlap, unless the ``adj_close`` is a vendor's, whose rounding may differ.
    """
    known = bars[bars["date"] <= pd.Timestamp(date)]  # type: ignore[arg-type]
    growth = known["adj_close"] / known["close"]
    latest = growth.groupby(known["ticker"]).transform("last")
    prices = {name: known[name] * (growth / latest) for name in PRICES}
    shares = known.groupby("ticker")["share_factor"].transform("last")
    volume = known["volume"] * (shares / known["share_factor"])
    seen = known[["date", "ticker"]].assign(**prices, volume=volume)
    return seen.reset_index(drop=True)
