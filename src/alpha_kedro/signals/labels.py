"""What a score is asked to foresee: forward returns after the execution lag.

The only module of this project that reads prices after the decision. Told by session,
for a decision at the close of t, lag l and horizon h:

1. The order fills at the open of t + l. No open, or a halt: no fill, no label.
2. The position is valued at the open of t + l + h, the planned exit.
3. A halt over the planned exit holds the position: its last known close counts.
4. A delisting before it ends the position: its last close and the delisting return,
   or what is known to have been paid instead.
5. ``label_end`` is the first date on which the label is final: that of the planned
   exit or, for a name without a bar there, of its next bar or of the session on which
   its absence has become a delisting; where names are compared, that of the last of
   them. Whoever purges by it learns from no outcome early.

Sessions are counted on the panel's own date axis, never per ticker.
"""

import logging

import numpy as np
import pandas as pd

from alpha_kedro.core.calendar import decision_rows
from alpha_kedro.core.errors import ConfigError, DataError
from alpha_kedro.core.panel import Axes, Bool, Dates, Float, Int, Panel, gather
from alpha_kedro.core.prices import delisting_rows
from alpha_kedro.signals.cross_section import Codes
from alpha_kedro.signals.label_spec import LabelSpec
from alpha_kedro.signals.targets import Yardsticks, targets

logger = logging.getLogger(__name__)


def build_labels(
    prices: Panel,
    *,
    mask: Bool,
    spec: LabelSpec,
    calendar: str,
    groups: Codes | None = None,
    exit_returns: Float | None = None,
    yardsticks: Yardsticks | None = None,
) -> pd.DataFrame:
    """Label every member of the universe on every decision date.

    Parameters
    ----------
    prices
        ``open``, ``close`` (total return) and ``traded``, as `price_panel` makes them.
    mask
        (n_dates, n_tickers) bool: members of the universe at the decision.
    spec
        See `LabelSpec`.
    calendar
        Exchange whose published sessions say which is the last of a week or month.
    groups
        (n_tickers,) or (n_dates, n_tickers) sector codes; needed by sector labels,
        which leave out names with a negative code.
    exit_returns
        (n_tickers,) return after the last close of each name that is delisted, decimal,
        as `exit_returns_of` gives it. None: ``spec.delisting_return`` for all.
    yardsticks
        What the labels are scaled and neutralized by, where ``spec`` says so.

    Returns
    -------
    DataFrame
        ``date`` (of the decision), ``ticker``, ``horizon`` (sessions), ``fwd_ret``
        (decimal), ``label`` (unit as ``spec.kind`` says), ``label_end``; sorted by
        (date, ticker, horizon). Members without a label are left out, and those of the
        main horizon counted in ``attrs["left_out"]``: ``unfinished`` (not final by the
        end of the data), ``no_fill`` (no open to enter at) and ``no_group`` (no sector,
        or no scale).

    Raises
    ------
    ConfigError
        ``AK-C024`` when a sector label is asked for without sectors.
    DataError
        ``AK-D052`` when the data are too short for a single label.

    Notes
    -----
    A row with its ``label_end`` in the data is final: nothing dated later changes it,
    as long as no name comes back after ``delisted_after`` sessions of absence, which
    ingestion refuses.
    """
    if spec.needs_sectors and (groups is None or np.all(groups < 0)):
        raise _sectors_needed(spec)
    _require_one_window(prices.axes, spec)
    decisions = decision_rows(prices.dates, spec.frequency, calendar=calendar)
    asked = mask & decisions[:, None]
    tables, left_out = [], []
    for horizon in spec.horizons:
        fwd_ret = forward_returns(
            prices,
            horizon=horizon,
            lag=spec.lag,
            delisting_return=spec.delisting_return,
            delisted_after=spec.delisted_after,
            exit_returns=exit_returns,
        )
        sought = np.where(asked, fwd_ret, np.nan)
        label = targets(sought, groups=groups, yardsticks=yardsticks, spec=spec)
        ends = _label_ends(prices, asked, spec, horizon)
        tables.append(_table(prices.axes, fwd_ret, label, ends, asked, horizon))
        left_out.append(_left_out(asked, fwd_ret, label, ends))
    labels = _one_table(tables)
    logger.info("labels: %d rows, left out: %s", len(labels), left_out[0])
    labels.attrs["left_out"] = left_out[0]
    return labels


def forward_returns(
    prices: Panel,
    *,
    horizon: int,
    lag: int = 1,
    delisting_return: float = -0.3,
    delisted_after: int = 10,
    exit_returns: Float | None = None,
) -> Float:
    """Return what a position decided at t earns from its entry to its planned exit.

    Parameters
    ----------
    prices
        ``open``, ``close`` (total return) and ``traded``, as `price_panel` makes them.
    horizon, lag
        Sessions; the entry is the open of t + lag, the exit that of t + lag + horizon.
    delisting_return
        Return after the last close of a name delisted before the exit, decimal.
    delisted_after
        Sessions of absence up to the panel's end that make a delisting.
    exit_returns
        (n_tickers,) to take the place of ``delisting_return``, name by name.

    Returns
    -------
    (n_dates, n_tickers) float64
        Decimal simple return at the row of the decision; NaN without a fill, in the
        last ``lag + horizon`` rows, whose exit is not known yet, and where a name has
        no bar at the exit and it cannot be told yet whether it is delisted.
    """
    window = lag + horizon
    result = np.full(prices.axes.shape, np.nan)
    entry = _fills(prices)[lag:-horizon]
    exits = delisting_return if exit_returns is None else exit_returns
    worth = _exit_values(prices, exits, delisted_after)
    worth[_final_rows(prices, delisted_after) == len(worth)] = np.nan
    leaving = worth[window:]
    result[: max(len(result) - window, 0)] = leaving / entry - 1.0
    return result


