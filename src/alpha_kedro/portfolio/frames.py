"""From the wide frames of a notebook to aligned arrays."""

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from alpha_kedro.core.errors import ConfigError, SimulationError
from alpha_kedro.core.panel import Axes, Bool, Float
from alpha_kedro.portfolio.tape import (
    refuse_fill_before_decision,
    refuse_impossible_prices,
)

_PRICES, _FLAGS = ("open", "close"), ("traded", "shortable")


def aligned_prices(
    prices: pd.DataFrame | Mapping[str, pd.DataFrame], *, lag: int
) -> tuple[Axes, dict[str, npt.NDArray[np.generic]]]:
    """Return the axes of wide price frames and their arrays on them.

    Parameters
    ----------
    prices
        As `alpha_kedro.portfolio.simulate` takes them; ``close`` sets the axes.
    lag
        Sessions from decision to fill.

    Raises
    ------
    ConfigError
        ``AK-C040`` for a fill before its decision, ``AK-C041`` for wrong names.
    SimulationError
        ``AK-S006`` for impossible prices, ``AK-S007`` for a malformed frame.
    """
    if isinstance(prices, pd.DataFrame):
        prices = dict.fromkeys(_PRICES, prices)
    else:
        refuse_fill_before_decision(lag)
        _refuse_wrong_names(prices)
    for name, frame in prices.items():
        _refuse_malformed(frame, f"prices {name!r}")
    axes = Axes.of(prices["close"].index, prices["close"].columns)
    arrays: dict[str, npt.NDArray[np.generic]] = {
        name: _numbers(prices[name], axes) for name in _PRICES
    }
    refuse_impossible_prices(axes, arrays)
    return axes, arrays | {
        name: _flags(prices[name], axes) for name in _FLAGS if name in prices
    }


def aligned_targets(weights: pd.DataFrame, axes: Axes) -> dict[int, Float]:
    """Return the target weights of each decision by its row on ``axes``.

    Raises
    ------
    SimulationError
        ``AK-S003`` for a decision on a day without prices, ``AK-S004`` for a name
        without prices, ``AK-S005`` for a weight that is not finite, ``AK-S007`` for a
        malformed frame.
    """
    _refuse_malformed(weights, "weights")
    decisions = weights.dropna(how="all")
    refuse_strangers(axes, decisions.columns, "weights")
    refuse_decisions_off(axes, pd.DatetimeIndex(decisions.index))
    targets = decisions.reindex(columns=axes.tickers).fillna(0.0).to_numpy(np.float64)
    if not np.isfinite(targets).all():
        raise SimulationError(
            "AK-S005",
            "weights that are not finite",
            where=decisions.index[~np.isfinite(targets).all(axis=1)],
            wanted="shares of NAV; NaN or an absent ticker for none",
        )
    rows = axes.rows_of(decisions.index)
    return dict(zip(rows.tolist(), targets, strict=True))


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


def _refuse_wrong_names(prices: Mapping[str, pd.DataFrame]) -> None:
    unknown = set(prices) - {*_PRICES, *_FLAGS}
    missing = set(_PRICES) - set(prices)
    if unknown or missing:
        raise ConfigError(
            "AK-C041",
            "prices under names the simulator does not know",
            got=", ".join(sorted(prices)),
            wanted="open and close, and optionally traded and shortable",
            fix="rename the frames, or pass one frame to fill and mark at",
        )


def _refuse_malformed(frame: pd.DataFrame, name: str) -> None:
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is not None:
        problem = f"an index of {index.dtype}"
    elif index.has_duplicates or frame.columns.has_duplicates:
        problem = "a date or ticker that stands there twice"
    elif not len(index):
        problem = "no rows"
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
    aligned = frame.reindex(index=axes.dates, columns=axes.tickers)
    return aligned.to_numpy(np.float64, na_value=np.nan)


def _flags(frame: pd.DataFrame, axes: Axes) -> Bool:
    aligned = frame.reindex(index=axes.dates, columns=axes.tickers, fill_value=False)
    return aligned.to_numpy(bool)
