"""Splits and dividends: from quotes to total return, without looking ahead.

Prices and volumes are kept as they were quoted on the day. What an owner has earned is
accumulated forward in time, from each ticker's first bar on:

- ``share_factor``: the shares that one share of the first bar has become, the product
  of the splits so far;
- ``adj_close``: what one share of the first bar has become, dividends reinvested,
  ``close * share_factor`` times the product of ``1 / (1 - dividend / close before)``
  over the dividends so far (CRSP).

So no split or dividend to come moves a value that stands before it. The usual adjusted
prices, which are divided by what comes later, are a view from some day: see
`alpha_kedro.market.adjusted_view`.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Bool, Float
from alpha_kedro.market.actions import (
    APPLIED,
    Effects,
    Timelines,
    checked_actions,
    effects_at_bars,
    product_of_later,
    refuse_actions,
)
from alpha_kedro.market.columns import PRICES

PriceBasis = Literal["split_adjusted", "raw"]


@dataclass(frozen=True)
class Adjustment:
    """What corporate actions make of the quotes of each bar.

    Attributes
    ----------
    share_factor
        (n_bars,) shares one share of the ticker's first bar has become; 1.0 where no
        split is known.
    adj_close
        (n_bars,) total-return close, complete.
    sources
        Tickers by where their ``adj_close`` is from. ``vendor``: every bar had one.
        ``actions``: accumulated from dividends. ``price_only``: no dividend is known.
    fates
        How many actions were applied, and why the others were not.
        ``n_in_vendor_close``: dividends the vendor's ``adj_close`` holds already;
        ``n_empty``: they neither pay nor split.
    """

    share_factor: Float
    adj_close: Float
    sources: dict[str, list[str]]
    fates: dict[str, int]


def adjustment_of(bars: pd.DataFrame, actions: pd.DataFrame | None) -> Adjustment:
    """Accumulate splits and dividends through the bars of each ticker.

    Parameters
    ----------
    bars
        Clean, as quoted on the day, sorted by (ticker, date) or (date, ticker);
        ``adj_close`` is the vendor's or NaN.
    actions
        date (ex-date), ticker, dividend (per share as paid), split_ratio (new shares
        per old share); None: not known.

    Raises
    ------
    DataError
        ``AK-D025`` for an action without a date, ``AK-D013`` for a split ratio that is
        not positive, ``AK-D014`` for a dividend that is negative or not below the price
        before it.

    Notes
    -----
    An action on a day without a bar takes effect at the ticker's next bar. Of a split
    and a dividend on one ex-date the dividend is paid on the new shares. Those up to
    the first bar change nothing and are counted.

    A vendor's ``adj_close`` is taken for a ticker if it is complete: a single bar on
    another level would plant a jump on either side of it. Its history changes with
    every later action, returns only in rounding.
    """
    lines = Timelines.of(bars)
    order = np.argsort(lines.moments, kind="stable")
    found = accumulate(
        lines.of_rows(order),
        bars["close"].to_numpy()[order],
        bars["adj_close"].to_numpy()[order],
        checked_actions(actions),
    )
    back = np.argsort(order)
    return replace(
        found,
        share_factor=found.share_factor[back],
        adj_close=found.adj_close[back],
    )


def accumulate(
    lines: Timelines, close: Float, vendors: Float, actions: pd.DataFrame
) -> Adjustment:
    """Do what `adjustment_of` says, on arrays in (ticker, date) order.

    Parameters
    ----------
    lines
        Of the bars.
    close, vendors
        (n_bars,) quotes, and the vendor's ``adj_close`` or NaN.
    actions
        Checked, as paid on the day.
    """
    n_names = len(lines.names)
    lacking = np.bincount(lines.codes, np.isnan(vendors), n_names) > 0
    complete = (np.bincount(lines.codes, minlength=n_names) > 0) & ~lacking
    told = actions["ticker"].isin(lines.names[complete])
    used = actions.assign(dividend=actions["dividend"].mask(told, 0.0))
    effects = effects_at_bars(lines, used)
    share_factor = lines.running_product(effects.rows, effects.split)
    earned = close * share_factor * _reinvested(lines, used, effects, close)
    paying = np.unique(lines.codes[effects.rows[effects.dividend > 0]])
    unpaid = np.setdiff1d(np.flatnonzero(lacking), paying)
    sources = {
        "vendor": sorted(lines.names[complete]),
        "actions": sorted(lines.names[paying]),
        "price_only": sorted(lines.names[unpaid]),
    }
    adj_close = np.where(complete[lines.codes], vendors, earned)
    return Adjustment(share_factor, adj_close, sources, _fates(actions, used, lines))


def total_return_close(
    bars: pd.DataFrame, actions: pd.DataFrame | None = None
) -> tuple[Float, dict[str, list[str]]]:
    """Return the total-return close of clean bars, and where each ticker's is from.

    See `adjustment_of`, whose ``adj_close`` and ``sources`` these are.
    """
    found = adjustment_of(bars, actions)
    return found.adj_close, found.sources


def as_quoted(
    bars: pd.DataFrame, actions: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put split-adjusted bars and dividends back on the shares of their day.

    Parameters
    ----------
    bars
        Prices divided and volumes multiplied by the splits up to the ticker's last bar,
        as vendors show them. In any order; ``adj_close`` is left alone.
    actions
        date (ex-date), ticker, dividend (on the basis of the prices), split_ratio.

    Returns
    -------
    bars, actions
        As quoted on the day where the splits are known, and as they are elsewhere;
        exact but for rounding, the vendor's and that of a division by 3.

    Raises
    ------
    DataError
        ``AK-D025``, ``AK-D013`` as in `adjustment_of`.
    """
    events, lines = checked_actions(actions), Timelines.of(bars)
    basis, paid = share_basis(lines, np.ones(len(bars), dtype=bool), events)
    quoted = {name: bars[name] * basis for name in PRICES}
    return bars.assign(**quoted, volume=bars["volume"] / basis), paid


