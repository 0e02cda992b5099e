"""What names are exposed to, read off the panel itself: market, beta, size and more.

Every exposure of a row is known at the close of that row, standardised across the
universe of the day: mean 0, standard deviation 1, cut at a few deviations. A name whose
exposure cannot be known counts as average, and is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from alpha_kedro.core.errors import SimulationError
from alpha_kedro.core.panel import Array, Bool, Dates, Float, Tickers
from alpha_kedro.core.spec import Share, Spec
from alpha_kedro.measures.availability import ROUNDING

MARKET = "market"
VALUE = "value"


class RiskFactorSpec(Spec):
    """Windows of the exposures, in sessions."""

    beta: int = Field(default=252, ge=20, description="of the regression on the market")
    size: int = Field(default=60, ge=1, description="of the mean dollar volume")
    momentum: int = Field(default=252, ge=2, description="from here on momentum counts")
    reversal: int = Field(
        default=21,
        ge=1,
        description="of the reversal; momentum stops that long before today",
    )
    volatility: int = Field(default=60, ge=5, description="of the standard deviation")
    min_share: Share = Field(
        default=0.5,
        description="fewest returns of a window (share) for beta and volatility",
    )
    cut: float = Field(
        default=3.0, gt=0, le=10, description="largest exposure (deviations)"
    )
    min_names: int = Field(
        default=20,
        ge=2,
        description="fewest names (count) for a session to have returns",
    )


DEFAULT_FACTORS = RiskFactorSpec()


@dataclass(frozen=True, eq=False)
class Exposures:
    """Exposures of every name on every date.

    Attributes
    ----------
    dates, tickers
        (n_dates,) and (n_tickers,).
    names
        The factors: ``market`` (1 for all), ``beta``, ``size`` (log dollar volume),
        ``momentum`` (a year but the last month), ``reversal`` (less the last month's
        return), ``volatility``; ``value`` where it was given.
    values
        (n_dates, n_factors, n_tickers) float64 without NaN, known at the close.
    universe
        (n_dates, n_tickers) bool: across whom they were standardised.
    dollar_volume
        (n_dates, n_tickers) trailing mean, NaN where there was no trade.
    n_unknown
        Cells of the universe that count as average for want of data, by factor.
    """

    dates: Dates
    tickers: Tickers
    names: tuple[str, ...]
    values: Float
    universe: Bool
    dollar_volume: Float
    n_unknown: Mapping[str, int]


def factor_exposures(
    dates: Dates,
    tickers: Tickers,
    close: Float,
    dollar_volume: Float,
    *,
    universe: Bool | None = None,
    value: Float | None = None,
    spec: RiskFactorSpec = DEFAULT_FACTORS,
) -> Exposures:
    """Measure what every name is exposed to at every close.

    Parameters
    ----------
    dates, tickers
        Axes of the arrays.
    close
        (n_dates, n_tickers) total-return closes, NaN where there is no bar.
    dollar_volume
        (n_dates, n_tickers) traded value, NaN where there is no bar.
    universe
        (n_dates, n_tickers) who belongs to the cross-section; None: who has a close.
    value
        (n_dates, n_tickers) cheapness known at the close, such as book to price; NaN
        where unknown. None: no such factor.
    spec
        Windows.

    Returns
    -------
    Exposures
        A row depends on nothing after its date.

    Raises
    ------
    SimulationError
        ``AK-S068`` arrays that do not lie on the axes, or fewer than two dates.

    Notes
    -----
    R. Grinold and R. Kahn, Active Portfolio Management (2000), ch. 3. Size is a proxy:
    shares outstanding are not in a panel of bars.
    """
    given: dict[str, Array | None] = {
        "close": close,
        "dollar_volume": dollar_volume,
        "universe": universe,
        "value": value,
    }
    _refuse_misfits((len(dates), len(tickers)), given)
    members = np.isfinite(close) if universe is None else universe
    traded = trailing_mean(dollar_volume, spec.size)
    raw = _raw_exposures(close, traded, members, spec)
    if value is not None:
        raw[VALUE] = value
    values = np.empty((len(dates), 1 + len(raw), len(tickers)))
    values[:, 0] = 1.0
    n_unknown = {}
    for place, (name, own) in enumerate(raw.items(), start=1):
        n_unknown[name] = int(np.count_nonzero(members & ~np.isfinite(own)))
        values[:, place] = standardised(own, members, cut=spec.cut)
    names = (MARKET, *raw)
    return Exposures(dates, tickers, names, values, members, traded, n_unknown)


def standardised(values: Float, universe: Bool, *, cut: float) -> Float:
    """Return values less the universe's mean over its deviation, cut at both ends.

    (n_dates, n_tickers); 0 where unknown, and on dates on which all are one.
    """
    inside = universe & np.isfinite(values)
    n = np.maximum(inside.sum(axis=1, keepdims=True), 1)
    means = np.where(inside, values, 0.0).sum(axis=1, keepdims=True) / n
    away = np.where(inside, values - means, 0.0)
    deviation = np.sqrt((away**2).sum(axis=1, keepdims=True) / np.maximum(n - 1, 1))
    with np.errstate(invalid="ignore"):
        varies = deviation > ROUNDING * np.maximum(np.abs(means), 1.0)
        scaled = np.where(varies, values - means, 0.0) / np.where(
            varies, deviation, 1.0
        )
    return np.clip(np.nan_to_num(scaled), -cut, cut)


def trailing_mean(values: Float, window: int) -> Float:
    """Return the mean of the known values of each window, NaN where it is not > 0."""
    there = np.isfinite(values)
    total = _window_sums(np.where(there, values, 0.0), window)
    n = _window_sums(there.astype(np.float64), window)
    mean = np.divide(total, n, out=np.full(values.shape, np.nan), where=n > 0)
    return np.where(mean > 0, mean, np.nan)


def _raw_exposures(
    close: Float, traded: Float, universe: Bool, spec: RiskFactorSpec
) -> dict[str, Float]:
    returns = change(close, 1)
    market = _market_return(returns, universe)
    recent = change(close, spec.reversal)
    skipped = np.full(close.shape, np.nan)
    skipped[spec.reversal :] = close[: max(len(close) - spec.reversal, 0)]
    return {
        "beta": _beta(returns, market, spec.beta, spec.min_share),
        "size": np.log(traded),
        "momentum": change(skipped, max(spec.momentum - spec.reversal, 1)),
        "reversal": -recent,
        "volatility": _volatility(returns, spec.volatility, spec.min_share),
    }


def change(close: Float, sessions: int) -> Float:
    """Return simple returns over some sessions, NaN where either close is missing."""
    result = np.full(close.shape, np.nan)
    result[sessions:] = close[sessions:] / close[: max(len(close) - sessions, 0)] - 1
    return result


def _market_return(returns: Float, universe: Bool) -> Float:
    """Return the (n_dates, 1) mean return of the universe, 0 without any."""
    known = universe & np.isfinite(returns)
    n = np.maximum(known.sum(axis=1, keepdims=True), 1)
    return np.asarray(np.where(known, returns, 0.0).sum(axis=1, keepdims=True) / n)


def _beta(returns: Float, market: Float, window: int, min_share: float) -> Float:
    there = np.isfinite(returns)
    own, cause = np.where(there, returns, 0.0), np.where(there, market, 0.0)
    n = _window_sums(there.astype(np.float64), window)
    count = np.maximum(n, 1)
    own_sum, cause_sum = _window_sums(own, window), _window_sums(cause, window)
    shared = _window_sums(own * cause, window) - own_sum * cause_sum / count
    spread = _window_sums(cause**2, window) - cause_sum**2 / count
    enough = (n >= max(min_share * window, 3)) & (spread > ROUNDING)
    slopes: Float = np.full(n.shape, np.nan)
    return np.divide(shared, spread, out=slopes, where=enough)


def _volatility(returns: Float, window: int, min_share: float) -> Float:
    there = np.isfinite(returns)
    own = np.where(there, returns, 0.0)
    n = _window_sums(there.astype(np.float64), window)
    squares = _window_sums(own**2, window) - _window_sums(own, window) ** 2 / (
        np.maximum(n, 1)
    )
    enough = n >= max(min_share * window, 3)
    variance = np.maximum(squares, 0.0) / np.maximum(n - 1, 1)
    return np.where(enough, np.sqrt(variance), np.nan)


def _window_sums(values: Float, window: int) -> Float:
    """Return the sums of the last rows up to and with each, fewer at the start."""
    totals = np.cumsum(values, axis=0)
    totals[window:] -= totals[: max(len(totals) - window, 0)].copy()
    return np.asarray(totals)


def _refuse_misfits(shape: tuple[int, int], arrays: Mapping[str, Array | None]) -> None:
    wrong = {
        name: each.shape
        for name, each in arrays.items()
        if each is not None and each.shape != shape
    }
    if wrong or shape[0] < 2:
        raise SimulationError(
            "AK-S068",
            "factors cannot be measured on these prices",
            where=[f"{name} {found}" for name, found in wrong.items()],
            got=f"axes of {shape[0]} dates and {shape[1]} tickers",
            wanted="at least two dates, and every array on the same axes",
            fix="take all arrays from one panel of prices",
        )
