"""Columns for what is traded beside the scored names: funds that hedge a book."""

from collections.abc import Iterable

import numpy as np

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Array, Axes, Bool, Float, Int, Panel
from alpha_kedro.portfolio.account import read_only


def with_instruments(
    prices: Panel,
    exit_returns: Float | None,
    quotes: Panel | None,
    wanted: list[str],
) -> tuple[Panel, Float | None]:
    """Return prices and exit returns with a column for each instrument.

    Parameters
    ----------
    prices
        Of the scored names.
    exit_returns
        (n_tickers,) of them, None: not known of any.
    quotes
        Of the benchmarks, on the same dates.
    wanted
        Instruments that are no scored names, sorted.

    Raises
    ------
    SimulationError
        ``AK-S070`` for an instrument without prices.
    """
    if not wanted:
        return prices, exit_returns
    _refuse_without_prices(wanted, quotes)
    assert quotes is not None
    axes = Axes.of(prices.dates, [*prices.tickers, *wanted])
    here, there = axes.columns_of(prices.tickers), axes.columns_of(wanted)
    own = quotes.axes.columns_of(wanted)
    fields = {
        name: _joined(field, quotes.fields.get(name), here, there, own, axes)
        for name, field in prices.fields.items()
    }
    if exit_returns is None:
        return Panel(axes, fields), None
    exits = np.full(axes.shape[1], np.nan)
    exits[here] = exit_returns
    return Panel(axes, fields), exits


def columns_without(prices: Panel, instruments: Iterable[str]) -> Bool:
    """Return (n_tickers,) True for the columns that are none of these instruments."""
    others = set(instruments)
    return np.array([name not in others for name in prices.tickers], dtype=np.bool_)


def narrowed(prices: Panel, keep: Bool) -> Panel:
    """Return some columns of the prices, read-only."""
    axes = Axes(prices.dates, prices.tickers[keep])
    fields = {
        name: read_only(np.ascontiguousarray(field[:, keep]))
        for name, field in prices.fields.items()
    }
    return Panel(axes, fields)


def _joined(
    field: Array, added: Array | None, here: Int, there: Int, own: Int, axes: Axes
) -> Array:
    empty = True if field.dtype == bool else np.nan
    joined = np.full(axes.shape, empty, dtype=field.dtype)
    joined[:, here] = field
    if added is not None:
        joined[:, there] = added[:, own]
    return joined


def _refuse_without_prices(wanted: list[str], quotes: Panel | None) -> None:
    known = set() if quotes is None else set(quotes.tickers)
    missing = [name for name in wanted if name not in known]
    if missing:
        raise SimulationError(
            "AK-S070",
            "a strategy trades instruments that have no prices",
            where=missing,
            got=", ".join(sorted(known)) or "no benchmarks",
            fix="ingest them among the benchmarks (markets.files.benchmarks), or name "
            "others in the strategy's overlays",
        )
