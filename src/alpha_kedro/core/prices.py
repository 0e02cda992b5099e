"""From clean bars to the total-return price panel that signals and ledgers read."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Float, Int, Panel

_PRICES = ("open", "high", "low", "close")


def price_panel(bars: pd.DataFrame, *, axes: Axes | None = None) -> Panel:
    """Spread bars over aligned arrays, prices at total return.

    Parameters
    ----------
    bars
        Long table: date, ticker, open, high, low, close, volume as quoted on the day;
        ``adj_close`` (total return) where known, else prices are used as they are;
        ``share_factor`` where splits are known; ``halted`` where known.
    axes
        Sessions and tickers to spread over. Default: those of the bars.

    Returns
    -------
    Panel
        ``open, high, low, close`` (times ``adj_close / close``), ``volume`` (shares of
        the ticker's first bar: divided by ``share_factor``), ``dollar_volume`` (close x
        volume as quoted) as float64 with NaN where there is no bar; ``traded`` as bool,
        False there and in a halt.

    Notes
    -----
    Total returns and shares are counted from the ticker's first bar on, so a later
    split or dividend moves nothing here. A vendor's own ``adj_close`` has its level
    from the day it was fetched: returns and ratios of prices do not depend on it, so no
    feature may use a bare level.
    """
    known = [name for name in ("adj_close", "share_factor", "halted") if name in bars]
    raw = Panel.from_table(bars, [*_PRICES, "volume", *known], axes=axes)
    fields = dict(raw.fields)
    close = fields["close"]
    factor = fields.pop("adj_close") / close if "adj_close" in fields else 1.0
    halted = fields.pop("halted", np.zeros(close.shape))
    fields["dollar_volume"] = close * fields["volume"]
    fields["traded"] = np.isfinite(close) & ~(halted > 0)
    fields["volume"] /= fields.pop("share_factor", 1.0)
    for name in _PRICES:  # in place: the arrays are ours, and large
        fields[name] *= factor
    return Panel(raw.axes, fields)


def delisting_rows(close: Float, *, after: int) -> Int:
    """Return the row of the last bar of each delisted ticker, -1 for the others.

    Parameters
    ----------
    close
        (n_dates, n_tickers), NaN where there is no bar.
    after
        Sessions of absence up to the panel's end before a name counts as delisted. A
        shorter absence may be a halt or a late vendor.

    Returns
    -------
    (n_tickers,) int64

    Notes
    -----
    Absence is only known once it has lasted: this is outcome data for labels and
    ledgers, never for features or decisions.
    """
    listed = np.isfinite(close)
    n_dates = len(listed)
    last = np.where(listed.any(axis=0), n_dates - 1 - listed[::-1].argmax(axis=0), -1)
    return np.where(n_dates - 1 - last >= after, last, -1)


def exit_returns_of(
    listings: pd.DataFrame | None, axes: Axes, *, default: float
) -> Float:
    """Return what a position left in each ticker earns after its last close.

    Parameters
    ----------
    listings
        ticker, exit_return (decimal, NaN: not known); one row per ticker. None: nothing
        is known of any.
    axes
        Whose tickers are asked about.
    default
        The delisting return assumed where nothing is known, decimal.

    Returns
    -------
    (n_tickers,) float64, without NaN

    Notes
    -----
    Outcome data, as `delisting_rows`: it counts for the names of those rows alone.
    """
    if listings is None:
        return np.full(axes.shape[1], default)
    exits = listings.set_index("ticker")["exit_return"].reindex(axes.tickers)
    return exits.fillna(default).to_numpy(dtype=np.float64)
