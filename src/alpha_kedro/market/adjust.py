"""Splits and dividends: from quoted prices to total return.

An action on ex-date ``e`` changes every price *before* ``e``. The factor of a row is
therefore the product over the actions still to come. It is known only at the end of the
sample: returns do not depend on it, price levels do.
"""

from typing import Literal

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import DataError
from alpha_kedro.core.panel import Float, Int
from alpha_kedro.market.columns import PRICES

PriceBasis = Literal["split_adjusted", "raw"]
# More days than lie between any two dates: each ticker gets a stretch of its own.
_DAYS_APART = 1_000_000


def to_split_basis(
    bars: pd.DataFrame, actions: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put quoted bars and dividends on the share basis after the last split.

    Parameters
    ----------
    bars
        date, ticker, open, high, low, close, volume as quoted on the day. An
        ``adj_close`` is the vendor's total return and is left alone.
    actions
        date (ex-date), ticker, dividend (per share as paid), split_ratio (new shares
        per old share; 1.0 none).

    Returns
    -------
    bars, actions
        Prices and dividends divided, volumes multiplied by the splits that follow.

    Raises
    ------
    DataError
        ``AK-D025`` for an action without a date, ``AK-D013`` for a split ratio that is
        not positive.
    """
    _refuse_undated(actions)
    splits = actions[actions["split_ratio"] != 1.0]
    _refuse(
        splits[~(splits["split_ratio"] > 0)],
        code="AK-D013",
        what="an impossible split ratio",
        wanted="new shares per old share, above 0",
    )
    ratio = _product_of_later(bars, splits, splits["split_ratio"].to_numpy())
    quoted = {name: bars[name] / ratio for name in PRICES}
    shares = {"volume": bars["volume"] * ratio}
    after = _product_of_later(actions, splits, splits["split_ratio"].to_numpy())
    paid = actions.assign(dividend=actions["dividend"] / after, split_ratio=1.0)
    return bars.assign(**quoted, **shares), paid


def total_return_close(
    bars: pd.DataFrame, actions: pd.DataFrame | None = None
) -> tuple[Float, dict[str, list[str]]]:
    """Return the total-return close of clean bars, and where each ticker's is from.

    Parameters
    ----------
    bars
        Clean and split-adjusted, sorted by (date, ticker); ``adj_close`` is the
        vendor's or NaN.
    actions
        Dividends per share on the basis of the prices, or None.

    Returns
    -------
    adj_close
        (n_rows,) float64, complete.
    sources
        Tickers by source. ``vendor``: every bar had an ``adj_close``. ``actions``:
        ``close`` times the product of ``1 - dividend / previous close`` over the
        ex-dates to come (CRSP). ``price_only``: neither, so it is ``close``.

    Notes
    -----
    A ticker is taken from one source altogether: a single bar on another basis would
    plant a jump on either side of it.

    Raises
    ------
    DataError
        ``AK-D025`` for an action without a date, ``AK-D014`` for a dividend that is
        negative or not below the price before it.
    """
    lacking = bars["adj_close"].isna().groupby(bars["ticker"], observed=True).any()
    without = set(lacking.index[lacking])
    from_vendor = ~bars["ticker"].isin(without).to_numpy()
    paid = _dividends(actions, without)
    rest = bars[~from_vendor]
    adjusted = bars["adj_close"].to_numpy(copy=True)
    adjusted[~from_vendor] = rest["close"] * _dividend_factor(rest, paid)
    paying = set(paid["ticker"])
    sources = {
        "vendor": sorted(set(lacking.index) - without),
        "actions": sorted(paying),
        "price_only": sorted(without - paying),
    }
    return adjusted, sources


def _dividends(actions: pd.DataFrame | None, tickers: set[str]) -> pd.DataFrame:
    if actions is None:
        return pd.DataFrame({"date": [], "ticker": [], "dividend": []})
    _refuse_undated(actions)
    paid = actions[actions["ticker"].isin(tickers) & (actions["dividend"] != 0)]
    return paid.groupby(["ticker", "date"])["dividend"].sum().reset_index()


def _dividend_factor(bars: pd.DataFrame, paid: pd.DataFrame) -> Float:
    if paid.empty:
        return np.ones(len(bars))
    before = _previous_close(bars, paid)
    known = paid[np.isfinite(before)]
    kept = 1 - known["dividend"] / before[np.isfinite(before)]
    _refuse(
        known[~kept.between(0, 1, inclusive="right")],
        code="AK-D014",
        what="an impossible dividend",
        wanted="from 0 to less than the close before the ex-date, on the same basis",
    )
    return _product_of_later(bars, known, kept.to_numpy())


def _previous_close(bars: pd.DataFrame, events: pd.DataFrame) -> Float:
    """Return the last close before each event, NaN where there is none."""
    ordered = events.reset_index(drop=True).sort_values("date", kind="stable")
    quotes = bars[["date", "ticker", "close"]].astype({"ticker": "str"})
    found = pd.merge_asof(
        ordered, quotes, on="date", by="ticker", allow_exact_matches=False
    )
    return found["close"].set_axis(ordered.index).sort_index().to_numpy()


def _product_of_later(rows: pd.DataFrame, events: pd.DataFrame, factor: Float) -> Float:
    """Multiply, for each row, the factors of its ticker's events on later dates."""
    names = pd.Index(events["ticker"].unique())
    moments = _moments(events, names)
    order = np.argsort(moments, kind="stable")
    moments = moments[order]
    backward = pd.Series(factor[order][::-1]).groupby(moments[::-1] // _DAYS_APART)
    remaining = np.append(backward.cumprod().to_numpy()[::-1], 1.0)
    own = _moments(rows, names)
    following = np.searchsorted(moments, own, side="right")
    theirs = np.append(moments, -1)[following] // _DAYS_APART == own // _DAYS_APART
    return np.where(theirs, remaining[following], 1.0)


def _moments(table: pd.DataFrame, names: pd.Index) -> Int:
    """Return a number per (ticker, date) that ascends through each ticker's dates."""
    days = table["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    return (
        names.get_indexer(pd.Index(table["ticker"])) * _DAYS_APART
        + days
        + _DAYS_APART // 2
    )


def _refuse_undated(actions: pd.DataFrame) -> None:
    undated = actions.loc[actions["date"].isna(), "ticker"]
    if len(undated):
        raise DataError(
            "AK-D025",
            f"{len(undated)} corporate action(s) have no date",
            where=undated,
            wanted="the ex-date",
            fix="correct markets.files.actions, or leave it out",
        )


def _refuse(events: pd.DataFrame, *, code: str, what: str, wanted: str) -> None:
    if events.empty:
        return
    raise DataError(
        code,
        f"{len(events)} corporate action(s) have {what}",
        where=[
            f"{event.ticker} {event.date:%Y-%m-%d}" for event in events.itertuples()
        ],
        wanted=wanted,
        fix="correct markets.files.actions, or leave it out",
    )
