"""The states of the market: those a window may learn from, and those of a row."""

import numpy as np
import pandas as pd

from alpha_kedro.core.errors import ModelError
from alpha_kedro.core.panel import DATE_DTYPE, Bool, Dates, Float, Int
from alpha_kedro.core.registry import unknown_name
from alpha_kedro.learning.context import Context

_BUILD = "build them for these sessions: the node build_market_states"


def states_of(context: Context) -> pd.DataFrame:
    """Return the states of the market that come with some rows.

    Raises
    ------
    ModelError
        ``AK-M120`` when there are none, ``AK-M125`` when their dates do not ascend.
    """
    states = context.background.states
    if states is None:
        raise ModelError(
            "AK-M120",
            "a model of regimes was given no states of the market",
            wanted="Background.states: date, and one column per state",
            fix=_BUILD,
        )
    dates = session_dates(states)
    behind = np.flatnonzero(~(dates[:-1] < dates[1:])) + 1
    if len(behind):
        raise ModelError(
            "AK-M125",
            "the states of the market are not one row per session, in order",
            where=_days(dates[behind]),
            fix=_BUILD,
        )
    return states


def session_dates(states: pd.DataFrame) -> Dates:
    """Return the (n_sessions,) dates of the states."""
    return states["date"].to_numpy(dtype=DATE_DTYPE)


def sessions_until(
    states: pd.DataFrame, last: np.datetime64, *, history: int | None = None
) -> pd.DataFrame:
    """Return the sessions up to ``last``, or the last ``history`` of them."""
    known = states[session_dates(states) <= last]
    return known if history is None else known.tail(history)


def rows_at(states: pd.DataFrame, dates: Dates) -> Int:
    """Return the row of the states on each date.

    Raises
    ------
    ModelError
        ``AK-M121`` naming the first dates that are no session of the states.
    """
    rows = pd.DatetimeIndex(session_dates(states)).get_indexer(pd.DatetimeIndex(dates))
    strange = np.unique(dates[rows < 0])
    if len(strange):
        raise ModelError(
            "AK-M121",
            "the state of the market is not known on the dates of some rows",
            where=_days(strange),
            got=f"{len(strange)} dates without states",
            wanted="states on every decision date",
            fix=_BUILD,
        )
    return np.asarray(rows, dtype=np.int64)


def state_columns(states: pd.DataFrame, names: tuple[str, ...]) -> Float:
    """Return (n_sessions, d) float64 states by name; infinite ones are NaN.

    Raises
    ------
    ConfigError
        ``AK-C002`` for a state there is not, with the nearest name.
    """
    known = [str(name) for name in states.columns if name != "date"]
    for name in names:
        if name not in known:
            raise unknown_name("market state", name, known)
    values = states[list(names)].to_numpy(dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def require_enough(known: Bool, *, wanted: int, names: tuple[str, ...]) -> None:
    """Raise ``AK-M122`` when a detector would learn from too few sessions."""
    count = int(known.sum())
    if count >= wanted:
        return
    raise ModelError(
        "AK-M122",
        "too few sessions to learn regimes from",
        where=names,
        got=f"{count} of {len(known)} sessions have every one of these states",
        wanted=f"at least {wanted}",
        fix="widen the training window, shorten the windows of market_states, or lower "
        "min_sessions of the detector",
    )


def refuse_constant_states(values: Float, names: tuple[str, ...]) -> None:
    """Raise ``AK-M123`` naming states that are the same on all (n, d) sessions."""
    lowest, highest = values.min(axis=0), values.max(axis=0)
    fixed = [name for name, one in zip(names, lowest == highest, strict=True) if one]
    if fixed:
        raise ModelError(
            "AK-M123",
            "states of the market never change, so that no regime can be told by them",
            where=fixed,
            fix="take them out of the columns of the detector, or check the prices",
        )


def _days(dates: Dates) -> list[str]:
    return [str(day) for day in dates.astype("datetime64[D]")]
