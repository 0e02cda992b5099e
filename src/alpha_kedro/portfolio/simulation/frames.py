"""From the wide frames of a notebook to aligned arrays."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.core.kernels import kernel
from alpha_kedro.core.panel import Axes, Float, Int, Panel
from alpha_kedro.portfolio.account import read_only
from alpha_kedro.portfolio.simulation.carried import refuse_impossible, row_by_row
from alpha_kedro.portfolio.simulation.layout import not_finite
from alpha_kedro.portfolio.simulation.spec import (
    SimulationSpec,
    refuse_fill_before_decision,
)

_PRICES, _FLAGS = ("open", "close"), ("traded", "shortable")
_ALSO = ("high", "low", "dollar_volume", "dividend")
_NO_DECISION, _NOT_FINITE = 0, 2


class Decisions(NamedTuple):
    """Targets of wide frames: decision i stands in row ``places[i]`` of ``targets``.

    ``rows`` are sessions of the prices, ascending; NaN is a target of zero.
    """

    rows: Int
    places: Int
    targets: Float


def aligned_prices(
    prices: pd.DataFrame | Mapping[str, pd.DataFrame], *, spec: SimulationSpec
) -> Panel:
    """Return wide price frames as a panel; ``close`` sets the axes.

    Raises
    ------
    ConfigError
        ``AK-C040`` for a fill before its decision, ``AK-C041`` for wrong names,
        ``AK-C156`` for dividends that nobody would book.
    SimulationError
        ``AK-S006`` for impossible prices, ``AK-S007`` for a malformed frame.
    """
    if isinstance(prices, pd.DataFrame):
        prices = dict.fromkeys(_PRICES, prices)
    else:
        refuse_fill_before_decision(spec.lag)
        _refuse_wrong_names(prices, spec)
    frames = {id(frame): (frame, name) for name, frame in prices.items()}
    for frame, name in frames.values():
        _refuse_malformed(frame, f"prices {name!r}")
    axes = Axes.of(prices["close"].index, prices["close"].columns)
    arrays = {
        key: _flags(frame, axes) if name in _FLAGS else _numbers(frame, axes)
        for key, (frame, name) in frames.items()
    }
    panel = Panel(axes, {name: arrays[id(frame)] for name, frame in prices.items()})
    refuse_impossible_prices(axes, panel.fields)
    return panel


def refuse_impossible_prices(
    axes: Axes, prices: Mapping[str, npt.NDArray[np.generic]]
) -> None:
    """Refuse prices that are zero, negative or infinite.

    Raises
    ------
    SimulationError
        ``AK-S006`` with the first places.
    """
    arrays = {id(prices[name]): name for name in _PRICES}
    for name in arrays.values():
        refuse_impossible(axes, name, row_by_row(prices[name]))


def aligned_targets(weights: pd.DataFrame, axes: Axes) -> Decisions:
    """Return the target weights of each decision; a row of NaN alone is none.

    Raises
    ------
    SimulationError
        ``AK-S003`` for a decision on a day without prices, ``AK-S004`` for a name
        without prices, ``AK-S005`` for a weight that is not finite, ``AK-S007`` for a
        malformed frame.
    """
    _refuse_malformed(weights, "weights")
    refuse_strangers(axes, weights.columns, "weights")
    if not _same(weights.columns, axes.tickers):
        weights = weights.reindex(columns=axes.tickers)
    values = _values(weights)
    kinds = _kinds(values)
    found = np.flatnonzero(kinds != _NO_DECISION)
    dates = pd.DatetimeIndex(weights.index[found])
    refuse_decisions_off(axes, dates)
    wrong = kinds[found] == _NOT_FINITE
    if wrong.any():
        raise not_finite(f"{day:%Y-%m-%d}" for day in dates[wrong])
    rows = axes.rows_of(dates)
    order = np.argsort(rows, kind="stable")
    if len(found) == len(values):
        return Decisions(rows[order], order, row_by_row(values))
    return Decisions(rows[order], order, row_by_row(values[found]))


def refuse_decisions_off(axes: Axes, dates: pd.DatetimeIndex) -> None:
    """Refuse decisions dated by days that are not on ``axes``.

    Raises
    ------
    SimulationError
        ``AK-S003``.
    """
    off = dates[axes.rows_of(dates) < 0]
    if len(off):
        raise SimulationError(
            "AK-S003",
            "decisions on days that are no sessions of the prices",
            where=[f"{day:%Y-%m-%d}" for day in off],
            fix="date each decision by the session at whose close it is made, without "
            "a time of day",
        )


def refuse_strangers(axes: Axes, tickers: Iterable[str], what: str) -> None:
    """Refuse ``what`` for names that are not on ``axes``.

    Raises
    ------
    SimulationError
        ``AK-S004``.
    """
    strangers = set(tickers) - set(axes.tickers)
    if strangers:
        raise SimulationError(
            "AK-S004",
            f"{what} of names that have no prices",
            where=sorted(strangers),
            fix="give their prices, or leave the names out",
        )


def _refuse_wrong_names(
    prices: Mapping[str, pd.DataFrame], spec: SimulationSpec
) -> None:
    unknown = set(prices) - {*_PRICES, *_ALSO, *_FLAGS}
    missing = set(_PRICES) - set(prices)
    if unknown or missing:
        raise ConfigError(
            "AK-C041",
            "prices under names the simulator does not know",
            got=", ".join(sorted(prices)),
            wanted=f"open and close, and optionally {', '.join([*_ALSO, *_FLAGS])}",
            fix="rename the frames, or pass one frame to fill and mark at",
        )
    if "dividend" in prices and spec.dividends != "cash":
        raise ConfigError(
            "AK-C156",
            "dividends beside prices that are taken to contain them",
            got="a frame dividend, and dividends: reinvested",
            wanted="price-return prices and dividends: cash, or total-return prices "
            "without a frame of dividends",
        )


def _refuse_malformed(frame: pd.DataFrame, name: str) -> None:
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is not None:
        problem = f"an index of {index.dtype}"
    elif index.has_duplicates or frame.columns.has_duplicates:
        problem = "a date or ticker that stands there twice"
    elif not len(index) or not len(frame.columns):
        problem = "no rows" if not len(index) else "no columns"
    else:
        return
    raise SimulationError(
        "AK-S007",
        f"{name} is no wide frame (date x ticker)",
        got=problem,
        wanted="unique dates without time zone as rows, unique tickers as columns",
        fix="table.pivot(index='date', columns='ticker', values=...) makes one",
    )


def _numbers(frame: pd.DataFrame, axes: Axes) -> Float:
    return row_by_row(_values(_on(frame, axes)))


def _flags(frame: pd.DataFrame, axes: Axes) -> npt.NDArray[np.bool_]:
    aligned = frame.reindex(index=axes.dates, columns=axes.tickers, fill_value=False)
    return aligned.to_numpy(bool)


def _on(frame: pd.DataFrame, axes: Axes) -> pd.DataFrame:
    """Return the frame on the axes; as it is where it stands on them."""
    dates = pd.DatetimeIndex(frame.index).as_unit("us").to_numpy()
    if np.array_equal(dates, axes.dates) and _same(frame.columns, axes.tickers):
        return frame
    return frame.reindex(index=axes.dates, columns=axes.tickers)


def _same(columns: pd.Index, tickers: npt.NDArray[np.object_]) -> bool:
    return len(columns) == len(tickers) and columns.tolist() == tickers.tolist()


def _values(frame: pd.DataFrame) -> Float:
    """Return float64 values, without a copy where they are such already."""
    if (frame.dtypes == np.float64).all():
        return frame.to_numpy()
    return frame.to_numpy(np.float64, na_value=np.nan)


def _kinds(targets: Float) -> Int:
    """Tell rows of NaN alone (0) from decisions (1) and infinite ones (2)."""
    if targets.flags.f_contiguous:  # as a frame keeps them
        return _kinds_by_column(read_only(targets.T))
    return _kinds_by_row(read_only(row_by_row(targets)))


@kernel
def _kinds_by_row(targets: Float) -> Int:
    kinds = np.zeros(len(targets), np.int64)
    for row in range(len(targets)):
        today, known, infinite = targets[row], 0, 0
        for name in range(targets.shape[1]):
            known += today[name] == today[name]
            infinite += abs(today[name]) == np.inf
        kinds[row] = min(known, 1) + min(infinite, 1)
    return kinds


@kernel
def _kinds_by_column(columns: Float) -> Int:
    n_names, n_rows = columns.shape
    known, infinite = np.zeros(n_rows, np.int64), np.zeros(n_rows, np.int64)
    for name in range(n_names):
        weights = columns[name]
        for row in range(n_rows):
            known[row] |= weights[row] == weights[row]
            infinite[row] |= abs(weights[row]) == np.inf
    return known + infinite