def share_basis(
    lines: Timelines, placed: Bool, actions: pd.DataFrame
) -> tuple[Float, pd.DataFrame]:
    """Return the shares of the last bar per share of each bar's day, and of dividends.

    Parameters
    ----------
    lines
        Of split-adjusted bars, in any order.
    placed
        (n_bars,) the bar is one of those the vendor has adjusted: it says up to which
        day splits are in the prices.
    actions
        Checked; dividends on the basis of the prices.

    Returns
    -------
    basis
        (n_bars,) what a price is multiplied by, and a volume divided by.
    actions
        With dividends as paid.
    """
    last = np.full(len(lines.names) + 1, np.iinfo(np.int64).min)
    np.maximum.at(last, lines.codes[placed], lines.moments[placed])
    moments = lines.moments_of(actions)
    ratios = actions["split_ratio"].to_numpy(dtype="float64")
    reached = moments <= last[lines.names.get_indexer(pd.Index(actions["ticker"]))]
    splits = reached & (ratios != 1)
    basis = product_of_later(lines.moments, moments[splits], ratios[splits])
    paid_on = product_of_later(moments, moments[splits], ratios[splits])
    return basis, actions.assign(dividend=actions["dividend"] * paid_on)


def to_split_basis(
    bars: pd.DataFrame, actions: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put quoted bars and dividends on the share basis after the last split.

    What vendors do, and what `as_quoted` undoes. It looks ahead: prices before a split
    are divided by it.

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
        ``AK-D025``, ``AK-D013`` as in `adjustment_of`.
    """
    events = checked_actions(actions)
    lines = Timelines.of(events)
    ratios = events["split_ratio"].to_numpy()
    ratio = product_of_later(lines.moments_of(bars), lines.moments, ratios)
    quoted = {name: bars[name] / ratio for name in PRICES}
    after = product_of_later(lines.moments, lines.moments, ratios)
    paid = events.assign(dividend=events["dividend"] / after, split_ratio=1.0)
    return bars.assign(**quoted, volume=bars["volume"] * ratio), paid


def _reinvested(
    lines: Timelines, actions: pd.DataFrame, effects: Effects, close: Float
) -> Float:
    """Return how many shares one share has become by reinvesting its dividends."""
    kept = 1 - effects.dividend / close[effects.rows - 1]
    rows, fates = lines.place(actions)
    bad_row = np.isin(rows, effects.rows[~((kept > 0) & (kept <= 1))])
    wrong: Bool = bad_row | ~(actions["dividend"].to_numpy() >= 0)
    refuse_actions(
        actions[wrong & (fates == APPLIED)],
        code="AK-D014",
        what="an impossible dividend",
        wanted="from 0 to less than the close before the ex-date, on the same basis",
    )
    return lines.running_product(effects.rows, 1 / kept)


def _fates(given: pd.DataFrame, used: pd.DataFrame, lines: Timelines) -> dict[str, int]:
    """Count the actions by what became of them."""
    _, fates = lines.place(given)
    splits = given["split_ratio"].to_numpy() != 1
    pays, paid = (table["dividend"].to_numpy() != 0 for table in (given, used))
    applied = fates == APPLIED
    fates = np.where(applied & ~splits & ~paid & pays, "n_in_vendor_close", fates)
    fates = np.where(~splits & ~pays, "n_empty", fates)
    words, counts = np.unique(fates, return_counts=True)
    return {str(word): int(n) for word, n in zip(words, counts, strict=True)}
