"""From clean bars to the total-return price panel that signals and ledgers read."""

import numpy as np
import pandas as pd

from alpha_kedro.core.panel import Axes, Float, Int, Panel

_PRICES = ("open", "high", "low", "close")


def price_panel(bars: pd.DataFrame, *, axes: Axes | None = None) -> Panel:
    """Spread bars over aligned arrays, prices adjusted to total return.

    Parameters
    ----------
    bars
        Long table: date, ticker, open, high, low, close, volume; ``adj_close`` (total
        return) where known, else prices are used as they are; ``halted`` where known.
    axes
        Sessions and tickers to spread over. Default: those of the bars.

    Returns
    -------
    Panel
        ``open, high, low, close`` (adjusted by ``adj_close / close``), ``volume``
        (shares), ``dollar_volume`` (unadjusted close x volume) as float64 with NaN
        where there is no bar; ``traded`` as bool, False there and in a halt.

    Notes
    -----
    The factor is a ratio known only at the end of the sample. Returns and ratios of
    prices do not depend on it; price levels do, so no feature may use a bare level.
    """
    known = [name for name in ("adj_close", "halted") if name in bars]
    raw = Panel.from_table(bars, [*_PRICES, "volume", *known], axes=axes)
    fields = dict(raw.fields)
    close = fields["close"]
    factor = fields.pop("adj_close") / close if "adj_close" in fields else 1.0
    halted = fields.pop("halted", np.zeros(close.shape))
    fields["dollar_volume"] = close * fields["volume"]
    fields |= {name: fields[name] * factor for name in _PRICES}
    fields["traded"] = np.isfinite(close) & ~(halted > 0)
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