def _fills(prices: Panel) -> Float:
    """Return the open where an order can be filled at it, else NaN."""
    return np.where(prices["traded"], prices["open"], np.nan).astype(np.float64)


def _exit_values(
    prices: Panel, exit_returns: Float | float, delisted_after: int
) -> Float:
    """Return what a share held into each session is worth at that session's open."""
    fills = _fills(prices)
    close = np.asarray(prices["close"], dtype=np.float64)
    held = _last_known_before(close)
    last_bar = delisting_rows(close, after=delisted_after)
    gone = (last_bar >= 0) & (np.arange(len(close))[:, None] > last_bar)
    left = np.where(gone, held * (1.0 + exit_returns), held)
    return np.where(np.isfinite(fills), fills, left)


def _final_rows(prices: Panel, delisted_after: int) -> Int:
    """Return the row on which the worth of a share held into each session is final.

    That of the session itself if the name has a bar, else of its next bar, else the
    row on which its absence is a delisting; ``n_dates`` where none lies in the data.
    """
    close = np.asarray(prices["close"], dtype=np.float64)
    n_dates = len(close)
    rows = np.arange(n_dates)[:, None]
    ahead = np.where(np.isfinite(close), rows, n_dates)
    next_bar = np.minimum.accumulate(ahead[::-1], axis=0)[::-1]
    last_bar = delisting_rows(close, after=delisted_after)
    dead = np.where(last_bar >= 0, last_bar + delisted_after, n_dates)
    return np.where(next_bar < n_dates, next_bar, np.maximum(rows, dead))


def _label_ends(prices: Panel, asked: Bool, spec: LabelSpec, horizon: int) -> Dates:
    """Return the date on which each label is final, NaT where that is not in the data.

    A label that compares the names of a date is final when all of them are.
    """
    n_dates, window = len(prices.dates), spec.lag + horizon
    final = np.full(prices.axes.shape, n_dates)
    final[:-window] = _final_rows(prices, spec.delisted_after)[window:]
    if spec.compares_names:
        entered = np.zeros(final.shape, dtype=bool)
        entered[: -spec.lag] = np.isfinite(_fills(prices)[spec.lag :])
        compared = np.where(entered & asked, final, 0)
        final = np.maximum(final, compared.max(axis=1, keepdims=True))
    days: Dates = np.append(prices.dates, np.datetime64("NaT"))
    return days.take(final)


def _last_known_before(close: Float) -> Float:
    """Return the last close before each row, NaN where there is none."""
    known = np.where(np.isfinite(close), np.arange(len(close))[:, None], 0)
    latest = np.maximum.accumulate(known, axis=0)
    result = np.full(close.shape, np.nan)
    result[1:] = np.take_along_axis(close, latest, axis=0)[:-1]
    return result


def _table(
    axes: Axes,
    fwd_ret: Float,
    label: Float,
    ends: Dates,
    asked: Bool,
    horizon: int,
) -> pd.DataFrame:
    fields = {
        "horizon": np.broadcast_to(np.int64(horizon), axes.shape),
        "fwd_ret": fwd_ret,
        "label": label,
        "label_end": ends,
    }
    return gather(axes, fields, asked & np.isfinite(label) & ~np.isnat(ends))


def _one_table(tables: list[pd.DataFrame]) -> pd.DataFrame:
    if len(tables) == 1:
        return tables[0]
    order = ["date", "ticker", "horizon"]
    return pd.concat(tables).sort_values(order, kind="stable", ignore_index=True)


def _left_out(asked: Bool, fwd_ret: Float, label: Float, ends: Dates) -> dict[str, int]:
    final = asked & ~np.isnat(ends)
    filled, labelled = np.isfinite(fwd_ret), np.isfinite(label)
    return {
        "unfinished": int((asked & ~final).sum()),
        "no_fill": int((final & ~filled).sum()),
        "no_group": int((final & filled & ~labelled).sum()),
    }


def _sectors_needed(spec: LabelSpec) -> ConfigError:
    return ConfigError(
        "AK-C024",
        "labels that compare a name with its sector need the sector of each",
        wanted="groups, one code per ticker",
        fix="give the market a sectors table, or set labels.kind to rank and "
        "take sector out of labels.neutralize",
    )


def _require_one_window(axes: Axes, spec: LabelSpec) -> None:
    longest = max(spec.horizons)
    needed = spec.lag + longest + 1
    if len(axes.dates) >= needed:
        return
    raise DataError(
        "AK-D052",
        "the data are too short for a single label",
        got=f"{len(axes.dates)} sessions",
        wanted=f"at least {needed} (lag {spec.lag} + horizon {longest} + 1)",
        fix="load more history or shorten the horizons",
    )
