"""Who could be held on which day, and how much of the index that leaves out."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Bool, Dates
from alpha_kedro.market.listings import DELISTED, SOURCE_ENDED
from alpha_kedro.market.tickers import match_spelling


def membership_mask(membership: pd.DataFrame | None, axes: Axes) -> Bool:
    """Mark who is a member of the universe on which session.

    Parameters
    ----------
    membership
        ticker, start, end (both days included; NaT end: still a member). None makes
        everything a member.
    axes
        Sessions and tickers of the mask.

    Returns
    -------
    (n_dates, n_tickers) bool

    Notes
    -----
    Dated: a row depends on the intervals that hold on its day and on nothing later.
    Members without a bar that day are True here and NaN in the panel.
    """
    if membership is None:
        return np.ones(axes.shape, dtype=bool)
    end = membership["end"].fillna(pd.Timestamp.max)
    first = np.searchsorted(axes.dates, membership["start"].to_numpy(), side="left")
    after = np.searchsorted(axes.dates, end.to_numpy(), side="right")
    columns = axes.columns_of(membership["ticker"])
    mask = np.zeros(axes.shape, dtype=bool)
    for column, start, stop in zip(columns, first, after, strict=True):
        if column >= 0:
            mask[start:stop, column] = True
    return mask


def survivorship_coverage(
    membership: pd.DataFrame,
    bars: pd.DataFrame,
    *,
    listings: pd.DataFrame | None = None,
    month: int = 2,
) -> pd.DataFrame:
    """Tell, year by year, how many of the index's members have prices at all.

    Parameters
    ----------
    membership
        As loaded, with the members that have no prices: ticker, start, end,
        price_ticker.
    bars
        Clean bars.
    listings
        As `alpha_kedro.market.listing_fates` gives them. None: nobody's fate is known.
    month
        Members are counted on the first day of this month.

    Returns
    -------
    DataFrame
        year, members, priced (members that traded on the first session on or after
        that day), covered (``priced / members``); with ``listings`` also delisted and
        source_ended: names with prices whose last bar lies in the year, by fate. What
        is not covered was mostly taken over or failed, so a backtest on the rest
        flatters itself; where a source ends, what happened to a name is not seen.
    """
    sessions = np.unique(bars["date"].to_numpy())
    prices = match_spelling(membership["price_ticker"], bars["ticker"].unique())
    rows = []
    for day in _first_of_month(sessions, month):
        session = sessions[np.searchsorted(sessions, day.to_datetime64())]
        ended = membership["end"] < day
        member = membership["start"].le(day) & ~ended
        trading = bars["ticker"][bars["date"] == session]
        rows.append((day.year, member.sum(), (member & prices.isin(trading)).sum()))
    table = pd.DataFrame(rows, columns=["year", "members", "priced"])
    covered = table.assign(covered=table["priced"] / table["members"])
    return covered if listings is None else covered.assign(**_leavers(listings, table))


def _leavers(
    listings: pd.DataFrame, by_year: pd.DataFrame
) -> dict[str, "pd.Series[int]"]:
    """Count the names that left in each year, by fate."""
    last_year = listings["last"].dt.year
    return {
        fate: by_year["year"]
        .map(last_year[listings["fate"] == fate].value_counts())
        .fillna(0)
        .astype("int64")
        for fate in (DELISTED, SOURCE_ENDED)
    }


def _first_of_month(sessions: Dates, month: int) -> list[pd.Timestamp]:
    """Return the first of the month in each year in which a session follows it."""
    first, last = pd.Timestamp(sessions[0]), pd.Timestamp(sessions[-1])
    days = [pd.Timestamp(year, month, 1) for year in range(first.year, last.year + 1)]
    return [day for day in days if first.replace(day=1) <= day <= last]
